//! Findings as a compiler shows them: the line, a caret under the value, what happens in production, what to write
//! instead. At most ten, the worst first, and a count of all.

use std::collections::{BTreeMap, BTreeSet};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use comfy_table::{ContentArrangement, Table};
use feedctl_checks::speech;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::fix::Layout;
use feedctl_compose::model::Model;
use feedctl_compose::source::{FileId, Source, Sources, Span};

use crate::exit::Exit;
use crate::mask::{masked, masked_variables};
use crate::render::audit::{View, secrets};
use crate::render::table::visible::{moves_or_hides, visible};
use crate::screen::Screen;

/// What a person can take in at once.
const SHOWN: usize = 10;

/// How many others of the same kind are named.
const NAMED: usize = 4;

/// The least that a note is wrapped at, on however narrow a terminal.
const NARROWEST: u16 = 20;

pub(super) fn write(view: &View<'_>, screen: Screen) -> String {
    let renderer = if screen.rich { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(if screen.rich { DecorStyle::Unicode } else { DecorStyle::Ascii });
    let model = view.run.audit.model();
    let folded = folded(&view.findings);
    let shown = &folded[..folded.len().min(SHOWN)];
    let findings = || shown.iter().map(|(finding, _)| *finding);
    let excerpts = Excerpts::of(findings(), view);
    let layout = model.as_ref().map(|model| Layout::of(model, &view.run.audit.sources, findings()));
    let mut text = String::new();
    let mut told = 0;
    let mut errors = 0;
    for (finding, others) in shown {
        let notes = notes(finding, others, view, model.as_ref(), layout.as_ref());
        text += &diagnostic(finding, &notes, &excerpts, &renderer, screen);
        text += "\n\n";
        told += 1 + others.len();
        errors += usize::from(finding.severity == Severity::Error);
    }
    let hidden = view.findings.len() - told;
    if hidden > 0 {
        let errors = view.findings.iter().filter(|finding| finding.severity == Severity::Error).count() - errors;
        let errors =
            if errors > 0 { format!(", {} of them errors", speech::count(errors as u64)) } else { String::new() };
        text += &format!("{} more{errors}: `--format markdown` has all\n", speech::count(hidden as u64));
    }
    text + &lacking(view) + &tail(view, screen) + "\n"
}

/// Every error for itself; the warnings of one rule together, behind the first.
fn folded(findings: &[Finding]) -> Vec<(&Finding, Vec<&Finding>)> {
    let mut folded: Vec<(&Finding, Vec<&Finding>)> = Vec::new();
    let mut first_of: BTreeMap<(&str, Certainty, Severity), usize> = BTreeMap::new();
    for finding in findings {
        let kind = (finding.rule.id, finding.certainty, finding.severity);
        match first_of.get(&kind).filter(|_| finding.severity == Severity::Warn) {
            Some(first) => folded[*first].1.push(finding),
            None => {
                first_of.insert(kind, folded.len());
                folded.push((finding, Vec::new()));
            }
        }
    }
    folded
}

/// The others, each with its place: `redis (compose.yaml:12), archiver (compose.yaml:31)`.
fn also(others: &[&Finding], view: &View<'_>) -> String {
    let place = |finding: &&Finding| {
        let place = finding.at.map(|at| view.place(at));
        let place = place.map(|place| format!("{}:{}", visible(&place.path), place.line)).unwrap_or_default();
        finding.service.as_ref().map_or(place.clone(), |service| format!("{service} ({place})"))
    };
    let named = others.iter().take(NAMED).map(place).collect::<Vec<_>>().join(", ");
    match others.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The lines below the excerpt, each with its first word; an empty one is not shown.
fn notes(
    finding: &Finding,
    others: &[&Finding],
    view: &View<'_>,
    model: Option<&Model<'_>>,
    layout: Option<&Layout<'_>>,
) -> [(&'static str, String); 5] {
    let fixable = layout.is_some_and(|layout| layout.holds(finding));
    let by_program = if fixable { "   (feedctl audit-compose --fix does it)" } else { "" };
    let service = || model?.services.get(finding.service.as_deref()?);
    let profiles = service().map(|service| &*service.profiles).unwrap_or_default();
    let profiles: Vec<String> =
        profiles.iter().map(|profile| format!("`{}`", visible(&view.masks.hide(profile)))).collect();
    [
        ("also", also(others, view)),
        (
            "note",
            if profiles.is_empty() { String::new() } else { format!("only with profile {}", profiles.join(" or ")) },
        ),
        ("seen", finding.consequence.clone()),
        ("fix", format!("{}{by_program}", finding.remedy)),
        ("or", finding.otherwise.clone().unwrap_or_default()),
    ]
}

fn diagnostic(
    finding: &Finding,
    notes: &[(&'static str, String)],
    excerpts: &Excerpts<'_>,
    renderer: &Renderer,
    screen: Screen,
) -> String {
    let level = match (finding.certainty, finding.severity) {
        (Certainty::Unresolved, _) => Level::WARNING.with_name("unresolved"),
        (Certainty::Seen, Severity::Error) => Level::ERROR,
        (Certainty::Seen, Severity::Warn) => Level::WARNING.with_name("warn"),
    };
    let mut group = Group::with_title(level.primary_title(&finding.message).id(finding.rule.id));
    let places = finding.at.iter().map(|at| (*at, AnnotationKind::Primary, finding.label.as_str()));
    let related = finding.related.iter().map(|(at, label)| (*at, AnnotationKind::Context, label.as_str()));
    let places: Vec<_> = places.chain(related).collect();
    for file in places.iter().map(|(at, ..)| at.file).collect::<BTreeSet<_>>() {
        let here = places.iter().filter(|(at, ..)| at.file == file);
        let annotations = here.map(|(at, kind, label)| mark(*at, *kind, label, excerpts.sources));
        let (path, text) = &excerpts.files[&file];
        group = group.element(Snippet::source(text).path(path).annotations(annotations));
    }
    // Notes stand behind the number of the lowest line that is shown, ` = `, their name and `: `.
    let last = places.iter().map(|(at, ..)| excerpts.sources.place(*at).line).max().unwrap_or_default();
    for (name, text) in notes.iter().filter(|(_, text)| !text.is_empty()) {
        let before = last.to_string().len() + 3 + name.len() + 2;
        group = group.element(Level::NOTE.with_name(*name).message(wrapped(text, before, screen)));
    }
    renderer.render(&[group])
}

/// `text` in lines that fit behind `before` columns; as it is in a pipe, where one fact is one line.
fn wrapped(text: &str, before: usize, screen: Screen) -> String {
    let Some(width) = screen.width else { return text.to_owned() };
    let room = width.saturating_sub(u16::try_from(before).unwrap_or(u16::MAX)).max(NARROWEST);
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(room);
    table.add_row([text]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    table.trim_fmt()
}

/// The files with a place that is shown, fit to be shown, with every byte in its place.
struct Excerpts<'a> {
    sources: &'a Sources,
    files: BTreeMap<FileId, (String, String)>,
}

impl<'a> Excerpts<'a> {
    fn of<'f>(findings: impl Iterator<Item = &'f Finding>, view: &View<'a>) -> Self {
        let sources = &view.run.audit.sources;
        let places =
            findings.flat_map(|finding| finding.at.into_iter().chain(finding.related.iter().map(|(at, _)| *at)));
        let files: BTreeMap<FileId, Span> = places.map(|at| (at.file, at)).collect();
        let file = |(file, at)| (file, (visible(&view.place(at).path), excerpt(sources.get(file), view)));
        Self { sources, files: files.into_iter().map(file).collect() }
    }
}

fn excerpt(source: &Source, view: &View<'_>) -> String {
    let variables = secrets::is_variables(&source.path, view.run.audit, &view.files);
    let text = if variables { masked_variables(&source.text) } else { masked(&source.text) };
    if !text.contains(|c: char| c == '\r' || c.len_utf8() > 1 && moves_or_hides(c)) {
        return view.masks.hide_in_place(&text);
    }
    let mut characters = text.chars().peekable();
    let mut excerpt = String::with_capacity(text.len());
    while let Some(c) = characters.next() {
        excerpt.push(match c {
            // It ends a line for Compose, and nothing for whoever draws the excerpt.
            '\r' if characters.peek() != Some(&'\n') => '\n',
            c if !moves_or_hides(c) => c,
            // The three lengths of such a character. The short ones are drawn as pictures.
            c if c.len_utf8() == 1 => c,
            c if c.len_utf8() == 2 => '¿',
            _ => char::REPLACEMENT_CHARACTER,
        });
    }
    view.masks.hide_in_place(&excerpt)
}

/// A value that spans lines is marked on its first line only.
fn mark<'a>(at: Span, kind: AnnotationKind, label: &'a str, sources: &Sources) -> Annotation<'a> {
    let text = sources.text(at);
    let line = text.find(['\n', '\r']).unwrap_or(text.len());
    let start = at.start as usize;
    kind.span(start..start + line).label(label)
}

/// The variables that must have a value before Compose takes the project. In CI there is rarely one, so this is no finding.
fn lacking(view: &View<'_>) -> String {
    let lacking = view.run.audit.project.iter().flat_map(|project| &project.lacking);
    let names: BTreeSet<&String> = lacking.flat_map(|lacking| &lacking.variables).collect();
    let named: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{}`", visible(name))).collect();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match named.as_slice() {
        [] => String::new(),
        named => format!("no value here for {}{more}, which Compose insists on\n", named.join(", ")),
    }
}

/// The count of all, how long it took, and the exit code unless it is 0.
fn tail(view: &View<'_>, screen: Screen) -> String {
    let mut parts = vec![view.counted(), format!("{} ms", view.run.took.as_millis())];
    if view.run.exit != Exit::Passed {
        parts.push(format!("exit {}", view.run.exit.code()));
    }
    parts.join(if screen.rich { " · " } else { "; " })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_wrapped_on_a_terminal_between_words_and_by_display_width() {
        let check = |text: &str, width: Option<u16>, expected: &str| {
            assert_eq!(wrapped(text, 10, Screen { rich: false, width }), expected, "{width:?}");
        };
        let note = "a process that hangs looks like one that works";
        check(note, None, note);
        check(note, Some(80), note);
        check(note, Some(36), "a process that hangs looks\nlike one that works");
        check("수집기가 멈추면 아무도 모른다", Some(30), "수집기가 멈추면\n아무도 모른다");
        check(note, Some(1), "a process that hangs\nlooks like one that\nworks");
    }
}
