//! Services in files: a base, what lies over it, what it extends and includes.

use super::keys::{KEYS, Key, Scene};
use super::yaml::{Yaml, list, map, raw, text};
use super::{Draft, dotenv, sections};
use crate::dice::Dice;

mod beside;

use beside::{extend, include};

const NAMES: &[&str] = &["redis", "database", "collector", "archiver", "web-1"];
/// The first rows of `KEYS` are those that are compared or merge in their own way.
const FOCUSED: usize = 23;

pub(crate) fn draft(dice: &mut Dice) -> Draft {
    let mut draft = Draft::default();
    let mut scene = scene(dice);
    for name in &scene.env_files {
        draft.env_files.insert(name.clone(), dotenv::noise(dice, 5));
    }
    let focus: Vec<usize> = dice.some(&(0..FOCUSED).collect::<Vec<_>>(), 6);
    let mut base = map::<&str>([]);
    if dice.chance(20) {
        base.set(
            "name",
            text(dice.pick(&[
                "desk",
                "desk_1-x",
                "${PROJECT:-desk}",
                "desk",
                "desk",
                "desk-${TAG:-1}",
                "${PROJECT:-}x",
                "0desk",
            ])),
        );
    }
    if dice.chance(8) {
        base.set("version", text("3.8"));
    }
    if dice.chance(18) {
        include(dice, &mut draft, &mut base, &mut scene, &focus);
    }
    let count = dice.between(1, 4);
    let names: Vec<&str> = NAMES.iter().copied().take(count).collect();
    for name in &names {
        let service = service(dice, &scene, &focus);
        base.entry("services").set(name, service);
        scene.earlier.push((*name).to_owned());
    }
    sections::declare(dice, &mut base, &scene);
    if dice.chance(30) {
        extend(dice, &mut draft, &mut base, &scene, &focus);
    }
    draft.layers.push(base);
    let layers = dice.pick(&[0, 0, 1, 1, 1, 1, 2, 2, 3]);
    for _ in 0..layers {
        let layer = overlay(dice, &scene, &names, &focus);
        draft.layers.push(layer);
    }
    draft
}

fn scene(dice: &mut Dice) -> Scene {
    let mut some = |names: &[&str], most: usize| dice.some(names, most).into_iter().map(str::to_owned).collect();
    Scene {
        earlier: Vec::new(),
        volumes: some(&["data", "spool", "v", "pg"], 3),
        networks: some(&["front", "back"], 2),
        secrets: some(&["kis_key"], 1),
        configs: some(&["app.conf"], 1),
        profiles: some(&["debug", "backfill", "tools"], 3),
        env_files: some(&["a.env", "./conf/b.env"], 2),
    }
}

/// Keys in focus are likely, so that the layers of a project meet on them; any other comes now and then.
fn draws(dice: &mut Dice, row: usize, key: &Key, focus: &[usize]) -> bool {
    if focus.contains(&row) { dice.chance(key.weight.max(30)) } else { dice.one_in(700 / key.weight) }
}

fn service(dice: &mut Dice, scene: &Scene, focus: &[usize]) -> Yaml {
    let mut service = map::<&str>([]);
    if !dice.one_in(300) {
        let images = [
            "redis:7.4",
            "timescale/timescaledb:2.19.3-pg17",
            "desk/feed:${TAG:-1.0}",
            "ghcr.io/x/y@sha256:0a",
            "redis",
        ];
        service.set("image", text(dice.pick(&images)));
    }
    for (row, key) in KEYS.iter().enumerate() {
        if draws(dice, row, key, focus) {
            let value = (key.value)(dice, scene);
            service.set(key.name, value);
        }
    }
    if service.get("network_mode").is_some() && !dice.one_in(10) {
        service.pairs().expect("a mapping").retain(|(name, _)| name != "networks");
    }
    dice.shuffle(service.pairs().expect("a mapping"));
    service
}

/// A file that lies over others: a few keys of a few services, seldom a new service.
fn overlay(dice: &mut Dice, scene: &Scene, names: &[&str], focus: &[usize]) -> Yaml {
    let mut layer = map::<&str>([]);
    for name in dice.some(names, 2) {
        let place = names.iter().position(|other| *other == name).expect("one of them");
        let scene = Scene { earlier: names[..place].iter().map(|name| (*name).to_owned()).collect(), ..scene.clone() };
        let mut part = map::<&str>([]);
        for (row, key) in KEYS.iter().enumerate() {
            if draws(dice, row, key, focus) && dice.chance(70) {
                let value = (key.value)(dice, &scene);
                part.set(key.name, value);
            }
        }
        mark(dice, &mut part);
        let part = if part == map::<&str>([]) && dice.chance(80) { map([("image", text("other:2"))]) } else { part };
        layer.entry("services").set(name, part);
    }
    if dice.chance(12) {
        let late = service(dice, scene, focus);
        layer.entry("services").set("late", late);
    }
    if dice.chance(1) {
        sections::declare(dice, &mut layer, scene);
    }
    layer
}

/// `!reset` and `!override` on a key, or somewhere below it.
fn mark(dice: &mut Dice, part: &mut Yaml) {
    for (_, value) in part.pairs().into_iter().flatten() {
        if !dice.chance(15) {
            continue;
        }
        let depths = value.depths().len();
        let place = if dice.chance(60) { 0 } else { dice.index(depths) };
        let place = value.nth(place);
        *place = match dice.between(0, 4) {
            0..=1 => raw("null").marked("!reset"),
            2 if dice.chance(50) => list([]).marked("!reset"),
            _ => place.clone().marked("!override"),
        };
    }
    if dice.one_in(30) {
        part.set(KEYS[dice.index(FOCUSED)].name, raw("null").marked("!reset"));
    }
}
