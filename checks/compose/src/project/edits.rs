//! Carries out `!reset` and `!override`: takes away what earlier files said at their paths. Called by the loader before it
//! lays a document over them, and by `extends` for what a service gets from another.

use std::collections::HashMap;

use crate::document::Edit;
use crate::node::{Node, Value};

/// The edits of a document, as a tree of their paths.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// A path ends here.
    takes: bool,
    below: HashMap<String, Edits>,
}

impl Edits {
    pub(super) fn new(edits: &[Edit]) -> Self {
        let mut tree = Self::default();
        for Edit { path, .. } in edits {
            let branch = path.iter().fold(&mut tree, |branch, key| branch.below.entry(key.clone()).or_default());
            branch.takes = true;
        }
        tree
    }

    /// Takes away everything that one of the paths names.
    pub(super) fn apply(&self, root: &mut Node) {
        take(&[self], root);
    }

    /// The same for a service that the one called `name` extends, as if it stood in the place of that.
    pub(super) fn apply_to_service(&self, name: &str, service: &mut Node) {
        take(&following(&following(&[self], "services"), name), service);
    }
}

/// `branches` are those whose path leads here.
fn take(branches: &[&Edits], node: &mut Node) {
    if branches.iter().all(|branch| branch.below.is_empty()) {
        return;
    }
    match &mut node.value {
        Value::Map(map) => map.retain(|key, entry| {
            let branches = following(branches, key);
            take(&branches, &mut entry.node);
            !branches.iter().any(|branch| branch.takes)
        }),
        // Compose never takes an entry of a list away, and writes its place in another way than the document does: only
        // what is below a `*` is found there.
        Value::List(list) => {
            let branches: Vec<&Edits> = branches.iter().filter_map(|branch| branch.below.get("*")).collect();
            let kept = branches.iter().any(|branch| branch.takes);
            list.iter_mut().filter(|_| !kept).for_each(|node| take(&branches, node));
        }
        _ => {}
    }
}

fn following<'a>(branches: &[&'a Edits], key: &str) -> Vec<&'a Edits> {
    branches.iter().flat_map(|branch| [branch.below.get(key), branch.below.get("*")]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::testing::{json, parse};

    /// What is left of `base` below a document with the edits of `over`.
    fn check(base: &str, over: &str, expected: &str) {
        let (mut base, _) = parse(base);
        let (_, edits) = parse(over);
        Edits::new(&edits).apply(&mut base);
        assert_eq!(json(&base), json(&parse(expected).0));
    }

    #[test]
    fn takes_what_a_path_names_and_nothing_beside_it() {
        check("{a: {b: 1, c: 2}, b: 3}", "{a: {b: !reset null}}", "{a: {c: 2}, b: 3}");
        check("{a: {b: 1}}", "{a: !override {c: 2}}", "{}");
        check("{a: {b: 1}}", "{a: {b: {c: !reset null}}}", "{a: {b: 1}}");
        check("{a: {b: 1}}", "{a: {c: !reset null}}", "{a: {b: 1}}");
    }

    #[test]
    fn a_star_is_any_key() {
        check("{a: {b: 1, c: 2}, d: {b: 3}}", "{'*': {b: !reset null}}", "{a: {c: 2}, d: {}}");
        check("{a: {b: 1, c: 2}}", "{a: {'*': !reset null}}", "{a: {}}");
    }

    #[test]
    fn entries_of_lists_stay() {
        check("{a: [1, 2]}", "{a: [!reset null]}", "{a: [1, 2]}");
        check("{a: [{b: 1}]}", "{a: [{b: !reset null}]}", "{a: [{b: 1}]}");
    }

    #[test]
    fn an_extended_service_is_edited_in_the_place_of_the_other() {
        let (mut base, _) = parse("{image: a, labels: {b: c}}");
        let (_, edits) =
            parse("{services: {one: {labels: !reset null}, two: {image: !reset null}, three: !reset null}}");
        let edits = Edits::new(&edits);
        edits.apply_to_service("three", &mut base);
        edits.apply_to_service("one", &mut base);
        assert_eq!(json(&base), json(&parse("{image: a}").0));
    }
}
