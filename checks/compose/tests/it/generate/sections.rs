//! The top-level sections that services refer to.

use super::keys::Scene;
use super::yaml::{Yaml, list, map, raw, text};
use crate::dice::Dice;

/// Declares all that the scene names; seldom forgets one.
pub(crate) fn declare(dice: &mut Dice, file: &mut Yaml, scene: &Scene) {
    for name in kept(dice, &scene.volumes) {
        let volume = volume(dice);
        file.entry("volumes").set(&name, volume);
    }
    for name in kept(dice, &scene.networks) {
        let network = network(dice);
        file.entry("networks").set(&name, network);
    }
    for name in kept(dice, &scene.secrets) {
        let secret = material(dice, &[]);
        file.entry("secrets").set(&name, secret);
    }
    for name in kept(dice, &scene.configs) {
        let config = material(dice, &[("content", "level=${LEVEL:-info}")]);
        file.entry("configs").set(&name, config);
    }
}

fn kept(dice: &mut Dice, names: &[String]) -> Vec<String> {
    names.iter().filter(|_| !dice.one_in(400)).cloned().collect()
}

fn volume(dice: &mut Dice) -> Yaml {
    match dice.between(0, 9) {
        0..=4 => raw(""),
        5 => map::<&str>([]),
        6 => map([("external", raw("true"))]),
        7 => map([("name", text("desk-${TAG:-1}")), ("labels", list([text("keep=yes")]))]),
        8 => map([("driver", text("local")), ("driver_opts", map([("type", text("nfs")), ("timeo", raw("30"))]))]),
        _ => map([("external", raw("true")), ("name", text("there"))]),
    }
}

fn network(dice: &mut Dice) -> Yaml {
    match dice.between(0, 5) {
        0..=2 => raw(""),
        3 => map([("driver", text("bridge")), ("internal", raw("yes"))]),
        4 => {
            let pool = map([("subnet", text("10.5.0.0/16")), ("gateway", text("10.5.0.1"))]);
            map([("ipam", map([("driver", text("default")), ("config", list([pool]))]))])
        }
        _ => map([("external", raw("true"))]),
    }
}

fn material(dice: &mut Dice, more: &[(&str, &str)]) -> Yaml {
    let mut kinds = vec![("file", "./secrets/key"), ("environment", "TOKEN")];
    kinds.extend(more);
    match dice.between(0, 7) {
        0 => map([("external", raw("true"))]),
        _ => {
            let (kind, value) = dice.pick(&kinds);
            map([(kind, text(value))])
        }
    }
}
