//! `feedctl verify` against real stacks: it passes where data flows, names the first broken link where it does not, says
//! so when it could not look, and never shows a secret.

use std::fs;
use std::time::Duration;

use feed_testkit::{Feedctl, Run, Stack, checkout, eventually};
use feedctl_checks::checklist::CHECKLIST;
use serde_json::Value;

/// No run may show a secret, whatever it is about.
async fn verify(stack: &Stack, feedctl: &Feedctl, arguments: &[&str]) -> Run {
    let run = feedctl.run(&[&["verify"], arguments].concat()).await;
    for secret in stack.secret_texts() {
        assert!(!run.stdout.contains(&secret) && !run.stderr.contains(&secret), "a secret is shown: {run:?}");
    }
    run
}

#[track_caller]
fn check(run: &Run, code: i32, first_word: &str, shown: &[&str]) {
    assert_eq!((run.code, run.headline().split(' ').next()), (code, Some(first_word)), "{}{}", run.stdout, run.stderr);
    for text in shown {
        assert!(run.stdout.contains(text), "{text:?} is not in\n{}", run.stdout);
    }
}

#[tokio::test]
async fn the_incident_is_named_until_it_is_healed() {
    let stack = Stack::start().await;
    let feedctl = stack.feedctl();
    let healthy = verify(&stack, &feedctl, &["--within", "60s"]).await;
    check(&healthy, 0, "PASS", &["the feed flows end to end"]);

    stack.set_restart_policy("archiver", "no");
    stack.compose(&["kill", "archiver"]).await;
    let run = eventually(Duration::from_secs(10), "verify tells of waiting ticks", async || {
        let run = verify(&stack, &feedctl, &[]).await;
        if run.stdout.contains(" ticks wait in ") { Ok(run) } else { Err(run.stdout) }
    })
    .await;
    check(&run, 1, "FAIL", &["docker compose up -d archiver", "feedctl explain services-running"]);
    let headline = run.headline();
    assert!(headline.contains("archiver is dead") && headline.contains(r#"its restart policy is "no""#), "{headline}");
    let json = verify(&stack, &feedctl, &["--format", "json"]).await;
    let report: Value = serde_json::from_str(&json.stdout).expect("the report is JSON");
    assert_eq!((json.code, &report["exit_code"], &report["verdict"]), (1, &Value::from(1), &Value::from("fail")));
    assert_eq!(report["first_broken"]["check"], "services-running");
    assert_eq!(report["first_broken"]["subject"], "archiver");

    let elsewhere = tempfile::tempdir().expect("a temporary folder can be made");
    let run = verify(&stack, &stack.feedctl().folder(elsewhere.path()), &[]).await;
    check(&run, 1, "FAIL", &["docker compose -f ", "docker-compose.yml up -d archiver && feedctl verify"]);

    stack.compose(&["rm", "--force", "archiver"]).await;
    let absent = verify(&stack, &feedctl, &[]).await;
    check(&absent, 1, "FAIL", &[]);
    assert!(absent.headline().contains("archiver"), "{}", absent.stdout);

    stack.compose(&["up", "--detach", "archiver"]).await;
    let healed = verify(&stack, &feedctl, &["--within", "60s"]).await;
    check(&healed, 0, "PASS", &["restart-policy"]);

    stack.compose(&["down", "--timeout", "1"]).await;
    let gone = verify(&stack, &feedctl, &[]).await;
    check(&gone, 1, "FAIL", &["has no container", "docker compose up -d && feedctl verify --within 60s\n"]);
    let before_the_rows = gone.stdout.split("\n\n").next().unwrap_or_default();
    assert_eq!(before_the_rows.matches("FAIL").count(), 1, "one cause is one headline:\n{}", gone.stdout);
}

#[tokio::test]
async fn what_flows_may_still_be_unsafe_or_unknown() {
    let stack = Stack::start().await;
    let feedctl = stack.feedctl();
    let healthy = verify(&stack, &feedctl, &["--within", "60s", "--format", "json"]).await;
    assert_eq!(healthy.code, 0, "{}", healthy.stdout);
    has_the_keys_of_version_1(&healthy.stdout);

    stack.set_restart_policy("redis", "no");
    let unsafe_redis = verify(&stack, &feedctl, &[]).await;
    check(&unsafe_redis, 1, "FAIL", &["\n ok    rows-fresh", "docker update --restart unless-stopped"]);
    assert!(unsafe_redis.headline().contains("redis"), "{}", unsafe_redis.stdout);
    let only = verify(&stack, &feedctl, &["--only", "rows-fresh,ticks-flowing"]).await;
    check(&only, 0, "PASS", &["\n2 checks: "]);
    let skipped = verify(&stack, &feedctl, &["--skip", "restart-policy"]).await;
    check(&skipped, 0, "PASS", &[&format!("\n{} checks: ", CHECKLIST.len() - 1)]);
    stack.set_restart_policy("redis", "unless-stopped");
    check(&verify(&stack, &feedctl, &[]).await, 0, "PASS", &[]);

    let wrong = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(wrong.path().join("reader"), "not-the-password").expect("the folder is writable");
    let refused = verify(&stack, &stack.feedctl().env("FEED_SECRETS", wrong.path()), &[]).await;
    check(&refused, 3, "UNKNOWN", &["feedctl_reader", "database.password_file"]);
    assert!(!format!("{refused:?}").contains("not-the-password"), "a secret is shown: {refused:?}");

    let file = wrong.path().join("feedctl.yml");
    let example = fs::read_to_string(checkout().join("examples/feedctl.yml")).expect("the example can be read");
    let compose = checkout().join("docker-compose.yml");
    let example = example.replace("../docker-compose.yml", &compose.display().to_string());
    fs::write(&file, example + "\ndocker: unix:///nonexistent/docker.sock\n").expect("the folder is writable");
    let unreachable = verify(&stack, &stack.feedctl().env("FEEDCTL_CONFIG", &file), &[]).await;
    check(&unreachable, 3, "UNKNOWN", &["/nonexistent/docker.sock"]);
}

fn has_the_keys_of_version_1(json: &str) {
    let report: Value = serde_json::from_str(json).expect("the report is JSON");
    let has = |value: &Value, keys: &str| {
        for key in keys.split(' ') {
            assert!(value.get(key).is_some(), "{key} is not in {value}");
        }
    };
    has(&report, "version target at phases release verdict exit_code first_broken rollback outcomes");
    for outcome in report["outcomes"].as_array().expect("a list of outcomes") {
        has(outcome, "id title status required took_ms evidence findings reason");
    }
}

/// A file with this line below `version: 1`, and where the mistake is shown.
async fn check_mistake(line: &str, place: &str, hint: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("feedctl.yml"), format!("version: 1\n{line}\n")).expect("the folder is writable");
    let run = Feedctl::new().folder(folder.path()).run(&["verify"]).await;
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.contains(&format!("feedctl.yml:{place}")), "{}", run.stderr);
    assert!(run.stderr.contains(hint), "{}", run.stderr);
}

#[tokio::test]
async fn a_mistake_in_the_configuration_has_a_place_and_a_hint() {
    check_mistake("servces: {}", "2:1", "did you mean `services`?").await;
    check_mistake("feeds: {kr: {market: krx}}", "2:22", "`always` is never closed").await;
    check_mistake("project: feed\nredis: {url_env: NOWHERE}", "3:18", "NOWHERE").await;
}

/// Also where the engine answers: it is our instrument, and no part of the path.
#[tokio::test]
async fn a_file_that_names_nothing_proves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("feedctl.yml"), "version: 1\nproject: feed\n").expect("the folder is writable");
    check(&Feedctl::new().folder(folder.path()).run(&["verify"]).await, 3, "UNKNOWN", &["exit 3"]);
}

#[tokio::test]
async fn a_wrong_command_line_is_not_a_verdict() {
    let run = Feedctl::new().run(&["verify", "--only", "rows-fresch"]).await;
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("rows-fresh"), "{}", run.stderr);
}
