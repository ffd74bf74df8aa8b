//! Words and numbers that a container is told: environment, labels, logging, command.

use super::super::super::dice::Dice;
use super::super::yaml::{Yaml, list, map, raw, text};
use super::Scene;

/// What go-yaml reads as anything but text, or people would think so.
const UNQUOTED: &[&str] = &[
    "1",
    "0",
    "-1",
    "+1",
    "010",
    "08",
    "0o10",
    "0x1F",
    "0b11",
    "1_000",
    "1.0",
    "1.10",
    "1e3",
    "1E3",
    "100000000.0",
    "1e21",
    "0.00001",
    "-0.0",
    ".5",
    "5.",
    "12:30:45",
    "2001-12-14",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43",
    "true",
    "False",
    "TRUE",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "null",
    "~",
    "",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775808",
    "0xFFFFFFFFFFFFFFFF",
    "1_0.5",
    "_1",
    "1__0",
    "0_",
    "+.5",
    "123456.789",
    "1234567.0",
    "12345678901.5",
    "=",
    "3.0e-7",
    "0o8",
    "0x",
    "1,000",
    "1e",
    "0b2",
    "-0x10",
    "-010",
    "00",
    "0.",
    "2001-1-1",
    "2001-02-30",
    "01",
    "0777",
    "!!str 010",
    "!!float 3",
    "!own thing",
    "<<",
];

/// Numbers that JSON does not know, and tags that do not fit.
const REFUSED: &[&str] = &["-", ".inf", ".NaN", "-.INF", "!!int \"7\"", "!!bool yes", "!!binary x", "!!null 1"];

pub(crate) fn value(dice: &mut Dice) -> Yaml {
    const WORDS: &[&str] = &[
        "info",
        "redis://redis:6379/0",
        "a b",
        "",
        "x=y",
        "${TOKEN:-none}",
        "$TOKEN",
        "${NOWHERE}",
        "${TOKEN:+set}",
        "pre${TOKEN-x}post",
        "$$HOME and $${X}",
        "한국 005930",
        "line\nbreak",
        "tab\there",
        "${A:-${B:-c}}",
        "100%",
        "{\"json\": [1, 2]}",
        "it's",
        "say \"hi\"",
        "back\\slash",
        "#no comment",
        "a: b",
        "😀",
        "trailing ",
        "007",
        "true",
        "null",
        "1.50",
    ];
    match dice.between(0, 99) {
        0 if dice.one_in(4) => raw(dice.pick(REFUSED)),
        0..=29 => raw(dice.pick(UNQUOTED)),
        _ => text(dice.pick(WORDS)),
    }
}

const NAMES: &[&str] = &["LOG_LEVEL", "REDIS_URL", "MODE", "TOKEN", "A", "B", "lower", "FEED.SYMBOLS", "DESK_1"];
const LABELS: &[&str] = &["com.desk.feed", "tier", "version", "A", "traefik.enable", "x", "on", "1st"];

pub(crate) fn environment(dice: &mut Dice, _: &Scene) -> Yaml {
    pairs(dice, NAMES)
}

pub(crate) fn labels(dice: &mut Dice, _: &Scene) -> Yaml {
    pairs(dice, LABELS)
}

fn pairs(dice: &mut Dice, names: &[&'static str]) -> Yaml {
    let mut names = dice.some(names, 4);
    if dice.one_in(60) {
        names.push("x-extension");
    }
    if dice.chance(60) {
        return map(names.into_iter().map(|name| (name, value(dice))));
    }
    list(names.into_iter().map(|name| match dice.between(0, 9) {
        0 => text(name),
        1 => text(format!("{name}=")),
        2 => text(format!("{name}=a=b")),
        _ => match value(dice) {
            Yaml::Raw(plain) if plain.starts_with('!') => text(name),
            Yaml::Raw(plain) | Yaml::Text(plain) => text(format!("{name}={plain}")),
            other => other,
        },
    }))
}

pub(crate) fn env_file(dice: &mut Dice, scene: &Scene) -> Yaml {
    let mut files = dice.some(&scene.env_files, 2);
    if files.is_empty() {
        return list([]);
    }
    if dice.chance(40) {
        return text(files.remove(0));
    }
    list(files.into_iter().map(|file| match dice.between(0, 3) {
        0 => map([("path", text(file))]),
        1 => map([("path", text(file)), ("required", raw("true"))]),
        2 if dice.chance(40) => map([("path", text("missing.env")), ("required", raw("false"))]),
        _ => text(file),
    }))
}

pub(crate) fn logging(dice: &mut Dice, _: &Scene) -> Yaml {
    let mut logging = map::<&str>([]);
    if dice.chance(70) {
        logging
            .set("driver", text(dice.pick(&["json-file", "json-file", "local", "none", "syslog", "${DRIVER:-local}"])));
    }
    if dice.chance(70) {
        let mut options = map::<&str>([]);
        for key in ["max-size", "max-file", "tag"] {
            if dice.chance(50) {
                let values = [text("10m"), raw("3"), text("3"), text("{{.Name}}"), raw("1.0"), raw("null"), raw("010")];
                options.set(key, dice.pick(&values));
            }
        }
        logging.set("options", options);
    }
    logging
}

pub(crate) fn command(dice: &mut Dice, _: &Scene) -> Yaml {
    match dice.between(0, 5) {
        0..=1 => {
            text(dice.pick(&["redis-server --save ''", "run \"a b\" c", "sh -c 'echo $$HOME'", "", "one", "a  b"]))
        }
        2..=3 => list([text("run"), text("--port"), text("80"), text("${FLAG:---quiet}")]),
        4 => raw("null"),
        _ => list([]),
    }
}
