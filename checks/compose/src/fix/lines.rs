//! Lines that a service gets, among its own keys and indented like them.

use super::Edit;
use crate::model::Service;
use crate::source::{Sources, Span};

/// Below the service's own `image:` where it has one on a line of its own, else below its name.
pub(super) fn addition(service: &Service<'_>, sources: &Sources, lines: &str) -> Option<Edit> {
    let file = service.key.file;
    let text = &sources.get(file).text;
    let map = service.node.as_map()?;
    let is_own = |key: &Span| key.file == file && key.start > service.key.end;
    let first = map.values().map(|entry| entry.key).filter(is_own).min()?;
    let between = &text[service.key.end as usize..first.start as usize];
    // A service in braces is not ours to lay out.
    let braces = text[first.start as usize..].starts_with('{');
    let beside = between.lines().next().and_then(|line| line.split(" #").next()).unwrap_or_default();
    if braces || !between.contains('\n') || beside.contains(['{', '*']) {
        return None;
    }
    let line = text[..first.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line..first.start as usize];
    if !indent.chars().all(|c| c == ' ') {
        return None;
    }
    let added = lines.split(':').next().unwrap_or_default();
    // An override file may have taken away what stands there.
    let is_it = |line: &str| line.strip_prefix(indent).is_some_and(|key| key.starts_with(&format!("{added}:")));
    if block(text, first.start as usize, indent).any(is_it) {
        return None;
    }
    let image = map.get("image").map(|entry| (entry.key, entry.node.origin.span));
    let image = image.filter(|(key, value)| is_own(key) && value.file == file && key.start < value.start);
    let above = image.map_or(service.key, |(_, value)| value).end as usize;
    let at = text[above..].find(['\r', '\n']).map_or(text.len(), |length| above + length);
    let newline = if between.contains("\r\n") { "\r\n" } else { "\n" };
    let text = lines.lines().map(|line| format!("{newline}{indent}{line}")).collect();
    Some(Edit { at: Span::new(file, at, at), text })
}

/// The lines of a mapping from its first key on, as far as they are indented like it or deeper.
fn block<'a>(text: &'a str, first: usize, indent: &'a str) -> impl Iterator<Item = &'a str> {
    let line = text[..first].rfind('\n').map_or(0, |at| at + 1);
    text[line..].lines().take_while(move |line| line.trim().is_empty() || line.starts_with(indent))
}
