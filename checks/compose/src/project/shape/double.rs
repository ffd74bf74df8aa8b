//! Nothing twice in a list: two entries are the same if their JSON is, whatever their keys' order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::{Occupied, Vacant};

use serde_json::json;

use crate::node::{Node, Value};
use crate::refusal::Refusal;

pub(super) fn none(name: &str, list: &[Node]) -> Result<(), Refusal> {
    let mut seen = BTreeMap::new();
    for entry in list {
        match seen.entry(json(entry).to_string()) {
            Vacant(place) => drop(place.insert(entry)),
            Occupied(_) => {
                return Err(Refusal::at(entry.origin.span, format!("the same entry of `{name}` twice"))
                    .hint("remove one of them"));
            }
        }
    }
    Ok(())
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => json!(null),
        // Two of them need not be the same.
        Value::Unknown => json!({"unknown at": node.origin.span.start}),
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Big(number) => json!(number),
        // Go writes a whole number of this size without its `.0`.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(*number as i64),
        Value::Float(number) => json!(number),
        Value::Time(text) | Value::Text(text) => json!(text),
        Value::List(list) => list.iter().map(json).collect(),
        Value::Map(map) => map.iter().map(|(key, entry)| (key.clone(), json(&entry.node))).collect(),
    }
}
