//! Lays the documents of the files of one project over each other. Called for the top project and for each included one;
//! [`Loader`] is what all of them share, [`Scope`] what each has of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::document::{self, Budget, Document, Edit};
use crate::node::{Node, Value};
use crate::project::edits::Edits;
use crate::project::scope::{self, Scope};
use crate::project::unknown::Unknown;
use crate::project::{
    Gap, Part, Request, Why, canonical, copy, extends, include, interpolate, merge, normal, selection, shape, unique,
};
use crate::refusal::Refusal;
use crate::source::{FileId, Sources, Span};

/// More than any project of people has; fewer than a bomb of includes would read.
const READS: usize = 10_000;

/// Each document makes us walk all that was merged before: so many nodes are seconds.
const WALKED: usize = 5_000_000;

pub(super) struct Loader<'a> {
    pub(super) sources: &'a mut Sources,
    /// Files below it are shown relative to it.
    pub(super) working_folder: &'a Path,
    /// What files say instead of what stands on the disk.
    texts: &'a BTreeMap<PathBuf, String>,
    pub(super) gaps: Vec<Gap>,
    pub(super) edits: Vec<Edit>,
    pub(super) unknown: &'a mut Unknown,
    budget: Budget,
    /// Files that may still be read.
    reads: usize,
    /// Nodes that may still be walked.
    walked: usize,
}

pub(super) struct File {
    /// Absolute.
    pub(super) path: PathBuf,
    pub(super) documents: Vec<Document>,
    id: FileId,
}

/// A document that is a mapping.
pub(super) struct Whole {
    pub(super) root: Node,
    pub(super) edits: Edits,
}

impl<'a> Loader<'a> {
    pub(super) fn new(sources: &'a mut Sources, request: &'a Request, unknown: &'a mut Unknown) -> Self {
        Self {
            sources,
            working_folder: &request.working_folder,
            texts: &request.texts,
            gaps: Vec::new(),
            edits: Vec::new(),
            unknown,
            budget: Budget::default(),
            reads: READS,
            walked: WALKED,
        }
    }

    /// The top-level files of a project.
    pub(super) fn read_all(&mut self, files: &[PathBuf]) -> Result<Vec<File>, Refusal> {
        files.iter().map(|file| self.read(&scope::join(self.working_folder, file), None)).collect()
    }

    /// The file at an absolute path that `at` names.
    pub(super) fn read(&mut self, path: &Path, at: Option<Span>) -> Result<File, Refusal> {
        let left = self.reads.checked_sub(1);
        self.reads = left.ok_or_else(|| Refusal::limit(at, format!("more than {READS} files would be read")))?;
        let read = || selection::read(path).map_err(|refusal| Refusal { at: refusal.at.or(at), ..refusal });
        let text = self.texts.get(path).cloned().map_or_else(read, Ok)?;
        let id = self.add(path, text);
        let documents = document::parse(id, &self.sources.get(id).text, &mut self.budget)?;
        Ok(File { path: path.to_owned(), documents, id })
    }

    /// Keeps a text that was read, under the path that people know.
    pub(super) fn add(&mut self, path: &Path, text: String) -> FileId {
        let shown = path.strip_prefix(self.working_folder).unwrap_or(path);
        self.sources.add(shown.to_owned(), text)
    }

    /// Whether the file is there; if not, there is a gap that may reach any service, and `what` is not known.
    pub(super) fn there(&mut self, path: &Path, at: Span, what: &str) -> bool {
        let there = !missing(path);
        if !there {
            let (absent, why) = self.absent(at);
            let message = format!("{absent}, so {what} not known");
            self.gaps.push(Gap { at, message, part: Part::Project, why, services: Vec::new() });
        }
        there
    }

    /// What is the matter with a file that is not there.
    pub(super) fn absent(&self, at: Span) -> (String, Why) {
        let path = self.written(at);
        match normal::is_remote(&path) {
            true => (format!("{path} is not fetched here"), Why::Remote),
            false => (format!("{path} does not exist"), Why::Absent),
        }
    }

    /// A path as the file has it: joined it is one of this machine, and a variable in it may be nobody's to show.
    fn written(&self, at: Span) -> String {
        self.sources.text(at).trim_matches(['"', '\'']).to_owned()
    }

    /// The same nodes once more, as `at` wants it.
    pub(super) fn copy(&mut self, node: &Node, at: Span) -> Result<Node, Refusal> {
        let left = self.budget.nodes.checked_sub(copy::size(node));
        let too_large = || Refusal::limit(Some(at), "with this written out, the project would be too large");
        self.budget.nodes = left.ok_or_else(too_large)?;
        Ok(node.clone())
    }

    /// Every document of every file, in order; None where there is none.
    pub(super) fn project(&mut self, scope: &Scope, files: Vec<File>) -> Result<Option<Node>, Refusal> {
        let mut merged = None;
        for File { path, documents, id } in files {
            for document in documents {
                self.edits.extend(document.edits.iter().cloned());
                let document = whole(document, id)?;
                let at = document.root.origin.span;
                let root = self.document(scope, &path, document, merged)?;
                let left = self.walked.checked_sub(copy::size(&root));
                let too_many =
                    || Refusal::limit(Some(at), "so many documents over so large a project would take too long");
                self.walked = left.ok_or_else(too_many)?;
                merged = Some(root);
            }
        }
        Ok(merged)
    }

    fn document(&mut self, scope: &Scope, path: &Path, document: Whole, below: Option<Node>) -> Result<Node, Refusal> {
        let Whole { mut root, edits } = document;
        interpolate::interpolate(&mut root, &scope.environment, self.unknown)?;
        let edits = extends::apply(self, scope, path, &mut root, edits)?;
        include::apply(self, scope, path, &mut root)?;
        let mut root = lay(root, &edits, below)?;
        shape::check(&root)?;
        if let Value::Map(map) = &mut root.value {
            map.remove("version");
        }
        canonical::canonical(&mut root)?;
        unique::omit_empty(&mut root);
        unique::fold(&mut root)?;
        Ok(root)
    }

    /// A file that a service extends, with the edits of its last document; None where it is empty. Compose checks no shape
    /// here: only the service that comes out of it has one.
    pub(super) fn extended(&mut self, scope: &Scope, file: File) -> Result<Option<Whole>, Refusal> {
        let mut merged: Option<Whole> = None;
        for document in file.documents {
            let Whole { mut root, edits } = whole(document, file.id)?;
            interpolate::interpolate(&mut root, &scope.environment, self.unknown)?;
            let mut root = lay(root, &edits, merged.map(|below| below.root))?;
            canonical::canonical(&mut root)?;
            unique::fold(&mut root)?;
            merged = Some(Whole { root, edits });
        }
        Ok(merged)
    }
}

/// Nothing has this name; what cannot be looked at is there.
pub(super) fn missing(path: &Path) -> bool {
    std::fs::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

fn lay(root: Node, edits: &Edits, below: Option<Node>) -> Result<Node, Refusal> {
    let mut root = match below {
        Some(mut below) => {
            edits.apply(&mut below);
            merge::merge(below, root)?
        }
        None => root,
    };
    unique::fold(&mut root)?;
    Ok(root)
}

fn whole(document: Document, file: FileId) -> Result<Whole, Refusal> {
    match document.root {
        Some(root) if root.as_map().is_some() => Ok(Whole { root, edits: Edits::new(&document.edits) }),
        other => {
            let at = other.map_or(Span::new(file, 0, 0), |root| root.origin.span);
            let message = "a compose file is a mapping, in each of its documents";
            Err(Refusal::at(at, message).hint("it begins with `services:`"))
        }
    }
}
