//! The report for machines, version 1: keys are only ever added, none changes its meaning. These are wire twins; the
//! types of `feedctl-checks` can change without changing the format.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use feed::market::Phase;
use feedctl_checks::finding::{Finding, Severity};
use feedctl_checks::report::{Conclusion, Outcome, Report, Status};
use feedctl_checks::speech::told;
use feedctl_checks::target::Target;
use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::render::verdict;
use crate::screen::Screen;

const VERSION: u32 = 1;

pub(super) fn write(report: &Report, _screen: Screen) -> String {
    let wire = WireReport::from(report);
    let mut text = serde_json::to_string_pretty(&wire).expect("the report is plain data with text keys");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct WireReport<'a> {
    version: u32,
    target: &'a Target,
    at: String,
    phases: BTreeMap<String, &'a Phase>,
    /// The release that runs; none is known before a deploy has recorded one.
    release: Option<&'a str>,
    verdict: &'static str,
    exit_code: u8,
    first_broken: Option<WireBroken>,
    /// Only a command that can roll back says something here.
    rollback: Option<Value>,
    outcomes: Vec<WireOutcome<'a>>,
}

#[derive(Serialize)]
struct WireBroken {
    check: &'static str,
    subject: String,
    message: String,
    since: Option<String>,
}

#[derive(Serialize)]
struct WireOutcome<'a> {
    id: &'static str,
    title: &'static str,
    status: &'static str,
    required: bool,
    took_ms: u64,
    summary: Option<&'a str>,
    evidence: Option<&'a Value>,
    findings: Vec<WireFinding<'a>>,
    /// Why it was skipped, or why it or a part of it could not be judged.
    reason: Option<String>,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    severity: Severity,
    subject: String,
    message: &'a str,
    remedy: Option<&'a str>,
}

impl<'a> From<&'a Report> for WireReport<'a> {
    fn from(report: &'a Report) -> Self {
        let exit = Exit::of(report);
        let instant = |instant: DateTime<Utc>| {
            instant.with_timezone(&report.at.zone).to_rfc3339_opts(SecondsFormat::Millis, false)
        };
        let first_broken = report.first_broken().map(|broken| WireBroken {
            check: broken.check.id,
            subject: broken.finding.subject.to_string(),
            message: broken.headline(),
            since: broken.finding.since.map(instant),
        });
        WireReport {
            version: VERSION,
            target: &report.target,
            at: instant(report.at.now),
            phases: report.at.phases.iter().map(|(market, phase)| (word(market), phase)).collect(),
            release: None,
            verdict: verdict(exit),
            exit_code: exit.code(),
            first_broken,
            rollback: None,
            outcomes: report.outcomes.iter().map(WireOutcome::from).collect(),
        }
    }
}

impl<'a> From<&'a Outcome> for WireOutcome<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let unknown: Vec<String> = outcome.unknown().iter().map(|error| told(error)).collect();
        let unknown = (!unknown.is_empty()).then(|| unknown.join("; "));
        let (evidence, summary, reason) = match &outcome.conclusion {
            Conclusion::Judged { evidence, summary, .. } => (Some(evidence), Some(summary.as_str()), unknown),
            Conclusion::Skipped(reason) => (None, None, Some(reason.to_string())),
            Conclusion::Unobservable(_) => (None, None, unknown),
        };
        WireOutcome {
            id: outcome.check.id,
            title: outcome.check.title,
            status: match outcome.status() {
                Status::Pass => "pass",
                Status::Warn => "warn",
                Status::Fail => "fail",
                Status::Skip => "skip",
                Status::Unknown => "unknown",
            },
            required: outcome.required,
            took_ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
            summary,
            evidence,
            findings: outcome.findings().iter().map(WireFinding::from).collect(),
            reason,
        }
    }
}

impl<'a> From<&'a Finding> for WireFinding<'a> {
    fn from(finding: &'a Finding) -> Self {
        WireFinding {
            severity: finding.severity,
            subject: finding.subject.to_string(),
            message: &finding.message,
            remedy: finding.remedy.as_deref(),
        }
    }
}

/// A value that serializes as one word.
fn word(value: impl Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    word.as_ref().and_then(Value::as_str).expect("a market is one word").to_owned()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::dummy;

    const PIPE: Screen = Screen { rich: false, width: None };

    /// The report at some of its keys, one line each.
    fn check(report: &Report, pointers: &[&str]) -> String {
        let wire: Value = serde_json::from_str(&write(report, PIPE)).expect("the report is JSON");
        let at = |pointer: &str| wire.pointer(pointer).expect("the key is there, if only as null").clone();
        pointers.iter().map(|pointer| format!("{pointer} {}\n", at(pointer))).collect()
    }

    #[test]
    fn the_keys_are_those_of_version_1() {
        let keys = |pointer: &str| {
            let wire: Value = serde_json::from_str(&write(&dummy::incident(), PIPE)).expect("the report is JSON");
            let object = wire.pointer(pointer).and_then(Value::as_object).expect("an object");
            object.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_snapshot!(keys(""), @"at exit_code first_broken outcomes phases release rollback target verdict version");
        assert_snapshot!(keys("/first_broken"), @"check message since subject");
        assert_snapshot!(keys("/outcomes/0"), @"evidence findings id reason required status summary title took_ms");
        assert_snapshot!(keys("/outcomes/0/findings/0"), @"message remedy severity subject");
    }

    #[test]
    fn healthy() {
        let pointers = ["/version", "/at", "/phases", "/verdict", "/exit_code", "/first_broken", "/outcomes/4"];
        assert_snapshot!(check(&dummy::healthy(), &pointers), @r#"
        /version 1
        /at "2026-01-15T14:21:10.000+09:00"
        /phases {"always":"continuous"}
        /verdict "pass"
        /exit_code 0
        /first_broken null
        /outcomes/4 {"evidence":{"feeds":[{"database_time":"2026-01-15T05:21:10Z","feed":"kr","newest_at":"2026-01-15T05:21:09.2Z","rows_in_last_minute":1510,"table":"market_ticks"}]},"findings":[],"id":"rows-fresh","reason":null,"required":true,"status":"pass","summary":"newest row 800 ms old","title":"rows arrive","took_ms":1300}
        "#);
    }

    #[test]
    fn the_incident() {
        let pointers = ["/verdict", "/exit_code", "/first_broken", "/outcomes/0"];
        assert_snapshot!(check(&dummy::incident(), &pointers), @r#"
        /verdict "fail"
        /exit_code 1
        /first_broken {"check":"services-running","message":"archiver is dead: exited with code 1 12 min 39 s ago; its restart policy is \"no\", so nothing will start it","since":"2026-01-15T14:08:31.000+09:00","subject":"archiver\u001b[2J"}
        /outcomes/0 {"evidence":{"seen":1},"findings":[{"message":"exited (1) at 14:08:31 +09:00","remedy":"docker compose up -d archiver && feedctl verify --within 60s","severity":"fail","subject":"archiver\u001b[2J"}],"id":"services-running","reason":null,"required":true,"status":"fail","summary":"","title":"every service runs","took_ms":1300}
        "#);
    }

    #[test]
    fn could_not_look() {
        let pointers = ["/verdict", "/exit_code", "/first_broken", "/outcomes/1", "/outcomes/4"];
        assert_snapshot!(check(&dummy::unknown(), &pointers), @r#"
        /verdict "unknown"
        /exit_code 3
        /first_broken null
        /outcomes/1 {"evidence":null,"findings":[],"id":"restart-policy","reason":"not configured: `docker`","required":true,"status":"skip","summary":null,"title":"every container comes back by itself","took_ms":1300}
        /outcomes/4 {"evidence":null,"findings":[],"id":"rows-fresh","reason":"the database refused the login of feedctl_reader","required":true,"status":"unknown","summary":null,"title":"rows arrive","took_ms":1300}
        "#);
    }

    #[test]
    fn what_is_unknown_of_one_feed_stands_beside_the_findings_of_another() {
        let pointers = ["/verdict", "/outcomes/1/status", "/outcomes/1/findings", "/outcomes/1/reason"];
        assert_snapshot!(check(&dummy::half_seen(Severity::Warn), &pointers), @r#"
        /verdict "unknown"
        /outcomes/1/status "unknown"
        /outcomes/1/findings [{"message":"newest row 45 s old","remedy":null,"severity":"warn","subject":"market_ticks"}]
        /outcomes/1/reason "feedctl_reader may not read us_ticks"
        "#);
        assert_snapshot!(check(&dummy::half_seen(Severity::Fail), &["/verdict", "/outcomes/1/reason"]), @r#"
        /verdict "fail"
        /outcomes/1/reason "feedctl_reader may not read us_ticks"
        "#);
    }
}
