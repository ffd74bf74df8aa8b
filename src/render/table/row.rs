//! The rows: what each check saw. A check with several findings or unknown parts has a row for each, so that a line
//! says one thing.

use feedctl_checks::check::Layer;
use feedctl_checks::finding::Severity;
use feedctl_checks::report::{Conclusion, Outcome, Report, Status};
use feedctl_checks::site::ProbeError;
use feedctl_checks::speech::told;

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
    let engine = outcomes.iter().any(|outcome| outcome.check.layer == Layer::Engine);
    outcomes.into_iter().flat_map(|outcome| rows_of(outcome, engine)).collect()
}

/// Where the engine has a row of its own, that row alone says why it cannot be asked.
fn rows_of(outcome: &Outcome, engine_has_a_row: bool) -> Vec<[String; 3]> {
    let row = |word: &str, text: String| [word.to_owned(), outcome.check.id.to_owned(), text];
    match &outcome.conclusion {
        Conclusion::Skipped(reason) => vec![row("skip", reason.to_string())],
        Conclusion::Judged { summary, .. } if outcome.status() == Status::Pass => vec![row(" ok", summary.clone())],
        Conclusion::Judged { .. } | Conclusion::Unobservable(_) => {
            let findings = outcome.findings().iter().map(|finding| {
                let fails = finding.severity == Severity::Fail && outcome.required;
                row(if fails { "FAIL" } else { "warn" }, format!("{}: {}", finding.subject, finding.message))
            });
            let unknown = outcome.unknown().iter().map(|error| match error {
                ProbeError::Engine { .. } if engine_has_a_row && outcome.check.layer != Layer::Engine => {
                    row("????", "needs the engine".to_owned())
                }
                error => row("????", told(error)),
            });
            findings.chain(unknown).collect()
        }
    }
}
