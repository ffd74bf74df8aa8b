//! What fits and what does not; a refusal is shown with the text under its caret.

use crate::project::testing::parse;

fn check(text: &str, expected: Result<(), (&str, &str)>) {
    let found = super::check(&parse(text).0).map_err(|refusal| {
        let span = refusal.at.expect("a misfit has its place");
        (text[span.start as usize..span.end as usize].to_owned(), refusal.message, refusal.hint)
    });
    let found = found.as_ref().copied().map_err(|(at, message, _)| (at.as_str(), message.as_str()));
    assert_eq!(found, expected, "{text}");
}

/// The keys of one service.
fn service(text: &str, expected: Result<(), (&str, &str)>) {
    check(&format!("services: {{a: {{{text}}}}}"), expected);
}

fn hint(text: &str, expected: Option<&str>) {
    let refusal = super::check(&parse(text).0).expect_err("it does not fit");
    assert_eq!(refusal.hint.as_deref(), expected, "{text}");
}

#[test]
fn unknown_keys() {
    service("restrat: always", Err(("restrat", "unknown key `restrat` in `a`")));
    service("healthcheck: {tst: x}", Err(("tst", "unknown key `tst` in `healthcheck`")));
    service("provider: {type: x}", Err(("provider", "unknown key `provider` in `a`")));
    check("service: {}", Err(("service", "unknown key `service` in `the file`")));
    check("services: {a b: {image: i}}", Err(("a b", "`a b` cannot be a name in `services`")));
    hint("services: {a: {restrat: always}}", Some("did you mean `restart`?"));
    hint("services: {a: {replicas: 2}}", Some("it belongs below `deploy`"));
    hint("services: {a: {something: 2}}", Some("a key of your own begins with `x-`"));
    hint("services: {a: {extends: {service: b, x-c: 1}}}", None);
}

#[test]
fn keys_of_ones_own() {
    service("x-anything: {at: [all]}, deploy: {x-a: 1}", Ok(()));
    check("x-a: 1\nservices: {x-a: {image: i}}\nnetworks: {any name at all: 3}", Ok(()));
    service("blkio_config: {x-a: 1}", Err(("x-a", "unknown key `x-a` in `blkio_config`")));
    service("env_file: [{path: p, x-a: 1}]", Err(("x-a", "unknown key `x-a` in `env_file`")));
}

#[test]
fn kinds() {
    service("restart: no, image: 2001-12-14", Ok(()));
    service("restart: false", Err(("false", "`restart` must be text, not true or false")));
    service("restart: 3", Err(("3", "`restart` must be text, not a number")));
    service("restart: [no]", Err(("[no]", "`restart` must be text, not a list")));
    service("init: yes, tty: true", Ok(()));
    service("init: 1", Err(("1", "`init` must be true or false or text, not a number")));
    service("stop_grace_period: 10", Err(("10", "`stop_grace_period` must be text, not a number")));
    service("command: , entrypoint: [a], deploy: , pid: ", Ok(()));
    service("cpu_percent: 100, oom_score_adj: -1000, scale: 1.0", Ok(()));
    service("cpu_percent: 101", Err(("101", "`cpu_percent` must be a whole number from 0 to 100")));
    service("scale: 1.5", Err(("1.5", "`scale` must be a whole number or text, not a number")));
    hint("services: {a: {restart: false}}", Some("write it in quotes"));
}

#[test]
fn words() {
    service("cgroup: host", Ok(()));
    service("cgroup: other", Err(("other", "`cgroup` must be `host` or `private`")));
    service(
        "depends_on: {b: {condition: service_ready}}",
        Err((
            "service_ready",
            "`condition` must be `service_started`, `service_healthy` or `service_completed_successfully`",
        )),
    );
    service("gpus: none", Err(("none", "`gpus` must be `all`")));
}

#[test]
fn keys_that_must_be_there() {
    service("depends_on: {b: {restart: true}}", Err(("{restart: true}", "`b` without its `condition`")));
    service("ulimits: {nofile: {soft: 1}}", Err(("{soft: 1}", "`nofile` without its `hard`")));
    service("ulimits: {NOFILE: {soft: 1}}", Ok(()));
}

#[test]
fn lists_and_mappings() {
    service("environment: {A: 1, B: true, C: , D: x}, labels: [a=b]", Ok(()));
    service("environment: {A: [1]}", Err(("[1]", "`A` must be text, a number, true or false or empty, not a list")));
    service("environment: [1]", Err(("1", "`environment` must be text, not a number")));
    service("environment: {\"\": 1}", Err(("\"\"", "`` cannot be a name in `environment`")));
    service("logging: {options: {a: true}}", Err(("true", "`a` must be text, a number or empty, not true or false")));
    service("depends_on: b", Err(("b", "`depends_on` must be a list or a mapping, not text")));
}

#[test]
fn nothing_twice() {
    service("profiles: [a, b]", Ok(()));
    service("profiles: [a, a]", Err(("a", "the same entry of `profiles` twice")));
    service("ports: [80, \"80\"]", Ok(()));
    service(
        "ports: [{target: 1, mode: x}, {mode: x, target: 1}]",
        Err(("{mode: x, target: 1}", "the same entry of `ports` twice")),
    );
    service("expose: [80, 80.0]", Err(("80.0", "the same entry of `expose` twice")));
    service("healthcheck: {test: [CMD, a, a]}", Ok(()));
}

#[test]
fn infinite_numbers_have_no_place() {
    check("x-a: [{b: .inf}]", Err((".inf", "an infinite number")));
    check("x-a: .nan", Err((".nan", "an infinite number")));
}
