//! Replaces `${…}` in every value of a document and casts the values that have a type. Keys are never touched. Called by the
//! loader for each document, before anything else is done with it.

use std::collections::BTreeMap;

use crate::node::{Node, Value, Via};
use crate::project::unknown::Unknown;
use crate::refusal::{Refusal, RefusalKind};
use crate::source::Span;
use crate::variables::template::{self, BadTemplate, Required, Used};

mod cast;

/// Bytes by which variables may make one document longer.
const GROWTH: usize = 64 << 20;
/// Nesting that the parser lets through is far less.
const DEEPEST: usize = 2_000;

pub(super) fn interpolate(
    root: &mut Node,
    environment: &BTreeMap<String, String>,
    unknown: &mut Unknown,
) -> Result<(), Refusal> {
    Interpolation { environment, unknown, growth: 0 }.node(root, &mut Vec::new())
}

struct Interpolation<'a> {
    environment: &'a BTreeMap<String, String>,
    unknown: &'a mut Unknown,
    /// Bytes that the values gained so far.
    growth: usize,
}

impl Interpolation<'_> {
    /// `path` is that of `node`; `[]` stands for any entry of a list.
    fn node<'n>(&mut self, node: &'n mut Node, path: &mut Vec<&'n str>) -> Result<(), Refusal> {
        if path.len() > DEEPEST {
            return Err(Refusal::limit(Some(node.origin.span), format!("nested deeper than {DEEPEST} levels")));
        }
        match node.value {
            Value::Map(ref mut map) => {
                for (key, entry) in map {
                    path.push(key);
                    self.node(&mut entry.node, path)?;
                    path.pop();
                }
            }
            Value::List(ref mut list) => {
                path.push("[]");
                for entry in list {
                    self.node(entry, path)?;
                }
                path.pop();
            }
            Value::Text(ref text) => {
                if text.contains('$') {
                    node.value = self.text(text, path, node.origin.span, &mut node.origin.via)?;
                }
                if let (Value::Text(text), Some(kind)) = (&node.value, cast::kind(path)) {
                    node.value = cast::cast(kind, text).map_err(|message| Refusal::at(node.origin.span, message))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str, path: &[&str], span: Span, via: &mut Vec<Via>) -> Result<Value, Refusal> {
        let value_of = |name: &str| self.environment.get(name).cloned();
        let done = template::substitute(text, &value_of).map_err(|bad| refusal(&bad, text, span))?;
        self.growth += done.text.len().saturating_sub(text.len());
        if self.growth > GROWTH {
            return Err(Refusal::limit(Some(span), format!("variables make this file longer by {} MiB", GROWTH >> 20)));
        }
        for Required { variable, bad } in &done.required {
            self.unknown.refuse(path, &done.text, span, &[variable], &bad.message);
        }
        let unset: Vec<&str> = done.unset().collect();
        let is_unknown = !unset.is_empty() && self.unknown.is(path, &done.text, span, &unset);
        via.extend(done.used.into_iter().map(|used| match used {
            Used::Variable(name) => Via::Variable(name),
            Used::Default(name) => Via::Default(name),
            Used::Unset(name) => Via::Unset(name),
        }));
        Ok(if is_unknown { Value::Unknown } else { Value::Text(done.text) })
    }
}

/// At the very `$` where the value is written as it is read, so that bytes of the one are bytes of the other; else under all of it.
fn refusal(bad: &BadTemplate, text: &str, span: Span) -> Refusal {
    let at = u32::try_from(bad.at).unwrap_or(u32::MAX);
    let quotes = ((span.end - span.start) as usize).checked_sub(text.len());
    let start = match quotes {
        Some(0) => span.start.saturating_add(at),
        // A folded line can be as much longer than its text; ASCII keeps the caret between characters even then.
        Some(2) if text.is_ascii() => span.start.saturating_add(at).saturating_add(1),
        _ => span.start,
    };
    let span = Span { start, ..span };
    match bad.kind {
        RefusalKind::Compose => Refusal::at(span, &bad.message),
        RefusalKind::Limit => Refusal::limit(Some(span), &bad.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Entry;
    use crate::source::{FileId, Sources};

    fn file() -> FileId {
        Sources::default().add("compose.yml".into(), String::new())
    }

    /// `text` as the value at `path`, written at byte 10 with `quotes` around it.
    fn interpolated(path: &str, text: &str, quotes: usize) -> Result<Node, Refusal> {
        let span = Span::new(file(), 10, 10 + text.len() + 2 * quotes);
        let leaf = Node::text(text, span);
        let mut root = path.rsplit('.').fold(leaf, |node, key| match key {
            "[]" => Node::new(Value::List(vec![node]), span),
            _ => Node::new(Value::Map([(key.to_owned(), Entry { key: span, node })].into()), span),
        });
        let environment = [("SET", "s"), ("EMPTY", ""), ("DOLLAR", "$SET"), ("YES", "Yes")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        interpolate(&mut root, &environment, &mut Unknown::default())?;
        let mut node = &root;
        for key in path.split('.') {
            node =
                node.as_list().map_or_else(|| node.get(key), |list| list.first()).expect("the path leads to a value");
        }
        Ok(node.clone())
    }

    fn check(path: &str, text: &str, expected: Value) {
        let node = interpolated(path, text, 0).expect("a good value");
        assert_eq!(node.value, expected, "{path}: {text}");
    }

    fn check_refused(text: &str, quotes: usize, expected: (u32, &str)) {
        let refusal = interpolated("services.a.init", text, quotes).expect_err("a bad value");
        let start = refusal.at.map(|span| span.start).expect("the place is known");
        assert_eq!((start, refusal.message.as_str()), expected, "{text}");
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn values_are_replaced_once_wherever_they_stand() {
        check("services.a.image", "x:${SET}", text("x:s"));
        check("services.a.environment.[]", "A=$DOLLAR", text("A=$SET"));
        check("x-y.$SET", "$SET", text("s"));
    }

    #[test]
    fn values_of_a_type_are_cast_on_their_path_only() {
        check("services.a.init", "$YES", Value::Bool(true));
        check("services.a.init", "no", Value::Bool(false));
        check("services.a.b.c.init", "no", text("no"));
        check("services.a.healthcheck.retries", "08", Value::Int(8));
        check("services.a.ports.[].target", "+80", Value::Int(80));
        check("services.a.ports.[].published", "080", text("080"));
        check("services.a.ulimits.any.soft", "-1", Value::Int(-1));
        check("services.a.cpus", "0.5", Value::Float(0.5));
        check("networks.a.external", "ON", Value::Bool(true));
        check("volumes.a.internal", "on", text("on"));
    }

    #[test]
    fn a_refusal_points_into_a_value_that_is_written_plainly() {
        check_refused("ab ${", 0, (13, "`${` without the name of a variable (a `$` that is meant is written `$$`)"));
        check_refused("ab ${A", 1, (14, "`${` is not closed"));
        check_refused("ab ${A", 2, (10, "`${` is not closed"));
        check_refused("é ${A", 1, (10, "`${` is not closed"));
        check_refused("${EMPTY}", 0, (10, "neither true nor false: \"\""));
        check_refused("1", 0, (10, "neither true nor false: \"1\""));
    }

    #[test]
    fn a_value_knows_its_variables() {
        let via = interpolated("a", "$SET ${GONE:-x}$GONE", 0).expect("a good value").origin.via;
        let name = |name: &str| name.to_owned();
        assert_eq!(via, [Via::Variable(name("SET")), Via::Default(name("GONE")), Via::Unset(name("GONE"))]);
    }
}
