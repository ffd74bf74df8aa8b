//! Findings become changes of the files: only bytes that have to change do, so comments, anchors and formatting stay. What is not
//! safe to change by a program is left to the person.

use std::collections::BTreeMap;

use crate::finding::{Finding, Fix};
use crate::model::{Model, Service};
use crate::node::Via;
use crate::source::{FileId, Sources, Span};

/// These bytes become that text; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    pub at: Span,
    pub text: String,
}

/// The files that change, with their new text.
pub fn fixed(model: &Model<'_>, sources: &Sources, findings: &[Finding]) -> BTreeMap<FileId, String> {
    let mut edits: Vec<Edit> = Vec::new();
    for edit in findings.iter().filter_map(|finding| edit(model, sources, finding)) {
        // One value that several services share is changed once.
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    // Additions at one place keep the order of the findings.
    edits.sort_by_key(|edit| edit.at);
    let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
    // From the end, so that the places before stay true.
    for edit in edits.into_iter().rev() {
        let file = edit.at.file;
        let text = texts.entry(file).or_insert_with(|| sources.get(file).text.clone());
        text.replace_range(edit.at.start as usize..edit.at.end as usize, &edit.text);
    }
    texts
}

/// Whether `fixed` would change something for this finding.
pub fn fixable(model: &Model<'_>, sources: &Sources, finding: &Finding) -> bool {
    edit(model, sources, finding).is_some()
}

fn edit(model: &Model<'_>, sources: &Sources, finding: &Finding) -> Option<Edit> {
    match finding.fix.as_ref()? {
        Fix::Replace(at, text) => {
            // A value with an anchor has other readers.
            let text_before = &sources.get(at.file).text[..at.start as usize];
            let line = text_before.rfind('\n').map_or(0, |at| at + 1);
            let plain = !text_before[line..].contains('&') && !sources.text(*at).contains('\n');
            plain.then(|| Edit { at: *at, text: (*text).to_owned() })
        }
        Fix::Add(lines) => {
            let service = model.services.get(finding.service.as_deref()?)?;
            if is_extended(model, sources, service) { None } else { addition(service, sources, lines) }
        }
    }
}

/// Lines below the service's own `image:` where it has one on a line of its own, else before its first key.
fn addition(service: &Service<'_>, sources: &Sources, lines: &str) -> Option<Edit> {
    let file = service.key.file;
    let text = &sources.get(file).text;
    let map = service.node.as_map()?;
    let is_own = |key: &Span| key.file == file && key.start > service.key.end;
    let first = map.values().map(|entry| entry.key).filter(is_own).min()?;
    let between = &text[service.key.end as usize..first.start as usize];
    // A service in braces, or one with an anchor that others read, is not ours to change.
    let braces = text[first.start as usize..].starts_with('{');
    if braces || !between.contains('\n') || between.contains(['{', '&', '*']) {
        return None;
    }
    let line = text[..first.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line..first.start as usize];
    if !indent.chars().all(|c| c == ' ') {
        return None;
    }
    let added = lines.split(':').next().unwrap_or_default();
    // An override file may have taken away what stands there.
    if block(text, first.start as usize, indent).any(|line| line.trim_start().starts_with(&format!("{added}:"))) {
        return None;
    }
    let image = map.get("image").map(|entry| (entry.key, entry.node.origin.span));
    let image = image.filter(|(key, value)| is_own(key) && value.file == file && key.start < value.start);
    let end = image.and_then(|(_, value)| Some(value.end as usize + text[value.end as usize..].find(['\r', '\n'])?));
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (at, text) = match end {
        Some(end) => (end, lines.lines().map(|line| format!("{newline}{indent}{line}")).collect()),
        None => (first.start as usize, lines.lines().map(|line| format!("{line}{newline}{indent}")).collect()),
    };
    Some(Edit { at: Span::new(file, at, at), text })
}

/// The lines of a mapping from its first key on, as far as they are indented like it or deeper.
fn block<'a>(text: &'a str, first: usize, indent: &'a str) -> impl Iterator<Item = &'a str> {
    let line = text[..first].rfind('\n').map_or(0, |at| at + 1);
    text[line..].lines().take_while(move |line| line.trim().is_empty() || line.starts_with(indent))
}

/// Whether another service extends this one, and would get what is added to it.
fn is_extended(model: &Model<'_>, sources: &Sources, service: &Service<'_>) -> bool {
    let named = |at: Span| sources.text(at).trim_matches(['"', '\'']) == service.name;
    let entries = model.services.values().flat_map(|other| other.node.as_map().into_iter().flatten());
    let mut vias = entries.flat_map(|(_, entry)| &entry.node.origin.via);
    vias.any(|via| matches!(via, Via::Extends(at) if named(*at)))
}

#[cfg(test)]
mod tests {
    use crate::fixture;

    /// What becomes of a file; its own text where nothing changes.
    fn fixed(text: &str) -> String {
        let audit = fixture::audit(text);
        let model = audit.model().expect("the project is one that Compose takes");
        let restart = audit.findings.iter().filter(|finding| finding.rule.id == "restart-missing").cloned();
        let changed = super::fixed(&model, &audit.sources, &restart.collect::<Vec<_>>());
        changed.into_values().next().unwrap_or_else(|| text.to_owned())
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(fixed(text), expected);
        assert_eq!(fixed(expected), expected, "the second time changes nothing");
    }

    #[test]
    fn only_the_bytes_that_must_change_do() {
        check(
            "services:\n  a: # ours\n    # pinned\n    image: x:1 # by hand\n\n    command:   [ run ]\n",
            "services:\n  a: # ours\n    # pinned\n    image: x:1 # by hand\n    restart: unless-stopped\n\n    command:   [ run ]\n",
        );
        check(
            "services:\r\n  a:\r\n    image: x:1\r\n",
            "services:\r\n  a:\r\n    image: x:1\r\n    restart: unless-stopped\r\n",
        );
        check("services:\n  a:\n    build: .\n", "services:\n  a:\n    restart: unless-stopped\n    build: .\n");
    }

    #[test]
    fn what_others_share_or_a_program_cannot_lay_out_is_left_alone() {
        for text in [
            "services:\n  a: {image: 'x:1'}\n",
            "services:\n  a:\n    { image: x:1,\n      command: run }\n",
            "services:\n  a:\n    image: x:1\n  b:\n    extends: a\n    restart: always\n",
            "services:\n  a:\n    image: x:1\n    restart: \"no\" # on purpose\n",
            "services:\n  a:\n    image: x:1\n    profiles: [tools]\n",
            "services:\n  a: &base\n    image: x:1\n  b:\n    <<: *base\n    restart: always\n",
            "x-a: &a\n  restart: \"no\"\nservices:\n  a:\n    image: x:1\n    <<: *a\n",
            "x-no: &no \"no\"\nservices:\n  a:\n    image: x:1\n    restart: *no\n",
        ] {
            assert_eq!(fixed(text), text);
        }
    }
}
