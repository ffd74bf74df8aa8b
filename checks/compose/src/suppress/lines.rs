//! The lines of a file, and what of them a comment holds for: by how they are indented, for a comment is in no tree.

use std::collections::BTreeMap;

use crate::source::{Span, indentation};

/// The lines of a file, looked at once, however many comments are in it.
pub(super) struct Lines<'t> {
    /// Each with the byte at which it begins.
    all: Vec<(usize, &'t str)>,
    /// Which of them have a value.
    values: Vec<usize>,
    /// The byte before which there are only comments.
    first_key: usize,
    /// The blocks that are known already: by their first line, the byte behind their last one.
    blocks: BTreeMap<usize, usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        // What ends a line, for Compose too. Between the two of one end lies an empty line, which changes nothing.
        let lines = text.split_inclusive(['\n', '\r']).scan(0, |at, line| {
            let begin = *at;
            *at += line.len();
            Some((begin, line))
        });
        let all: Vec<(usize, &str)> = lines.collect();
        let is_key = |line: &str| has_value(line) && !line.starts_with("---") && !line.starts_with('%');
        let first_key = all.iter().find(|(_, line)| is_key(line.trim_start_matches('\u{feff}')));
        let first_key = first_key.map_or(text.len(), |(at, _)| *at);
        let values = (0..all.len()).filter(|line| has_value(all[*line].1)).collect();
        Self { all, values, first_key, blocks: BTreeMap::new() }
    }

    /// The line of the comment, or the next one that is neither empty nor a comment, with the lines indented below it; the
    /// whole file where nothing stands before the comment.
    pub(super) fn covered(&mut self, comment: Span) -> Span {
        let at = comment.start as usize;
        let line = self.all.partition_point(|(start, _)| *start <= at) - 1;
        let (start, text) = self.all[line];
        let alone = text[..at - start].trim_start_matches('\u{feff}').trim().is_empty();
        let end = self.all.last().map_or(0, |(start, text)| start + text.len());
        if alone && at <= self.first_key {
            return Span::new(comment.file, 0, end);
        }
        let from = line + usize::from(alone);
        let Some(first) = self.values.get(self.values.partition_point(|line| *line < from)) else {
            return Span::new(comment.file, start, end);
        };
        let first = *first;
        let end = *self.blocks.entry(first).or_insert_with(|| block(&self.all[first..]));
        Span::new(comment.file, self.all[first].0, end)
    }
}

/// The byte behind the last of the lines that belong to the first.
fn block(lines: &[(usize, &str)]) -> usize {
    let (start, first) = lines[0];
    // The list of a key may stand as far left as the key, behind which an anchor or a tag is no value.
    let mut words = first.split(" #").next().unwrap_or_default().split_whitespace();
    let is_list = words.rfind(|word| !word.starts_with(['&', '!'])).is_some_and(|key| key.ends_with(':'));
    let is_entry =
        |line: &str| line.trim_start().strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let belongs = |line: &str| {
        let entry = is_list && indentation(line) == indentation(first) && is_entry(line);
        indentation(line) > indentation(first) || entry
    };
    let inside = lines[1..].iter().take_while(|(_, line)| !has_value(line) || belongs(line));
    inside.last().map_or(start + first.len(), |(at, line)| at + line.len())
}

/// Whether it is neither empty nor a comment.
fn has_value(line: &str) -> bool {
    !matches!(line.trim().chars().next(), None | Some('#'))
}
