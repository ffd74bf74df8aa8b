//! Folds entries of a list that stand for the same thing: ports, volumes, environment, … The later one wins and takes the
//! place of the first. Called by the loader before the shape is checked and after the canonical form is made (compose-go
//! v2.4.8, `override/uncity.go`).

use std::collections::HashMap;
use std::collections::hash_map;

use self::key::{Key, key};
use crate::node::{Node, Value};
use crate::refusal::Refusal;

mod key;

/// No list that is folded lies deeper.
const DEEPEST: usize = 5;

pub(super) fn fold(root: &mut Node) -> Result<(), Refusal> {
    walk(root, &mut Vec::new(), &mut |list, path| match key(path) {
        Some(key) => fold_list(list, key),
        None => Ok(()),
    })
}

/// Whether doubles in the list at this path are folded.
pub(super) fn folds(path: &[String]) -> bool {
    key(&path.iter().map(String::as_str).collect::<Vec<_>>()).is_some()
}

/// What Compose does to lists in between: empty servers of `dns` are dropped, and an empty list that is not folded is
/// nothing from then on, which the shape of the next document refuses in most places.
pub(super) fn omit_empty(root: &mut Node) {
    omit(root, &mut Vec::new());
}

fn fold_list(list: &mut Vec<Node>, key: Key) -> Result<(), Refusal> {
    let mut places = HashMap::with_capacity(list.len());
    let mut folded: Vec<Node> = Vec::with_capacity(list.len());
    for node in std::mem::take(list) {
        if node.value == Value::Unknown {
            folded.push(node);
            continue;
        }
        match places.entry(key(&node)?) {
            hash_map::Entry::Occupied(place) => folded[*place.get()] = node,
            hash_map::Entry::Vacant(place) => {
                place.insert(folded.len());
                folded.push(node);
            }
        }
    }
    *list = folded;
    Ok(())
}

type Visit<'a> = &'a mut dyn FnMut(&mut Vec<Node>, &[&str]) -> Result<(), Refusal>;

/// Every list that is reached through mappings alone.
fn walk<'a>(node: &'a mut Node, path: &mut Vec<&'a str>, visit: Visit<'_>) -> Result<(), Refusal> {
    match &mut node.value {
        Value::List(list) => visit(list, path),
        Value::Map(map) if path.len() < DEEPEST => map.iter_mut().try_for_each(|(name, entry)| {
            path.push(name);
            let walked = walk(&mut entry.node, path, visit);
            path.pop();
            walked
        }),
        _ => Ok(()),
    }
}

fn omit<'a>(node: &'a mut Node, path: &mut Vec<&'a str>) {
    let servers = matches!(path[..], ["services", _, "dns"]);
    if node.value == Value::List(Vec::new()) && key(path).is_none() {
        node.value = Value::Null;
    }
    match &mut node.value {
        Value::List(list) if servers => list.retain(|server| !server.is_empty()),
        Value::List(list) => list.iter_mut().for_each(|node| {
            path.push("[]");
            omit(node, path);
            path.pop();
        }),
        Value::Map(map) => map.iter_mut().for_each(|(name, entry)| {
            path.push(name);
            omit(&mut entry.node, path);
            path.pop();
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::testing::{json, parse};

    /// What is left of one key of a service.
    fn check(service: &str, expected: &str) {
        let [(mut folded, _), (expected, _)] =
            [service, expected].map(|service| parse(&format!("{{services: {{a: {{{service}}}}}}}")));
        fold(&mut folded).expect("the lists of the test have keys");
        assert_eq!(json(&folded), json(&expected), "{service}");
    }

    fn refused(service: &str, message: &str) {
        let (mut root, _) = parse(&format!("{{services: {{a: {{{service}}}}}}}"));
        assert_eq!(fold(&mut root).expect_err("an entry without key").message, message);
    }

    #[test]
    fn the_later_entry_takes_the_place_of_the_first() {
        check("environment: [A=1, B=2, A=3, B]", "environment: [A=3, B]");
        check("labels: [a=b=c, a]", "labels: [a]");
        check("build: {args: [A=1, A=2]}, deploy: {labels: [a, a]}", "build: {args: [A=2]}, deploy: {labels: [a]}");
        check("networks: {n: {aliases: [b, c, b]}}", "networks: {n: {aliases: [b, c]}}");
        check("security_opt: [a, a]", "security_opt: [a, a]");
    }

    #[test]
    fn ports_are_told_apart_by_all_that_is_said_of_them() {
        check("ports: ['80:80', 80, '80:80', '80']", "ports: ['80:80', '80']");
        let port = |more: &str| format!("ports: [{{target: 80, published: '80'}}, {{target: 80, {more}, mode: host}}]");
        check(&port("published: '80'"), "ports: [{target: 80, published: '80', mode: host}]");
        check(
            &port("host_ip: 0.0.0.0, protocol: tcp, published: '80'"),
            "ports: [{target: 80, host_ip: 0.0.0.0, protocol: tcp, published: '80', mode: host}]",
        );
        for more in ["published: 80", "host_ip: 127.0.0.1, published: '80'", "published: '80', protocol: udp"] {
            check(&port(more), &port(more));
        }
    }

    #[test]
    fn volumes_and_devices_are_told_apart_by_their_target() {
        check("volumes: ['/a:/x', '/b:/y', '/c:/x:ro']", "volumes: ['/c:/x:ro', '/b:/y']");
        check("volumes: ['/a:/x', {type: bind, target: /x}]", "volumes: [{type: bind, target: /x}]");
        check("devices: ['/a:/b:r', /b, {target: /b}]", "devices: [{target: /b}]");
    }

    #[test]
    fn secrets_and_configs_are_told_apart_by_where_they_appear() {
        check(
            "secrets: [s, {source: s, mode: 4}, {source: t, target: /run/secrets/s}]",
            "secrets: [{source: t, target: /run/secrets/s}]",
        );
        check("secrets: [s, {source: s, target: s}]", "secrets: [s, {source: s, target: s}]");
        check("configs: [c, {source: d, target: /c}]", "configs: [{source: d, target: /c}]");
    }

    #[test]
    fn an_entry_without_key_is_refused() {
        refused("ports: [{published: 1}]", "this port has no target in the container");
        refused("volumes: [{type: bind}]", "this volume has no target in the container");
        refused("profiles: [1]", "a text must stand here");
    }

    #[test]
    fn empty_lists_are_nothing_but_where_they_are_folded() {
        let check = |text: &str, expected: &str| {
            let (mut root, _) = parse(text);
            omit_empty(&mut root);
            assert_eq!(json(&root), json(&parse(expected).0));
        };
        check("{services: {a: {dns: ['', 1.1.1.1, ~]}}}", "{services: {a: {dns: [1.1.1.1]}}}");
        check("{services: {a: {ports: [], dns: []}}}", "{services: {a: {ports: [], dns: []}}}");
        check("{services: {a: {security_opt: [], b: [[]]}}}", "{services: {a: {security_opt: ~, b: [~]}}}");
    }
}
