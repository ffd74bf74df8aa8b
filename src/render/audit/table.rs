//! Findings as a compiler shows them: the line, a caret under the value, what happens in production, what to write
//! instead. At most ten, the worst first, and a count of all.

use std::collections::{BTreeMap, BTreeSet};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use feedctl_checks::speech;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::fix;
use feedctl_compose::source::{FileId, Sources, Span};

use crate::exit::Exit;
use crate::mask::masked;
use crate::render::audit::{Run, counted};
use crate::screen::Screen;

/// What a person can take in at once.
const SHOWN: usize = 10;

/// How many others of the same kind are named.
const NAMED: usize = 4;

pub(super) fn write(run: &Run<'_>, screen: Screen) -> String {
    let renderer = if screen.rich { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(if screen.rich { DecorStyle::Unicode } else { DecorStyle::Ascii });
    let model = run.audit.model();
    let masked: BTreeMap<FileId, String> =
        run.audit.sources.iter().map(|(file, source)| (file, masked(&source.text))).collect();
    let mut text = String::new();
    let mut told = 0;
    let mut errors = 0;
    for (finding, others) in folded(&run.audit.findings).iter().take(SHOWN) {
        let fixable = model.as_ref().is_some_and(|model| fix::fixable(model, &run.audit.sources, finding));
        text += &diagnostic(finding, others, fixable, (&run.audit.sources, &masked), &renderer);
        text += "\n\n";
        told += 1 + others.len();
        errors += usize::from(finding.severity == Severity::Error);
    }
    let hidden = run.audit.findings.len() - told;
    if hidden > 0 {
        let errors = run.audit.findings.iter().filter(|finding| finding.severity == Severity::Error).count() - errors;
        let errors =
            if errors > 0 { format!(", {} of them errors", speech::count(errors as u64)) } else { String::new() };
        text += &format!("{} more{errors}: `--format markdown` has all\n", speech::count(hidden as u64));
    }
    text + &tail(run, screen) + "\n"
}

/// Every error for itself; the warnings of one rule together, behind the first.
fn folded(findings: &[Finding]) -> Vec<(&Finding, Vec<&Finding>)> {
    let mut folded: Vec<(&Finding, Vec<&Finding>)> = Vec::new();
    let mut first_of: BTreeMap<(&str, Certainty), usize> = BTreeMap::new();
    for finding in findings {
        let kind = (finding.rule.id, finding.certainty);
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
fn also(others: &[&Finding], sources: &Sources) -> String {
    let place = |finding: &&Finding| {
        let place = finding.at.map(|at| sources.place(at));
        let place = place.map(|place| format!("{}:{}", place.path.display(), place.line)).unwrap_or_default();
        finding.service.as_ref().map_or(place.clone(), |service| format!("{service} ({place})"))
    };
    let named = others.iter().take(NAMED).map(place).collect::<Vec<_>>().join(", ");
    match others.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn diagnostic(
    finding: &Finding,
    others: &[&Finding],
    fixable: bool,
    (sources, masked): (&Sources, &BTreeMap<FileId, String>),
    renderer: &Renderer,
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
        let source = sources.get(file);
        let annotations = here.map(|(at, kind, label)| mark(*at, *kind, label, sources));
        let snippet = Snippet::source(&*masked[&file]).path(source.path.display().to_string());
        group = group.element(snippet.annotations(annotations));
    }
    let by_program = if fixable { "   (feedctl audit-compose --fix does it)" } else { "" };
    let remedy = format!("{}{by_program}", finding.remedy);
    let also = also(others, sources);
    let otherwise = finding.otherwise.as_deref().unwrap_or_default();
    let notes = [("also", &*also), ("seen", &finding.consequence), ("fix", &remedy), ("or", otherwise)].into_iter();
    for (name, text) in notes.filter(|(_, text)| !text.is_empty()) {
        group = group.element(Level::NOTE.with_name(name).message(text.to_owned()));
    }
    renderer.render(&[group])
}

/// A value that spans lines is marked on its first line only.
fn mark<'a>(at: Span, kind: AnnotationKind, label: &'a str, sources: &Sources) -> Annotation<'a> {
    let text = sources.text(at);
    let line = text.find(['\n', '\r']).unwrap_or(text.len());
    let start = at.start as usize;
    kind.span(start..start + line).label(label)
}

/// The count of all, how long it took, and the exit code unless it is 0.
fn tail(run: &Run<'_>, screen: Screen) -> String {
    let mut parts = vec![counted(run), format!("{} ms", run.took.as_millis())];
    if run.exit != Exit::Passed {
        parts.push(format!("exit {}", run.exit.code()));
    }
    parts.join(if screen.rich { " · " } else { "; " })
}
