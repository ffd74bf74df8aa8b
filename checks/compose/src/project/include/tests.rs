//! Projects with `include` in a folder of their own.

use serde_json::{Value as Json, json};

use crate::node::Via;
use crate::project::testing::{json, project};
use crate::refusal::RefusalKind;

/// Keys of the service `a` in the project that the first file makes.
fn check(files: &[(&str, &str)], expected: &Json) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, _) = project(folder.path(), files);
    let root = loaded.map(|project| json(&project.root)).map_err(|refusal| refusal.message);
    let service = root.expect("the project of the test is accepted")["services"]["a"].take();
    for (key, value) in expected.as_object().expect("a service is a mapping") {
        assert_eq!(&service[key], value, "{key} of {service}");
    }
}

/// What is refused, and the words under the caret.
fn refused(files: &[(&str, &str)], message: &str, at: &str) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, sources) = project(folder.path(), files);
    let refusal = loaded.expect_err("the project of the test is refused");
    let shown = refusal.message.replace(&format!("{}/", folder.path().display()), "");
    assert_eq!((shown.as_str(), refusal.at.map(|span| sources.text(span))), (message, Some(at)));
}

const IMAGE: &str = "services: {a: {image: '${V}-${W}'}}";

#[test]
fn variables_come_from_the_outside_first_then_from_the_folder() {
    let outer = ("1.yml", "include: [sub/2.yml]");
    check(&[outer, ("sub/2.yml", IMAGE), (".env", "V=1"), ("sub/.env", "V=2\nW=2")], &json!({"image": "1-2"}));
    let outer = ("1.yml", "include: [{path: sub/2.yml, env_file: [one, two]}]");
    let files = [outer, ("sub/2.yml", IMAGE), ("one", "V=1"), ("two", "W=$V"), ("sub/.env", "V=3\nW=3")];
    check(&files, &json!({"image": "1-1"}));
}

#[test]
fn an_entry_may_have_several_files_and_another_folder() {
    let outer = ("1.yml", "include: [{path: [sub/2.yml, 3.yml], project_directory: other}]");
    let over = ("3.yml", "services: {a: {image: y, extends: {file: 4.yml, service: b}}}");
    let files = [outer, ("sub/2.yml", IMAGE), over, ("other/4.yml", "services: {b: {init: true}}")];
    check(&files, &json!({"image": "y", "init": true}));
}

#[test]
fn includes_go_on_inside_includes() {
    let files = [("1.yml", "include: [sub/2.yml]"), ("sub/2.yml", "include: [more/3.yml]"), ("sub/more/3.yml", IMAGE)];
    check(&[&files[..], &[("sub/.env", "V=1"), ("sub/more/.env", "V=2\nW=2")]].concat(), &json!({"image": "1-2"}));
}

#[test]
fn the_same_may_come_twice_and_nothing_else() {
    let same = "services: {a: {image: x}}";
    let outer = "include: [2.yml, 3.yml]\nservices: {a: {image: x}}";
    check(&[("1.yml", outer), ("2.yml", same), ("3.yml", same)], &json!({"image": "x"}));
    let other = "services: {a: {image: y}}";
    let message = "an included file has services.a too, and says something else there";
    refused(&[("1.yml", outer), ("2.yml", same), ("3.yml", other)], message, "a");
}

#[test]
fn what_is_no_list_of_files_is_refused() {
    refused(&[("1.yml", "include: 2.yml")], "a list of files must stand here", "2.yml");
    refused(&[("1.yml", "include: [5]")], "a path must stand here", "5");
    refused(&[("1.yml", "include: [{project_directory: [a]}]")], "a path must stand here", "[a]");
    refused(&[("1.yml", "include: [[2.yml]]")], "a path must stand here", "[2.yml]");
    let outer = ("1.yml", "include: [2.yml]\nvolumes: ~");
    let message = "volumes must be a mapping, since an included file has some";
    refused(&[outer, ("2.yml", "volumes: {v: {}}")], message, "~");
}

#[test]
fn circles_are_refused_with_their_names() {
    let files = [("1.yml", "include: [2.yml]"), ("2.yml", "include: [1.yml]")];
    refused(&files, "files include each other in a circle: 1.yml → 2.yml → 1.yml", "1.yml");
}

#[test]
fn a_circle_that_compose_does_not_see_is_a_limit() {
    let files = [("1.yml", "include: [{path: [2.yml, 1.yml]}]"), ("2.yml", "services: {a: {image: x}}")];
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, _) = project(folder.path(), &files);
    assert_eq!(loaded.expect_err("it would never end").kind, RefusalKind::Limit);
}

#[test]
fn a_missing_file_is_a_gap_of_any_service() {
    let outer = "include: [none.yml, {path: 2.yml, env_file: none.env}]\nservices: {b: {image: x, depends_on: [c]}}";
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, sources) = project(folder.path(), &[("1.yml", outer), ("2.yml", "services: {a: {image: x}}")]);
    let project = loaded.expect("a gap is no refusal");
    let gaps: Vec<_> = project.gaps.iter().map(|gap| (sources.text(gap.at), gap.services.len())).collect();
    assert_eq!(gaps, [("none.yml", 0), ("none.env", 0)]);
    assert!(project.root.at(&["services", "a"]).is_some() && project.root.at(&["services", "b"]).is_some());
}

#[test]
fn each_value_says_that_it_was_included() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (loaded, sources) =
        project(folder.path(), &[("1.yml", "include: [2.yml]"), ("2.yml", "services: {a: {image: x}}")]);
    let root = loaded.expect("the project of the test is accepted").root;
    let way = &root.at(&["services", "a", "image"]).expect("the service has an image").origin.via;
    let [Via::Include(span)] = way[..] else { panic!("one step: {way:?}") };
    assert_eq!(sources.text(span), "2.yml");
}
