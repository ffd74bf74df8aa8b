//! An entry of `include`: what it names, and the variables that the project there is read with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::node::{Node, Value};
use crate::project::layers::Loader;
use crate::project::scope::{Scope, join};
use crate::project::selection;
use crate::refusal::Refusal;
use crate::source::Span;
use crate::variables::dotenv;

pub(super) struct Inclusion {
    /// The first is the project, the others lie over it.
    pub(super) paths: Vec<(String, Span)>,
    pub(super) project_directory: Option<String>,
    env_files: Vec<(String, Span)>,
}

/// The part of it that is not known.
pub(super) fn unknown(entry: &Node) -> Option<Span> {
    let parts = ["path", "project_directory", "env_file"].into_iter().filter_map(|name| key(entry, name));
    let entries = |part: &'_ Node| part.as_list().unwrap_or_default().to_vec();
    let all = parts.flat_map(|part| [vec![part.clone()], entries(part)].concat());
    std::iter::once(entry.clone()).chain(all).find(|node| node.value == Value::Unknown).map(|node| node.origin.span)
}

/// A text is a path; keys that Compose does not know it ignores here, and of those that it knows the case.
pub(super) fn inclusion(entry: &Node) -> Result<Inclusion, Refusal> {
    let paths = match &entry.value {
        Value::Map(_) => key(entry, "path").map_or(Ok(Vec::new()), texts)?,
        Value::Null => Vec::new(),
        _ => vec![text(entry)?],
    };
    let own = match key(entry, "project_directory") {
        Some(Node { value: Value::Null, .. }) | None => None,
        Some(Node { value: Value::Int(number), .. }) => Some(number.to_string()),
        Some(other) => Some(text(other)?.0),
    };
    let project_directory = own.filter(|path| !path.is_empty());
    let env_files = key(entry, "env_file").map_or(Ok(Vec::new()), texts)?;
    Ok(Inclusion { paths, project_directory, env_files })
}

fn key<'a>(entry: &'a Node, name: &str) -> Option<&'a Node> {
    let in_any_case =
        || entry.as_map()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, entry)| &entry.node);
    entry.get(name).or_else(in_any_case)
}

/// One text or a list of them.
fn texts(node: &Node) -> Result<Vec<(String, Span)>, Refusal> {
    match &node.value {
        Value::Null => Ok(Vec::new()),
        Value::List(list) => list.iter().map(text).collect(),
        _ => Ok(vec![text(node)?]),
    }
}

fn text(node: &Node) -> Result<(String, Span), Refusal> {
    let text = node.as_text().map(|text| (text.to_owned(), node.origin.span));
    text.ok_or_else(|| Refusal::at(node.origin.span, "a path must stand here"))
}

impl Inclusion {
    /// The including project's variables over those of the named files, or of the `.env` in the folder of the project.
    pub(super) fn environment(
        &self,
        loader: &mut Loader<'_>,
        scope: &Scope,
        folder: Option<&Path>,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let mut variables = BTreeMap::new();
        for (path, at) in self.files(loader, scope, folder) {
            let text =
                selection::read_variables(&path).map_err(|refusal| Refusal { at: refusal.at.or(at), ..refusal })?;
            let file = loader.add(&path, text);
            let text = &loader.sources.get(file).text;
            let value_of = |name: &str| scope.environment.get(name).or_else(|| variables.get(name)).cloned();
            let own = dotenv::parse(text, &value_of).map_err(|line| line.refusal(file, text))?;
            variables.extend(own);
        }
        variables.extend(scope.environment.clone());
        Ok(variables)
    }

    fn files(&self, loader: &mut Loader<'_>, scope: &Scope, folder: Option<&Path>) -> Vec<(PathBuf, Option<Span>)> {
        if self.env_files.is_empty() {
            let own = folder.map(|folder| join(folder, ".env"));
            let there = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir());
            return own.filter(there).map(|path| (path, None)).into_iter().collect();
        }
        let paths = self.env_files.iter().map(|(path, at)| (join(&scope.options, path), *at));
        paths
            .filter(|(path, at)| loader.there(path, *at, "its variables are"))
            .map(|(path, at)| (path, Some(at)))
            .collect()
    }
}
