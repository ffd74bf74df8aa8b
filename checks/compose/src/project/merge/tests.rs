//! One row for each rule, and for what Compose does where nobody would expect it.

use super::{merge, merge_service};
use crate::project::testing::{json, parse};

fn check(base: &str, over: &str, expected: &str) {
    let merged = merge(parse(base).0, parse(over).0).map(|node| json(&node));
    assert_eq!(merged, Ok(json(&parse(expected).0)), "{over} over {base}");
}

/// Below one service of both.
fn service(base: &str, over: &str, expected: &str) {
    let merged = merge_service(parse(base).0, parse(over).0).map(|node| json(&node));
    assert_eq!(merged, Ok(json(&parse(expected).0)), "{over} over {base}");
}

fn refused(base: &str, over: &str, message: &str) {
    let refusal = merge_service(parse(base).0, parse(over).0).expect_err("these two do not fit");
    assert_eq!(refusal.message, message);
}

#[test]
fn scalars_are_replaced_mappings_merged_and_lists_joined() {
    service("{image: a, init: true}", "{image: b}", "{image: b, init: true}");
    service("{deploy: {a: 1, b: {c: 1}}}", "{deploy: {b: {d: 2}}}", "{deploy: {a: 1, b: {c: 1, d: 2}}}");
    service("{cap_add: [A, B]}", "{cap_add: [C]}", "{cap_add: [A, B, C]}");
    check("{services: {a: {image: x}}}", "{services: {b: {image: y}}}", "{services: {a: {image: x}, b: {image: y}}}");
}

#[test]
fn nothing_changes_nothing() {
    service(
        "{image: a, cap_add: [A], deploy: {b: c}}",
        "{image: , cap_add: , deploy: }",
        "{image: a, cap_add: [A], deploy: {b: c}}",
    );
    service("{image: }", "{image: a}", "{image: a}");
}

#[test]
fn nothing_and_an_empty_list_are_nothing_between_documents() {
    check(
        "{services: {a: {security_opt: ~}}}",
        "{services: {a: {security_opt: []}}}",
        "{services: {a: {security_opt: ~}}}",
    );
    service("{security_opt: ~}", "{security_opt: []}", "{security_opt: []}");
    service("{labels: ~}", "{labels: []}", "{labels: []}");
    service("{extra_hosts: ~}", "{extra_hosts: []}", "{extra_hosts: ~}");
}

#[test]
fn commands_are_replaced_also_by_nothing() {
    service("{command: [a], entrypoint: [b]}", "{command: c, entrypoint: }", "{command: c, entrypoint: null}");
    service(
        "{healthcheck: {test: [a], retries: 3}}",
        "{healthcheck: {test: b}}",
        "{healthcheck: {test: b, retries: 3}}",
    );
}

#[test]
fn labels_and_the_like_become_one_list() {
    service("{labels: {b: 1, a: x}}", "{labels: [c=d]}", "{labels: [a=x, b=1, c=d]}");
    service("{environment: [A]}", "{environment: {B: , C: true, D: 1e6}}", "{environment: [A, B, C=true, D=1e+06]}");
    service("{environment: [A=1]}", "{environment: {A: [2, 3]}}", "{environment: [A=1, A=2, A=3]}");
    service("{dns: 1.1.1.1}", "{dns: [2.2.2.2]}", "{dns: [1.1.1.1, 2.2.2.2]}");
    service("{build: {args: {A: 1}}}", "{build: {args: [B=2]}}", "{build: {args: [A=1, B=2]}}");
    check(
        "{networks: {n: {labels: {a: b}}}}",
        "{networks: {n: {labels: [c=d]}}}",
        "{networks: {n: {labels: [a=b, c=d]}}}",
    );
}

#[test]
fn hosts_are_added_once() {
    service(
        "{extra_hosts: {h: [1.1.1.1, 2.2.2.2]}}",
        "{extra_hosts: [h=1.1.1.1, 'j:1', j=1]}",
        "{extra_hosts: [h=1.1.1.1, h=2.2.2.2, 'j:1', j=1]}",
    );
}

#[test]
fn short_forms_become_mappings() {
    service("{build: {dockerfile: D}}", "{build: .}", "{build: {dockerfile: D, context: .}}");
    service("{networks: [n]}", "{networks: {n: {aliases: [a]}, m: }}", "{networks: {n: {aliases: [a]}, m: null}}");
    let healthy = "{depends_on: {a: {condition: service_healthy, restart: true}}}";
    let started = "{depends_on: {a: {condition: service_started, required: true, restart: true}}}";
    service(healthy, "{depends_on: [a]}", started);
}

#[test]
fn logging_is_merged_for_one_driver() {
    let base = "{logging: {driver: a, options: {b: c}}}";
    service(base, "{logging: {options: {d: e}}}", "{logging: {driver: a, options: {b: c, d: e}}}");
    service(base, "{logging: {driver: a, options: {d: e}}}", "{logging: {driver: a, options: {b: c, d: e}}}");
    service(base, "{logging: {driver: f}}", "{logging: {driver: f}}");
    refused(base, "{logging: }", "`logging` is said twice, but is no mapping here");
}

#[test]
fn limits_are_replaced_as_a_whole() {
    service(
        "{ulimits: {nofile: {soft: 1, hard: 2}, core: 0}}",
        "{ulimits: {nofile: 5}}",
        "{ulimits: {nofile: 5, core: 0}}",
    );
}

#[test]
fn extensions_are_replaced() {
    service("{x-a: {b: c}}", "{x-a: {d: e}}", "{x-a: {d: e}}");
    check("{x-a: [b]}", "{x-a: c}", "{x-a: c}");
}

#[test]
fn subnets_are_merged_as_compose_does_it() {
    let config = |entries: &str| format!("{{networks: {{n: {{ipam: {{config: {entries}}}}}}}}}");
    let check = |base, over, expected| check(&config(base), &config(over), &config(expected));
    check("[{subnet: a, gateway: g}]", "[{subnet: a, gateway: h}]", "[{subnet: a, gateway: h}]");
    check(
        "[{subnet: a}, {subnet: b}]",
        "[{subnet: c}, {subnet: b, gateway: g}]",
        "[{subnet: b, gateway: g}, {subnet: b, gateway: g}]",
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    refused("{cap_add: [A]}", "{cap_add: A}", "cap_add is a list in what this is laid over, so it must be one here");
    refused(
        "{deploy: {a: b}}",
        "{deploy: [a]}",
        "deploy is a mapping in what this is laid over, so it must be one here",
    );
    refused(
        "{networks: }",
        "{networks: [a]}",
        "nothing can be laid over this: networks is neither a mapping nor a list",
    );
    refused("{depends_on: [a]}", "{depends_on: [1]}", "a name must stand here");
}

#[test]
fn a_key_stands_where_its_value_does() {
    let (base, over) = (parse("{image: a, labels: [b]}").0, parse("{  labels: [c], image: d}").0);
    let starts = |key: &str| {
        let merged = merge_service(base.clone(), over.clone()).expect("these two fit");
        merged.as_map().expect("a service").get(key).expect("the key is there").key.start
    };
    assert_eq!((starts("image"), starts("labels")), (16, 11));
}
