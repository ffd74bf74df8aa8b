//! What a run of the checklist found: plain data for `feedctl` to show, and which link is broken first.
//!
//! There is no stored "pass": a status is computed from what was concluded.

use std::slice;
use std::time::Duration;

use serde::Deserialize as _;
use serde_json::Value;

use crate::check::{Check, Hop, Layer, Meta};
use crate::finding::{Finding, Severity, Subject};
use crate::moment::Moment;
use crate::site::ProbeError;
use crate::target::Target;

#[derive(Debug)]
pub struct Report {
    pub target: Target,
    pub at: Moment,
    /// In the order of the checklist.
    pub outcomes: Vec<Outcome>,
}

#[derive(Debug)]
pub struct Outcome {
    pub check: &'static Meta,
    /// Whether a failure decides the verdict; of an optional check it is a warning.
    pub required: bool,
    pub conclusion: Conclusion,
    /// How long the look took.
    pub took: Duration,
}

#[derive(Debug)]
pub enum Conclusion {
    Judged {
        evidence: Value,
        /// What was seen, in one line; for the row of a check that passed.
        summary: String,
        findings: Vec<Finding>,
        /// Why a part could not be looked at: no pass, and no failure of another part is hidden by it.
        unknown: Vec<ProbeError>,
    },
    Skipped(SkipReason),
    /// We could not look: neither a pass nor a failure.
    Unobservable(ProbeError),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// The stack does not have it, or feedctl.yml does not say so.
    #[error("not configured: `{key}`")]
    NotConfigured { key: String },
    #[error("not due in this phase of the market")]
    NotDue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    Pass,
    Warn,
    Fail,
    Skip,
    Unknown,
}

/// A broken link: the finding that leads, and the check that made it.
#[derive(Debug, Clone, Copy)]
pub struct Broken<'a> {
    pub check: &'static Meta,
    pub finding: &'a Finding,
    /// The link of the path; none for a service that serves no link.
    pub hop: Option<Hop>,
}

impl Outcome {
    pub fn status(&self) -> Status {
        match &self.conclusion {
            Conclusion::Skipped(_) => Status::Skip,
            Conclusion::Unobservable(_) => Status::Unknown,
            Conclusion::Judged { findings, unknown, .. } => {
                match findings.iter().map(|finding| finding.severity).max() {
                    Some(Severity::Fail) if self.required => Status::Fail,
                    _ if !unknown.is_empty() => Status::Unknown,
                    Some(Severity::Fail | Severity::Warn) => Status::Warn,
                    None => Status::Pass,
                }
            }
        }
    }

    pub fn findings(&self) -> &[Finding] {
        match &self.conclusion {
            Conclusion::Judged { findings, .. } => findings,
            Conclusion::Skipped(_) | Conclusion::Unobservable(_) => &[],
        }
    }

    /// Why it, or a part of it, could not be looked at.
    pub fn unknown(&self) -> &[ProbeError] {
        match &self.conclusion {
            Conclusion::Judged { unknown, .. } => unknown,
            Conclusion::Unobservable(error) => slice::from_ref(error),
            Conclusion::Skipped(_) => &[],
        }
    }
}

impl Report {
    /// The failure that leads the report.
    pub fn first_broken(&self) -> Option<Broken<'_>> {
        self.broken().into_iter().next()
    }

    /// One entry for each independent cause, the first broken link first. What follows from another entry is left out.
    pub fn broken(&self) -> Vec<Broken<'_>> {
        let mut failures: Vec<Broken<'_>> = self.failures().collect();
        // The sort is stable: within a link the order of the checklist decides.
        failures.sort_by_key(|broken| (broken.check.layer, broken.hop.is_none(), broken.hop));
        let mut causes: Vec<Broken<'_>> = Vec::new();
        for failure in failures {
            if !causes.iter().any(|cause| failure.follows_from(cause)) {
                causes.push(failure);
            }
        }
        // Several services that tell the same have it from one cause.
        causes.dedup_by(|later, earlier| {
            later.finding.headline.is_some() && later.finding.headline == earlier.finding.headline
        });
        causes
    }

    /// The check that leads a report in which nothing failed but something could not be looked at.
    pub fn first_unknown(&self) -> Option<(&'static Meta, &ProbeError)> {
        let required = self.outcomes.iter().filter(|outcome| outcome.required);
        let unknown = required.filter_map(|outcome| Some((outcome.check, outcome.unknown().first()?)));
        unknown.min_by_key(|(check, _)| (check.layer, check.hop))
    }

    /// What a check saw, for whoever needs a figure of it. None where it was not judged, or its server was silent.
    pub fn evidence<C: Check>(&self) -> Option<C::Evidence> {
        let outcome = self.outcomes.iter().find(|outcome| outcome.check.id == C::META.id)?;
        match &outcome.conclusion {
            Conclusion::Judged { evidence, .. } => C::Evidence::deserialize(evidence).ok(),
            Conclusion::Skipped(_) | Conclusion::Unobservable(_) => None,
        }
    }

    fn failures(&self) -> impl Iterator<Item = Broken<'_>> {
        let required = self.outcomes.iter().filter(|outcome| outcome.required);
        required.flat_map(|outcome| {
            let failures = outcome.findings().iter().filter(|finding| finding.severity == Severity::Fail);
            failures.map(|finding| Broken { check: outcome.check, finding, hop: self.hop_of(outcome.check, finding) })
        })
    }

    fn hop_of(&self, check: &Meta, finding: &Finding) -> Option<Hop> {
        match &finding.subject {
            Subject::Service(name) => self.target.services.get(name).and_then(|service| service.hop),
            Subject::Redis => Some(Hop::Redis),
            Subject::Database => Some(Hop::Database),
            Subject::Endpoint(_) | Subject::Stream(_) | Subject::Table(_) => Some(check.hop),
        }
    }
}

impl Broken<'_> {
    /// The sentence for the first line of the report.
    pub fn headline(&self) -> String {
        match &self.finding.headline {
            Some(sentence) => sentence.clone(),
            None => format!("{}: {}", self.finding.subject, self.finding.message),
        }
    }

    /// Whether `cause`, which leads before this one, explains it: a dead link starves the rows behind it, and what the
    /// link before it delivers backs up. A backlog never follows from a link that delivers nothing.
    fn follows_from(&self, cause: &Broken<'_>) -> bool {
        let same_subject = self.finding.subject == cause.finding.subject;
        let (Some(here), Some(there)) = (self.hop, cause.hop) else { return same_subject };
        let backs_up = cause.check.layer < Layer::Flow && here as u8 + 1 == there as u8;
        match self.check.layer {
            Layer::Engine | Layer::Container | Layer::Recovery => same_subject,
            Layer::Server => here == there,
            Layer::Flow => here == there || backs_up || there == Hop::Broker,
            Layer::Rows => here >= there,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::CHECKLIST;
    use crate::fixture;

    fn judged(findings: Vec<Finding>, unknown: Vec<ProbeError>) -> Conclusion {
        Conclusion::Judged { evidence: Value::Null, summary: String::new(), findings, unknown }
    }

    /// A report in which these failures were found: check id and subject.
    fn report(failures: &[(&str, Subject)]) -> Report {
        let outcome = |meta: &'static Meta| {
            let mine = failures.iter().filter(|(id, _)| *id == meta.id);
            let findings =
                mine.map(|(_, subject)| Finding::new(Severity::Fail, subject.clone(), "is broken")).collect();
            let conclusion = judged(findings, vec![]);
            Outcome { check: meta, required: true, conclusion, took: Duration::ZERO }
        };
        let outcomes = CHECKLIST.iter().map(|row| outcome(&row.meta)).collect();
        Report { target: fixture::target(), at: fixture::moment(), outcomes }
    }

    fn check(failures: &[(&str, Subject)], expected: &[(&str, &str)]) {
        let report = report(failures);
        let told: Vec<(&str, String)> =
            report.broken().iter().map(|broken| (broken.check.id, broken.finding.subject.to_string())).collect();
        let told: Vec<(&str, &str)> = told.iter().map(|(id, subject)| (*id, subject.as_str())).collect();
        assert_eq!(told, expected);
        assert_eq!(report.first_broken().map(|broken| broken.check.id), expected.first().map(|(id, _)| *id));
    }

    fn service(name: &str) -> Subject {
        Subject::Service(name.into())
    }

    fn collector() -> Subject {
        Subject::Endpoint("collector".into())
    }

    fn stream() -> Subject {
        Subject::Stream("ticks:{kr}".into())
    }

    fn rows() -> (&'static str, Subject) {
        ("rows-fresh", Subject::Table("market_ticks".into()))
    }

    #[test]
    fn nothing_broken_is_no_headline() {
        check(&[], &[]);
    }

    #[test]
    fn one_cause_is_one_headline() {
        let incident = [
            ("services-running", service("archiver")),
            ("restart-policy", service("archiver")),
            ("stream-drained", stream()),
            rows(),
            ("path-heartbeat", stream()),
        ];
        check(&incident, &[("services-running", "archiver")]);
        let redis = [
            ("services-running", service("redis")),
            ("redis-reachable", Subject::Redis),
            ("collector-ready", collector()),
            ("ticks-flowing", Subject::Redis),
            ("stream-drained", Subject::Redis),
            rows(),
        ];
        check(&redis, &[("services-running", "redis")]);
        check(&redis[1..], &[("redis-reachable", "Redis")]);
    }

    #[test]
    fn a_dead_link_backs_up_the_one_before_it() {
        check(
            &[("services-running", service("timescaledb")), ("stream-drained", stream()), rows()],
            &[("services-running", "timescaledb")],
        );
        check(
            &[
                ("database-reachable", Subject::Database),
                ("stream-drained", stream()),
                ("rows-fresh", Subject::Database),
            ],
            &[("database-reachable", "database")],
        );
    }

    #[test]
    fn a_dead_container_beats_an_earlier_flow_and_an_independent_one_is_told_too() {
        check(
            &[("ticks-flowing", stream()), ("services-running", service("archiver")), rows()],
            &[("services-running", "archiver"), ("ticks-flowing", "ticks:{kr}")],
        );
        check(
            &[("services-running", service("archiver")), ("services-running", service("collector"))],
            &[("services-running", "collector"), ("services-running", "archiver")],
        );
        check(
            &[("services-running", service("archiver")), ("restart-policy", service("redis"))],
            &[("services-running", "archiver"), ("restart-policy", "redis")],
        );
    }

    #[test]
    fn without_a_dead_link_the_first_broken_flow_leads() {
        check(
            &[("collector-ready", collector()), ("ticks-flowing", stream()), rows()],
            &[("collector-ready", "collector")],
        );
        check(
            &[("stream-drained", stream()), ("ticks-flowing", stream()), rows()],
            &[("ticks-flowing", "ticks:{kr}"), ("stream-drained", "ticks:{kr}")],
        );
        check(
            &[("restart-policy", service("redis")), rows()],
            &[("rows-fresh", "market_ticks"), ("restart-policy", "redis")],
        );
    }

    #[test]
    fn services_that_tell_the_same_are_one_headline() {
        let all = ["collector", "redis", "archiver"].map(|name| ("services-running", service(name)));
        let starved = [("redis-reachable", Subject::Redis), ("collector-ready", collector()), rows()];
        let mut report = report(&[all.as_slice(), starved.as_slice()].concat());
        assert_eq!(report.broken().len(), 3);
        for outcome in &mut report.outcomes {
            let Conclusion::Judged { findings, .. } = &mut outcome.conclusion else { continue };
            for finding in findings.iter_mut().filter(|_| outcome.check.layer == Layer::Container) {
                finding.headline = Some("nothing is there".into());
            }
        }
        let told: Vec<String> = report.broken().iter().map(Broken::headline).collect();
        assert_eq!(told, ["nothing is there"]);
    }

    #[test]
    fn a_failure_beats_the_unknown_of_another_part_which_beats_a_warning() {
        let finding = |severity| Finding::new(severity, stream(), "is broken");
        let outcome = |findings, unknown: &[&str], required| {
            let unknown = unknown.iter().map(|key| ProbeError::NotConfigured { key: (*key).into() }).collect();
            let conclusion = judged(findings, unknown);
            Outcome { check: &CHECKLIST[0].meta, required, conclusion, took: Duration::ZERO }
        };
        let check = |findings, unknown, required, expected| {
            assert_eq!(outcome(findings, unknown, required).status(), expected);
        };
        check(vec![finding(Severity::Warn), finding(Severity::Fail)], &["feeds.kr"], true, Status::Fail);
        check(vec![finding(Severity::Fail)], &["feeds.kr"], false, Status::Unknown);
        check(vec![finding(Severity::Warn)], &["feeds.kr"], true, Status::Unknown);
        check(vec![], &["feeds.kr"], true, Status::Unknown);
        check(vec![finding(Severity::Warn)], &[], true, Status::Warn);
        let outcomes = vec![outcome(vec![finding(Severity::Warn)], &["feeds.kr"], true)];
        let unknown = Report { outcomes, ..report(&[]) };
        assert_eq!(unknown.first_unknown().and_then(|(_, error)| error.key()), Some("feeds.kr"));
    }

    #[test]
    fn a_service_without_a_hop_comes_last() {
        let mut report = report(&[("services-running", service("migrate")), ("services-running", service("archiver"))]);
        let last = report.broken().last().map(|broken| broken.finding.subject.clone());
        assert_eq!(last, Some(service("migrate")));
        for outcome in &mut report.outcomes {
            outcome.required = false;
        }
        assert!(report.broken().is_empty(), "an optional check breaks nothing");
        let statuses: Vec<Status> = report.outcomes.iter().map(Outcome::status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == Status::Warn).count(), 1);
    }
}
