//! A Compose project: which files it is made of, and what Compose makes of their sum.
//!
//! Per document of a file, in Compose's order: interpolate → extends → `!reset` and `!override` on what was merged so far → include → merge → fold doubles → shape →
//! canonical form → fold doubles. At the end: defaults, paths, consistency.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::document::Edit;
use crate::node::{Node, Origin, Value, Via};
use crate::refusal::Refusal;
use crate::source::{Sources, Span};

use self::layers::{File, Loader};
use self::scope::Scope;
pub use self::scope::way;
use self::selection::Selection;
use self::unknown::Unknown;

pub mod canonical;
pub mod consistency;
mod copy;
mod edits;
mod extends;
mod include;
pub mod interpolate;
mod layers;
mod merge;
pub mod normal;
mod scope;
pub mod selection;
pub mod shape;
#[cfg(test)]
pub(crate) mod testing;
mod unique;
mod unknown;

/// What the command line and the world say. Nothing else reaches the loader.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `-f`, in order; empty for Compose's own discovery.
    pub files: Vec<PathBuf>,
    pub project_directory: Option<PathBuf>,
    /// `--env-file`, in order.
    pub env_files: Vec<PathBuf>,
    /// `--profile`: active beside those of COMPOSE_PROFILES.
    pub profiles: Vec<String>,
    /// `--project-name`.
    pub name: Option<String>,
    /// Where the command runs; relative paths count from it.
    pub working_folder: PathBuf,
    /// The process environment.
    pub environment: BTreeMap<String, String>,
    /// Compose files as they would be, by absolute path, in the place of what stands on the disk.
    pub texts: BTreeMap<PathBuf, String>,
}

#[derive(Debug)]
pub struct Project {
    pub name: String,
    pub directory: PathBuf,
    /// The top-level files, in order; extended and included ones stand in the sources only.
    pub files: Vec<PathBuf>,
    /// `services`, `volumes`, `networks`, … merged and in canonical form, every service whatever its profile.
    pub root: Node,
    /// Files that are not there. Compose refuses the project for each.
    pub gaps: Vec<Gap>,
    /// Values that Compose refuses as long as their variables have none.
    pub lacking: Vec<Lacking>,
    /// Each `!reset` and `!override`, in the order in which they take away what others say.
    pub edits: Vec<Edit>,
    /// The profiles that the environment activates (`COMPOSE_PROFILES`).
    pub profiles: BTreeSet<String>,
    /// The environment in which `${…}` was read: shell over `.env`.
    pub environment: BTreeMap<String, String>,
}

/// A file that is not there, or whose name is not known, so that a part of the project is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub at: Span,
    pub message: String,
    pub part: Part,
    pub why: Why,
    /// The services that it reaches into; empty where it may be any.
    pub services: Vec<String>,
}

/// A value that Compose refuses as long as these variables have no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// Its keys in the file, from the top; `[]` stands for any entry of a list.
    pub path: Vec<String>,
    pub at: Span,
    /// What the variables leave of it: `127.0.0.1::` of `127.0.0.1:${PORT}:${PORT}`.
    pub text: String,
    pub variables: Vec<String>,
    /// What Compose says of it.
    pub message: String,
}

impl Lacking {
    /// The value, of which nothing more is known.
    pub fn node(&self) -> Node {
        let via = self.variables.iter().cloned().map(Via::Unset).collect();
        Node { value: Value::Unknown, origin: Origin { span: self.at, via } }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Absent,
    /// Compose would fetch it from somewhere else.
    Remote,
    /// Which file it is cannot be known: a variable in its name has no value.
    Unnamed,
}

/// What is unknown behind a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Services that an included project may have, or lie over.
    Project,
    /// Anything that the named services do not say themselves.
    Service,
    /// Variables of the named services' containers.
    Environment,
}

/// Each gets what it does not say itself, so that a short one grows as large as a long one.
const SERVICES: usize = 100_000;

/// Reads the project as Compose does. What Compose refuses is refused, but for what may be another thing elsewhere, without
/// which the rest is read: a file that is not there is a gap, and a variable without value leaves an unknown value.
pub fn load(request: &Request, sources: &mut Sources) -> Result<Project, Refusal> {
    let mut unknown = Unknown::default();
    loop {
        *sources = Sources::default();
        unknown.begin();
        let read = read(request, sources, &mut unknown);
        let bytes = sources.iter().map(|(_, source)| source.text.len()).sum();
        match read {
            Err(refusal) if unknown.learn(&refusal, bytes) => {}
            read => return read,
        }
    }
}

fn read(request: &Request, sources: &mut Sources, unknown: &mut Unknown) -> Result<Project, Refusal> {
    let Selection { files, directory, mut environment, mut profiles } = selection::select(request, sources)?;
    profiles.extend(request.profiles.iter().cloned());
    let mut loader = Loader::new(sources, request, unknown);
    let read = loader.read_all(&files)?;
    let name = called(request, &mut loader, &read, &environment, &directory)?;
    environment.insert("COMPOSE_PROJECT_NAME".to_owned(), name.clone());
    let scope = Scope::top(directory, environment);
    let root = loader.project(&scope, read)?;
    let named = || files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" and ");
    let empty = || Refusal::nowhere(format!("nothing is in {}", named())).hint("write `services:` and the services");
    let mut root = root.filter(|root| root.as_map().is_some_and(|map| !map.is_empty())).ok_or_else(empty)?;
    let services = root.get("services").and_then(Node::as_map);
    if let Some(beyond) = services.and_then(|services| services.values().nth(SERVICES)) {
        return Err(Refusal::limit(Some(beyond.key), format!("more than {SERVICES} services")));
    }
    let (mut gaps, edits) = (loader.gaps, loader.edits);
    let lacking = unknown.told();
    let Scope { directory, environment, .. } = scope;
    normal::normalize(&mut root, &name, &directory, &environment, sources, &mut gaps)?;
    match consistency::check(&root) {
        // What is missing may be what lies in the gap.
        Err(_) if !gaps.is_empty() => {}
        checked => checked?,
    }
    Ok(Project { name, directory, files, root, gaps, lacking, edits, profiles, environment })
}

/// The name alone, also of a project that is refused for something else, or that has no files.
pub fn name(request: &Request, sources: &mut Sources) -> Result<String, Refusal> {
    let Selection { files, directory, environment, .. } = match selection::select(request, sources) {
        Err(_) if request.files.is_empty() => {
            return selection::project_name(request, &request.environment, None, &request.working_folder);
        }
        selected => selected?,
    };
    let mut unknown = Unknown::default();
    let mut loader = Loader::new(sources, request, &mut unknown);
    let read = loader.read_all(&files)?;
    called(request, &mut loader, &read, &environment, &directory)
}

/// The name by Compose's rule. One that lacks a variable is not known, and gives way to that of the folder.
fn called(
    request: &Request,
    loader: &mut Loader<'_>,
    files: &[File],
    environment: &BTreeMap<String, String>,
    directory: &Path,
) -> Result<String, Refusal> {
    let written = written_name(files, loader.sources);
    let name_of = |written| selection::project_name(request, environment, written, directory);
    let refusal = match name_of(written.map(|(name, _)| name)) {
        Ok(name) => return Ok(name),
        Err(refusal) => refusal,
    };
    let Some((name, at)) = written else { return Err(refusal) };
    let done = selection::substituted(name, environment);
    let unset: Vec<&str> = done.unset().collect();
    if unset.is_empty() {
        return Err(Refusal { at: Some(at), ..refusal });
    }
    loader.unknown.refuse(&["name"], &done.text, at, &unset, &refusal.message);
    name_of(None)
}

/// The last `name:` that is not empty, as it is written: Compose reads it on its own, so that a date stays a text.
fn written_name<'a>(files: &'a [File], sources: &'a Sources) -> Option<(&'a str, Span)> {
    let documents = files.iter().rev().flat_map(|file| file.documents.iter().rev());
    let names = documents.filter_map(|document| document.root.as_ref()?.get("name"));
    let mut names = names.filter_map(|name| match &name.value {
        Value::Text(text) => Some((text.as_str(), name.origin.span)),
        Value::Time(_) => Some((sources.text(name.origin.span), name.origin.span)),
        _ => None,
    });
    names.find(|(name, _)| !name.is_empty())
}
