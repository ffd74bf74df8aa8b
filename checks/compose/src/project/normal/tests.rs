//! What a project in canonical form becomes. The environment of each test has `HOME`, `A` and nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use super::normalize;
use crate::project::Gap;
use crate::project::testing::{json, parse};
use crate::source::Sources;

/// In the folder `/folder`, called `project`.
fn normal(text: &str) -> Result<serde_json::Value, String> {
    normal_in(Path::new("/folder"), text).map(|(value, _)| value)
}

fn normal_in(folder: &Path, text: &str) -> Result<(serde_json::Value, Vec<Gap>), String> {
    let environment = BTreeMap::from([("HOME", "/home/me"), ("A", "of the shell")]);
    let environment = environment.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let (mut root, mut gaps) = (parse(text).0, Vec::new());
    normalize(&mut root, "project", folder, &environment, &mut Sources::default(), &mut gaps)
        .map_err(|refusal| refusal.message)?;
    Ok((json(&root), gaps))
}

/// What is at `path`, behind the slash of a JSON pointer, of a service with these keys.
fn check(service: &str, path: &str, expected: &str) {
    let found = normal(&format!("services: {{a: {{image: i, {service}}}}}")).expect("a right project");
    let found = found.pointer(&format!("/services/a/{path}")).unwrap_or(&serde_json::Value::Null);
    assert_eq!(found, &json(&parse(&format!("k: {expected}")).0)["k"], "{service}");
}

fn refused(service: &str, message: &str) {
    assert_eq!(normal(&format!("services: {{a: {{image: i, {service}}}}}")), Err(message.to_owned()));
}

#[test]
fn defaults() {
    check("build: {context: /c}", "build", "{context: /c, dockerfile: Dockerfile}");
    check("build: {dockerfile_inline: x}", "build", "{context: /folder, dockerfile_inline: x}");
    check("ports: [{target: 1}]", "ports/0", "{target: 1, mode: ingress, protocol: tcp}");
    check("ports: [{target: 1, mode: host, protocol: ''}]", "ports/0", "{target: 1, mode: host, protocol: ''}");
    refused("ports: [{published: 1}]", "a port without its target");
}

#[test]
fn paths() {
    let mount = |source: &str, expected: &str| {
        check(
            &format!("volumes: [{{type: bind, source: '{source}', target: /t/}}]"),
            "volumes/0/source",
            &format!("'{expected}'"),
        );
    };
    mount("./a/../b", "/folder/b");
    mount("../x", "/x");
    mount("", "/folder");
    mount("/a/../b", "/a/../b");
    mount("~", "/home/me");
    mount("~/x", "/home/me/x");
    mount("~you/x", "/home/me/you/x");
    mount("C:/x", "C:/x");
    mount("C:x", "/folder/C:x");
    mount(r"\\server\share\x", r"\\server\share\x");
    mount(r"\\pipe", r"/folder/\\pipe");
    check(
        "volumes: [{type: volume, source: ./a, target: /t/}]",
        "volumes/0",
        "{type: volume, source: ./a, target: /t}",
    );
    check("build: {context: 'https://x/y'}", "build/context", "'https://x/y'");
    refused("volumes: [{type: bind, target: /t}]", "a bind mount without its source");
    refused("volumes: [{type: volume}]", "a volume without its target");
    refused("build: {additional_contexts: {k: 0}}", "a context must be text");
    refused("develop: {watch: [{path: ''}]}", "an empty path");
}

#[test]
fn implied_dependencies() {
    let on = |restart: bool| format!("{{b: {{condition: service_started, restart: {restart}, required: true}}}}");
    check("links: ['b:alias']", "depends_on", &on(true));
    check("ipc: 'service:b'", "depends_on", &on(true));
    check("volumes_from: ['b:ro', 'container:c']", "depends_on", &on(false));
    check("links: [b], volumes_from: [b]", "depends_on", &on(true));
    check(
        "links: [b], depends_on: {b: {condition: service_healthy}}",
        "depends_on",
        "{b: {condition: service_healthy}}",
    );
    check("network_mode: host", "depends_on", "");
    refused("pid: ", "`pid` is empty");
}

#[test]
fn networks_and_names() {
    let found = normal("services: {a: {}, b: {network_mode: host}}\nvolumes: {v: , w: {external: true}, x: {name: y}}");
    let expected = "{services: {a: {networks: {default: }}, b: {network_mode: host}}, networks: {default: {name: project_default}}, \
                    volumes: {v: {name: project_v}, w: {external: true, name: w}, x: {name: y}}}";
    assert_eq!(found, Ok(json(&parse(expected).0)));
    let found = normal("services: {a: {networks: {n: }}}\nnetworks: {n: }");
    let expected = "{services: {a: {networks: {n: }}}, networks: {n: {name: project_n}}}";
    assert_eq!(found, Ok(json(&parse(expected).0)));
}

#[test]
fn variables() {
    check("environment: [A, B, C=, D=a=b, D=c]", "environment", "{A: of the shell, B: , C: '', D: c}");
    check("environment: {A: , B: , C: 1.10, D: true}", "environment", "{A: of the shell, B: , C: '1.1', D: 'true'}");
    check("environment: {B: x, x-a: 1}", "environment", "{B: x, '#extensions': 'map[x-a:1]'}");
    check("environment: [x-a=1]", "environment", "{x-a: '1'}");
    check("labels: {a: , b: 010}", "labels", "{a: '', b: '8'}");
    check("labels: [a, b=c]", "labels", "{a: '', b: c}");
}

#[test]
fn files_of_variables() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("the folder is ours");
    write("one", "X=1\nY=$A\nZ=one\nN=file\n");
    write("two", "X=2\nV=${X}\nW=${Z}\n");
    write("bad", "A='x\n");
    let check = |service: &str, expected: &str| {
        let (found, gaps) = normal_in(folder.path(), &format!("services: {{a: {{{service}}}}}")).expect("right files");
        let expected = json(&parse(expected).0);
        assert_eq!((&found["services"]["a"]["environment"], gaps), (&expected, Vec::new()), "{service}");
    };
    check(
        "env_file: [{path: one}, {path: two}], environment: {Z: own, N: }",
        "{X: '2', Y: of the shell, Z: own, N: , V: '1', W: one}",
    );
    check("env_file: [{path: one}, {path: none, required: false}]", "{X: '1', Y: of the shell, Z: one, N: file}");
    let found =
        normal_in(folder.path(), "services: {a: {label_file: [one], labels: {Z: own}}}").expect("right files").0;
    assert_eq!(found["services"]["a"]["labels"], json(&parse("{X: '1', Y: '', Z: own, N: file}").0));
    assert!(normal_in(folder.path(), "services: {a: {env_file: [{path: bad}]}}").is_err());
}

#[test]
fn a_missing_file_is_a_gap_of_its_services() {
    let text = "services: {a: {env_file: &e [{path: none}]}, b: {env_file: *e},
        c: {label_file: [a/other]}, d: {env_file: [{path: ../x/b}]}}";
    let gaps = normal_in(Path::new("/folder"), text).expect("gaps are no refusal").1;
    let found: Vec<_> = gaps.iter().map(|gap| (gap.message.as_str(), gap.services.join(" "))).collect();
    let expected = [
        ("the env_file none does not exist", "a b".to_owned()),
        ("the label_file a/other does not exist", "c".to_owned()),
        ("the env_file b does not exist", "d".to_owned()),
    ];
    assert_eq!(found, expected);
}
