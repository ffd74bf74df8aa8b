//! What is wrong with a shape, in words.

use super::{Keys, Kind, Others, Shape};
use crate::node::{Node, Value};
use crate::refusal::Refusal;
use crate::source::Span;

pub(super) fn misfit(shape: &Shape, name: &str, node: &Node) -> Refusal {
    let found = match &node.value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Int(_) | Value::Big(_) | Value::Float(_) => "a number",
        Value::Time(_) => "a date",
        Value::Text(_) | Value::Unknown => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    };
    let wanted = wanted(shape);
    let not = if wanted.contains(found) || shape.takes(&node.value) { String::new() } else { format!(", not {found}") };
    let refusal = Refusal::at(node.origin.span, format!("`{name}` must be {wanted}{not}"));
    let scalar = !matches!(node.value, Value::Null | Value::List(_) | Value::Map(_));
    match scalar && shape.takes(&Value::Text(String::new())) && !shape.takes(&node.value) {
        true => refusal.hint("write it in quotes"),
        false => refusal,
    }
}

pub(super) fn unknown(keys: &Keys, name: &str, key: &str, at: Span) -> Refusal {
    let refusal = Refusal::at(at, format!("unknown key `{key}` in `{name}`"));
    if let Some((names, _)) = keys.free
        && keys.known.is_empty()
    {
        let allowed = match names {
            super::Names::Name => "letters, digits, `.`, `_` and `-`",
            super::Names::Lowercase => "small letters",
            super::Names::NotEmpty | super::Names::OneLine => "at least one character",
        };
        return Refusal::at(at, format!("`{key}` cannot be a name in `{name}`")).hint(format!("a name has {allowed}"));
    }
    let near = keys.known.iter().map(|(known, _)| (strsim::osa_distance(key, known), *known)).min();
    if let Some((_, near)) = near.filter(|(distance, _)| *distance <= 1 + key.chars().count() / 3) {
        return refusal.hint(format!("did you mean `{near}`?"));
    }
    let below = |shape: &Shape| shape.keys().is_some_and(|keys| keys.known.iter().any(|(known, _)| *known == key));
    if let Some((parent, _)) = keys.known.iter().find(|(_, shape)| below(shape)) {
        return refusal.hint(format!("it belongs below `{parent}`"));
    }
    match keys.others == Others::Extensions {
        true => refusal.hint("a key of your own begins with `x-`"),
        false => refusal,
    }
}

pub(super) fn missing(name: &str, key: &str, at: Span) -> Refusal {
    Refusal::at(at, format!("`{name}` without its `{key}`")).hint(format!("add `{key}`"))
}

fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Of(kinds) => joined(kinds.iter().map(|kind| kind.words().to_owned())),
        Shape::Words(words) => joined(words.iter().map(|word| format!("`{word}`"))),
        Shape::Range(least, most) if most.is_infinite() => format!("a whole number from {least}"),
        Shape::Range(least, most) => format!("a whole number from {least} to {most}"),
        Shape::List(_) | Shape::Set(_) => "a list".to_owned(),
        Shape::Keys(_) => "a mapping".to_owned(),
        Shape::Either(shapes) => joined(shapes.iter().map(wanted)),
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Whole => "a whole number",
            Self::Flag => "true or false",
            Self::Nothing => "empty",
        }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
        None => String::new(),
    }
}
