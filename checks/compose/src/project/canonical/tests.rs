//! The long form of each short one, as the binary shows it, and what is no short form.

use super::{canonical, clean, volume_target};
use crate::project::testing::{json, parse};

/// The keys of one service, and what they become.
fn check(short: &str, expected: &str) {
    let mut root = parse(&format!("services: {{a: {{{short}}}}}")).0;
    canonical(&mut root).expect("a short form that Compose knows");
    let service = root.at(&["services", "a"]).expect("the service of the test");
    assert_eq!(json(service), json(&parse(&format!("{{{expected}}}")).0), "{short}");
}

fn refused(short: &str, message: &str) {
    let mut root = parse(&format!("services: {{a: {{{short}}}}}")).0;
    let refusal = canonical(&mut root).expect_err("no short form");
    assert_eq!(refusal.message, message, "{short}");
}

fn port(short: &str, expected: &str) {
    check(&format!("ports: [{short}]"), &format!("ports: [{expected}]"));
}

fn volume(short: &str, expected: &str) {
    check(&format!("volumes: ['{short}']"), &format!("volumes: [{{{expected}}}]"));
}

#[test]
fn ports() {
    port("80", "{mode: ingress, protocol: tcp, target: 80}");
    port("'80/UDP'", "{mode: ingress, protocol: udp, target: 80}");
    port("':80'", "{mode: ingress, protocol: tcp, target: 80}");
    port("'000080:0080'", "{mode: ingress, protocol: tcp, published: '80', target: 80}");
    port("'127.0.0.1::80'", "{host_ip: 127.0.0.1, mode: ingress, protocol: tcp, target: 80}");
    port("'[::1]:80:80/sctp'", "{host_ip: '::1', mode: ingress, protocol: sctp, published: '80', target: 80}");
    port("'9000-9005:80'", "{mode: ingress, protocol: tcp, published: 9000-9005, target: 80}");
    port(
        "'5-6:80-81'",
        "{mode: ingress, protocol: tcp, published: '5', target: 80}, {mode: ingress, protocol: tcp, published: '6', target: 81}",
    );
    port("'8080:80/tcp/udp'", "{mode: ingress, protocol: tcp, published: '8080', target: 80}");
    port("{target: 80}", "{target: 80}");
    port("0", "{mode: ingress, protocol: tcp}");
}

#[test]
fn a_range_is_in_the_order_of_its_texts() {
    let mut root = parse("services: {a: {ports: ['8-11']}}").0;
    canonical(&mut root).expect("a range");
    let ports = root.at(&["services", "a", "ports"]).and_then(crate::node::Node::as_list).expect("a list");
    let targets: Vec<_> = ports.iter().map(|port| json(port)["target"].to_string()).collect();
    assert_eq!(targets, ["10", "11", "8", "9"]);
}

#[test]
fn no_ports() {
    for port in ["70000", "-1", "' 80'", "'+80'", "'80-'", "'0x50'", "'a:80'", "'100000:80'", "'8080/tcp:80'"] {
        let text = port.trim_matches('\'').trim_end_matches(":80");
        refused(&format!("ports: [{port}]"), &format!("no port and no range of ports: `{text}`"));
    }
    refused("ports: ['']", "a port without its target");
    refused("ports: ['8080:']", "a port without its target");
    refused("ports: ['80-79']", "a range that ends before it begins: `80-79`");
    refused("ports: ['1-3:4-5']", "two port ranges of different length");
    refused("ports: ['80/foo']", "no protocol of a port: `foo`");
    refused("ports: ['host:80:80']", "no IP address: `host`");
    refused("ports: ['::1:80:80']", "no IP address: `::1`");
    refused("ports: [80.0]", "a port must be a whole number, text or a mapping");
    refused("ports: 80", "`ports` must be a list");
}

#[test]
fn what_grows_is_bounded() {
    let message = "more than 300,000 ports, volumes and the like in one file";
    let many = ["'1-65535'"; 5].join(", ");
    refused(&format!("ports: [{many}]"), message);
    let many = ["/x"; 50_000].join(", ");
    let keys = ["configs", "depends_on", "devices", "env_file", "secrets", "volumes"];
    let lists: Vec<String> = keys.iter().map(|key| format!("{key}: [{many}]")).collect();
    refused(&format!("{}, ports: [80]", lists.join(", ")), message);
}

#[test]
fn volumes() {
    volume("/x/../y/", "type: volume, target: /y, volume: {}");
    volume("v:/data", "type: volume, target: 'v:/data', volume: {}");
    volume("ab", "type: volume, target: ab");
    volume(":", "type: volume, target: ':'");
    volume("data:/x:nocopy", "type: volume, source: data, target: /x, volume: {nocopy: true}");
    volume("data:/x:z", "type: volume, source: data, target: /x, bind: {selinux: z}, volume: {}");
    volume(
        "./a:/b:ro,Z,rshared,cached",
        "type: bind, source: ./a, target: /b, read_only: true, bind: {create_host_path: true, propagation: rshared, selinux: Z}",
    );
    volume("~/a:/b:ro,rw", "type: bind, source: ~/a, target: /b, bind: {create_host_path: true}");
    volume("C:/x:/y", "type: bind, source: 'C:/x', target: /y, bind: {create_host_path: true}");
    volume("a:b:c:d", "type: bind, source: 'a:b', target: 'c:d', bind: {create_host_path: true}");
    refused("volumes: ['']", "an empty volume");
    refused("volumes: [':/y']", "nothing between two colons of a volume");
    refused("volumes: ['./a:/b:rw:']", "nothing between two colons of a volume");
    refused("volumes: ['aa:/b:/c:/d']", "too many colons in a volume");
    refused("volumes: [1]", "a volume must be text or a mapping");
}

#[test]
fn targets_are_cleaned() {
    for (path, expected) in [("/a//b/./c/", "/a/b/c"), ("/..", "/"), ("", "."), ("../a/..", ".."), ("a/../..", "..")] {
        assert_eq!(clean(path), expected, "{path}");
    }
    assert_eq!(volume_target("./a:/b/:ro").as_deref(), Some("/b/"));
    assert_eq!(volume_target(""), None);
}

#[test]
fn services() {
    check("build: x", "build: {context: x}");
    check(
        "build: {ssh: [default, k=v], additional_contexts: [a=b], secrets: [s]}",
        "build: {ssh: {default: , k: v}, additional_contexts: {a: b}, secrets: [{source: s}]}",
    );
    check("depends_on: [b]", "depends_on: {b: {condition: service_started, required: true}}");
    check(
        "depends_on: {b: {condition: service_healthy, required: false}, c: {condition: service_started}}",
        "depends_on: {b: {condition: service_healthy, required: false}, c: {condition: service_started, required: true}}",
    );
    check(
        "devices: ['a', 'a:b', 'a:b:r']",
        "devices: [{source: a, target: a, permissions: rwm}, {source: a, target: b, permissions: rwm}, {source: a, target: b, permissions: r}]",
    );
    check("env_file: x", "env_file: [{path: x, required: true}]");
    check(
        "env_file: [x, {path: y, required: false}]",
        "env_file: [{path: x, required: true}, {path: y, required: false}]",
    );
    check("label_file: x, dns: y", "label_file: [x], dns: [y]");
    check("networks: [n]", "networks: {n: }");
    check("secrets: [s, {source: t}], configs: [c]", "secrets: [{source: s}, {source: t}], configs: [{source: c}]");
    check("extends: b", "extends: {service: b}");
    check("gpus: all", "gpus: [{count: all}]");
    refused("devices: ['a:b:c:d']", "a device with more than two colons");
    refused("build: {ssh: [k]}", "an SSH key without a path");
    refused("build: {additional_contexts: [k]}", "a context without its place");
    refused("ulimits: {nofile: 1.0}", "a limit must be a whole number or a mapping");
    refused("networks: [2001-12-14]", "an entry must be text");
    refused("depends_on: [2001-12-14]", "an entry must be text");
    check("env_file: [2001-12-14]", "env_file: [null]");
    refused("depends_on: {b: }", "a dependency must be a mapping");
    refused("build: ", "`build` must be text or a mapping");
    refused("depends_on: ", "`depends_on` must be a list or a mapping");
}

#[test]
fn old_names_of_external_resources() {
    let check = |text: &str, expected: Result<&str, &str>| {
        let mut root = parse(&format!("volumes: {{v: {text}}}")).0;
        let found = canonical(&mut root).map(|()| json(root.at(&["volumes", "v"]).expect("the volume")));
        let expected = expected.map(|text| json(&parse(text).0));
        assert_eq!(found.map_err(|refusal| refusal.message), expected.map_err(str::to_owned), "{text}");
    };
    check("{external: {name: x}}", Ok("{external: true, name: x}"));
    check("{external: {name: x}, name: x}", Ok("{external: true, name: x}"));
    check("{external: {}}", Ok("{external: true}"));
    check("{external: {name: x}, name: y}", Err("another name than that of the key `name`"));
    check("1", Err("a network, volume, secret or config must be a mapping"));
}

#[test]
fn what_a_short_form_becomes_stands_where_it_stood() {
    let text = "services: {a: {ports: ['80:81']}}";
    let mut root = parse(text).0;
    canonical(&mut root).expect("a port");
    let ports = root.at(&["services", "a", "ports"]).and_then(crate::node::Node::as_list).expect("a list");
    let span = ports[0].get("published").expect("it is published").origin.span;
    assert_eq!(&text[span.start as usize..span.end as usize], "'80:81'");
}
