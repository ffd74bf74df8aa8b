//! One small report in three conditions, which every format's tests show.

use std::time::Duration;

use chrono::FixedOffset;
use feed::market::Market;
use feedctl_checks::check::{Hop, Layer, Meta, When};
use feedctl_checks::finding::{Finding, Severity, Subject};
use feedctl_checks::moment::Moment;
use feedctl_checks::report::{Conclusion, Outcome, Report, SkipReason};
use feedctl_checks::site::ProbeError;
use feedctl_checks::target::{Feed, Flow, Role, Rows, Service, Target, TimeColumn};
use serde_json::json;

const fn meta(id: &'static str, title: &'static str, hop: Hop, layer: Layer) -> Meta {
    Meta { id, title, explain: "", hop, layer, when: When::Always, budget: Duration::from_secs(5) }
}

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
                .remedy(Some("docker compose up -d archiver && feedctl verify".to_owned()))
                .since(stopped),
        ),
        failed(&POLICY, Finding::new(Severity::Fail, archiver(), "\"no\"; a service must come back by itself")),
        passed(&FLOWING, "25 ticks/s"),
        Outcome {
            conclusion: Conclusion::Judged {
                evidence: backlog(),
                summary: String::new(),
                findings: vec![Finding::new(Severity::Fail, Subject::Stream("ticks:{kr}".to_owned()), "1,502 ticks wait")],
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

/// The collector waits for the broker, and its disk was full before; the archiver keeps up.
pub(crate) fn lossy() -> Report {
    let health = json!({"status": "fail", "errors": {"lost_frames": 3, "unreadable_frames": 1}});
    let evidence = json!({"endpoints": [{"name": "collector", "http_status": 503, "health": health}]});
    let findings = vec![Finding::new(Severity::Fail, Subject::Endpoint("collector".to_owned()), "backoff")];
    report(vec![
        outcome(&READY, Conclusion::Judged { evidence, summary: String::new(), findings }),
        outcome(
            &DRAINED,
            Conclusion::Judged { evidence: backlog(), summary: "4 ticks wait".to_owned(), findings: vec![] },
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
    let service = |hop| Service { role: Role::Service, hop: Some(hop), required: true };
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
    };
    let now = "2026-01-15T05:21:10Z".parse().expect("an instant");
    let zone = FixedOffset::east_opt(9 * 3600).expect("a zone");
    Report { at: Moment::new(now, zone, &target), target, outcomes }
}

fn passed(check: &'static Meta, summary: &str) -> Outcome {
    outcome(check, Conclusion::Judged { evidence: json!({}), summary: summary.to_owned(), findings: vec![] })
}

fn failed(check: &'static Meta, finding: Finding) -> Outcome {
    let findings = vec![finding];
    outcome(check, Conclusion::Judged { evidence: json!({"seen": 1}), summary: String::new(), findings })
}

fn outcome(check: &'static Meta, conclusion: Conclusion) -> Outcome {
    Outcome { check, required: true, conclusion, took: Duration::from_millis(1300) }
}
