//! The files of variables that services name, each read once. A file that is not there is a gap, not the end: the other
//! services can still be judged.

use std::collections::BTreeMap;
use std::path::Path;

use crate::node::{Entry, Map, Node, Value};
use crate::project::selection::read_variables;
use crate::project::{Gap, Part, Why};
use crate::refusal::Refusal;
use crate::source::{FileId, Sources, Span};
use crate::variables::dotenv;

pub(super) struct Files<'a> {
    sources: &'a mut Sources,
    gaps: &'a mut Vec<Gap>,
    /// That of the project, from which a path is shown.
    directory: &'a Path,
    /// By path.
    read: BTreeMap<String, FileId>,
    /// Where in `gaps` the one for a path is, written at a place.
    missing: BTreeMap<(Span, String), usize>,
}

impl<'a> Files<'a> {
    pub(super) fn new(sources: &'a mut Sources, gaps: &'a mut Vec<Gap>, directory: &'a Path) -> Self {
        Self { sources, gaps, directory, read: BTreeMap::new(), missing: BTreeMap::new() }
    }

    /// The variables of the file at `path`, in which `value_of` comes before earlier lines; None if it is not there.
    pub(super) fn variables(
        &mut self,
        service: &str,
        path: &Node,
        required: bool,
        key: &str,
        value_of: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Map>, Refusal> {
        if path.value == Value::Unknown {
            self.gap(service, path, format!("which {key} is read is not known"), Why::Unnamed);
        }
        let Some(name) = path.as_text() else { return Ok(None) };
        let file = match self.read.get(name) {
            Some(file) => *file,
            None if !Path::new(name).exists() => {
                if required {
                    // The path is absolute by now, and of one machine only.
                    let file = Path::new(name);
                    let shown = file.strip_prefix(self.directory).ok().or(file.file_name().map(Path::new));
                    let shown = shown.unwrap_or(file).display();
                    self.gap(service, path, format!("the {key} {shown} does not exist"), Why::Absent);
                }
                return Ok(None);
            }
            None => {
                let text = read_variables(Path::new(name))
                    .map_err(|refusal| Refusal { at: refusal.at.or(Some(path.origin.span)), ..refusal })?;
                let file = self.sources.add(name.into(), text);
                self.read.insert(name.to_owned(), file);
                file
            }
        };
        let text = &self.sources.get(file).text;
        let found = dotenv::parse(text, value_of).map_err(|line| line.refusal(file, text))?;
        let entry = |text| Entry { key: path.origin.span, node: Node::text(text, path.origin.span) };
        Ok(Some(found.into_iter().map(|(name, text)| (name, entry(text))).collect()))
    }

    fn gap(&mut self, service: &str, path: &Node, message: String, why: Why) {
        let at = path.origin.span;
        let gap = *self.missing.entry((at, message.clone())).or_insert_with(|| {
            self.gaps.push(Gap { at, message, part: Part::Environment, why, services: Vec::new() });
            self.gaps.len() - 1
        });
        self.gaps[gap].services.push(service.to_owned());
    }
}
