//! A table for a pull request's comment or a job's summary.

use feedctl_compose::finding::{Certainty, Finding, Severity};

use crate::render::audit::{Run, counted, place};
use crate::screen::Screen;

pub(super) fn write(run: &Run<'_>, _screen: Screen) -> String {
    let findings = &run.audit.findings;
    let mut text = format!("**feedctl audit-compose**: {}\n", counted(run));
    if !findings.is_empty() {
        text += "\n| | rule | where | what is wrong | what to write |\n|---|---|---|---|---|\n";
        text.extend(findings.iter().map(|finding| row(run, finding)));
    }
    text
}

fn row(run: &Run<'_>, finding: &Finding) -> String {
    let severity = match (finding.certainty, finding.severity) {
        (Certainty::Unresolved, _) => "unresolved",
        (Certainty::Seen, Severity::Error) => "**error**",
        (Certainty::Seen, Severity::Warn) => "warning",
    };
    let place = finding.at.map(|at| place(at, &run.audit.sources).to_string()).unwrap_or_default();
    let cells = [severity, &format!("`{}`", finding.rule.id), &place, &finding.message, &finding.remedy];
    format!("| {} |\n", cells.map(cell).join(" | "))
}

/// A bar would end the cell, and a line break the row.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
