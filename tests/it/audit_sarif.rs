//! `feedctl audit-compose --format sarif` against the published schema, and what GitHub asks for beyond it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use feed_testkit::{Feedctl, checkout};
use serde_json::Value;
use tempfile::TempDir;

/// Read by the compiler of schemas, never fetched.
const PUBLISHED: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

static SCHEMA: LazyLock<(Schemas, SchemaIndex)> = LazyLock::new(|| {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource(PUBLISHED, published()).expect("the address is one");
    let schema = compiler.compile(PUBLISHED, &mut schemas).expect("the schema is one");
    (schemas, schema)
});

/// The schema lies in the source of `serde-sarif`, which Cargo knows as a dependency for a target of its own and never builds.
fn published() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-none"];
    let output = Command::new(cargo).args(arguments).current_dir(checkout()).output().expect("cargo can be run");
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let packages = metadata["packages"].as_array().expect("cargo lists them");
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").expect("it is in Cargo.toml");
    let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
    let text = fs::read_to_string(manifest.with_file_name("src/schema.json")).expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

/// A folder with these files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("the folder is writable");
        fs::write(path, text).expect("the folder is writable");
    }
    folder
}

/// The results for `files` in a folder of their own, run in its folder `feed`, after the report has shown to be valid.
async fn results(files: &[(&str, &str)], arguments: &[&str]) -> Vec<Value> {
    let folder = folder(files);
    fs::create_dir_all(folder.path().join("feed")).expect("the folder is writable");
    let command = Feedctl::new().folder(&folder.path().join("feed"));
    let run = command.run(&[&["audit-compose", "--format", "sarif"], arguments].concat()).await;
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
    let (schemas, schema) = &*SCHEMA;
    if let Err(error) = schemas.validate(&report, *schema) {
        panic!("{error:#}\n{}", run.stdout);
    }
    let results = report["runs"][0]["results"].as_array().expect("a list of results").clone();
    let machine = folder.path().to_str().expect("a path in plain letters");
    for result in &results {
        let related = result["relatedLocations"].as_array().into_iter().flatten();
        let locations = result["locations"].as_array().expect("a list of locations");
        assert_eq!(locations.len(), 1, "GitHub refuses a result without a location: {result}");
        for location in locations.iter().chain(related).map(|location| &location["physicalLocation"]) {
            assert!(location["region"]["startLine"].as_u64() > Some(0), "{location}");
            assert_eq!(location["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        }
        let told = [&result["locations"], &result["relatedLocations"], &result["partialFingerprints"]];
        assert!(told.iter().all(|told| !told.to_string().contains(machine)), "a path of this machine: {result}");
    }
    results
}

/// The files of the results' places, each once.
fn uris(results: &[Value]) -> Vec<&str> {
    let uri =
        |result: &Value| result.pointer("/locations/0/physicalLocation/artifactLocation/uri")?.as_str().map(str::len);
    assert!(results.iter().all(|result| uri(result).is_some()));
    let uris = results.iter().map(|result| &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]);
    let mut uris: Vec<&str> = uris.filter_map(Value::as_str).collect();
    uris.sort_unstable();
    uris.dedup();
    uris
}

/// Findings with related places, of what is not known, and what a comment allows.
const RICH: &str = "services:
  archiver:
    image: app:1.4.2
    restart: ${POLICY}
    depends_on:
      migrate: {condition: service_completed_successfully}
  migrate: # feedctl: allow image-unpinned: built here [see](https://there/)
    image: app:latest
    restart: always
    env_file: gone.env
";

#[tokio::test]
async fn a_report_of_everything_is_valid() {
    let results = results(&[("feed/compose.yaml", RICH)], &[]).await;
    let any = |wanted: &dyn Fn(&Value) -> bool| results.iter().any(wanted);
    assert!(any(&|result| result["kind"] == "open" && result["level"] == "none"), "{results:?}");
    assert!(any(&|result| result["suppressions"][0]["kind"] == "inSource"), "{results:?}");
    assert!(any(&|result| result["relatedLocations"][0]["message"]["text"].is_string()), "{results:?}");
    assert_eq!(uris(&results), ["compose.yaml"]);
}

async fn check_uris(files: &[(&str, &str)], arguments: &[&str], expected: &[&str]) {
    assert_eq!(uris(&results(files, arguments).await), expected, "{arguments:?}");
}

#[tokio::test]
async fn a_path_is_a_uri_within_the_repository() {
    let bad = "services:\n  a:\n    image: app:1.4.2\n";
    let refused = "services:\n  a:\n    imag: app:1.4.2\n";
    let odd = "수집 #1 100%/a:b?c.yaml";
    let encoded = "%EC%88%98%EC%A7%91%20%231%20100%25/a%3Ab%3Fc.yaml";
    check_uris(&[(&format!("feed/{odd}"), bad)], &["-f", odd], &[encoded]).await;
    check_uris(&[(&format!("feed/{odd}"), refused)], &["-f", odd], &[encoded]).await;
    // Of a file outside nothing can be shown but what the first one in the repository includes, or would.
    let include = "include: [../shared/compose.yaml]\n";
    let files = [("feed/stack.yaml", include), ("shared/compose.yaml", bad)];
    check_uris(&files, &["-f", "stack.yaml"], &["stack.yaml"]).await;
    check_uris(&[("shared/compose.yaml", bad)], &["-f", "../shared/compose.yaml"], &["compose.yaml"]).await;
    // Findings without a place.
    check_uris(&[], &[], &["compose.yaml"]).await;
    check_uris(&[("feed/compose.yaml", "")], &[], &["compose.yaml"]).await;
}

#[tokio::test]
async fn a_file_outside_is_named_in_the_sentence_and_its_folder_is_not() {
    let files = [
        ("feed/stack.yaml", "include: [../shared/parts.yaml]\n"),
        ("shared/parts.yaml", "services:\n  a:\n    image: app:1.4.2\n"),
    ];
    let results = results(&files, &["-f", "stack.yaml"]).await;
    let message = results[0]["message"]["text"].as_str().expect("a sentence");
    assert!(message.contains("It stands outside of the repository, in parts.yaml:2. "), "{message}");
    assert_eq!(results[0]["partialFingerprints"]["feedctl/v1"], "restart-missing:parts.yaml:a:1");
}

#[tokio::test]
async fn fingerprints_outlive_moved_lines_and_another_machine() {
    let moved = format!("# a comment\n\n{}", RICH.replace("    restart: always", "    # why\n    restart:   always"));
    let fingerprints = |results: Vec<Value>| -> Vec<String> {
        results.iter().map(|result| result["partialFingerprints"]["feedctl/v1"].to_string()).collect()
    };
    let before = fingerprints(results(&[("feed/compose.yaml", RICH)], &[]).await);
    let after = fingerprints(results(&[("feed/compose.yaml", &moved)], &[]).await);
    assert_eq!(before, after);
    let mut once = before.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), before.len(), "two results share a fingerprint: {before:?}");
}
