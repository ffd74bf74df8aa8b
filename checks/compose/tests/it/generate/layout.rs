//! A draft becomes files and the command that reads them: named one by one, in a variable, or found by their names.

use std::collections::BTreeMap;

use super::{Draft, dotenv, yaml};
use crate::dice::Dice;
use crate::situation::{CommandLine, Situation};

pub(crate) fn lay_out(draft: Draft, dice: &mut Dice) -> Situation {
    let mut command = CommandLine { environment: draft.variables.shell, ..CommandLine::default() };
    let mut variables = draft.variables.project;
    let names = names(draft.layers.len(), &mut command, &mut variables, dice);
    let mut files = BTreeMap::new();
    let mut layers: Vec<String> = draft.layers.iter().map(|layer| yaml::write(layer, dice)).collect();
    if layers.len() > 1 && names.len() < layers.len() {
        let last = layers.split_off(names.len());
        let end = layers.last_mut().expect("at least one name");
        last.iter().for_each(|layer| *end += &format!("---\n{layer}"));
    }
    for (name, text) in names.into_iter().zip(layers) {
        files.insert(name, encoded(text, dice));
    }
    for (name, file) in &draft.beside {
        let text = yaml::write(file, dice);
        files.insert(name.clone(), encoded(text, dice));
    }
    for (name, text) in draft.env_files {
        files.insert(name.trim_start_matches("./").to_owned(), text.into_bytes());
    }
    if draft.beside.keys().any(|name| name.starts_with("inner/")) {
        files.insert("inner/.env".to_owned(), dotenv::write(&draft.variables.included, dice).into_bytes());
    }
    if !variables.is_empty() || dice.chance(30) {
        let text = dotenv::write(&variables, dice);
        let name = if dice.chance(8) { "desk.env" } else { ".env" };
        if name != ".env" {
            command.options.extend(["--env-file".to_owned(), name.to_owned()]);
        }
        files.insert(name.to_owned(), text.into_bytes());
    }
    identity(&mut command, dice);
    if dice.chance(6) && command.options.iter().all(|option| option != "--env-file") && command.options.is_empty() {
        // Found from below: discovery walks up.
        if !command.environment.contains_key("COMPOSE_FILE") {
            "sub".clone_into(&mut command.folder);
        }
    }
    Situation { files, command }
}

/// Names for the layers; fewer than layers where several documents share a file.
fn names(
    count: usize,
    command: &mut CommandLine,
    variables: &mut Vec<(String, String)>,
    dice: &mut Dice,
) -> Vec<String> {
    let count = if count > 1 && dice.one_in(20) { count - 1 } else { count };
    if count <= 2 && dice.chance(35) {
        let mut names =
            vec![(dice.pick(&["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"])).to_owned()];
        let overrides = [
            "compose.override.yml",
            "compose.override.yaml",
            "docker-compose.override.yml",
            "docker-compose.override.yaml",
        ];
        names.extend((count == 2).then(|| (dice.pick(&overrides)).to_owned()));
        return names;
    }
    let names: Vec<String> =
        ["base.yml", "over.yml", "top.yaml", "last.json"][..count].iter().map(|name| (*name).to_owned()).collect();
    match dice.between(0, 9) {
        0..=5 => command.options.extend(names.iter().flat_map(|name| ["-f".to_owned(), name.clone()])),
        6..=7 => drop(command.environment.insert("COMPOSE_FILE".to_owned(), names.join(":"))),
        8 => {
            command.environment.insert("COMPOSE_PATH_SEPARATOR".to_owned(), ",".to_owned());
            command.environment.insert("COMPOSE_FILE".to_owned(), names.join(","));
        }
        _ => variables.push(("COMPOSE_FILE".to_owned(), names.join(":"))),
    }
    names
}

/// The name of the project, its folder, its profiles.
fn identity(command: &mut CommandLine, dice: &mut Dice) {
    let mut option = |name: &str, value: &str| command.options.extend([name.to_owned(), value.to_owned()]);
    if dice.chance(8) {
        option("-p", dice.pick(&["named", "named", "x_y-1", "x_y-1", "9", "9x", "desk", "desk_2", "Bad Name"]));
    }
    if dice.chance(5) {
        option("--project-directory", dice.pick(&[".", "conf", "../desk"]));
    }
    if dice.chance(5) {
        command.environment.insert("COMPOSE_PROJECT_NAME".to_owned(), "from-shell".to_owned());
    }
    if dice.chance(10) {
        command
            .environment
            .insert("COMPOSE_PROFILES".to_owned(), (dice.pick(&["debug", "debug,tools", "*", ""])).to_owned());
    }
    for (name, value) in [("RESTART", "no"), ("TOKEN", "secret"), ("A", "from shell"), ("PORT", "81")] {
        if dice.one_in(15) {
            command.environment.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn encoded(text: String, dice: &mut Dice) -> Vec<u8> {
    match dice.between(0, 99) {
        0 => text.replace('\n', "\r\n").into_bytes(),
        1 => format!("\u{feff}{text}").into_bytes(),
        2 => [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
        3 => format!("---\n{text}...\n").into_bytes(),
        4 if dice.one_in(2) => format!("%YAML 1.{}\n---\n{text}", dice.pick(&["1", "1", "1", "2"])).into_bytes(),
        5 => text.trim_end().to_owned().into_bytes(),
        _ => text.into_bytes(),
    }
}
