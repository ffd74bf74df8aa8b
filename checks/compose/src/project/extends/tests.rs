//! Projects with `extends` in a folder of their own.

use serde_json::{Value as Json, json};

use crate::node::Via;
use crate::project::testing::{json, project};
use crate::refusal::RefusalKind;

/// The first service of the project that the first file makes.
fn check(files: &[(&str, &str)], expected: &Json) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, _) = project(folder.path(), files);
    let project = loaded.map_err(|refusal| refusal.message).expect("the project of the test is accepted");
    assert_eq!(project.gaps, []);
    let root = json(&project.root);
    let services = root["services"].as_object().expect("services are a mapping");
    let first = services.values().next().expect("the test has a service");
    for (key, value) in expected.as_object().expect("a service is a mapping") {
        assert_eq!(&first[key], value, "{key} of {first}");
    }
}

/// What is refused, and the words under the caret.
fn refused(files: &[(&str, &str)], message: &str, at: &str) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, sources) = project(folder.path(), files);
    let refusal = loaded.expect_err("the project of the test is refused");
    assert_eq!(refusal.message, message);
    assert_eq!(refusal.at.map(|span| sources.text(span)), Some(at));
}

#[test]
fn a_service_takes_everything_from_the_one_it_extends() {
    let text = "services: {a: {extends: b, labels: {l: a}, command: [c]}, b: {image: x, labels: {l: b, m: b}, command: [d], ports: ['80:80']}}";
    let labels = json!({"l": "a", "m": "b"});
    check(&[("1.yml", text)], &json!({"image": "x", "labels": labels, "command": ["c"], "extends": null}));
}

#[test]
fn chains_go_through_files_and_paths_count_from_each_one_of_them() {
    let files = [
        ("1.yml", "services: {a: {extends: {file: sub/2.yml, service: b}}}"),
        ("sub/2.yml", "services: {b: {extends: {file: more/3.yml, service: c}}}"),
        ("sub/more/3.yml", "services: {c: {extends: d}, d: {image: x, init: true}}"),
    ];
    check(&files, &json!({"image": "x", "init": true}));
}

#[test]
fn paths_of_both_files_are_compared() {
    let files = [
        ("1.yml", "services: {a: {extends: {file: 2.yml, service: b}, env_file: [{path: none, required: false}]}}"),
        ("2.yml", "services: {b: {image: x, env_file: none, build: {context: ./c}}}"),
    ];
    check(&files, &json!({"image": "x"}));
}

#[test]
fn only_the_edits_of_the_extending_file_and_of_the_extended_one_reach_the_base() {
    let files = [
        ("1.yml", "services: {a: {extends: {file: 2.yml, service: b}, labels: !reset null}}"),
        ("2.yml", "services: {b: {image: x, init: true, labels: {a: b}}, a: {init: !reset null}}"),
    ];
    check(&files, &json!({"image": "x", "labels": null, "init": null}));
}

#[test]
fn what_is_not_there_is_refused() {
    let hint = "there is no service `b` in this file";
    refused(&[("1.yml", "services: {a: {image: x, extends: b}}")], hint, "b");
    let files = [("1.yml", "services: {a: {extends: {service: b, file: 2.yml}}}"), ("2.yml", "services: {c: {}}")];
    refused(&files, "there is no service `b` in 2.yml", "b");
    let files = [("1.yml", "services: {a: {extends: {service: b, file: 2.yml}}}"), ("2.yml", "x-a: 1")];
    refused(&files, "this file has no services", "2.yml");
    refused(
        &[("1.yml", "services: {a: {extends: {file: 2.yml}}}")],
        "`service` is missing: the one to extend",
        "{file: 2.yml}",
    );
}

#[test]
fn circles_are_refused_with_their_names() {
    let text = "services: {a: {extends: b}, b: {extends: c}, c: {extends: a}}";
    refused(&[("1.yml", text)], "services extend each other in a circle: a → b → c → a", "extends");
}

#[test]
fn a_chain_without_end_is_a_limit() {
    let services: Vec<String> = (0..200).map(|at| format!("s{at:03}: {{extends: s{:03}}}", at + 1)).collect();
    let text = format!("services: {{{}, s200: {{image: x}}}}", services.join(", "));
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, _) = project(folder.path(), &[("1.yml", &text)]);
    assert_eq!(loaded.expect_err("too long a chain").kind, RefusalKind::Limit);
}

#[test]
fn a_missing_file_is_a_gap_of_the_services_that_reach_it() {
    let text = "services: {a: {extends: b}, b: {extends: {file: none.yml, service: x}, image: x}, c: {image: x}}";
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, sources) = project(folder.path(), &[("1.yml", text)]);
    let project = loaded.expect("a gap is no refusal");
    let [gap] = project.gaps.as_slice() else { panic!("one gap: {:?}", project.gaps) };
    assert_eq!(gap.services, ["a", "b"]);
    assert_eq!(sources.text(gap.at), "none.yml");
    assert!(project.root.at(&["services", "c"]).is_some());
}

#[test]
fn each_value_says_through_what_it_came() {
    let text = "services: {a: {extends: b, image: y}, b: {image: x, restart: always}}";
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, sources) = project(folder.path(), &[("1.yml", text)]);
    let root = loaded.expect("the project of the test is accepted").root;
    let way = |key| &root.at(&["services", "a", key]).expect("the service has the key").origin.via;
    let [Via::Extends(span)] = way("restart")[..] else { panic!("one step: {:?}", way("restart")) };
    assert_eq!((sources.text(span), sources.place(span).column), ("b", 25));
    assert_eq!(way("image"), &[]);
}
