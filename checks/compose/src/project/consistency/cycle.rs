//! No service waits for itself, over however many others.

use std::collections::BTreeMap;

use super::section;
use crate::node::{Entry, Node};
use crate::refusal::Refusal;

pub(super) fn check(root: &Node) -> Result<(), Refusal> {
    let services: BTreeMap<&str, &Entry> = section(root, "services").collect();
    let mut walk = Walk { services, states: BTreeMap::new() };
    let names: Vec<&str> = walk.services.keys().copied().collect();
    names.into_iter().try_for_each(|name| walk.from(name))
}

struct Walk<'a> {
    services: BTreeMap<&'a str, &'a Entry>,
    states: BTreeMap<&'a str, State>,
}

#[derive(PartialEq, Eq)]
enum State {
    /// On the way that we are on.
    Open,
    /// No cycle behind it.
    Done,
}

impl<'a> Walk<'a> {
    /// A path is kept by hand, since a chain of services may be longer than the stack.
    fn from(&mut self, start: &'a str) -> Result<(), Refusal> {
        if self.states.contains_key(start) {
            return Ok(());
        }
        self.states.insert(start, State::Open);
        let mut path = vec![(start, self.waits_for(start))];
        while let Some((name, rest)) = path.last_mut() {
            let Some((next, entry)) = rest.pop() else {
                self.states.insert(name, State::Done);
                path.pop();
                continue;
            };
            match self.states.get(next) {
                Some(State::Done) => {}
                Some(State::Open) => {
                    let names = path.iter().map(|(name, _)| *name).skip_while(|name| *name != next).chain([next]);
                    let chain = names.collect::<Vec<_>>().join(" → ");
                    return Err(Refusal::at(entry.key, format!("services that wait for each other: {chain}"))
                        .hint("remove one `depends_on` of the circle"));
                }
                None => {
                    self.states.insert(next, State::Open);
                    path.push((next, self.waits_for(next)));
                }
            }
        }
        Ok(())
    }

    fn waits_for(&self, name: &str) -> Vec<(&'a str, &'a Entry)> {
        self.services.get(name).map(|entry| section(&entry.node, "depends_on").collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::project::testing::parse;

    fn check(services: &str, expected: Result<(), &str>) {
        let root = parse(&format!("services:\n{services}")).0;
        assert_eq!(super::check(&root).map_err(|refusal| refusal.message), expected.map_err(str::to_owned));
    }

    #[test]
    fn circles_are_refused() {
        check("  a: {depends_on: {b: }}\n  b: {depends_on: {c: }}\n  c: {}\n", Ok(()));
        check("  a: {depends_on: {c: , b: }}\n  b: {depends_on: {c: }}\n  c: {}\n", Ok(()));
        check("  a: {depends_on: {a: }}\n", Err("services that wait for each other: a → a"));
        check(
            "  a: {depends_on: {b: }}\n  b: {depends_on: {c: }}\n  c: {depends_on: {b: }}\n",
            Err("services that wait for each other: b → c → b"),
        );
    }

    #[test]
    fn a_long_chain_costs_no_stack() {
        let link = |n: usize| format!("  s{n}: {{depends_on: {{s{}: }}}}\n", n + 1);
        check(&(0..20_000).map(link).collect::<String>(), Ok(()));
    }
}
