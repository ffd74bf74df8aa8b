//! The rows: what each check saw. A check with several findings has a row for each, so that a line says one thing.

use feedctl_checks::finding::Severity;
use feedctl_checks::report::{Conclusion, Outcome, Report, Status};

use crate::render::told;

/// Word, check, what was seen: failures first, then in the order of the checklist.
pub(super) fn rows(report: &Report) -> Vec<[String; 3]> {
    let mut outcomes: Vec<&Outcome> = report.outcomes.iter().collect();
    outcomes.sort_by_key(|outcome| match outcome.status() {
        Status::Fail => 0,
        Status::Unknown => 1,
        Status::Warn => 2,
        Status::Pass => 3,
        Status::Skip => 4,
    });
    outcomes.into_iter().flat_map(rows_of).collect()
}

fn rows_of(outcome: &Outcome) -> Vec<[String; 3]> {
    let row = |word: &str, text: String| [word.to_owned(), outcome.check.id.to_owned(), text];
    match &outcome.conclusion {
        Conclusion::Skipped(reason) => vec![row("skip", reason.to_string())],
        Conclusion::Unobservable(error) => vec![row("????", told(error))],
        Conclusion::Judged { summary, findings, .. } if findings.is_empty() => vec![row(" ok", summary.clone())],
        Conclusion::Judged { findings, .. } => {
            let rows = findings.iter().map(|finding| {
                let fails = finding.severity == Severity::Fail && outcome.required;
                row(if fails { "FAIL" } else { "warn" }, format!("{}: {}", finding.subject, finding.message))
            });
            rows.collect()
        }
    }
}
