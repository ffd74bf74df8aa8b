//! The first lines: the verdict, the path, and what to do now.

use feedctl_checks::check::{Check, Hop, Layer, Meta};
use feedctl_checks::checklist::collector_ready::CollectorReady;
use feedctl_checks::checklist::rows_fresh::RowsFresh;
use feedctl_checks::checklist::stream_drained::StreamDrained;
use feedctl_checks::finding::Finding;
use feedctl_checks::report::{Broken, Report, Status};
use feedctl_checks::speech::{age_s, counted, told};

use super::path;
use super::{layout, visible};
use crate::exit::Exit;
use crate::screen::Screen;

pub(super) fn lines(report: &Report, screen: Screen) -> Vec<String> {
    match Exit::of(report) {
        Exit::Passed => passed(report, screen),
        Exit::NotJudged => unknown(report, screen),
        _ => failed(report, screen),
    }
}

/// The sentences of a verdict, the path below the first.
fn verdict(word: &str, sentences: Vec<String>, report: &Report, screen: Screen) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, sentence) in sentences.into_iter().enumerate() {
        lines.extend(layout(vec![[word.to_owned(), sentence]], screen));
        if index == 0 {
            let indent = " ".repeat(word.len() + 3);
            let below = path::line(report, screen).into_iter().chain(waiting(report)).chain(lost(report));
            lines.extend(below.map(|line| format!("{indent}{line}")));
        }
    }
    lines
}

/// What a broken path holds back. The few ticks under way say nothing where it is broken before the stream.
fn waiting(report: &Report) -> Option<String> {
    let broken = path::broken_at(report)?;
    let drains = report
        .outcomes
        .iter()
        .any(|outcome| outcome.check.id == StreamDrained::META.id && outcome.status() == Status::Pass);
    let seen = report.evidence::<StreamDrained>()?;
    let ticks = seen.waiting_ticks();
    let streams = seen.streams.iter().filter(|backlog| backlog.waiting_ticks > 0);
    let places = visible(&streams.map(|backlog| backlog.stream.as_str()).collect::<Vec<_>>().join(", "));
    let told = ticks > 0 && (broken > Hop::Collector || !drains);
    told.then(|| format!("{} wait in the collector's spool and {places}", counted(ticks, "tick")))
}

/// What the collector says that it could not keep.
fn lost(report: &Report) -> Option<String> {
    let seen = report.evidence::<CollectorReady>()?;
    let errors = seen.endpoints.iter().filter_map(|endpoint| endpoint.health.as_ref()).map(|health| &health.errors);
    let frames = errors.filter_map(|errors| errors.get("lost_frames")).sum();
    (frames > 0).then(|| format!("the collector lost {} since its start", counted(frames, "frame")))
}

/// What warns is told before what is well.
fn passed(report: &Report, screen: Screen) -> Vec<String> {
    let warned = report.outcomes.iter().filter(|outcome| outcome.status() == Status::Warn);
    let warnings: Vec<_> =
        warned.flat_map(|outcome| outcome.findings().iter().map(|finding| (outcome.check, finding))).collect();
    let Some((check, finding)) = warnings.first() else {
        return verdict("PASS", vec![well(report)], report, screen);
    };
    let count = counted(warnings.len() as u64, "warning");
    let sentence = format!("with {count}: {}: {}", finding.subject, finding.message);
    let mut lines = verdict("PASS", vec![sentence], report, screen);
    lines.extend(advice([(*check, *finding)]));
    lines
}

/// What to do now about each of these, and where it is explained; nothing twice.
fn advice<'a>(causes: impl IntoIterator<Item = (&'a Meta, &'a Finding)>) -> Vec<String> {
    let causes: Vec<_> = causes.into_iter().collect();
    let remedies = causes.iter().filter_map(|(_, finding)| finding.remedy.as_ref());
    let remedies = remedies.map(|remedy| format!(" do    {}", visible(remedy)));
    let explanations = causes.iter().map(|(check, _)| format!(" why   feedctl explain {}", check.id));
    let mut lines = vec![String::new()];
    for line in remedies.chain(explanations) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// A pass claims no more than what was seen.
fn well(report: &Report) -> String {
    let judged = report.outcomes.iter().find(|outcome| outcome.check.id == RowsFresh::META.id);
    let young = judged.is_some_and(|outcome| outcome.status() == Status::Pass);
    let Some(seen) = report.evidence::<RowsFresh>().filter(|_| young) else {
        return "what was looked at is as it should be".to_owned();
    };
    let rows = seen.feeds.iter().map(|feed| feed.newest.rows_in_last_minute.unsigned_abs()).sum();
    let age = seen.feeds.iter().filter_map(|feed| feed.newest.age_s()).fold(0.0, f64::max);
    let (rows, age) = (counted(rows, "tick"), age_s(age));
    format!("the feed flows end to end: {rows} in the last minute, newest row {age} old")
}

fn failed(report: &Report, screen: Screen) -> Vec<String> {
    let causes = report.broken();
    let mut lines = verdict("FAIL", causes.iter().map(Broken::headline).collect(), report, screen);
    lines.extend(advice(causes.iter().map(|cause| (cause.check, cause.finding))));
    lines
}

fn unknown(report: &Report, screen: Screen) -> Vec<String> {
    let Some((check, error)) = report.first_unknown() else {
        let sentence = "nothing of the path was looked at: the selection or feedctl.yml leaves no check of it to judge";
        let mut lines = verdict("UNKNOWN", vec![sentence.to_owned()], report, screen);
        if !report.outcomes.is_empty() {
            lines.push(String::new());
            lines.push(" do    name services, redis, database and a feed in feedctl.yml".to_owned());
            lines.push(" why   feedctl verify --help".to_owned());
        }
        return lines;
    };
    let sentence = format!("{}: cannot say whether {}", told(error), question(report, check));
    let mut lines = verdict("UNKNOWN", vec![sentence], report, screen);
    lines.push(String::new());
    lines.extend(error.remedy().map(|remedy| format!(" do    {}", visible(&remedy))));
    lines.push(format!(" why   feedctl explain {}", check.id));
    lines
}

/// What stays open: the end of the path, where it could not be looked at either.
fn question(report: &Report, check: &Meta) -> &'static str {
    let unknown = report.outcomes.iter().filter(|outcome| outcome.status() == Status::Unknown);
    match unknown.map(|outcome| outcome.check).find(|check| check.layer == Layer::Rows) {
        Some(_) => "ticks reach the table",
        None if check.layer == Layer::Engine => "the feed runs",
        None => check.title,
    }
}
