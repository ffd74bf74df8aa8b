//! Every exit code with its meaning, and the one function that decides between them. The output format never changes
//! the code, and no other file knows a number.

use std::process::ExitCode;

use feedctl_checks::check::Layer;
use feedctl_checks::report::{Report, Status};

/// How a run of feedctl ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Passed = 0,
    Failed = 1,
    Usage = 2,
    NotJudged = 3,
    Refused = 4,
    RolledBack = 5,
    RollbackUnproven = 6,
}

/// One row per code, as `--help` and the README show them. 4, 5 and 6 belong to the commands that change containers.
pub(crate) const EXITS: &[(Exit, &str)] = &[
    (Exit::Passed, "every required check passed"),
    (Exit::Failed, "at least one required check failed (1 beats 3)"),
    (Exit::Usage, "usage or configuration error"),
    (Exit::NotJudged, "could not judge: engine unreachable, not enough data, nothing selected"),
    (Exit::Refused, "refused: freeze, lock held, nothing to roll back to (not returned by this version)"),
    (Exit::RolledBack, "failed and was rolled back; the old release verified (not returned by this version)"),
    (Exit::RollbackUnproven, "rollback not proven good: call a person (not returned by this version)"),
];

impl Exit {
    /// What `report` ends in: a required failure beats what could not be judged, which beats a pass. The engine is only
    /// our instrument: a report that judged nothing of the path proves nothing, unless nothing else was asked for.
    pub(crate) fn of(report: &Report) -> Self {
        let seen = |status| report.outcomes.iter().any(|outcome| outcome.required && outcome.status() == status);
        let mut judged =
            report.outcomes.iter().filter(|outcome| !matches!(outcome.status(), Status::Skip | Status::Unknown));
        let asked = report.outcomes.iter().any(|outcome| outcome.check.layer != Layer::Engine);
        let proven = judged.any(|outcome| !asked || outcome.check.layer != Layer::Engine);
        match () {
            () if seen(Status::Fail) => Exit::Failed,
            () if seen(Status::Unknown) || !proven => Exit::NotJudged,
            () => Exit::Passed,
        }
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The table below `feedctl --help`.
    pub(crate) fn help() -> String {
        let rows = EXITS.iter().map(|(exit, meaning)| format!("\n  {}  {meaning}", exit.code()));
        format!("Exit codes:{}", rows.collect::<String>())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use feedctl_checks::finding::Severity;

    use super::*;
    use crate::render::dummy;

    fn check(report: &Report, expected: Exit) {
        assert_eq!(Exit::of(report), expected);
    }

    #[test]
    fn a_failure_beats_the_unknown_and_a_pass_needs_something_judged() {
        check(&dummy::healthy(), Exit::Passed);
        check(&dummy::incident(), Exit::Failed);
        check(&dummy::unknown(), Exit::NotJudged);

        let mut both = dummy::incident();
        both.outcomes.extend(dummy::unknown().outcomes);
        check(&both, Exit::Failed);
        check(&Report { outcomes: vec![], ..dummy::healthy() }, Exit::NotJudged);
    }

    #[test]
    fn an_engine_that_answers_proves_no_path() {
        check(&dummy::engine_alone(), Exit::NotJudged);
        let mut asked_alone = dummy::engine_alone();
        asked_alone.outcomes.truncate(1);
        check(&asked_alone, Exit::Passed);
    }

    #[test]
    fn a_failure_of_one_feed_beats_the_unknown_of_another() {
        check(&dummy::half_seen(Severity::Fail), Exit::Failed);
        check(&dummy::half_seen(Severity::Warn), Exit::NotJudged);
        let mut optional = dummy::half_seen(Severity::Fail);
        optional.outcomes.retain(|outcome| outcome.check.id == "rows-fresh");
        optional.outcomes[0].required = false;
        check(&optional, Exit::NotJudged);
    }

    #[test]
    fn what_is_optional_decides_nothing() {
        for mut report in [dummy::incident(), dummy::unknown()] {
            for outcome in &mut report.outcomes {
                outcome.required = false;
            }
            check(&report, Exit::Passed);
        }
    }

    #[test]
    fn every_code_has_one_meaning() {
        let codes: Vec<u8> = EXITS.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6]);
    }
}
