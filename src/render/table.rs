//! The report for people: the verdict, the path with the break in it, what to do now, then the rows, failures first.
//!
//! A terminal gets colour, drawn symbols and lines wrapped at its width; a pipe gets plain ASCII words, one fact a
//! line. Texts of strangers are made visible before they are laid out.

use std::time::Duration;

use comfy_table::{ContentArrangement, Table};
use feed::market::Market;
use feedctl_checks::report::{Report, Status};
use feedctl_checks::speech;

use crate::exit::Exit;
use crate::screen::Screen;

mod head;
mod path;
mod row;
pub(super) mod visible;

use visible::visible;

pub(super) fn write(report: &Report, screen: Screen) -> String {
    let mut lines = head::lines(report, screen);
    lines.push(String::new());
    lines.extend(layout(row::rows(report), screen));
    lines.push(tail(report, screen));
    lines.iter().map(|line| painted(line, screen) + "\n").collect()
}

/// Cells side by side; on a terminal the last one is wrapped between words.
fn layout<const N: usize>(rows: Vec<[String; N]>, screen: Screen) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    for row in rows {
        table.add_row(row.iter().map(|cell| visible(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 3));
    }
    match screen.width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.trim_fmt().lines().map(str::to_owned).collect()
}

/// `10 checks: 4 failed, 6 ok · krx continuous · 1.3 s`, and the exit code unless it is 0.
fn tail(report: &Report, screen: Screen) -> String {
    let words = [
        (Status::Fail, "failed"),
        (Status::Unknown, "not judged"),
        (Status::Warn, "warned"),
        (Status::Pass, "ok"),
        (Status::Skip, "skipped"),
    ];
    let count = |status| report.outcomes.iter().filter(|outcome| outcome.status() == status).count();
    let counts = words.map(|(status, word)| (count(status), word));
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let checks = speech::counted(report.outcomes.len() as u64, "check");
    let mut parts = vec![if counts.is_empty() { checks } else { format!("{checks}: {}", counts.join(", ")) }];
    parts.extend(report.at.phases.iter().filter_map(|(market, _)| match market {
        // Never closed, so there is nothing to say.
        Market::Always => None,
    }));
    parts.push(speech::age(report.outcomes.iter().map(|outcome| outcome.took).max().unwrap_or(Duration::ZERO)));
    match Exit::of(report) {
        Exit::Passed => {}
        exit => parts.push(format!("exit {}", exit.code())),
    }
    parts.join(if screen.rich { " · " } else { "; " })
}

/// A word of the first column, coloured on a terminal.
fn painted(line: &str, screen: Screen) -> String {
    const COLOURS: [(&str, &str); 8] = [
        ("UNKNOWN", "1;35"),
        ("FAIL", "1;31"),
        ("PASS", "1;32"),
        ("warn", "33"),
        ("skip", "2"),
        ("????", "35"),
        (" ok", "32"),
        (" do", "1"),
    ];
    let begins = |word: &str| line.strip_prefix(word).filter(|rest| rest.starts_with(' '));
    match COLOURS.iter().find_map(|(word, colour)| Some((word, colour, begins(word)?))) {
        Some((word, colour, rest)) if screen.rich => format!("\x1b[{colour}m{word}\x1b[0m{rest}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use feedctl_checks::finding::Severity;
    use feedctl_checks::report::Conclusion;
    use feedctl_checks::site::ProbeError;
    use feedctl_checks::target::{Feed, Flow};
    use insta::assert_snapshot;

    use super::*;
    use crate::render::dummy;

    const PIPE: Screen = Screen { rich: false, width: None };
    const TERMINAL: Screen = Screen { rich: true, width: Some(80) };

    #[test]
    fn healthy() {
        assert_snapshot!(write(&dummy::healthy(), PIPE), @r"
        PASS   the feed flows end to end: 1,510 ticks in the last minute, newest row 800 ms old
               broker --> collector --> Redis --> archiver\u{1b}[2J --> market_ticks

         ok   services-running   3 of 3 run
         ok   restart-policy     all 3 come back by themselves
         ok   ticks-flowing      25 ticks/s
         ok   stream-drained     4 ticks wait
         ok   rows-fresh         newest row 800 ms old
        5 checks: 5 ok; 1.3 s
        ");
    }

    #[test]
    fn the_incident() {
        assert_snapshot!(write(&dummy::incident(), PIPE), @r#"
        FAIL   archiver is dead: exited with code 1 12 min 39 s ago; its restart policy is "no", so nothing will start it
               broker --> collector --> Redis -x archiver\u{1b}[2J -x market_ticks
               1,502 ticks wait in the collector's spool and ticks:{kr}

         do    docker compose up -d archiver && feedctl verify --within 60s
         why   feedctl explain services-running

        FAIL   services-running   archiver\u{1b}[2J: exited (1) at 14:08:31 +09:00
        FAIL   restart-policy     archiver\u{1b}[2J: "no"; a service must come back by itself
        FAIL   stream-drained     ticks:{kr}: 1,502 ticks wait
        FAIL   rows-fresh         시세: newest row 12 min 39 s old\u{d}\u{a}ok
         ok    ticks-flowing      25 ticks/s
        5 checks: 4 failed, 1 ok; 1.3 s; exit 1
        "#);
    }

    #[test]
    fn could_not_look() {
        assert_snapshot!(write(&dummy::unknown(), PIPE), @r"
        UNKNOWN   the database refused the login of feedctl_reader: cannot say whether ticks reach the table
                  broker --> collector --> Redis -? archiver\u{1b}[2J -? market_ticks

         do    check `database.password_file` in feedctl.yml
         why   feedctl explain rows-fresh

        ????   rows-fresh         the database refused the login of feedctl_reader
         ok    services-running   3 of 3 run
         ok    ticks-flowing      25 ticks/s
         ok    stream-drained     4 ticks wait
        skip   restart-policy     not configured: `docker`
        5 checks: 1 not judged, 3 ok, 1 skipped; 1.3 s; exit 3
        ");
    }

    #[test]
    fn a_terminal_is_coloured_and_never_overrun() {
        let shown = write(&dummy::incident(), TERMINAL);
        assert_snapshot!(shown.replace('\x1b', "^"), @r#"
        ^[1;31mFAIL^[0m   archiver is dead: exited with code 1 12 min 39 s ago; its restart
               policy is "no", so nothing will start it
               broker ─► collector ─► Redis ─✗ archiver\u{1b}[2J ─✗ market_ticks
               1,502 ticks wait in the collector's spool and ticks:{kr}

        ^[1m do^[0m    docker compose up -d archiver && feedctl verify --within 60s
         why   feedctl explain services-running

        ^[1;31mFAIL^[0m   services-running   archiver\u{1b}[2J: exited (1) at 14:08:31 +09:00
        ^[1;31mFAIL^[0m   restart-policy     archiver\u{1b}[2J: "no"; a service must come back
                                  by itself
        ^[1;31mFAIL^[0m   stream-drained     ticks:{kr}: 1,502 ticks wait
        ^[1;31mFAIL^[0m   rows-fresh         시세: newest row 12 min 39 s old\u{d}\u{a}ok
        ^[32m ok^[0m    ticks-flowing      25 ticks/s
        5 checks: 4 failed, 1 ok · 1.3 s · exit 1
        "#);
    }

    #[test]
    fn each_cause_has_its_command_and_a_feed_that_is_broken_alone_is_named() {
        let mut report = dummy::incident();
        report.outcomes.insert(0, dummy::silent_feed());
        let us = Feed { flow: Some(Flow::Stream("ticks:{us}".to_owned())), ..report.target.feeds["kr"].clone() };
        report.target.feeds.insert("us".to_owned(), us);
        assert_snapshot!(write(&report, PIPE).split("\n\nFAIL").next().unwrap_or_default(), @r#"
        FAIL   archiver is dead: exited with code 1 12 min 39 s ago; its restart policy is "no", so nothing will start it
               broker -x collector -x Redis -x archiver\u{1b}[2J -x market_ticks (ticks:{us} only)
               1,502 ticks wait in the collector's spool and ticks:{kr}
        FAIL   ticks:{us}: no tick for 16 s

         do    docker compose up -d archiver && feedctl verify --within 60s
         do    docker compose logs --tail 50 collector
         why   feedctl explain services-running
         why   feedctl explain ticks-flowing
        "#);
    }

    #[test]
    fn a_loss_is_told_and_ticks_under_way_are_not() {
        assert_snapshot!(write(&dummy::lossy(), PIPE), @r"
        FAIL   collector: backoff
               broker -x collector -x Redis -x archiver\u{1b}[2J -x market_ticks
               the collector lost 3 frames since its start

         why   feedctl explain collector-ready

        FAIL   collector-ready   collector: backoff
         ok    stream-drained    4 ticks wait
        2 checks: 1 failed, 1 ok; 1.3 s; exit 1
        ");
    }

    #[test]
    fn what_is_unknown_of_one_feed_hides_nothing_of_another() {
        assert_snapshot!(write(&dummy::half_seen(Severity::Warn), PIPE), @r"
        UNKNOWN   feedctl_reader may not read us_ticks: cannot say whether ticks reach the table
                  broker --> collector --> Redis -? archiver\u{1b}[2J -? market_ticks

         do    check `feeds.us.rows` in feedctl.yml
         why   feedctl explain rows-fresh

        warn   rows-fresh      market_ticks: newest row 45 s old
        ????   rows-fresh      feedctl_reader may not read us_ticks
         ok    ticks-flowing   25 ticks/s
        2 checks: 1 not judged, 1 ok; 1.3 s; exit 3
        ");
        assert_snapshot!(write(&dummy::half_seen(Severity::Fail), PIPE), @r"
        FAIL   market_ticks: newest row 45 s old
               broker --> collector --> Redis -? archiver\u{1b}[2J -x market_ticks

         why   feedctl explain rows-fresh

        FAIL   rows-fresh      market_ticks: newest row 45 s old
        ????   rows-fresh      feedctl_reader may not read us_ticks
         ok    ticks-flowing   25 ticks/s
        2 checks: 1 failed, 1 ok; 1.3 s; exit 1
        ");
    }

    #[test]
    fn a_warning_stands_in_the_first_line() {
        assert_snapshot!(write(&dummy::warned(), PIPE), @r"
        PASS   with 1 warning: ticks:{kr}: no tick for 16 s
               broker -? collector -? Redis --> archiver\u{1b}[2J --> market_ticks

         do    docker compose logs --tail 50 collector
         why   feedctl explain ticks-flowing

        warn   ticks-flowing      ticks:{kr}: no tick for 16 s
         ok    services-running   3 of 3 run
         ok    restart-policy     all 3 come back by themselves
         ok    stream-drained     4 ticks wait
         ok    rows-fresh         newest row 800 ms old
        5 checks: 1 warned, 4 ok; 1.3 s
        ");
    }

    #[test]
    fn an_engine_that_is_not_there_is_told_once() {
        assert_snapshot!(write(&dummy::without_engine(), PIPE), @r"
        UNKNOWN   the Docker engine at tcp://10.0.0.5:2375 (from DOCKER_HOST) cannot be asked (connection refused): cannot say whether the feed runs
                  broker -? collector -? Redis --> archiver\u{1b}[2J --> market_ticks

         do    correct or unset DOCKER_HOST; `docker` in feedctl.yml beats it
         why   feedctl explain engine-reachable

        ????   engine-reachable   the Docker engine at tcp://10.0.0.5:2375 (from DOCKER_HOST) cannot be asked (connection refused)
        ????   services-running   needs the engine
        ????   restart-policy     needs the engine
        ????   ticks-flowing      needs the engine
         ok    stream-drained     4 ticks wait
         ok    rows-fresh         newest row 800 ms old
        6 checks: 4 not judged, 2 ok; 1.3 s; exit 3
        ");
    }

    #[test]
    fn nothing_of_the_path_was_looked_at() {
        assert_snapshot!(write(&dummy::engine_alone(), PIPE), @r"
        UNKNOWN   nothing of the path was looked at: the selection or feedctl.yml leaves no check of it to judge

         do    name services, redis, database and a feed in feedctl.yml
         why   feedctl verify --help

         ok    engine-reachable   Docker 20.10.24
        skip   rows-fresh         not configured: `feeds`
        2 checks: 1 ok, 1 skipped; 1.3 s; exit 3
        ");
    }

    #[test]
    fn rows_alone_tell_nothing_of_the_way_that_they_came() {
        let mut report = dummy::healthy();
        report.outcomes.retain(|outcome| outcome.check.id == "rows-fresh");
        let expected = "broker -? collector -? Redis --> archiver\\u{1b}[2J --> market_ticks";
        assert_eq!(path::line(&report, PIPE).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_unknown_of_a_link_is_drawn_so_whatever_came_behind_it() {
        let mut report = dummy::healthy();
        report.outcomes[3].conclusion = Conclusion::Unobservable(ProbeError::OutOfTime { budget: Duration::ZERO });
        let expected = "broker --> collector --> Redis -? archiver\\u{1b}[2J --> market_ticks";
        assert_eq!(path::line(&report, PIPE).as_deref(), Some(expected));
    }

    #[test]
    fn a_drained_stream_proves_no_flow() {
        let mut report = dummy::healthy();
        report.outcomes.retain(|outcome| outcome.check.id == "stream-drained");
        assert_snapshot!(write(&report, PIPE), @r"
        PASS   what was looked at is as it should be

         ok   stream-drained   4 ticks wait
        1 check: 1 ok; 1.3 s
        ");
    }

    #[test]
    fn nothing_that_was_looked_at() {
        let report = Report { outcomes: vec![], ..dummy::healthy() };
        assert_snapshot!(write(&report, PIPE), @r"
        UNKNOWN   nothing of the path was looked at: the selection or feedctl.yml leaves no check of it to judge

        0 checks; 0 ms; exit 3
        ");
    }
}
