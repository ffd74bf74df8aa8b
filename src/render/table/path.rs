//! The path of a tick, drawn with the break in it: `broker --> collector --> Redis -x archiver -x market_ticks`.

use feedctl_checks::check::{Hop, Layer};
use feedctl_checks::report::{Report, Status};

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
    let seen = |status| report.outcomes.iter().filter(move |outcome| outcome.status() == status);
    let flowing = seen(Status::Pass)
        .filter(|outcome| matches!(outcome.check.layer, Layer::Flow | Layer::Rows))
        .map(|outcome| proven(outcome.check.hop))
        .max();
    let broken = broken_at(report);
    if flowing.is_none() && broken.is_none() {
        return None;
    }
    let mut drawn = String::from("broker");
    for hop in EDGES {
        let edge = match () {
            () if broken.is_some_and(|broken| broken <= hop) => Edge::Broken,
            () if flowing.is_some_and(|flowing| hop <= flowing) => Edge::Flows,
            () => Edge::Unproven,
        };
        drawn += &format!(" {} {}", symbol(edge, screen), name(report, hop));
    }
    Some(drawn)
}

/// The first link through which no data goes; a container that merely would not come back breaks none.
pub(super) fn broken_at(report: &Report) -> Option<Hop> {
    let broken = report.broken().into_iter().filter(|broken| broken.check.layer != Layer::Recovery);
    broken.filter_map(|broken| broken.hop).min()
}

/// The last link that a flow through `hop` was seen to reach: what the collector sends is counted in Redis.
fn proven(hop: Hop) -> Hop {
    hop.max(Hop::Redis)
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
