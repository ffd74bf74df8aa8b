//! A list under `depends_on` becomes a mapping, in which each name has its condition: a list has no place for one.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::successors;

use super::Edit;
use crate::model::Service;
use crate::source::{Sources, Span, indentation};

/// The list in which `wanted` stands, written out, so that the service waits until these are `healthy`.
pub(super) fn written_out(
    service: &Service<'_>,
    sources: &Sources,
    wanted: &str,
    healthy: &BTreeSet<&str>,
) -> Option<Vec<Edit>> {
    let names = service.node.get("depends_on")?.as_map()?;
    let place = names.get(wanted)?.key;
    let names: BTreeMap<Span, &str> = names.iter().map(|(name, entry)| (entry.key, name.as_str())).collect();
    let list = List {
        text: &sources.get(place.file).text,
        place,
        entry: &|at: Span| {
            let condition = if healthy.contains(names.get(&at)?) { "service_healthy" } else { "service_started" };
            Some(format!("{}: {{condition: {condition}}}", sources.text(at)))
        },
    };
    list.in_lines().or_else(|| list.in_brackets())
}

struct List<'a> {
    /// Of the file.
    text: &'a str,
    /// One of the names.
    place: Span,
    /// What becomes of the name at a place; None where none is.
    entry: &'a dyn Fn(Span) -> Option<String>,
}

impl List<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.place.file, start, end)
    }

    /// `- name` on lines of their own: each becomes a key, and what stands behind it on the line stays.
    fn in_lines(&self) -> Option<Vec<Edit>> {
        let here = self.text[..self.place.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let indent = indentation(self.line(here));
        let is_entry = |line: &str| indentation(line) == indent && line[indent..].starts_with("- ");
        let belongs = |line: &str| is_entry(line) || line.trim().is_empty() || line.trim().starts_with('#');
        let above = successors(Some(here), |start| self.line_above(*start));
        let first = above.take_while(|start| belongs(self.line(*start))).last()?;
        let key = self.line(self.line_above(first)?);
        if !is_entry(self.line(here)) || !key.trim_start().starts_with("depends_on:") {
            return None;
        }
        // A list may stand as far left as its key, a mapping not.
        let deeper = if indentation(key) == indent { "  " } else { "" };
        let lines = successors(Some(first), |start| self.line_below(*start));
        let lines = lines.take_while(|start| belongs(self.line(*start))).filter(|start| is_entry(self.line(*start)));
        let edit = |start: usize| {
            let dash = start + indent;
            let behind = &self.line(start)[indent + 1..];
            let from = dash + 1 + (behind.len() - behind.trim_start().len());
            let name = behind.trim_start();
            let length = name.find(" #").map_or(name, |comment| &name[..comment]).trim_end().len();
            let text = format!("{deeper}{}", (self.entry)(self.span(from, from + length))?);
            Some(Edit { at: self.span(dash, from + length), text })
        };
        lines.map(edit).collect()
    }

    /// `[name, name]` within one line.
    fn in_brackets(&self) -> Option<Vec<Edit>> {
        let at = self.place.start as usize;
        let (start, end) = (self.text[..at].rfind('[')?, at + self.text[at..].find(']')?);
        let inner = &self.text[start + 1..end];
        if inner.contains(['\n', '#', '{']) {
            return None;
        }
        let mut from = start + 1;
        let mut entries = Vec::new();
        for part in inner.split(',') {
            let name = from + (part.len() - part.trim_start().len());
            entries.push((self.entry)(self.span(name, name + part.trim().len()))?);
            from += part.len() + 1;
        }
        let edit = Edit { at: self.span(start, end + 1), text: format!("{{{}}}", entries.join(", ")) };
        Some(vec![edit])
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
