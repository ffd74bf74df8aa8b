//! Workflow commands of GitHub Actions: an annotation at the line. GitHub shows ten of a kind in one step, so the rest is folded into
//! one notice.
//!
//! Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions

use feedctl_compose::finding::{Certainty, Finding, Severity};

use crate::exit::Exit;
use crate::render::audit::View;
use crate::render::table::visible::visible;

/// Of each kind; what GitHub shows.
const SHOWN: usize = 10;

pub(super) fn write(view: &View<'_>) -> String {
    let mut text = String::new();
    let mut hidden = 0;
    for kind in ["error", "warning"] {
        let findings: Vec<&Finding> =
            view.findings.iter().filter(|finding| self::kind(finding, view.run.exit) == kind).collect();
        text.extend(findings.iter().take(SHOWN).map(|finding| annotation(view, kind, finding)));
        hidden += findings.len().saturating_sub(SHOWN);
    }
    let rest = if hidden > 0 { format!("; {hidden} of them not shown here") } else { String::new() };
    text + &format!("::notice title=feedctl audit-compose::{}{rest}\n", escaped(&view.counted()))
}

/// What could not be resolved is no error in the file, but where the job fails for it.
fn kind(finding: &Finding, exit: Exit) -> &'static str {
    match (finding.severity, finding.certainty) {
        (Severity::Error, Certainty::Unresolved) if exit == Exit::NotJudged => "error",
        (Severity::Error, Certainty::Seen) => "error",
        _ => "warning",
    }
}

fn annotation(view: &View<'_>, kind: &str, finding: &Finding) -> String {
    let title = format!("title={}", property(finding.rule.id));
    let place = finding.at.map(|at| view.place(at));
    // GitHub takes any path for one of the repository, so a file outside is only named in the text.
    let (properties, outside) = match place.as_ref().map(|place| (place, &place.in_repository)) {
        None => (title, String::new()),
        Some((place, None)) => (title, place.to_string()),
        Some((place, Some(path))) => {
            let path = property(&visible(path));
            let (line, end_line, column, end_column) = (place.line, place.end_line, place.column, place.end_column);
            let place = format!("file={path},line={line},endLine={end_line},col={column},endColumn={end_column}");
            (format!("{place},{title}"), String::new())
        }
    };
    let parts = [&finding.message, &outside, &finding.label, &finding.remedy];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
    format!("::{kind} {properties}::{}\n", escaped(&parts.join("\n")))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
