//! A list under `depends_on` becomes a mapping, in which each name has its condition: a list has no place for one.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::successors;

use super::Edit;
use crate::model::Service;
use crate::node::Node;
use crate::source::{Sources, Span, indentation};

/// What becomes of a list.
pub(super) struct Mapping<'a> {
    /// Who stands in it.
    pub(super) names: BTreeSet<&'a str>,
    pub(super) edits: Vec<Edit>,
}

/// The lists in which these stand, written out so that the service waits until they are `healthy`.
pub(super) fn written_out<'a>(service: &Service<'a>, sources: &Sources, healthy: &BTreeSet<&str>) -> Vec<Mapping<'a>> {
    let names = service.node.get("depends_on").and_then(Node::as_map).into_iter().flatten();
    let names: BTreeMap<Span, &str> = names.map(|(name, entry)| (entry.key, name.as_str())).collect();
    let mut written: Vec<Mapping<'a>> = Vec::new();
    for first in names.keys() {
        let last = written.last().and_then(|list| list.edits.last());
        if last.is_none_or(|last| last.at.file != first.file || last.at.end <= first.start) {
            let list = List { text: &sources.get(first.file).text, first: *first, names: &names, healthy };
            written.extend(list.in_brackets().or_else(|| list.in_lines()));
        }
    }
    written.retain(|list| list.names.iter().any(|name| healthy.contains(name)));
    written
}

struct List<'l, 'a> {
    /// Of the file.
    text: &'l str,
    /// Its first name, or one that is not the first: then it is no list to be written out.
    first: Span,
    names: &'l BTreeMap<Span, &'a str>,
    healthy: &'l BTreeSet<&'l str>,
}

impl<'a> List<'_, 'a> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.first.file, start, end)
    }

    /// The name at a place, and what becomes of it.
    fn entry(&self, start: usize, end: usize) -> Option<(&'a str, String)> {
        let name = *self.names.get(&self.span(start, end))?;
        let condition = if self.healthy.contains(name) { "service_healthy" } else { "service_started" };
        Some((name, format!("{}: {{condition: {condition}}}", &self.text[start..end])))
    }

    /// `- name` on lines of their own: each becomes a key, and what stands behind it on the line stays.
    fn in_lines(&self) -> Option<Mapping<'a>> {
        let before = self.text[..self.first.start as usize].trim_end_matches(' ').strip_suffix('-')?;
        let here = before.rfind('\n').map_or(0, |at| at + 1);
        let indent = indentation(self.line(here));
        let is_entry = |line: &str| indentation(line) == indent && line[indent..].starts_with("- ");
        let is_between = |line: &str| line.trim().is_empty() || line.trim().starts_with('#');
        let mut above =
            successors(self.line_above(here), |start| self.line_above(*start)).map(|start| self.line(start));
        let key = above.find(|line| !is_between(line))?;
        if !is_entry(self.line(here)) || !key.trim_start().starts_with("depends_on:") {
            return None;
        }
        // A list may stand as far left as its key, a mapping not.
        let deeper = if indentation(key) == indent { "  " } else { "" };
        let lines = successors(Some(here), |start| self.line_below(*start));
        let lines = lines.take_while(|start| is_entry(self.line(*start)) || is_between(self.line(*start)));
        let written = |start: usize| {
            let dash = start + indent;
            let behind = &self.line(start)[indent + 1..];
            let from = dash + 1 + (behind.len() - behind.trim_start().len());
            let name = behind.trim_start();
            let length = name.find(" #").map_or(name, |comment| &name[..comment]).trim_end().len();
            let (name, text) = self.entry(from, from + length)?;
            Some((name, Edit { at: self.span(dash, from + length), text: format!("{deeper}{text}") }))
        };
        let written: Option<Vec<_>> = lines.filter(|start| is_entry(self.line(*start))).map(written).collect();
        let (names, edits) = written?.into_iter().unzip();
        Some(Mapping { names, edits })
    }

    /// `[name, name]` within one line.
    fn in_brackets(&self) -> Option<Mapping<'a>> {
        let at = self.first.start as usize;
        let mut from = self.text[..at].trim_end_matches(' ').strip_suffix('[')?.len() + 1;
        let (start, end) = (from - 1, at + self.text[at..].find(']')?);
        let inner = &self.text[from..end];
        if inner.contains(['\n', '#', '{']) {
            return None;
        }
        let mut entries = Vec::new();
        for part in inner.split(',') {
            let name = from + (part.len() - part.trim_start().len());
            entries.push(self.entry(name, name + part.trim().len())?);
            from += part.len() + 1;
        }
        let (names, entries): (_, Vec<String>) = entries.into_iter().unzip();
        let edit = Edit { at: self.span(start, end + 1), text: format!("{{{}}}", entries.join(", ")) };
        Some(Mapping { names, edits: vec![edit] })
    }

    /// The line that begins at a byte, without its end.
    fn line(&self, start: usize) -> &str {
        self.text[start..].split(['\r', '\n']).next().unwrap_or_default()
    }

    fn line_above(&self, start: usize) -> Option<usize> {
        let end = start.checked_sub(1)?;
        Some(self.text[..end].rfind('\n').map_or(0, |at| at + 1))
    }

    fn line_below(&self, start: usize) -> Option<usize> {
        let next = start + self.text[start..].find('\n')? + 1;
        (next < self.text.len()).then_some(next)
    }
}
