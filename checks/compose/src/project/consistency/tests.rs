//! One project for each thing that must agree, in canonical form, and the words with which it is refused.

use super::check as consistent;
use crate::project::testing::parse;

fn check(text: &str, expected: Result<(), (&str, &str)>) {
    let found = consistent(&parse(text).0).map_err(|refusal| {
        let span = refusal.at.expect("what does not agree has its place");
        (text[span.start as usize..span.end as usize].to_owned(), refusal.message)
    });
    let found = found.as_ref().copied().map_err(|(at, message)| (at.as_str(), message.as_str()));
    assert_eq!(found, expected, "{text}");
}

/// The keys of one service with an image, beside a second one.
fn service(text: &str, expected: Result<(), (&str, &str)>) {
    check(&format!("services: {{a: {{image: i, {text}}}, b: {{image: j}}}}"), expected);
}

#[test]
fn images() {
    check("services: {a: {build: {context: .}}}", Ok(()));
    check("services: {a: {restart: always}}", Err(("a", "`a` has neither `image` nor `build`")));
    check("services: {a: {image: ''}}", Err(("a", "`a` has neither `image` nor `build`")));
}

#[test]
fn names() {
    service("networks: {n: }", Err(("n", "no network is called `n`")));
    check("services: {a: {image: i, networks: {n: }}}\nnetworks: {n: }", Ok(()));
    service("networks: {x-n: }", Err(("x-n", "the network `x-n` is lost: Compose takes it for an extension")));
    service("depends_on: {b: {}}", Ok(()));
    service("depends_on: {c: {required: false}}", Err(("c", "no service is called `c`")));
    service("volumes: [{type: volume, source: v, target: /v}]", Err(("v", "no volume is called `v`")));
    service("volumes: [{type: volume, target: /v}, {type: bind, source: /v, target: /w}]", Ok(()));
    service("secrets: [{source: s}]", Err(("s", "no secret is called `s`")));
    service("build: {secrets: [{source: s}]}", Err(("s", "no secret is called `s`")));
    service("configs: [{source: s}]", Err(("s", "no config is called `s`")));
    service("build: {additional_contexts: {x: 'service:c'}}", Err(("'service:c'", "no service is called `c`")));
}

#[test]
fn within_a_service() {
    service(
        "network_mode: host, networks: {default: }",
        Err(("host", "`network_mode` and `networks` exclude each other")),
    );
    service("network_mode: host, networks: {}", Ok(()));
    service("healthcheck: {test: [NONE]}", Ok(()));
    service(
        "healthcheck: {test: [curl, x]}",
        Err(("curl", "the first word of `test` must be `CMD`, `CMD-SHELL` or `NONE`")),
    );
    service(
        "build: {dockerfile: a, dockerfile_inline: b}",
        Err(("b", "`dockerfile` and `dockerfile_inline` exclude each other")),
    );
    service("platform: c, build: {platforms: [d]}", Err(("c", "a platform that `build.platforms` does not build")));
    service("gpus: [{count: 1, device_ids: [x]}]", Err(("[x]", "`count` and `device_ids` exclude each other")));
    service("develop: {watch: [{path: p, action: rebuild}]}", Ok(()));
    service(
        "develop: {watch: [{path: p, action: sync}]}",
        Err(("{path: p, action: sync}", "without a `target`, nothing can be synchronised")),
    );
}

#[test]
fn said_twice() {
    service("scale: 2, deploy: {replicas: 2}", Ok(()));
    service("scale: 2, deploy: {replicas: 3}", Err(("3", "`scale` and `deploy.replicas` say different things")));
    service("scale: 2, container_name: c", Err(("2", "more than one container cannot have the same `container_name`")));
    service(
        "deploy: {replicas: 2}, container_name: c",
        Err(("2", "more than one container cannot have the same `container_name`")),
    );
    service("scale: 0, container_name: c", Ok(()));
    service("cpus: 0.1, deploy: {resources: {limits: {cpus: '0.1'}}}", Ok(()));
    service(
        "cpus: 1, deploy: {resources: {limits: {memory: 1m}}}",
        Err(("1", "`cpus` and `deploy.resources.limits.cpus` say different things")),
    );
    service("mem_limit: 1m, deploy: {resources: {limits: {memory: 1024k}}}", Ok(()));
    service(
        "mem_limit: 1m, deploy: {resources: {limits: {memory: 2m}}}",
        Err(("1m", "`mem_limit` and `deploy.resources.limits.memory` say different things")),
    );
    service("mem_reservation: 1m, deploy: {resources: {limits: {memory: 2m}}}", Ok(()));
}

#[test]
fn resources() {
    check("secrets: {s: {}}", Err(("s", "`s` has no content")));
    check("secrets: {s: {external: false}}", Err(("s", "`s` has no content")));
    check("secrets: {s: {file: f, environment: E}}", Err(("environment", "`s` has more than one content")));
    check("configs: {c: {external: false}}", Ok(()));
    check("configs: {c: {}}", Err(("c", "`c` has no content")));
    check("configs: {c: {content: x, file: f}}", Err(("content", "`c` has more than one content")));
    check("volumes: {v: {external: true, name: n, x-a: 1}}", Ok(()));
    check(
        "volumes: {v: {external: true, driver: d}}",
        Err(("driver", "the volume `v` is external, so `driver` is not ours")),
    );
}

#[test]
fn types() {
    service("restart: 2001-12-14", Err(("2001-12-14", "`restart` must be text")));
    service("labels: {a: 2001-12-14, x-b: 1}", Ok(()));
    service("group_add: [1.5]", Err(("1.5", "`group_add` must be text")));
    service("storage_opt: {size: 1}", Ok(()));
    service("storage_opt: {x-size: 1}", Err(("x-size", "a key of `storage_opt` cannot begin with `x-`")));
    service("init: 'on', attach: true", Ok(()));
    service("attach: '1'", Err(("'1'", "`attach` must be true or false")));
    service("healthcheck: {interval: 1d}", Err(("1d", "`interval` must be a duration")));
    service("healthcheck: {retries: -1}", Err(("-1", "`retries` must be a whole number from zero on")));
    service("ports: [{target: -80}]", Err(("-80", "`target` must be a whole number from zero on")));
    service("deploy: {restart_policy: {delay: '5'}}", Err(("'5'", "`delay` must be a duration")));
    service("mem_limit: ten", Err(("ten", "`mem_limit` must be an amount of memory")));
    service(
        "volumes: [{type: tmpfs, target: /t, tmpfs: {mode: '0777'}}]",
        Err(("'0777'", "`mode` must be a whole number from zero on")),
    );
    service("secrets: [{source: s, mode: '9'}]", Err(("'9'", "`mode` must be the rights of a file")));
    service("gpus: [{count: some}]", Err(("some", "`count` must be a number of devices")));
    service("command: \"a 'b\"", Err(("\"a 'b\"", "`command` must be a whole command")));
    service("extra_hosts: [a]", Err(("a", "a host without its address")));
    service("extra_hosts: ['a:b:c', 'd=::1'], x-a: 2001-12-14", Ok(()));
    service("extra_hosts: {'a:b': c}", Err(("c", "no name of a host: `a:b`")));
    service("ulimits: {nofile: {soft: '1', hard: 2}}", Err(("'1'", "`soft` must be a whole number")));
}
