//! What goes wrong in compose files: in values here, in the text in [`slip`].

use super::Draft;
use super::yaml::{Yaml, list, map, raw, text};
use crate::dice::Dice;

mod slip;

pub(crate) use slip::in_text;

type Mistake = fn(&mut Yaml, &mut Dice);

/// Another kind of value is the mistake that the shape of a file catches, so it comes most often.
const MISTAKES: &[Mistake] = &[
    wrong_kind,
    wrong_kind,
    wrong_kind,
    unknown_key,
    misspelt_key,
    double_key,
    double_entry,
    missing,
    undefined,
    circle,
    bad_variable,
];

pub(crate) fn in_values(draft: &mut Draft, dice: &mut Dice) {
    let mut files: Vec<&mut Yaml> = draft.layers.iter_mut().chain(draft.beside.values_mut()).collect();
    let place = dice.index(files.len());
    let mistake = dice.pick(MISTAKES);
    mistake(files[place], dice);
}

fn anywhere<'a>(file: &'a mut Yaml, dice: &mut Dice, fits: fn(&Yaml) -> bool) -> Option<&'a mut Yaml> {
    let places: Vec<usize> = (1..file.depths().len()).filter(|place| fits(file.nth(*place))).collect();
    if places.is_empty() { None } else { Some(file.nth(dice.pick(&places))) }
}

fn is_map(value: &Yaml) -> bool {
    matches!(value, Yaml::Map(pairs) if !pairs.is_empty())
}

pub(crate) fn any_kind(dice: &mut Dice) -> Yaml {
    let kinds = [
        raw("3"),
        raw("-1"),
        raw("1.5"),
        raw("true"),
        raw("null"),
        raw("2001-12-14"),
        raw(".inf"),
        text(""),
        text("some text"),
        text("7"),
        list([]),
        list([text("one")]),
        list([raw("1"), raw("2")]),
        list([map([("a", text("b"))])]),
        list([raw("null")]),
        map::<&str>([]),
        map([("key", text("value"))]),
        map([("key", raw("null"))]),
        map([("x-key", raw("1"))]),
    ];
    dice.pick(&kinds)
}

fn wrong_kind(file: &mut Yaml, dice: &mut Dice) {
    if let Some(place) = anywhere(file, dice, |value| !value.is_bound()) {
        *place = any_kind(dice);
    }
}

fn unknown_key(file: &mut Yaml, dice: &mut Dice) {
    let key = dice.pick(&["unknown", "restart", "image", "x-free", "driver", "target"]);
    if let Some(pairs) = anywhere(file, dice, is_map).and_then(Yaml::pairs) {
        pairs.push((key.to_owned(), text("value")));
    }
}

fn misspelt_key(file: &mut Yaml, dice: &mut Dice) {
    if let Some(pairs) = anywhere(file, dice, is_map).and_then(Yaml::pairs) {
        let index = dice.index(pairs.len());
        let key = &mut pairs[index].0;
        match dice.between(0, 3) {
            0 => key.push('s'),
            1 => drop(key.pop()),
            2 => *key = key.replace('_', "-"),
            _ => *key = key.to_uppercase(),
        }
    }
}

fn double_key(file: &mut Yaml, dice: &mut Dice) {
    if let Some(pairs) = anywhere(file, dice, |value| is_map(value) && !value.is_bound()).and_then(Yaml::pairs) {
        let index = dice.index(pairs.len());
        pairs.push(pairs[index].clone());
    }
}

/// Some lists fold doubles, some refuse them.
fn double_entry(file: &mut Yaml, dice: &mut Dice) {
    let fits = |value: &Yaml| matches!(value, Yaml::List(items) if !items.is_empty() && !value.is_bound());
    if let Some(Yaml::List(items)) = anywhere(file, dice, fits) {
        let index = dice.index(items.len());
        items.push(items[index].clone());
    }
}

fn missing(file: &mut Yaml, dice: &mut Dice) {
    if let Some(pairs) = anywhere(file, dice, |value| is_map(value) && !value.is_bound()).and_then(Yaml::pairs) {
        let index = dice.index(pairs.len());
        pairs.remove(index);
    }
}

fn a_service<'a>(file: &'a mut Yaml, dice: &mut Dice) -> Option<&'a mut Yaml> {
    let services = file.get("services")?.pairs()?;
    let index = dice.index(services.len());
    Some(&mut services[index].1).filter(|service| matches!(service, Yaml::Map(_)))
}

fn undefined(file: &mut Yaml, dice: &mut Dice) {
    let Some(service) = a_service(file, dice) else { return };
    let nothing = || list([text("nothing")]);
    match dice.between(0, 6) {
        0 => service.set("volumes", list([text("nothing:/data")])),
        1 => service.set("networks", nothing()),
        2 => service.set("secrets", nothing()),
        3 => service.set("depends_on", nothing()),
        4 => service.set("extends", text("nothing")),
        5 => service.set("env_file", text("nothing.env")),
        _ => service.set("network_mode", text("service:nothing")),
    }
}

fn circle(file: &mut Yaml, dice: &mut Dice) {
    let Some(services) = file.get("services").and_then(Yaml::pairs) else { return };
    let last = services.last().map(|(name, _)| name.clone()).unwrap_or_default();
    let first = &mut services[0].1;
    if matches!(first, Yaml::Map(_)) {
        first.set(dice.pick(&["depends_on", "links", "volumes_from"]), list([text(last)]));
    }
}

fn bad_variable(file: &mut Yaml, dice: &mut Dice) {
    let bad = [
        "${OPEN",
        "${A:=x}",
        "${1A}",
        "${NOWHERE:?must be there}",
        "${NOWHERE?}",
        "${}",
        "${A B}",
        "$5 $ $-",
        "${A:-${B}",
        "$",
        "${A:-a\nb}",
    ];
    if let Some(place) = anywhere(file, dice, |value| matches!(value, Yaml::Text(_))) {
        *place = text(dice.pick(&bad));
    }
}
