//! The path of a tick, drawn with the break in it: `broker --> collector --> Redis -x archiver -x market_ticks`.

use std::collections::BTreeSet;

use feedctl_checks::check::{Check, Hop, Layer, Meta};
use feedctl_checks::checklist::path_heartbeat::PathHeartbeat;
use feedctl_checks::checklist::rows_fresh::RowsFresh;
use feedctl_checks::checklist::ticks_flowing::TicksFlowing;
use feedctl_checks::finding::{Severity, Subject};
use feedctl_checks::report::{Outcome, Report, Status};

use super::visible;
use crate::screen::Screen;

/// The links behind the broker, each as the edge that leads into it.
const EDGES: [Hop; 4] = [Hop::Collector, Hop::Redis, Hop::Archiver, Hop::Database];

#[derive(Clone, Copy)]
enum Edge {
    /// Data was seen behind it.
    Flows,
    Broken,
    Unproven,
}

/// None where nothing was looked at that could tell whether data flows.
pub(super) fn line(report: &Report, screen: Screen) -> Option<String> {
    let passed = report.outcomes.iter().filter(|outcome| outcome.status() == Status::Pass);
    let passed: Vec<&Meta> = passed.map(|outcome| outcome.check).collect();
    let unknown = report.outcomes.iter().filter(|outcome| outcome.status() == Status::Unknown);
    let unknown: Vec<Hop> =
        unknown.map(|outcome| outcome.check).filter(|check| is_of_a_link(check)).map(|check| check.hop).collect();
    let flows = |edge| !unknown.contains(&edge) && passed.iter().any(|check| proves(check, edge));
    let broken = broken_at(report);
    if broken.is_none() && !EDGES.into_iter().any(flows) {
        return None;
    }
    let mut drawn = String::from("broker");
    for hop in EDGES {
        let edge = match () {
            () if broken.is_some_and(|broken| broken <= hop) => Edge::Broken,
            () if flows(hop) => Edge::Flows,
            () => Edge::Unproven,
        };
        drawn += &format!(" {} {}", symbol(edge, screen), name(report, hop));
    }
    Some(drawn + &alone(report).unwrap_or_default())
}

/// Which feeds' way is broken, where others go another way: ` (ticks:{us} only)`.
fn alone(report: &Report) -> Option<String> {
    let hop = broken_at(report)?;
    let check = report.broken().into_iter().find(|broken| broken.hop == Some(hop))?.check;
    let findings = report.outcomes.iter().filter(|outcome| outcome.check.id == check.id).flat_map(Outcome::findings);
    let failed = findings.filter(|finding| finding.severity == Severity::Fail);
    let mut broken = BTreeSet::new();
    for finding in failed {
        let (Subject::Stream(name) | Subject::Table(name)) = &finding.subject else { return None };
        broken.insert(name.as_str());
    }
    let tables = report.target.feeds.values().filter_map(|feed| feed.rows.as_ref()).map(|rows| rows.table.as_str());
    let (streams, tables) = (report.target.streams().map(|(_, stream)| stream).collect(), tables.collect());
    let ways: [BTreeSet<&str>; 2] = [streams, tables];
    let is_part = ways.iter().any(|all| broken.is_subset(all) && broken.len() < all.len());
    is_part.then(|| format!(" ({} only)", visible(&Vec::from_iter(broken).join(", "))))
}

/// The first link through which no data goes; a container that merely would not come back breaks none.
pub(super) fn broken_at(report: &Report) -> Option<Hop> {
    let broken = report.broken().into_iter().filter(|broken| broken.check.layer != Layer::Recovery);
    broken.filter_map(|broken| broken.hop).min()
}

/// Whether `check` looks at the link of its hop; others look at each service.
fn is_of_a_link(check: &Meta) -> bool {
    matches!(check.layer, Layer::Server | Layer::Flow | Layer::Rows)
}

/// Whether a pass of `check` means that something went through the edge into `hop`. A heartbeat begins in the spool; rows
/// tell that something wrote them, and not by which way it had come there.
fn proves(check: &Meta, hop: Hop) -> bool {
    match check.id {
        id if id == TicksFlowing::META.id => hop <= Hop::Redis,
        id if id == PathHeartbeat::META.id => hop >= Hop::Redis,
        id => id == RowsFresh::META.id && hop >= Hop::Archiver,
    }
}

fn symbol(edge: Edge, screen: Screen) -> &'static str {
    match (edge, screen.rich) {
        (Edge::Flows, true) => "─►",
        (Edge::Broken, true) => "─✗",
        (Edge::Unproven, true) => "─?",
        (Edge::Flows, false) => "-->",
        (Edge::Broken, false) => "-x",
        (Edge::Unproven, false) => "-?",
    }
}

/// The user's own name of a link where there is one.
fn name(report: &Report, hop: Hop) -> String {
    let tables = report.target.feeds.values().filter_map(|feed| feed.rows.as_ref());
    let named: Vec<&str> = match hop {
        Hop::Database => tables.map(|rows| rows.table.as_str()).collect(),
        Hop::Redis => vec!["Redis"],
        Hop::Broker | Hop::Collector | Hop::Archiver => report.target.services_at(hop).collect(),
    };
    match (named.as_slice(), hop) {
        ([first, rest @ ..], _) if rest.iter().all(|other| other == first) => visible(first),
        (_, Hop::Database) => "rows".to_owned(),
        (_, Hop::Archiver) => "archiver".to_owned(),
        (_, Hop::Broker | Hop::Collector | Hop::Redis) => "collector".to_owned(),
    }
}
