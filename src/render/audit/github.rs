//! Workflow commands of GitHub Actions: an annotation at the line. GitHub shows ten of a kind in one step, so the rest is folded into
//! one notice.
//!
//! Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions

use feedctl_compose::finding::{Certainty, Finding, Severity};

use crate::render::audit::{Run, counted, place};
use crate::screen::Screen;

/// Of each kind; what GitHub shows.
const SHOWN: usize = 10;

pub(super) fn write(run: &Run<'_>, _screen: Screen) -> String {
    let mut text = String::new();
    let mut hidden = 0;
    for kind in ["error", "warning"] {
        let findings: Vec<&Finding> = run.audit.findings.iter().filter(|finding| self::kind(finding) == kind).collect();
        text.extend(findings.iter().take(SHOWN).map(|finding| annotation(run, kind, finding)));
        hidden += findings.len().saturating_sub(SHOWN);
    }
    let rest = if hidden > 0 { format!("; {hidden} of them not shown here") } else { String::new() };
    text + &format!("::notice title=feedctl audit-compose::{}{rest}\n", escaped(&counted(run)))
}

/// What could not be resolved is not an error in the file.
fn kind(finding: &Finding) -> &'static str {
    match (finding.severity, finding.certainty) {
        (Severity::Error, Certainty::Seen) => "error",
        _ => "warning",
    }
}

fn annotation(run: &Run<'_>, kind: &str, finding: &Finding) -> String {
    let title = format!("title={}", property(finding.rule.id));
    let properties = match finding.at.map(|at| place(at, &run.audit.sources)) {
        None => title,
        Some(place) => format!(
            "file={},line={},endLine={},col={},endColumn={},{title}",
            property(&place.path),
            place.line,
            place.end_line,
            place.column,
            place.end_column
        ),
    };
    let parts = [&finding.message, &finding.label, &finding.remedy];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
    format!("::{kind} {properties}::{}\n", escaped(&parts.join("\n")))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
