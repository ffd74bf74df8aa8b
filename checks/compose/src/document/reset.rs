//! `!reset` and `!override`, found by the same walk over the shared tree as Compose's: what is reset is taken out of the
//! tree, so an anchor reached a second time has nothing left to reset. Called by [`super::parse`] before aliases are expanded.

use std::collections::{BTreeSet, HashMap};

use super::tree::{Content, NodeId, Tree};
use super::{Edit, EditKind};
use crate::refusal::Refusal;
use crate::source::Span;

/// Bytes of all paths together: far more than a project needs, and a second's work.
const MAXIMUM_PATHS: usize = 256 << 20;

#[derive(Default)]
struct Walk {
    edits: Vec<Edit>,
    /// Where each anchor was used so far.
    used: HashMap<NodeId, BTreeSet<String>>,
    /// Bytes of the paths so far.
    written: usize,
}

/// The edits of a document; false: the root itself is reset.
pub(super) fn take_out(tree: &mut Tree, root: NodeId) -> Result<(Vec<Edit>, bool), Refusal> {
    let mut walk = Walk::default();
    let kept = walk.visit(tree, root, String::new())?;
    Ok((walk.edits, kept))
}

impl Walk {
    /// Whether the node stays.
    fn visit(&mut self, tree: &mut Tree, id: NodeId, path: String) -> Result<bool, Refusal> {
        // Compose takes one merge key out of the path of each node, and forgets then which dots were those of a key.
        let merges = path.contains("<<") && path.replace(DOT, ".").contains(".<<");
        let path = if merges { path.replace(DOT, ".").replacen(".<<", "", 1) } else { path };
        let node = tree.get(id);
        self.written += path.len();
        if self.written > MAXIMUM_PATHS {
            return Err(Refusal::limit(Some(node.span), "the keys down to here are too long for so many values"));
        }
        if let Content::Alias { target, .. } = node.content {
            self.check_use(target, &path, node.span)?;
            return self.visit(tree, target, path);
        }
        match node.tag.as_deref() {
            Some("!reset") => {
                self.edits.push(Edit { path: parts(&path), kind: EditKind::Reset, at: node.span });
                return Ok(false);
            }
            Some("!override") => {
                self.edits.push(Edit { path: parts(&path), kind: EditKind::Override, at: node.span });
                return Ok(true);
            }
            _ => {}
        }
        match &node.content {
            Content::List(entries) => self.list(tree, id, entries.clone(), &path)?,
            Content::Map(entries) => self.map(tree, id, entries.clone(), &path)?,
            Content::Scalar { .. } | Content::Alias { .. } => {}
        }
        Ok(true)
    }

    fn list(&mut self, tree: &mut Tree, id: NodeId, entries: Vec<NodeId>, path: &str) -> Result<(), Refusal> {
        let mut kept = Vec::with_capacity(entries.len());
        for (index, entry) in entries.into_iter().enumerate() {
            if self.visit(tree, entry, join(path, &index.to_string()))? {
                kept.push(entry);
            }
        }
        *tree.content_mut(id) = Content::List(kept);
        Ok(())
    }

    fn map(&mut self, tree: &mut Tree, id: NodeId, entries: Vec<(NodeId, NodeId)>, path: &str) -> Result<(), Refusal> {
        let mut kept = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let next = join(path, written(tree, key));
            if self.visit(tree, value, next)? {
                kept.push((key, value));
            }
        }
        *tree.content_mut(id) = Content::Map(kept);
        Ok(())
    }

    /// Compose takes an anchor that is used at a path and again below that path for a cycle.
    fn check_use(&mut self, target: NodeId, path: &str, at: Span) -> Result<(), Refusal> {
        if path.contains("<<") {
            return Ok(());
        }
        let path = path.replace(DOT, ".");
        let paths = self.used.entry(target).or_default();
        let below = format!("{path}.");
        let above = path.match_indices('.').any(|(dot, _)| paths.contains(&path[..dot]));
        if above || paths.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below)) {
            return Err(Refusal::at(
                at,
                "the same anchor is used here and once more inside, which Compose takes for a cycle",
            )
            .hint("write the inner one out, or give it an anchor of its own"));
        }
        paths.insert(path);
        Ok(())
    }
}

/// Stands for a dot within a key: Compose, too, keeps its paths as one text.
const DOT: char = '\0';

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        return key.to_owned();
    }
    let mut joined = String::with_capacity(path.len() + 1 + key.len());
    joined.push_str(path);
    joined.push('.');
    joined.extend(key.chars().map(|c| if c == '.' { DOT } else { c }));
    joined
}

fn parts(path: &str) -> Vec<String> {
    path.split('.').map(|part| part.replace(DOT, ".")).collect()
}

/// A key in a path: Compose takes the name of an alias for the key.
fn written(tree: &Tree, key: NodeId) -> &str {
    match &tree.get(key).content {
        Content::Scalar { text, .. } => text,
        Content::Alias { name, .. } => name,
        Content::List(_) | Content::Map(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use crate::document::tests::{check, edits};

    #[test]
    fn a_reset_is_taken_out_and_an_override_stays() {
        check("{a: !reset null, b: !reset [1], c: !override [2], d: [!reset 1, 2]}", "{c: [2], d: [2]}");
        edits("{a: !reset null, b: {c: !override [2]}, d: [0, !reset 1]}", "Reset a, Override b/c, Reset d/1");
        edits("{a: {b.c: !reset null, \"*\": !reset null}}", "Reset a/b.c, Reset a/*");
    }

    #[test]
    fn only_the_first_use_of_an_anchor_is_reset() {
        let text = "x: &f {r: !reset null, s: 1}\na: {b: {<<: *f}}\n";
        check(text, "{a: {b: {s: 1}}, x: {s: 1}}");
        edits(text, "Reset x/r");
        edits("x: &r !reset null\na: *r\nb: {c: *r}\n", "Reset x, Reset a, Reset b/c");
        edits("x: &o !override 1\na: {<<: {b: *o}}\nc: *o\n", "Override x, Override a/b, Override c");
    }

    #[test]
    fn merge_keys_vanish_from_paths_but_not_from_lists() {
        edits("a: {b: {<<: {c: !reset null}}}", "Reset a/b/c");
        edits("a: {b: {<<: [{c: !reset null}]}}", "Reset a/b/0/c");
        edits("a: {<<: {<<: {c: !reset null}}}", "Reset a/c");
        edits("<<: {a: !reset null}", "Reset <</a");
    }

    #[test]
    fn long_paths_have_a_limit() {
        let key = "k".repeat(1000);
        let text = format!("{}[{}!reset b]{}", format!("{{{key}: ").repeat(400), "a,".repeat(1000), "}".repeat(400));
        let shown = "the keys down to here are too long for so many values";
        check(&text, &format!("refused 1:{}: {shown}", 400 * 1003 + 2 * 470));
    }

    #[test]
    fn nothing_is_seen_below_a_tag() {
        check("{a: !override {b: !reset null}}", r#"{a: {b: "null"}}"#);
        edits("{a: !override {b: !reset null}}", "Override a");
        check("{a: !reset {b: 1, b: 2}, c: 1}", "{c: 1}");
        check("{a: !reset null, a: 1}", "{a: 1}");
    }

    #[test]
    fn an_anchor_above_and_below_itself() {
        let refused = "the same anchor is used here and once more inside, which Compose takes for a cycle";
        check("x: &x {k: 1}\na: {<<: *x, b: *x}\n", &format!("refused 2:16: {refused}"));
        check("x: &x {k: 1}\na: {b: *x, c: *x}\n", "{a: {b: {k: 1}, c: {k: 1}}, x: {k: 1}}");
        check("x: &x {k: *x}\n", "refused 1:11: the anchor `&x` would contain itself");
        check("x: &x {<<: *x}\n", "refused 1:12: the anchor `&x` would contain itself");
    }
}
