//! What may stand where: Compose's schema as one table. The document is checked as a whole after each merge, in short and
//! long forms alike; what a value means is for later stages.

use crate::node::{Map, Node, Value};
use crate::project::normal::printed;
use crate::refusal::Refusal;

mod double;
mod message;
mod table;

/// What a value may be.
enum Shape {
    /// A value that is neither list nor mapping.
    Of(&'static [Kind]),
    /// One of these texts.
    Words(&'static [&'static str]),
    /// A whole number, both ends included.
    Range(f64, f64),
    List(&'static Shape),
    /// A list in which nothing stands twice.
    Set(&'static Shape),
    Keys(&'static Keys),
    /// The first of these that fits by its outer form.
    Either(&'static [Shape]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Whole,
    Flag,
    Nothing,
}

/// The keys of a mapping.
struct Keys {
    known: &'static [(&'static str, Shape)],
    /// Keys that the user chooses.
    free: Option<(Names, &'static Shape)>,
    others: Others,
    required: &'static [&'static str],
}

/// How a key that the user chooses may look.
#[derive(Clone, Copy)]
enum Names {
    /// Letters, digits, dots, underscores and hyphens.
    Name,
    Lowercase,
    /// One character that is no line break.
    NotEmpty,
    OneLine,
}

/// What happens to any other key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Refused,
    /// Those that begin with `x-` are the user's own.
    Extensions,
    Ignored,
}

pub fn check(root: &Node) -> Result<(), Refusal> {
    finite(root)?;
    table::ROOT.check("the file", root)
}

/// No infinite number anywhere, not even in an extension: Compose checks the shape of JSON, which has none.
fn finite(node: &Node) -> Result<(), Refusal> {
    match &node.value {
        Value::Float(number) if !number.is_finite() => {
            Err(Refusal::at(node.origin.span, "an infinite number").hint("write it in quotes"))
        }
        Value::List(list) => list.iter().try_for_each(finite),
        Value::Map(map) => map.values().try_for_each(|entry| finite(&entry.node)),
        _ => Ok(()),
    }
}

impl Shape {
    /// `name` is the key at which the value stands.
    fn check(&self, name: &str, node: &Node) -> Result<(), Refusal> {
        if node.value == Value::Unknown {
            return Ok(());
        }
        let refuse = || Err(message::misfit(self, name, node));
        match (self, &node.value) {
            (Self::Either(shapes), value) => match shapes.iter().find(|shape| shape.takes(value)) {
                Some(shape) => shape.check(name, node),
                None => refuse(),
            },
            (shape, value) if !shape.takes(value) => refuse(),
            (Self::Words(words), value) if !words.contains(&printed(value).as_str()) => refuse(),
            (Self::Range(least, most), value) if !(*least..=*most).contains(&number(value)) => refuse(),
            (Self::List(shape), Value::List(list)) => list.iter().try_for_each(|entry| shape.check(name, entry)),
            (Self::Set(shape), Value::List(list)) => {
                list.iter().try_for_each(|entry| shape.check(name, entry))?;
                double::none(name, list)
            }
            (Self::Keys(keys), Value::Map(map)) => keys.check(name, node, map),
            _ => Ok(()),
        }
    }

    /// Whether the outer form of a value fits.
    fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Of(kinds) => kinds.iter().any(|kind| kind.takes(value)),
            Self::Words(_) => Kind::Text.takes(value),
            Self::Range(..) => Kind::Whole.takes(value),
            Self::List(_) | Self::Set(_) => matches!(value, Value::List(_)),
            Self::Keys(_) => matches!(value, Value::Map(_)),
            Self::Either(shapes) => shapes.iter().any(|shape| shape.takes(value)),
        }
    }

    /// The keys below, if it may be a mapping.
    fn keys(&self) -> Option<&'static Keys> {
        match self {
            Self::Keys(keys) => Some(keys),
            Self::Either(shapes) => shapes.iter().find_map(Self::keys),
            _ => None,
        }
    }
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::Text(_) | Value::Time(_))
            | (Self::Number | Self::Whole, Value::Int(_) | Value::Big(_))
            | (Self::Number, Value::Float(_))
            | (Self::Flag, Value::Bool(_))
            | (Self::Nothing, Value::Null) => true,
            (Self::Whole, Value::Float(number)) => number.fract() == 0.0,
            _ => false,
        }
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Big(number) => *number as f64,
        Value::Float(number) => *number,
        _ => 0.0,
    }
}

impl Keys {
    fn check(&self, name: &str, node: &Node, map: &Map) -> Result<(), Refusal> {
        for (key, entry) in map {
            let known = self.known.iter().find(|(known, _)| known == key).map(|(_, shape)| shape);
            let free = self.free.as_ref().filter(|(names, _)| names.take(key)).map(|(_, shape)| *shape);
            for shape in known.into_iter().chain(free) {
                shape.check(key, &entry.node)?;
            }
            let extension = self.others == Others::Extensions && key.starts_with("x-");
            if known.is_none() && free.is_none() && !extension && self.others != Others::Ignored {
                return Err(message::unknown(self, name, key, entry.key));
            }
        }
        match self.required.iter().find(|key| !map.contains_key(**key)) {
            Some(missing) => Err(message::missing(name, missing, node.origin.span)),
            None => Ok(()),
        }
    }
}

impl Names {
    fn take(self, key: &str) -> bool {
        match self {
            Self::Name => {
                !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            }
            Self::Lowercase => !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase()),
            Self::NotEmpty => key.chars().any(|character| character != '\n'),
            Self::OneLine => !key.is_empty() && !key.contains('\n'),
        }
    }
}

#[cfg(test)]
mod tests;
