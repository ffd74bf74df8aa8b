//! Files beside the top-level ones: what is extended and what is included.

use super::super::keys::Scene;
use super::super::yaml::{Yaml, list, map, raw, text};
use super::super::{Draft, dotenv, sections};
use super::{overlay, service};
use crate::dice::Dice;

/// A service takes another as its base: of this file, of another file, or of another file through a third.
pub(crate) fn extend(dice: &mut Dice, draft: &mut Draft, base: &mut Yaml, scene: &Scene, focus: &[usize]) {
    // What is included cannot be extended.
    let names: Vec<String> =
        scene.earlier.iter().filter(|name| *name != "feed-1" || dice.one_in(20)).cloned().collect();
    let child = dice.pick(&names);
    let from = if dice.chance(45) {
        let parent = dice.pick(&names);
        if parent == child && !dice.one_in(20) {
            return;
        }
        if dice.chance(50) { text(parent) } else { map([("service", text(parent))]) }
    } else {
        another_file(dice, draft, scene, focus)
    };
    base.entry("services").entry(&child).set("extends", from);
}

/// Writes the file that holds the base, and says how to refer to it.
fn another_file(dice: &mut Dice, draft: &mut Draft, scene: &Scene, focus: &[usize]) -> Yaml {
    let path = dice.pick(&["common.yml", "shared/common.yml", "./shared/common.yml"]);
    let place = path.trim_start_matches("./");
    let alone = Scene { earlier: Vec::new(), ..scene.clone() };
    // Paths count from the folder of the file.
    let env_files = if place.contains('/') && !dice.one_in(9) { Vec::new() } else { scene.env_files.clone() };
    let alone = Scene { env_files, ..alone };
    let scene = if dice.chance(80) { &alone } else { scene };
    let mut services = map([("template", service(dice, scene, focus))]);
    if dice.chance(30) {
        let mut middle = service(dice, scene, focus);
        middle.set("extends", if dice.chance(50) { text("template") } else { map([("service", text("template"))]) });
        services.set("middle", middle);
    }
    if dice.chance(20) {
        let third = map([("services", map([("root", service(dice, &alone, focus))]))]);
        let root = if place.contains('/') { "shared/root.yml" } else { "root.yml" };
        draft.beside.insert(root.to_owned(), third);
        let template = services.get("template").expect("just made");
        template.set("extends", map([("file", text("root.yml")), ("service", text("root"))]));
    }
    let service = if services.get("middle").is_some() { "middle" } else { "template" };
    let mut file = map([("services", services)]);
    if dice.chance(10) {
        sections::declare(dice, &mut file, scene);
    }
    draft.beside.insert(place.to_owned(), file);
    map([("file", text(path)), ("service", text(service))])
}

/// Another project is taken in, perhaps with one of its own.
pub(crate) fn include(dice: &mut Dice, draft: &mut Draft, base: &mut Yaml, scene: &mut Scene, focus: &[usize]) {
    let path = dice.pick(&["inner/compose.yml", "inner/compose.yml", "more.yml"]);
    let own = Scene { volumes: vec!["inner".to_owned()], networks: Vec::new(), env_files: Vec::new(), ..scene.clone() };
    let own = Scene { secrets: Vec::new(), configs: Vec::new(), ..own };
    let mut file = map([("services", map([("feed-1", service(dice, &own, focus))]))]);
    sections::declare(dice, &mut file, &own);
    if dice.chance(20) && path.contains('/') {
        let nested =
            map([("services", map([("feed-2", service(dice, &own, focus))])), ("volumes", map([("inner", raw(""))]))]);
        draft.beside.insert("inner/deep/compose.yml".to_owned(), nested);
        file.set("include", list([text(dice.pick(&["deep/compose.yml", "./deep/compose.yml"]))]));
    }
    draft.beside.insert(path.to_owned(), file);
    let mut entry = map([("path", if dice.chance(70) { text(path) } else { list([text(path)]) })]);
    if dice.chance(20) {
        draft.beside.insert("inner/over.yml".to_owned(), overlay(dice, &own, &["feed-1"], focus));
        entry.set("path", list([text(path), text("inner/over.yml")]));
    }
    if dice.chance(25) {
        draft.env_files.insert("inner.env".to_owned(), dotenv::noise(dice, 3));
        entry.set("env_file", if dice.chance(50) { text("inner.env") } else { list([text("inner.env")]) });
    }
    if dice.chance(25) {
        entry.set("project_directory", text(dice.pick(&[".", "inner", "./elsewhere"])));
    }
    let short = matches!(&entry, Yaml::Map(pairs) if pairs.len() == 1) && dice.chance(70);
    base.set("include", list([if short { text(path) } else { entry }]));
    scene.earlier.push("feed-1".to_owned());
}
