//! What the tests of the loader share: a document from its text, a node as JSON, and whole projects in a folder of their own.

use std::path::Path;

use serde_json::Value as Json;

use crate::document::{self, Budget, Edit};
use crate::node::{Node, Value};
use crate::project::{Project, Request, load};
use crate::refusal::Refusal;
use crate::source::Sources;

pub(crate) fn parse(text: &str) -> (Node, Vec<Edit>) {
    let file = Sources::default().add("compose.yaml".into(), text.to_owned());
    let documents = document::parse(file, text, &mut Budget::default()).expect("the text of a test is YAML");
    let document = documents.into_iter().next().expect("the text of a test has a document");
    (document.root.expect("the document of a test says something"), document.edits)
}

/// Only what is said, not where.
pub(super) fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null | Value::Unknown => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Big(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Time(text) | Value::Text(text) => Json::from(text.as_str()),
        Value::List(list) => list.iter().map(json).collect(),
        Value::Map(map) => map.iter().map(|(key, entry)| (key.clone(), json(&entry.node))).collect(),
    }
}

/// Loads the project that the first of the files, all below `folder`, is the only `-f` of.
pub(super) fn project(folder: &Path, files: &[(&str, &str)]) -> (Result<Project, Refusal>, Sources) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
        std::fs::write(path, text).expect("the folder is ours");
    }
    let request = Request {
        files: vec![files[0].0.into()],
        name: Some("test".to_owned()),
        working_folder: folder.to_owned(),
        ..Request::default()
    };
    let mut sources = Sources::default();
    let loaded = load(&request, &mut sources);
    (loaded, sources)
}
