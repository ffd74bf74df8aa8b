//! Small projects whose one point is a text with a grammar of its own, made of pieces of that grammar in any order: scalars,
//! variables, `.env` lines, ports, volumes, durations.

use std::collections::BTreeMap;

use super::rare;
use super::yaml::{self, Yaml, list, map, raw, text};
use crate::dice::Dice;
use crate::situation::Situation;

const SCALARS: &[&str] = &[
    "0¦1¦7¦8¦9¦12¦-¦+¦.¦e¦E¦x¦X¦o¦b¦_¦:¦T¦t¦Z¦2001¦-01¦-02¦ ¦~¦inf¦nan¦true¦no¦null¦a¦F¦!¦&¦*¦|¦>¦%¦@¦`¦#¦?",
    "{¦}¦[¦]¦,¦'¦\"¦\\¦\\n¦\t¦=¦<<¦!!str ¦!!int ¦!!float ¦!!timestamp ¦&x ¦$$¦한¦\u{a0}¦: ¦ #¦- ",
];
const VARIABLES: &[&str] = &[
    "$¦$$¦${¦}¦{¦A¦B¦E¦NO¦$A¦${A}¦${E}¦${NO}¦:-¦-¦:?¦?¦:+¦+¦:¦=¦ ¦.¦1¦_¦a¦${A:-¦${NO:-¦${E:-¦${NO-¦${A:+",
    "${A+¦\n¦\\¦'¦\"¦!¦/¦ſ¦é",
];
const LINES: &[&str] = &[
    "A¦B¦C¦export ¦=¦:¦ ¦\t¦\n¦\r\n¦\"¦'¦#¦ #¦$A¦${B}¦${C:-x}¦\\¦\\n¦\\\"¦\\'¦\\$¦x¦y z¦1¦_¦-¦.¦[¦]¦{¦}¦$",
    "\u{a0}¦\u{feff}¦é¦=x\n¦A=1\n¦B=\"¦C='",
];
const PORTS: &[&str] = &[
    "80¦8080¦0¦65535¦65536¦9000-9002¦8000-8002¦:¦:¦-¦/¦/tcp¦/udp¦/TCP¦127.0.0.1¦::1¦[::1]¦[¦]¦localhost¦.¦ ",
    "1¦a¦0.0.0.0¦256.1.1.1¦08¦+1",
];
const VOLUMES: &[&str] = &[
    "data¦v¦ab¦/x¦/y¦./a¦../b¦~¦~/c¦.¦..¦/¦//¦:¦:¦:¦ro¦rw¦z¦Z¦nocopy¦cached¦rslave¦shared¦,¦C¦C:\\¦\\¦/data/",
    " ¦volume-nocopy¦d:/e¦${NO}¦$$",
];
const DURATIONS: &[&str] = &["1¦5¦0¦10¦99¦.¦.5¦h¦m¦s¦ms¦us¦µs¦μs¦ns¦d¦w¦-¦+¦ ¦1h¦30s¦1.5m¦e¦100000000¦_¦00"];

pub(crate) fn situation(dice: &mut Dice) -> Situation {
    let mut situation = Situation::default();
    let mut service = map([("image", text("feed:1"))]);
    match dice.between(0, 6) {
        0 => {
            let mut file = map([("services", map([("redis", service)]))]);
            rare::add(&mut file, dice);
            return with(situation, &file, dice);
        }
        1 => {
            let scalar = raw(made_of(SCALARS, 5, dice));
            let value = if dice.chance(40) { list([scalar]) } else { map([("key", scalar)]) };
            service.set(dice.pick(&["labels", "environment"]), value);
        }
        2 => {
            let environment = [("A", "set"), ("E", ""), ("B", "$A")];
            let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
            situation.command.environment = BTreeMap::from(environment);
            service.set("environment", map([("key", Yaml::Text(made_of(VARIABLES, 7, dice)))]));
        }
        3 => {
            let name = dice.pick(&[".env", "own.env"]);
            situation.files.insert(name.to_owned(), made_of(LINES, 12, dice).into_bytes());
            if name == "own.env" {
                service.set("env_file", text(name));
            }
            let seen = ["A", "B", "C", "x"].map(|name| (name, text(format!("${{{name}-unset}}"))));
            service.set(if name == ".env" { "environment" } else { "labels" }, map(seen));
        }
        4 => service.set("ports", list([Yaml::Text(made_of(PORTS, 7, dice))])),
        5 => {
            let volumes = (0..dice.between(1, 2)).map(|_| Yaml::Text(made_of(VOLUMES, 6, dice))).collect::<Vec<_>>();
            service.set("volumes", list(volumes));
        }
        _ => service.set("stop_grace_period", Yaml::Text(made_of(DURATIONS, 5, dice))),
    }
    let file = map([
        ("services", map([("redis", service)])),
        ("volumes", map(["data", "v", "ab"].map(|name| (name, raw(""))))),
    ]);
    with(situation, &file, dice)
}

fn with(mut situation: Situation, file: &Yaml, dice: &mut Dice) -> Situation {
    situation.files.insert("compose.yaml".to_owned(), yaml::write(file, dice).into_bytes());
    situation
}

/// `pieces` are parted by broken bars.
fn made_of(pieces: &[&str], most: usize, dice: &mut Dice) -> String {
    let pieces: Vec<&str> = pieces.iter().flat_map(|line| line.split('¦')).collect();
    let count = dice.between(1, most);
    (0..count).map(|_| dice.pick(&pieces)).collect()
}
