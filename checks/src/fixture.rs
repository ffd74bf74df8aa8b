//! The values that the tables of tests start from.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Utc};
use feed::market::Market;

use crate::check::Hop;
use crate::finding::{Finding, Severity};
use crate::moment::Moment;
use crate::target::{Feed, Flow, Programs, Role, Rows, Service, Target, TimeColumn};

/// The stack of the README: four services, one feed.
pub(crate) fn target() -> Target {
    let service = |hop| Service { role: Role::Service, hop: Some(hop), required: true, declared: None };
    let feed = Feed {
        market: Market::Always,
        symbols: vec!["005930".into()],
        flow: Some(Flow::Stream("ticks:{kr}".into())),
        rows: Some(Rows {
            table: "market_ticks".into(),
            time: TimeColumn { column: "time".into(), zone: None },
            symbol: "symbol".into(),
            volume: None,
            cumulative_volume: None,
        }),
        heartbeat: true,
    };
    Target {
        project: "feed".into(),
        services: BTreeMap::from([
            ("archiver".into(), service(Hop::Archiver)),
            ("collector".into(), service(Hop::Collector)),
            ("redis".into(), service(Hop::Redis)),
            ("timescaledb".into(), service(Hop::Database)),
        ]),
        feeds: BTreeMap::from([("kr".into(), feed)]),
        health: BTreeMap::from([("collector".into(), "http://127.0.0.1:9101/health/collector".into())]),
        programs: Programs::default(),
    }
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// When the incident was found: 12 min 39 s after the archiver's death at 14:08:31.
pub(crate) fn moment() -> Moment {
    let zone = FixedOffset::east_opt(9 * 3600).expect("a zone");
    Moment::new(instant("2026-01-15T05:21:10Z"), zone, &target())
}

/// Findings as a table compares them.
pub(crate) fn told(findings: &[Finding]) -> Vec<(Severity, &str)> {
    findings.iter().map(|finding| (finding.severity, finding.message.as_str())).collect()
}
