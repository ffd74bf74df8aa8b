//! The same values in other words: variables that have them, fragments that carry them.

use super::yaml::{Yaml, map, raw};
use super::{Draft, Variables};
use crate::dice::Dice;

pub(crate) fn respell(draft: &mut Draft, dice: &mut Dice) {
    let Draft { layers, beside, variables, .. } = draft;
    for (path, file) in
        layers.iter_mut().map(|file| ("", file)).chain(beside.iter_mut().map(|(path, file)| (path.as_str(), file)))
    {
        for _ in 0..dice.pick(&[0, 0, 1, 1, 2, 4]) {
            variable(file, path.starts_with("inner/"), variables, dice);
        }
        for fragment in 0..dice.pick(&[0, 0, 0, 1, 1, 2, 3]) {
            let way = dice.pick(&[hoist, share, split]);
            way(file, &format!("part{fragment}"), dice);
        }
    }
}

/// A scalar, or a part of one, comes from a variable.
fn variable(file: &mut Yaml, is_included: bool, variables: &mut Variables, dice: &mut Dice) {
    let places = file.depths();
    let place = dice.index(places.len());
    let (value, remake): (&str, fn(String) -> Yaml) = match file.nth(place) {
        Yaml::Text(text) => (text, Yaml::Text),
        Yaml::Raw(text) if !text.is_empty() && !text.starts_with(['*', '!', '"']) => (text, Yaml::Raw),
        _ => return,
    };
    if value.contains(['$', '{', '}', '\n', '\'', '"']) || !value.is_ascii() {
        return;
    }
    let whole = dice.chance(70) || value.is_empty();
    let (from, to) = if whole { (0, value.len()) } else { (dice.between(0, value.len()), value.len()) };
    let (before, value, after) = (&value[..from], &value[from..to], &value[to..]);
    let expression = expression(value, is_included, variables, dice);
    *file.nth(place) = remake(format!("{before}{expression}{after}"));
}

fn expression(value: &str, is_included: bool, variables: &mut Variables, dice: &mut Dice) -> String {
    variables.made += 1;
    let name = format!("{}{}", dice.pick(&["V", "var_", "_X", "Feed"]), variables.made);
    let unset = format!("NOT_{name}");
    match dice.between(0, 13) {
        0 => return format!("${{{unset}:-{value}}}"),
        1 => return format!("${{{unset}-{value}}}"),
        2 => return format!("${{{unset}:-${{{name}-{value}}}}}"),
        3 => {
            variables.set(&name, "", is_included, dice);
            return format!("${{{name}:-{value}}}");
        }
        4 => {
            variables.set(&name, "anything", is_included, dice);
            return format!("${{{name}:+{value}}}");
        }
        _ => variables.set(&name, value, is_included, dice),
    }
    match dice.between(0, 7) {
        0 => format!("${name}"),
        1 => format!("${{{name}:-other}}"),
        2 => format!("${{{name}-${{{unset}}}}}"),
        3 => format!("${{{name}:?is needed}}"),
        4 => format!("${{{name}?}}"),
        5 => format!("${{{unset}:-${{{name}}}}}"),
        6 => format!("${{{name}}}${{{unset}:+never}}"),
        _ => format!("${{{name}}}"),
    }
}

impl Variables {
    /// The shell wins over the project's file, which wins over that of an included folder.
    fn set(&mut self, name: &str, value: &str, is_included: bool, dice: &mut Dice) {
        let pair = |value: &str| (name.to_owned(), value.to_owned());
        match dice.between(0, 9) {
            0..=2 => drop(self.shell.insert(name.to_owned(), value.to_owned())),
            3 => {
                self.shell.insert(name.to_owned(), value.to_owned());
                self.project.push(pair("hidden"));
            }
            4 if is_included => {
                self.project.push(pair(value));
                self.included.push(pair("hidden"));
            }
            5..=8 if is_included => self.included.push(pair(value)),
            _ => self.project.push(pair(value)),
        }
    }
}

/// A value moves to the top of the file, and an alias stands in its place.
fn hoist(file: &mut Yaml, name: &str, dice: &mut Dice) {
    let depths = file.depths();
    let Some(services) = file.get("services") else { return };
    let places: Vec<usize> = (0..services.depths().len()).filter(|_| depths.len() > 2).collect();
    let place = dice.pick(&places);
    // An alias cannot have an anchor of its own.
    if place > 0 && matches!(services.nth(place - 1), Yaml::Marked(..)) {
        return;
    }
    let place = services.nth(place);
    if place.is_bound() || matches!(place, Yaml::Raw(text) if text.is_empty()) {
        return;
    }
    let value = std::mem::replace(place, raw(format!("*{name}")));
    file.pairs().expect("a file is a mapping").insert(0, (format!("x-{name}"), value.marked(format!("&{name}"))));
}

/// Two services have the same value under one key.
fn share(file: &mut Yaml, name: &str, dice: &mut Dice) {
    let Some(services) = file.get("services").and_then(Yaml::pairs) else { return };
    if services.len() < 2 {
        return;
    }
    let first = dice.index(services.len() - 1);
    let second = dice.between(first + 1, services.len() - 1);
    if !matches!((&services[first].1, &services[second].1), (Yaml::Map(_), Yaml::Map(_))) {
        return;
    }
    let Some(pairs) = services[first].1.pairs().filter(|pairs| !pairs.is_empty()) else { return };
    let place = dice.index(pairs.len());
    let (key, value) = &mut pairs[place];
    if value.is_bound() || matches!(value, Yaml::Raw(text) if text.is_empty()) || key == "extends" || key == "<<" {
        return;
    }
    *value = value.clone().marked(format!("&{name}"));
    let key = key.clone();
    services[second].1.set(&key, raw(format!("*{name}")));
}

/// A part of a mapping moves to the top of the file and is merged in again, perhaps into a second service as well.
fn split(file: &mut Yaml, name: &str, dice: &mut Dice) {
    let Some(services) = file.get("services") else { return };
    let places: Vec<usize> = (1..services.depths().len()).filter(|place| is_whole(services.nth(*place))).collect();
    if places.is_empty() {
        return;
    }
    let pairs = services.nth(dice.pick(&places)).pairs().expect("one of the mappings");
    let mut fragment = pairs.split_off(dice.index(pairs.len()));
    if dice.chance(30) {
        // What stands in the mapping itself wins.
        pairs.extend(fragment.pop());
        fragment.extend(pairs.last().map(|(key, _)| (key.clone(), Yaml::Text("hidden".to_owned()))));
    }
    let at = dice.between(0, pairs.len());
    let alias = raw(format!("*{name}"));
    pairs.insert(at, ("<<".to_owned(), if dice.chance(25) { Yaml::List(vec![alias.clone()]) } else { alias.clone() }));
    let mut others = services.pairs().into_iter().flatten().map(|(_, service)| service);
    if dice.chance(15)
        && let Some(service) = others.find(|service| is_whole(service))
    {
        service.set("<<", alias);
    }
    file.pairs()
        .expect("a file is a mapping")
        .insert(0, (format!("x-{name}"), map(fragment).marked(format!("&{name}"))));
}

/// A mapping with nothing in it that refers to another place.
fn is_whole(value: &Yaml) -> bool {
    matches!(value, Yaml::Map(pairs) if !pairs.is_empty() && pairs.iter().all(|(key, _)| key != "<<"))
        && !value.is_bound()
}
