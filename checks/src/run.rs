//! Runs checks: looks at everything at the same time within each check's budget, then judges.
//!
//! The clock is the caller's, read once before (is a check due in this phase?) and once after the looks.

use std::time::{Duration, Instant};

use feed::market::Phase;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::time::timeout;

use crate::check::{Judgement, Meta, Row};
use crate::checklist::Limits;
use crate::moment::Moment;
use crate::report::{Conclusion, Outcome, Report, SkipReason};
use crate::site::{ProbeError, Site};
use crate::target::Target;

/// How a run judges: `checks:` and `optional:` of feedctl.yml.
#[derive(Debug, Default)]
pub struct Rules {
    pub limits: Limits,
    /// Check ids whose failure is a warning.
    pub optional: Vec<String>,
}

/// One look at everything in `rows`. A site is good for one run. `waits_for` hears which checks still look: at the
/// beginning, and whenever one is done.
pub async fn run(
    rows: &[&'static Row],
    site: &Site,
    want: &Target,
    rules: &Rules,
    clock: impl Fn() -> Moment,
    waits_for: impl Fn(&[&'static Meta]),
) -> Report {
    let before = clock();
    let mut looks: FuturesUnordered<_> = rows.iter().map(|row| look(row, site, want, &before)).collect();
    let mut open: Vec<&'static Meta> = rows.iter().map(|row| &row.meta).collect();
    let mut looked: Vec<Looked> = Vec::new();
    waits_for(&open);
    while let Some(done) = looks.next().await {
        open.retain(|meta| meta.id != done.row.meta.id);
        waits_for(&open);
        looked.push(done);
    }
    looked.sort_by_key(|looked| rows.iter().position(|row| row.meta.id == looked.row.meta.id));
    let at = clock();
    let outcomes = looked.into_iter().map(|looked| {
        let required = !rules.optional.iter().any(|id| id == looked.row.meta.id);
        let took = looked.took;
        Outcome { check: &looked.row.meta, required, conclusion: looked.conclude(want, &rules.limits, &at), took }
    });
    Report { outcomes: outcomes.collect(), target: want.clone(), at }
}

struct Looked {
    row: &'static Row,
    seen: Result<Value, Unseen>,
    took: Duration,
}

enum Unseen {
    Skipped(SkipReason),
    Unobservable(ProbeError),
}

async fn look(row: &'static Row, site: &Site, want: &Target, before: &Moment) -> Looked {
    let started = Instant::now();
    let phases: Vec<Phase> = before.phases.iter().map(|(_, phase)| *phase).collect();
    let seen = if row.meta.when.is_due(&phases) {
        let budget = row.meta.budget;
        let seen = timeout(budget, (row.look)(site, want)).await;
        seen.unwrap_or(Err(ProbeError::OutOfTime { budget })).map_err(|error| match error {
            ProbeError::NotConfigured { key } => Unseen::Skipped(SkipReason::NotConfigured { key }),
            error => Unseen::Unobservable(error),
        })
    } else {
        Err(Unseen::Skipped(SkipReason::NotDue))
    };
    Looked { row, seen, took: started.elapsed() }
}

impl Looked {
    fn conclude(self, want: &Target, limits: &Limits, at: &Moment) -> Conclusion {
        match self.seen {
            Err(Unseen::Skipped(reason)) => Conclusion::Skipped(reason),
            Err(Unseen::Unobservable(error)) => Conclusion::Unobservable(error),
            Ok(evidence) => judge(self.row, evidence, want, limits, at),
        }
    }
}

/// Judges evidence, fresh or stored.
pub fn judge(row: &Row, evidence: Value, want: &Target, limits: &Limits, at: &Moment) -> Conclusion {
    let judged = (row.judge)(&evidence, want, limits, at)
        .and_then(|judgement| Ok((judgement, (row.sum_up)(&evidence, want, limits, at)?)));
    match judged {
        Ok((Judgement { findings, unknown }, summary)) => Conclusion::Judged { evidence, summary, findings, unknown },
        Err(error) => Conclusion::Unobservable(error),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use serde_json::json;

    use super::*;
    use crate::check::Look;
    use crate::checklist::CHECKLIST;
    use crate::fixture;
    use crate::report::Status;
    use crate::site::{Access, DockerAccess};

    fn row(id: &str) -> &'static Row {
        CHECKLIST.iter().find(|row| row.meta.id == id).expect("a check of that name")
    }

    fn check(id: &str, evidence: Value, expected: Result<&[&str], &str>) {
        let conclusion = judge(row(id), evidence, &fixture::target(), &Limits::default(), &fixture::moment());
        match (conclusion, expected) {
            (Conclusion::Judged { findings, .. }, Ok(expected)) => {
                let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
                assert_eq!(messages, expected);
            }
            (Conclusion::Unobservable(error), Err(expected)) => assert_eq!(error.to_string(), expected),
            (conclusion, _) => panic!("{id}: {conclusion:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn stored_evidence_can_be_judged_again() {
        let seen = json!({"version": "17.6", "in_recovery": false, "read_only": true});
        check("database-reachable", seen, Ok(&["new transactions are read-only: nobody can write"]));
    }

    #[test]
    fn silence_is_a_failure_for_whoever_asked() {
        for id in ["redis-reachable", "ticks-flowing", "stream-drained"] {
            let seen =
                json!({"silent": {"subject": "redis", "place": "10.0.0.2:6379", "reason": "connection refused"}});
            check(id, seen, Ok(&["no answer at 10.0.0.2:6379: connection refused"]));
        }
    }

    #[test]
    fn what_is_missing_of_one_feed_is_told_beside_what_was_seen_of_the_other() {
        let old = json!({
            "feed": "us", "table": "us_ticks", "database_time": "2026-01-15T05:21:07Z", "newest_at": null,
            "rows_in_last_minute": 0,
        });
        let seen = json!({"feeds": [old], "missed": [
            {"unknown": {"problem": "there is no table kr_ticks", "key": "feeds.kr.rows"}},
            {"silent": {"subject": "database", "place": "10.0.0.2:5432", "reason": "no answer in time"}},
        ]});
        check(
            "rows-fresh",
            seen.clone(),
            Ok(&["no row in the last 24 h", "no answer at 10.0.0.2:5432: no answer in time"]),
        );
        let conclusion = judge(row("rows-fresh"), seen, &fixture::target(), &Limits::default(), &fixture::moment());
        let Conclusion::Judged { unknown, .. } = conclusion else { panic!("{conclusion:?}") };
        let told: Vec<_> = unknown.iter().map(|error| (error.to_string(), error.key())).collect();
        assert_eq!(told, [("there is no table kr_ticks".to_owned(), Some("feeds.kr.rows"))]);
    }

    #[test]
    fn evidence_of_another_version_is_unknown_and_no_failure() {
        check("rows-fresh", json!({"age": 3}), Err("older evidence, which this version cannot read"));
    }

    #[tokio::test]
    async fn what_is_not_configured_is_skipped() {
        let access = Access { project: "feed".into(), docker: DockerAccess::None, redis: None, database: None };
        let want = Target { health: Default::default(), ..fixture::target() };
        let rows: Vec<&'static Row> = CHECKLIST.iter().collect();
        let heard = RefCell::new(Vec::new());
        let hear = |open: &[&'static Meta]| heard.borrow_mut().push(open.len());
        let report = run(&rows, &Site::new(access), &want, &Rules::default(), fixture::moment, hear).await;
        let statuses: Vec<Status> = report.outcomes.iter().map(Outcome::status).collect();
        assert_eq!(statuses, vec![Status::Skip; CHECKLIST.len()]);
        assert_eq!(heard.into_inner(), (0..=CHECKLIST.len()).rev().collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn the_order_is_that_of_the_rows_and_the_checks_that_still_look_are_told() {
        const fn named(id: &'static str, look: Look) -> Row {
            Row { meta: Meta { id, ..CHECKLIST[0].meta }, look, ..CHECKLIST[0] }
        }
        static SLOW: Row = named("slow", |_, _| {
            Box::pin(async {
                tokio::task::yield_now().await;
                Ok(Value::Null)
            })
        });
        static QUICK: Row = named("quick", |_, _| Box::pin(async { Ok(Value::Null) }));
        let access = Access { project: "feed".into(), docker: DockerAccess::None, redis: None, database: None };
        let heard = RefCell::new(Vec::new());
        let hear =
            |open: &[&'static Meta]| heard.borrow_mut().push(open.iter().map(|meta| meta.id).collect::<Vec<_>>());
        let (want, rules) = (fixture::target(), Rules::default());
        let report = run(&[&SLOW, &QUICK], &Site::new(access), &want, &rules, fixture::moment, hear).await;
        let ids: Vec<&str> = report.outcomes.iter().map(|outcome| outcome.check.id).collect();
        assert_eq!(ids, ["slow", "quick"]);
        assert_eq!(heard.into_inner(), [vec!["slow", "quick"], vec!["slow"], vec![]]);
    }
}
