//! Keys that no rule reads: a project with a mistake in one is refused all the same.

use super::super::super::dice::Dice;
use super::super::yaml::{Yaml, list, map, raw, text};
use super::Scene;

fn texts(words: &[&str]) -> Yaml {
    list(words.iter().map(|word| text(*word)))
}

pub(crate) fn build(dice: &mut Dice, _: &Scene) -> Yaml {
    if dice.chance(40) {
        return text(dice.pick(&[".", "./app", "https://example.com/app.git", "../up"]));
    }
    let mut build = map([("context", text("."))]);
    if dice.chance(40) {
        build.set("dockerfile", text("Dockerfile.dev"));
    }
    if dice.chance(40) {
        build.set("args", if dice.chance(50) { map([("A", raw("1")), ("B", raw(""))]) } else { texts(&["A=1", "B"]) });
    }
    if dice.chance(20) {
        build.set("target", text("release"));
    }
    if dice.chance(10) {
        build.set("ssh", texts(&["default", "other=./key"]));
    }
    if dice.chance(10) {
        build.set("additional_contexts", texts(&["base=docker-image://debian"]));
    }
    build
}

pub(crate) fn ulimits(dice: &mut Dice, _: &Scene) -> Yaml {
    let long = map([("soft", raw("20000")), ("hard", raw(dice.pick(&["40000", "\"40000\"", "-1"])))]);
    map([("nofile", if dice.chance(50) { raw("65536") } else { long })])
}

pub(crate) fn sysctls(dice: &mut Dice, _: &Scene) -> Yaml {
    if dice.chance(50) { map([("net.core.somaxconn", raw("1024"))]) } else { texts(&["net.core.somaxconn=1024"]) }
}

pub(crate) fn extra_hosts(dice: &mut Dice, _: &Scene) -> Yaml {
    match dice.between(0, 3) {
        0 => texts(&["kis:10.0.0.1", "kis:10.0.0.2"]),
        1 => texts(&["kis=10.0.0.1", "six=::1", "seven:[::1]"]),
        2 => map([("kis", text("10.0.0.1"))]),
        _ => map([("kis", texts(&["10.0.0.1", "10.0.0.2"]))]),
    }
}

pub(crate) fn dns(dice: &mut Dice, _: &Scene) -> Yaml {
    if dice.chance(50) { text("8.8.8.8") } else { texts(&["8.8.8.8", "9.9.9.9"]) }
}

pub(crate) fn tmpfs(dice: &mut Dice, _: &Scene) -> Yaml {
    if dice.chance(50) { text("/run") } else { texts(&["/run:size=64m", "/tmp"]) }
}

pub(crate) fn capabilities(dice: &mut Dice, _: &Scene) -> Yaml {
    list(dice.some(&["NET_ADMIN", "ALL", "SYS_TIME"], 2).into_iter().map(text))
}

pub(crate) fn devices(dice: &mut Dice, _: &Scene) -> Yaml {
    match dice.between(0, 2) {
        0 => texts(&["/dev/ttyUSB0:/dev/tty:rwm"]),
        1 => texts(&["/dev/snd", "vendor.com/class=name"]),
        _ => list([map([("source", text("/dev/a")), ("target", text("/dev/b")), ("permissions", text("r"))])]),
    }
}

pub(crate) fn expose(dice: &mut Dice, _: &Scene) -> Yaml {
    list([raw(dice.pick(&["80", "\"80\"", "\"80/tcp\"", "\"9000-9002\"", "\"a\""])), text("443")])
}

pub(crate) fn security_opt(_: &mut Dice, _: &Scene) -> Yaml {
    texts(&["no-new-privileges:true", "label=disable"])
}

pub(crate) fn bytes(dice: &mut Dice, _: &Scene) -> Yaml {
    raw(dice.pick(&["512m", "1gb", "1000000", "\"64MB\"", "1.5g", "${MEMORY:-256m}", "0"]))
}

pub(crate) fn number(dice: &mut Dice, _: &Scene) -> Yaml {
    raw(dice.pick(&["1", "2", "\"1\"", "0", "1", "2", "3", "0.5", "${NUMBER:-1}"]))
}

pub(crate) fn name(dice: &mut Dice, _: &Scene) -> Yaml {
    text(dice.pick(&["desk-redis", "desk_1", "desk.example", "${NAME:-desk}"]))
}

pub(crate) fn user(dice: &mut Dice, _: &Scene) -> Yaml {
    raw(dice.pick(&["root", "\"1000:1000\"", "1000:1000", "\"1000\"", "\"1000\"", "www:www", "0:0", "root", "1000"]))
}

pub(crate) fn folder(_: &mut Dice, _: &Scene) -> Yaml {
    text("/srv/app")
}

pub(crate) fn pull_policy(dice: &mut Dice, _: &Scene) -> Yaml {
    text(dice.pick(&["always", "never", "missing", "build", "if_not_present", "always", "never", "missing", "daily"]))
}

pub(crate) fn signal(_: &mut Dice, _: &Scene) -> Yaml {
    text("SIGINT")
}

pub(crate) fn platform(_: &mut Dice, _: &Scene) -> Yaml {
    text("linux/amd64")
}

pub(crate) fn groups(dice: &mut Dice, _: &Scene) -> Yaml {
    list([text("mail"), raw(dice.pick(&["1000", "\"1001\"", "1.5"]))])
}

pub(crate) fn cgroup(dice: &mut Dice, _: &Scene) -> Yaml {
    text(dice.pick(&["host", "private", "host", "private", "host", "shared"]))
}

pub(crate) fn external_links(_: &mut Dice, _: &Scene) -> Yaml {
    texts(&["other", "another:alias"])
}

pub(crate) fn gpus(dice: &mut Dice, _: &Scene) -> Yaml {
    if dice.chance(50) { text("all") } else { list([map([("driver", text("nvidia")), ("count", raw("2"))])]) }
}

pub(crate) fn develop(_: &mut Dice, _: &Scene) -> Yaml {
    map([("watch", list([map([("path", text("./src")), ("action", text("rebuild"))])]))])
}

pub(crate) fn hooks(dice: &mut Dice, _: &Scene) -> Yaml {
    let command = if dice.chance(50) { text("run it") } else { texts(&["run", "it"]) };
    list([map([("command", command), ("user", text("root"))])])
}

pub(crate) fn blkio(_: &mut Dice, _: &Scene) -> Yaml {
    let device = map([("path", text("/dev/sda")), ("rate", text("12mb"))]);
    map([("weight", raw("300")), ("device_read_bps", list([device]))])
}

pub(crate) fn device_rules(dice: &mut Dice, _: &Scene) -> Yaml {
    texts(&[dice.pick(&["c 1:3 mr", "a 7:* rmw", "c 1:3", "x 1:3 r"])])
}

pub(crate) fn options(_: &mut Dice, _: &Scene) -> Yaml {
    map([("size", text("1G"))])
}

pub(crate) fn anything(dice: &mut Dice, _: &Scene) -> Yaml {
    match dice.between(0, 3) {
        0 => raw("2001-12-14"),
        1 => map([("any", list([raw("1"), raw("null"), map([("deep", raw("true"))])]))]),
        2 => raw(""),
        _ => text("free"),
    }
}
