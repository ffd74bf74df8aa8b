//! The one line on stderr while verify looks; only on a terminal, and gone before the result is printed.

use std::time::Duration;

use feedctl_checks::checklist::CHECKLIST;
use feedctl_checks::report::{Outcome, Report, Status};
use feedctl_checks::speech;

use crate::screen;

pub(super) struct Progress {
    terminal: bool,
}

impl Progress {
    /// `terminal` tells whether stderr is one.
    pub(super) fn on(terminal: bool) -> Self {
        Self { terminal }
    }

    /// A look has begun; all checks look at the same time, each within its budget.
    pub(super) fn looking(&self) {
        let budget = CHECKLIST.iter().map(|row| row.meta.budget).max().unwrap_or_default();
        self.show(&format!("looking, for at most {}", speech::age(budget)));
    }

    /// The look that gave `report` was not enough; others follow for as long as `left`.
    pub(super) fn waiting(&self, report: &Report, left: Duration) {
        let open = |outcome: &&Outcome| outcome.required && matches!(outcome.status(), Status::Fail | Status::Unknown);
        let open: Vec<&str> = report.outcomes.iter().filter(open).map(|outcome| outcome.check.id).collect();
        self.show(&format!("waiting for {}, {} left", open.join(", "), speech::age(left)));
    }

    pub(super) fn clear(&self) {
        self.show("");
    }

    fn show(&self, line: &str) {
        if self.terminal {
            screen::tell(&format!("\r\x1b[K{line}"));
        }
    }
}
