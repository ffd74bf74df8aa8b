//! The edges between our crates. Each crate exists where an edge must be impossible, so a new edge is a word here, and a
//! decision that a reviewer sees.

use std::process::Command;

use feed_testkit::checkout;
use serde_json::Value;

/// What each crate may use: level 0 first, and never a sibling.
const EDGES: &[(&str, &[&str])] = &[
    ("feed", &[]),
    ("feedctl-compose", &[]),
    ("feed-runtime", &["feed"]),
    ("feedctl-checks", &["feed"]),
    ("feed-collector", &["feed", "feed-runtime"]),
    ("feed-archiver", &["feed", "feed-runtime"]),
    // Not `feed`: a mistake that the sender and the decoder share could not be seen.
    ("feed-simulator", &["feed-runtime"]),
    ("feedctl", &["feed", "feedctl-checks", "feedctl-compose"]),
    ("feed-testkit", &["feed-simulator"]),
];

/// What tests may use beyond that.
const TEST_EDGES: &[(&str, &[&str])] = &[
    ("feed-simulator", &["feed"]),
    ("feedctl", &["feed-archiver", "feed-collector", "feed-simulator", "feed-testkit"]),
];

#[test]
fn no_crate_uses_another_that_it_must_not() {
    let metadata = metadata();
    let mut seen = 0;
    for package in list(&metadata["packages"]) {
        // Only what belongs to this workspace has a path.
        for dependency in list(&package["dependencies"]).iter().filter(|dependency| dependency["path"].is_string()) {
            let table = if dependency["kind"] == "dev" { TEST_EDGES } else { EDGES };
            let (from, to) = (text(&package["name"]), text(&dependency["name"]));
            let allowed = table.iter().any(|(name, uses)| *name == from && uses.contains(&to));
            assert!(allowed, "{from} must not use {to}: if it must, say so here and in docs/architecture.md");
            seen += 1;
        }
    }
    assert!(seen >= 12, "only {seen} edges were found: these are not our crates");
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]).current_dir(checkout());
    let output = command.output().expect("cargo can be run");
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("cargo lists them")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a name")
}
