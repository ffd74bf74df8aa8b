//! `ipam.config` of a network: entries are told apart by their subnet.

use crate::node::{Node, Value};
use crate::refusal::Refusal;

/// Compose compares each entry of the one list with each of the other, and changes what it has already taken: so an entry
/// of `order` is a place in `entries`, and two may be the same.
pub(super) fn merge(base: Node, over: Node, path: &mut Vec<String>) -> Result<Node, Refusal> {
    let origin = base.origin;
    let (Value::List(mut entries), Value::List(above)) = (base.value, over.value) else {
        return Err(super::unlike(over.origin.span, path, "list"));
    };
    let originals = entries.len();
    entries.extend(above);
    check_work(originals, &entries)?;
    let mut order: Vec<usize> = Vec::new();
    for original in 0..originals {
        for replacement in originals..entries.len() {
            let known = place(&order, &entries, replacement);
            if subnet(&entries[replacement]) != subnet(&entries[original]) && known.is_none() {
                order.push(replacement);
                continue;
            }
            entries[original] = super::both(entries[original].clone(), entries[replacement].clone(), path)?;
            match place(&order, &entries, original) {
                Some(place) => order[place] = original,
                None => order.push(original),
            }
        }
    }
    let merged = order.into_iter().map(|entry| entries[entry].clone()).collect();
    Ok(Node { value: Value::List(merged), origin })
}

fn place(order: &[usize], entries: &[Node], of: usize) -> Option<usize> {
    order.iter().position(|entry| subnet(&entries[*entry]) == subnet(&entries[of]))
}

fn subnet(node: &Node) -> Option<&Value> {
    node.get("subnet").map(|subnet| &subnet.value)
}

/// Each with each, and each time through what is there: a network has few subnets.
fn check_work(originals: usize, entries: &[Node]) -> Result<(), Refusal> {
    const PAIRS: usize = 10_000;
    let pairs = originals * (entries.len() - originals);
    match entries.last() {
        Some(last) if pairs > PAIRS => {
            Err(Refusal::limit(Some(last.origin.span), "too many subnets laid over each other"))
        }
        _ => Ok(()),
    }
}
