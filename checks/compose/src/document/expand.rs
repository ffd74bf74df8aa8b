//! The shared tree becomes plain nodes: aliases and merge keys expanded, scalars typed, keys checked. Called by
//! [`super::parse`], which knows beforehand that the result fits the budget.

use std::collections::HashMap;

use super::scalar;
use super::tree::{Content, NodeId, Raw, Tree};
use crate::node::{Entry, Map, Node, Origin, Value, Via};
use crate::refusal::Refusal;
use crate::source::{Span, line_of};

pub(super) fn expand(tree: &Tree, text: &str, root: NodeId) -> Result<Node, Refusal> {
    Expansion { tree, text, aliases: Vec::new() }.node(root)
}

struct Expansion<'a> {
    tree: &'a Tree,
    /// The file, for the line of the first of two equal keys.
    text: &'a str,
    /// The aliases that we are inside of, the outermost first.
    aliases: Vec<Span>,
}

impl Expansion<'_> {
    fn node(&mut self, id: NodeId) -> Result<Node, Refusal> {
        let raw = self.tree.get(id);
        let value = match &raw.content {
            Content::Alias { target, .. } => {
                self.aliases.push(raw.span);
                let mut node = self.node(*target)?;
                node.origin.via = self.via();
                self.aliases.pop();
                return Ok(node);
            }
            Content::Scalar { text, plain } => {
                let value = value_of(raw, text, *plain)?;
                return Ok(Node { value, origin: Origin { span: raw.span, via: self.via() } });
            }
            Content::List(entries) => Value::List(entries.iter().map(|id| self.node(*id)).collect::<Result<_, _>>()?),
            Content::Map(entries) => Value::Map(self.map(entries)?),
        };
        Ok(Node::new(value, raw.span))
    }

    /// The nearest alias and the one where the value is used: what lies between would only eat memory.
    fn via(&self) -> Vec<Via> {
        let Some((first, rest)) = self.aliases.split_first() else { return Vec::new() };
        rest.last().into_iter().chain([first]).map(|span| Via::Anchor(*span)).collect()
    }

    fn map(&mut self, entries: &[(NodeId, NodeId)]) -> Result<Map, Refusal> {
        let textual = entries.iter().all(|(key, _)| {
            let raw = self.tree.get(self.tree.target(*key));
            is_merge(raw) || is_text(raw)
        });
        let keys = if textual { Keys::Textual } else { Keys::Any };
        let mut map = Map::new();
        self.fill(entries, &mut map, None, keys)?;
        Ok(map)
    }

    /// The keys of a mapping, then those of its merge key that are not there yet. `merged`: the mapping comes from the
    /// merge key at this place.
    fn fill(
        &mut self,
        entries: &[(NodeId, NodeId)],
        map: &mut Map,
        merged: Option<Span>,
        keys: Keys,
    ) -> Result<(), Refusal> {
        self.check_unique(entries)?;
        let mut merge = None;
        for &(key, value) in entries {
            let raw = self.tree.get(key);
            if is_merge(raw) {
                merge = Some((value, raw.span));
                continue;
            }
            let Some(name) = self.key(key, merged.is_some() && keys == Keys::Textual)? else { continue };
            // The `<<` that merges counts as a key of its own mapping, so a quoted one in the merged mapping is hidden by it.
            if merged.is_some() && (map.contains_key(&name) || name == "<<") {
                continue;
            }
            let node = self.node(value)?;
            map.insert(name, Entry { key: raw.span, node });
        }
        match merge {
            Some((value, at)) => self.merge(value, map, at, keys),
            None => Ok(()),
        }
    }

    fn merge(&mut self, id: NodeId, map: &mut Map, at: Span, keys: Keys) -> Result<(), Refusal> {
        let raw = self.tree.get(id);
        match &raw.content {
            Content::Alias { target, .. } => {
                self.aliases.push(raw.span);
                self.merge(*target, map, raw.span, keys)?;
                self.aliases.pop();
                Ok(())
            }
            Content::Map(entries) => self.fill(entries, map, Some(at), keys),
            Content::List(parts) => parts.iter().try_for_each(|part| {
                let span = self.tree.get(*part).span;
                match self.tree.get(self.tree.target(*part)).content {
                    Content::Map(_) => self.merge(*part, map, span, keys),
                    _ => Err(no_mapping(span)),
                }
            }),
            Content::Scalar { .. } => Err(no_mapping(at)),
        }
    }

    /// `loose`: go-yaml reads the keys of a merged mapping as text, whatever they are.
    fn key(&self, id: NodeId, loose: bool) -> Result<Option<String>, Refusal> {
        let span = self.tree.get(id).span;
        let raw = self.tree.get(self.tree.target(id));
        let Content::Scalar { text, plain } = &raw.content else {
            return Err(Refusal::at(span, "a list or mapping cannot be a key"));
        };
        match value_of(raw, text, *plain)? {
            Value::Text(name) => Ok(Some(name)),
            Value::Null if loose => Ok(None),
            _ if loose => Ok(Some(text.to_string())),
            Value::Null if text.is_empty() || span.start == span.end => Err(Refusal::at(span, "a key is missing")),
            _ => Err(Refusal::at(span, "this key is no text").hint(format!("quote it: \"{text}\""))),
        }
    }

    /// Keys are compared as they are written; an alias only with other aliases.
    fn check_unique(&self, entries: &[(NodeId, NodeId)]) -> Result<(), Refusal> {
        let mut seen = HashMap::with_capacity(entries.len());
        for &(key, _) in entries {
            let raw = self.tree.get(key);
            let written = match &raw.content {
                Content::Scalar { text, .. } => (false, text),
                Content::Alias { name, .. } => (true, name),
                Content::List(_) | Content::Map(_) => continue,
            };
            if let Some(first) = seen.insert(written, raw.span) {
                let line = line_of(self.text, first.start as usize);
                return Err(Refusal::at(raw.span, format!("`{}` already stands on line {line}", written.1))
                    .hint("keep one of the two"));
            }
        }
        Ok(())
    }
}

/// What go-yaml knows of the keys of a mapping when it begins to fill it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Textual,
    Any,
}

fn is_text(raw: &Raw) -> bool {
    match &raw.content {
        Content::Scalar { text, plain } => match raw.tag.as_deref() {
            Some(tag) => tag == "!!str",
            None => matches!(scalar::resolve(None, text, *plain), Ok(Value::Text(_))),
        },
        _ => false,
    }
}

fn value_of(raw: &Raw, text: &str, plain: bool) -> Result<Value, Refusal> {
    let tag = raw.tag.as_deref();
    scalar::resolve(tag, text, plain)
        .map_err(|is| Refusal::at(raw.span, format!("its tag says `{}`, but this is {is}", tag.unwrap_or_default())))
}

fn is_merge(raw: &Raw) -> bool {
    match &raw.content {
        Content::Scalar { text, plain } => &**text == "<<" && raw.tag.as_deref().map_or(*plain, |tag| tag == "!!merge"),
        _ => false,
    }
}

fn no_mapping(span: Span) -> Refusal {
    Refusal::at(span, "`<<` takes a mapping or a list of mappings")
}

#[cfg(test)]
mod tests {
    use crate::document::tests::{check, document};
    use crate::node::Via;

    #[test]
    fn aliases() {
        check("a: &x [1, 2]\nb: *x\n", "{a: [1, 2], b: [1, 2]}");
        check("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "{a: 1, b: 1, c: 2, d: 2}");
        check("a: &x b\n*x : c\n", r#"{a: "b", b: "c"}"#);
        check("a: &x b\n---\nc: *x\n", r#"{a: "b"} --- {c: "b"}"#);
        check("a: &x\nb: *x\n", "{a: null, b: null}");
        check("a: *x\nb: &x c\n", "refused 1:4: no anchor `&x` stands above this alias");
    }

    #[test]
    fn merge_keys() {
        check("{a: 0, <<: {a: 1, b: 2}}", "{a: 0, b: 2}");
        check("{<<: {a: 1, b: 2}, a: 0}", "{a: 0, b: 2}");
        check("{<<: [{a: 1}, {a: 2, b: 3}]}", "{a: 1, b: 3}");
        check("{<<: {<<: {a: 2, b: 2}, a: 1}}", "{a: 1, b: 2}");
        check("{<<: {a: {b: 1}}, a: {c: 1}}", "{a: {c: 1}}");
        check("{<<: {a: 1}, a: }", "{a: null}");
        check("{!!merge <<: {a: 1}}", "{a: 1}");
        check("{\"<<\": {a: 1}}", "{<<: {a: 1}}");
        check("{<<: {\"<<\": {a: 1}, b: 2}}", "{b: 2}");
        check("{<<: {1: a, ~: b}}", r#"{1: "a"}"#);
        check("[&x [{a: 1}, {b: 2}], {<<: *x}]", "[[{a: 1}, {b: 2}], {a: 1, b: 2}]");
        check("{<<: a}", "refused 1:2: `<<` takes a mapping or a list of mappings");
        check("{<<: [a]}", "refused 1:7: `<<` takes a mapping or a list of mappings");
        check("{<<: {a: 1}, <<: {b: 1}}", "refused 1:14: `<<` already stands on line 1");
    }

    #[test]
    fn keys() {
        check("{a: 1, \"a\": 2}", "refused 1:8: `a` already stands on line 1");
        check("a:\n  b: 1\n  c: 2\n  b: 3\n", "refused 4:3: `b` already stands on line 2");
        check("{1: a}", "refused 1:2: this key is no text");
        check("{true: a}", "refused 1:2: this key is no text");
        check("{2001-01-01: a}", "refused 1:2: this key is no text");
        check("{!!str 1: a, yes: b, !foo 2: c}", r#"{1: "a", 2: "c", yes: "b"}"#);
        check("{!foo b: 1, <<: {1: 2}}", "refused 1:18: this key is no text");
        check("{[a]: b}", "refused 1:2: a list or mapping cannot be a key");
        check(": a\n", "refused 1:1: a key is missing");
        check("{a: &x k, *x : b, *x : c}", "refused 1:19: `x` already stands on line 1");
    }

    #[test]
    fn a_value_knows_the_nearest_alias_and_the_one_where_it_is_used() {
        let (text, root) = document("a: &a {k: 1}\nb: &b {c: *a}\nd: {<<: *b}\n");
        let via = |path: &[&str]| -> Vec<String> {
            let node = root.at(path).expect("the path is in the text");
            let alias = |via: &Via| match via {
                Via::Anchor(span) => format!("{} at {}", &text[span.start as usize..span.end as usize], span.start),
                _ => String::new(),
            };
            node.origin.via.iter().map(alias).collect()
        };
        assert_eq!(via(&["a", "k"]), Vec::<String>::new());
        assert_eq!(via(&["b", "c"]), ["*a at 23"]);
        assert_eq!(via(&["d", "c", "k"]), ["*a at 23", "*b at 35"]);
    }
}
