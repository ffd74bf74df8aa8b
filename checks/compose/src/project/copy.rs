//! Nodes that come from elsewhere, by `extends` or `include`: counted before they are made once more, and marked with the way
//! they came.

use std::mem::discriminant;

use crate::node::{Node, Value, Via};

/// How many nodes it is made of, itself counted.
pub(super) fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(list) => 1 + list.iter().map(size).sum::<usize>(),
        Value::Map(map) => 1 + map.values().map(|entry| size(&entry.node)).sum::<usize>(),
        _ => 1,
    }
}

/// Each value says how it came here, behind what it said before.
pub(super) fn mark(node: &mut Node, via: &Via) {
    add(&mut node.origin.via, via);
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|node| mark(node, via)),
        Value::Map(map) => map.values_mut().for_each(|entry| mark(&mut entry.node, via)),
        _ => {}
    }
}

/// Of many steps of one kind only the first and the last are kept: those between would only eat memory.
fn add(way: &mut Vec<Via>, via: &Via) {
    let alike = way.iter().rev().take_while(|step| discriminant(*step) == discriminant(via)).count();
    if alike > 1 {
        way.pop();
    }
    way.push(via.clone());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::testing::parse;
    use crate::source::{Sources, Span};

    #[test]
    fn counts_itself_and_all_below() {
        let check = |text: &str, expected: usize| assert_eq!(size(&parse(text).0), expected);
        check("1", 1);
        check("[1, 2]", 3);
        check("{a: {b: [c]}, d: e}", 5);
    }

    #[test]
    fn a_long_way_keeps_its_ends() {
        let file = Sources::default().add("compose.yaml".into(), String::new());
        let step = |at| Via::Extends(Span::new(file, at, at));
        let mut way = vec![Via::Variable("A".to_owned())];
        (0..9).for_each(|at| add(&mut way, &step(at)));
        add(&mut way, &Via::Include(Span::new(file, 9, 9)));
        assert_eq!(way[1..3], [step(0), step(8)]);
        assert_eq!(way.len(), 4);
    }
}
