//! The form of `docker compose config`, as the binary printed it for the same text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::resolved;
use crate::document::{self, Budget};
use crate::project::Project;
use crate::source::Sources;

/// One service with these keys in canonical form.
fn check(text: &str, expected: Value) {
    let text = format!("services: {{$a: {{{text}}}}}");
    let file = Sources::default().add("compose.yml".into(), text.clone());
    let documents = document::parse(file, &text, &mut Budget::default()).expect("the text of a test is YAML");
    let root = documents.into_iter().find_map(|document| document.root).expect("the text of a test says something");
    let project = Project {
        name: "test".to_owned(),
        directory: "/".into(),
        files: Vec::new(),
        root,
        gaps: Vec::new(),
        lacking: Vec::new(),
        edits: Vec::new(),
        profiles: BTreeSet::new(),
        environment: BTreeMap::new(),
    };
    assert_eq!(resolved(&project), json!({ "$$a": expected }), "{text}");
}

#[test]
fn what_is_empty_is_left_out() {
    check("restart: '', image: '', ports: [], labels: {}, environment: {}, profiles: [], depends_on: {}", json!({}));
    check("healthcheck: {disable: false, test: []}, logging: {options: {}}", json!({"healthcheck": {}, "logging": {}}));
    check("init: false, deploy: {replicas: 2}", json!({"init": false}));
    check("deploy: {restart_policy: {}}", json!({"deploy": {"restart_policy": {}}}));
}

#[test]
fn dollars_are_doubled() {
    check("image: a$b, labels: {$k: $v}", json!({"image": "a$$b", "labels": {"$$k": "$$v"}}));
}

#[test]
fn durations_and_numbers() {
    check(
        "stop_grace_period: 90s, healthcheck: {interval: 250us, retries: 3.7, test: 'a $b'}",
        json!({"stop_grace_period": "1m30s", "healthcheck": {"interval": "250µs", "retries": 3, "test": ["CMD-SHELL", "a $$b"]}}),
    );
    check("healthcheck: {retries: 18446744073709551615}", json!({"healthcheck": {"retries": u64::MAX}}));
    check("healthcheck: {retries: 1e30}", json!({"healthcheck": {"retries": 1u64 << 63}}));
    check(
        "deploy: {restart_policy: {condition: '', delay: 0s, max_attempts: 0, window: 2m}}",
        json!({"deploy": {"restart_policy": {"delay": "0s", "max_attempts": 0, "window": "2m0s"}}}),
    );
}

#[test]
fn dependencies() {
    check(
        "depends_on: {b: {condition: service_started, required: true, restart: false}, c: {condition: service_healthy, restart: 'yes', required: false}}",
        json!({"depends_on": {
            "b": {"condition": "service_started", "required": true},
            "c": {"condition": "service_healthy", "required": false, "restart": true},
        }}),
    );
}

#[test]
fn logging() {
    check(
        "logging: {driver: json-file, options: {max-file: 3, a: , x-b: 1}}",
        json!({"logging": {"driver": "json-file", "options": {"max-file": "3", "a": "", "#extensions": "map[x-b:1]"}}}),
    );
}

#[test]
fn ports_and_volumes() {
    check(
        "ports: [{target: 80, published: 8080, mode: ingress, protocol: ''}, {target: 9999999999}]",
        json!({"ports": [{"mode": "ingress", "published": "8080", "target": 80}, {"target": 1_410_065_407}]}),
    );
    check(
        "volumes: [{type: bind, source: /a, target: /b, read_only: true, bind: {create_host_path: false}}, {type: volume, target: /c, volume: {}}]",
        json!({"volumes": [
            {"bind": {}, "read_only": true, "source": "/a", "target": "/b", "type": "bind"},
            {"target": "/c", "type": "volume", "volume": {}},
        ]}),
    );
    check(
        "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 10m, mode: 0777}}, {type: tmpfs, target: /u, tmpfs: {size: 1.0, mode: 0}}]",
        json!({"volumes": [
            {"target": "/t", "tmpfs": {"mode": 511, "size": "10485760"}, "type": "tmpfs"},
            {"target": "/u", "tmpfs": {}, "type": "tmpfs"},
        ]}),
    );
}
