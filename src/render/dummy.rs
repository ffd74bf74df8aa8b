//! One small report in several conditions, which every format's tests show.

use std::time::Duration;

use chrono::FixedOffset;
use feed::market::Market;
use feedctl_checks::check::{Hop, Layer, Meta, When};
use feedctl_checks::finding::{Finding, Severity, Subject};
use feedctl_checks::moment::Moment;
use feedctl_checks::report::{Conclusion, Outcome, Report, SkipReason};
use feedctl_checks::site::{Origin, ProbeError};
use feedctl_checks::target::{Feed, Flow, Programs, Role, Rows, Service, Target, TimeColumn};
use serde_json::json;

const fn meta(id: &'static str, title: &'static str, hop: Hop, layer: Layer) -> Meta {
    Meta { id, title, explain: "", hop, layer, when: When::Always, budget: Duration::from_secs(5) }
}

static ENGINE: Meta = meta("engine-reachable", "the Docker engine answers", Hop::Broker, Layer::Engine);
static SERVICES: Meta = meta("services-running", "every service runs", Hop::Collector, Layer::Container);
static POLICY: Meta = meta("restart-policy", "every container comes back by itself", Hop::Collector, Layer::Recovery);
static FLOWING: Meta = meta("ticks-flowing", "ticks flow into Redis", Hop::Collector, Layer::Flow);
static DRAINED: Meta = meta("stream-drained", "the archiver keeps up", Hop::Archiver, Layer::Flow);
static READY: Meta = meta("collector-ready", "the collector is live", Hop::Collector, Layer::Flow);
static FRESH: Meta = meta("rows-fresh", "rows arrive", Hop::Database, Layer::Rows);

pub(crate) fn healthy() -> Report {
    report(vec![
        passed(&SERVICES, "3 of 3 run"),
        passed(&POLICY, "all 3 come back by themselves"),
        passed(&FLOWING, "25 ticks/s"),
        passed(&DRAINED, "4 ticks wait"),
        Outcome {
            conclusion: Conclusion::Judged {
                evidence: rows(),
                summary: "newest row 800 ms old".to_owned(),
                findings: vec![],
                unknown: vec![],
            },
            ..passed(&FRESH, "")
        },
    ])
}

/// The archiver of 2026-01-15. One container's name and one message try to move the cursor.
pub(crate) fn incident() -> Report {
    let archiver = || Subject::Service("archiver\u{1b}[2J".to_owned());
    let stopped = "2026-01-15T05:08:31Z".parse().ok();
    report(vec![
        failed(
            &SERVICES,
            Finding::new(Severity::Fail, archiver(), "exited (1) at 14:08:31 +09:00")
                .headline("archiver is dead: exited with code 1 12 min 39 s ago; its restart policy is \"no\", so nothing will start it")
                .remedy(Some("docker compose up -d archiver && feedctl verify --within 60s".to_owned()))
                .since(stopped),
        ),
        failed(&POLICY, Finding::new(Severity::Fail, archiver(), "\"no\"; a service must come back by itself")),
        passed(&FLOWING, "25 ticks/s"),
        Outcome {
            conclusion: Conclusion::Judged {
                evidence: backlog(),
                summary: String::new(),
                findings: vec![Finding::new(Severity::Fail, Subject::Stream("ticks:{kr}".to_owned()), "1,502 ticks wait")],
                unknown: vec![],
            },
            ..passed(&DRAINED, "")
        },
        failed(&FRESH, Finding::new(Severity::Fail, Subject::Table("시세".to_owned()), "newest row 12 min 39 s old\r\nok")),
    ])
}

/// The database refuses the login; one check does not apply.
pub(crate) fn unknown() -> Report {
    let refused = ProbeError::Misconfigured {
        problem: "the database refused the login of feedctl_reader".to_owned(),
        key: "database.password_file".to_owned(),
        source: None,
    };
    report(vec![
        passed(&SERVICES, "3 of 3 run"),
        outcome(&POLICY, Conclusion::Skipped(SkipReason::NotConfigured { key: "docker".to_owned() })),
        passed(&FLOWING, "25 ticks/s"),
        passed(&DRAINED, "4 ticks wait"),
        outcome(&FRESH, Conclusion::Unobservable(refused)),
    ])
}

/// feedctl.yml says nothing but its version.
pub(crate) fn engine_alone() -> Report {
    let skipped = Conclusion::Skipped(SkipReason::NotConfigured { key: "feeds".to_owned() });
    report(vec![passed(&ENGINE, "Docker 20.10.24"), outcome(&FRESH, skipped)])
}

/// No tick for a while, and rows that are young.
pub(crate) fn warned() -> Report {
    let mut report = healthy();
    report.outcomes[2] = silent(Severity::Warn, "ticks:{kr}");
    report
}

/// A second feed, into whose stream nothing comes.
pub(crate) fn silent_feed() -> Outcome {
    silent(Severity::Fail, "ticks:{us}")
}

fn silent(severity: Severity, stream: &str) -> Outcome {
    let finding = Finding::new(severity, Subject::Stream(stream.to_owned()), "no tick for 16 s");
    failed(&FLOWING, finding.remedy("docker compose logs --tail 50 collector".to_owned()))
}

/// DOCKER_HOST leads nowhere, and the rows are young.
pub(crate) fn without_engine() -> Report {
    let source = std::sync::Arc::new(std::io::Error::other("connection refused"));
    let gone = ProbeError::Engine { host: "tcp://10.0.0.5:2375".to_owned(), origin: Origin::Variable, source };
    let mut report = healthy();
    report.outcomes.insert(0, passed(&ENGINE, ""));
    for outcome in &mut report.outcomes[..4] {
        outcome.conclusion = Conclusion::Unobservable(gone.clone());
    }
    report
}

/// One feed's table is old, and that of the other cannot be read.
pub(crate) fn half_seen(severity: Severity) -> Report {
    let unreadable = ProbeError::Misconfigured {
        problem: "feedctl_reader may not read us_ticks".to_owned(),
        key: "feeds.us.rows".to_owned(),
        source: None,
    };
    let findings = vec![Finding::new(severity, Subject::Table("market_ticks".to_owned()), "newest row 45 s old")];
    let (evidence, summary, unknown) = (rows(), String::new(), vec![unreadable]);
    report(vec![
        passed(&FLOWING, "25 ticks/s"),
        outcome(&FRESH, Conclusion::Judged { evidence, summary, findings, unknown }),
    ])
}

/// The collector waits for the broker, and its disk was full before; the archiver keeps up.
pub(crate) fn lossy() -> Report {
    let health = json!({"status": "fail", "errors": {"lost_frames": 3, "unreadable_frames": 1}});
    let evidence = json!({"endpoints": [{"name": "collector", "http_status": 503, "health": health}]});
    let findings = vec![Finding::new(Severity::Fail, Subject::Endpoint("collector".to_owned()), "backoff")];
    report(vec![
        outcome(&READY, Conclusion::Judged { evidence, summary: String::new(), findings, unknown: vec![] }),
        outcome(
            &DRAINED,
            Conclusion::Judged {
                evidence: backlog(),
                summary: "4 ticks wait".to_owned(),
                findings: vec![],
                unknown: vec![],
            },
        ),
    ])
}

/// What `stream-drained` saw.
fn backlog() -> serde_json::Value {
    json!({"streams": [{
        "stream": "ticks:{kr}", "redis_time": "2026-01-15T05:21:10Z", "waiting_ticks": 1502, "waiting_entries": 1120,
        "oldest_waiting_at": "2026-01-15T05:08:31Z", "committed_while_watched": 0,
    }]})
}

/// What `rows-fresh` saw.
fn rows() -> serde_json::Value {
    json!({"feeds": [{
        "feed": "kr", "table": "market_ticks", "database_time": "2026-01-15T05:21:10Z",
        "newest_at": "2026-01-15T05:21:09.2Z", "rows_in_last_minute": 1510,
    }]})
}

fn report(outcomes: Vec<Outcome>) -> Report {
    let service = |hop| Service { role: Role::Service, hop: Some(hop), required: true, declared: None };
    let feed = Feed {
        market: Market::Always,
        symbols: vec![],
        flow: Some(Flow::Stream("ticks:{kr}".to_owned())),
        rows: Some(Rows {
            table: "market_ticks".to_owned(),
            time: TimeColumn { column: "time".to_owned(), zone: None },
            symbol: "symbol".to_owned(),
            volume: None,
            cumulative_volume: None,
        }),
        heartbeat: true,
    };
    let target = Target {
        project: "feed".to_owned(),
        services: [("archiver\u{1b}[2J", Hop::Archiver), ("collector", Hop::Collector)]
            .map(|(name, hop)| (name.to_owned(), service(hop)))
            .into(),
        feeds: [("kr".to_owned(), feed)].into(),
        health: [].into(),
        programs: Programs::default(),
    };
    let now = "2026-01-15T05:21:10Z".parse().expect("an instant");
    let zone = FixedOffset::east_opt(9 * 3600).expect("a zone");
    Report { at: Moment::new(now, zone, &target), target, outcomes }
}

fn passed(check: &'static Meta, summary: &str) -> Outcome {
    outcome(
        check,
        Conclusion::Judged { evidence: json!({}), summary: summary.to_owned(), findings: vec![], unknown: vec![] },
    )
}

fn failed(check: &'static Meta, finding: Finding) -> Outcome {
    let findings = vec![finding];
    outcome(
        check,
        Conclusion::Judged { evidence: json!({"seen": 1}), summary: String::new(), findings, unknown: vec![] },
    )
}

fn outcome(check: &'static Meta, conclusion: Conclusion) -> Outcome {
    Outcome { check, required: true, conclusion, took: Duration::from_millis(1300) }
}
