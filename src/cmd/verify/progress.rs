//! The one line on stderr while verify looks; only on a terminal, and gone before the result is printed.

use std::time::Duration;

use feedctl_checks::check::Meta;
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

    /// A look is under way, and these checks are not done with theirs.
    pub(super) fn looking(&self, open: &[&Meta]) {
        self.show(&looking(open));
    }

    /// The look that gave `report` was not enough; others follow for as long as `left`.
    pub(super) fn waiting(&self, report: &Report, left: Duration) {
        self.show(&waiting(report, left));
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

fn looking(open: &[&Meta]) -> String {
    let mut slowest: Vec<&Meta> = open.to_vec();
    // The sort is stable: of two that may take as long, the first of the checklist is named.
    slowest.sort_by_key(|meta| std::cmp::Reverse(meta.budget));
    match slowest.first() {
        Some(meta) => {
            let ids: Vec<&str> = slowest.iter().map(|meta| meta.id).collect();
            format!("looking: {}, at most {}", named(&ids), speech::age(meta.budget))
        }
        None => String::new(),
    }
}

fn waiting(report: &Report, left: Duration) -> String {
    let open = |outcome: &&Outcome| outcome.required && matches!(outcome.status(), Status::Fail | Status::Unknown);
    let ids: Vec<&str> = report.outcomes.iter().filter(open).map(|outcome| outcome.check.id).collect();
    format!("waiting for {}, {} left", named(&ids), speech::age(left))
}

/// All of them would be longer than a line, and what a terminal has wrapped cannot be cleared.
fn named(ids: &[&str]) -> String {
    match ids {
        [] => "anything to judge".to_owned(),
        [id] => (*id).to_owned(),
        [id, rest @ ..] => format!("{id} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use feedctl_checks::checklist::CHECKLIST;

    use super::*;
    use crate::render::dummy;

    fn check(ids: &[&str], expected: &str) {
        let open = CHECKLIST.iter().map(|row| &row.meta).filter(|meta| ids.contains(&meta.id));
        assert_eq!(looking(&open.collect::<Vec<_>>()), expected);
    }

    #[test]
    fn the_check_that_may_take_longest_is_named() {
        check(&["engine-reachable"], "looking: engine-reachable, at most 5 s");
        check(
            &["engine-reachable", "rows-fresh", "ticks-flowing", "stream-drained"],
            "looking: ticks-flowing and 3 more, at most 11 s",
        );
        check(&[], "");
    }

    #[test]
    fn what_is_not_yet_well_is_named_in_one_line() {
        let check = |report: &Report, expected: &str| assert_eq!(waiting(report, Duration::from_secs(40)), expected);
        check(&dummy::incident(), "waiting for services-running and 3 more, 40 s left");
        check(&dummy::unknown(), "waiting for rows-fresh, 40 s left");
        check(&Report { outcomes: vec![], ..dummy::healthy() }, "waiting for anything to judge, 40 s left");
    }
}
