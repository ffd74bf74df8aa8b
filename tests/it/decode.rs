//! `feedctl decode` on a captured file, as support uses it.

use std::fs;

use feed_testkit::Feedctl;
use serde_json::Value;

const APPLE: &str = "0|HDFSCNT0|001|DNASAAPL^AAPL^4^20230502^20230502^091913^20230502^221913^169.9200^170.1000^169.4200^169.8000^2^0.2100^+0.12^169.7700^169.7900^201^2^3^108470^18415181^24757^20519^82.88^1";

#[tokio::test]
async fn a_bad_line_is_named_and_the_others_are_decoded() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("captured.txt");
    let cut = &APPLE[..APPLE.len() / 2];
    fs::write(&file, format!("{APPLE}\n{cut}\n{APPLE}\n")).expect("the folder is writable");
    let run = Feedctl::new().run(&["decode", &file.to_string_lossy()]).await;
    assert_eq!(run.code, 1);
    let ticks: Vec<Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(ticks.len(), 2, "{}", run.stdout);
    for tick in ticks {
        assert_eq!((&tick["symbol"], &tick["price"]), (&Value::from("AAPL"), &Value::from("169.8000")));
    }
    assert!(run.stderr.contains("fields are too narrow: a trade has at least"), "{}", run.stderr);
}
