//! A Compose project: which files it is made of, and what Compose makes of their sum.
//!
//! Per document of a file, in Compose's order: interpolate → extends → `!reset` and `!override` on what was merged so far → include → merge → fold doubles → shape →
//! canonical form → fold doubles. At the end: defaults, paths, consistency.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::node::{Node, Value};
use crate::refusal::Refusal;
use crate::source::{Sources, Span};

use self::layers::{File, Loader};
use self::scope::Scope;
use self::selection::Selection;

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
mod testing;
mod unique;

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
}

#[derive(Debug)]
pub struct Project {
    pub name: String,
    pub directory: PathBuf,
    /// The top-level files, in order; extended and included ones stand in the sources only.
    pub files: Vec<PathBuf>,
    /// `services`, `volumes`, `networks`, … merged and in canonical form, every service whatever its profile.
    pub root: Node,
    /// What could not be resolved. Compose refuses each.
    pub gaps: Vec<Gap>,
    /// The profiles that the environment activates (`COMPOSE_PROFILES`).
    pub profiles: BTreeSet<String>,
    /// The environment in which `${…}` was read: shell over `.env`.
    pub environment: BTreeMap<String, String>,
}

/// A file that is not there, so that a part of the project is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub at: Span,
    pub message: String,
    pub part: Part,
    /// The services that it reaches into; empty where it may be any.
    pub services: Vec<String>,
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

/// Reads the project as Compose does. What Compose refuses is refused, but for a file that is not there: that is a gap, and the
/// rest is read without it.
pub fn load(request: &Request, sources: &mut Sources) -> Result<Project, Refusal> {
    let Selection { files, directory, mut environment, mut profiles } = selection::select(request, sources)?;
    profiles.extend(request.profiles.iter().cloned());
    let mut loader = Loader::new(sources, &request.working_folder);
    let mut read = Vec::new();
    for file in &files {
        read.push(loader.read(&scope::join(&request.working_folder, file), None)?);
    }
    let written = written_name(&read, loader.sources);
    let name = selection::project_name(request, &environment, written, &directory)?;
    environment.insert("COMPOSE_PROJECT_NAME".to_owned(), name.clone());
    let scope = Scope::top(directory, environment);
    let root = loader.project(&scope, read)?;
    let named = || files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" and ");
    let empty = || Refusal::nowhere(format!("nothing is in {}", named())).hint("write `services:` and the services");
    let mut root = root.filter(|root| root.as_map().is_some_and(|map| !map.is_empty())).ok_or_else(empty)?;
    let mut gaps = loader.gaps;
    let Scope { directory, environment, .. } = scope;
    normal::normalize(&mut root, &name, &directory, &environment, sources, &mut gaps)?;
    match consistency::check(&root) {
        // What is missing may be what lies in the gap.
        Err(_) if !gaps.is_empty() => {}
        checked => checked?,
    }
    Ok(Project { name, directory, files, root, gaps, profiles, environment })
}

/// The last `name:` that is not empty, as it is written: Compose reads it on its own, so that a date stays a text.
fn written_name<'a>(files: &'a [File], sources: &'a Sources) -> Option<&'a str> {
    let documents = files.iter().rev().flat_map(|file| file.documents.iter().rev());
    let names = documents.filter_map(|document| document.root.as_ref()?.get("name"));
    let mut names = names.filter_map(|name| match &name.value {
        Value::Text(text) => Some(text.as_str()),
        Value::Time(_) => Some(sources.text(name.origin.span)),
        _ => None,
    });
    names.find(|name| !name.is_empty())
}
