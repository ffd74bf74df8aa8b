//! `rows-fresh`: the newest row of each feed in its table is young. The end of the path, and the only proof of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, query_as};

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::{self, AgeLimits};
use crate::moment::Moment;
use crate::sight::{Sight, gather};
use crate::site::postgres::{quoted, quoted_table};
use crate::site::{ProbeError, Site};
use crate::speech;
use crate::target::{self, Target};

const EXPLAIN: &str = "\
What it checks
  The age of the newest row of the feed's symbols in its table, by the trade
  time in the row and the database's own clock. Limits: warn 30s, fail 2m.

Why it matters
  Everything before the table can look healthy while nothing arrives: on
  2026-01-15 the collector published every tick and the table had not grown for
  ten minutes. Only the newest row proves the path from end to end.

Seen when it fails
  The newest row is older than the limit, or no row of these symbols is younger
  than a day. A newest row more than 5s in the future warns: a clock is wrong.
  More than a minute fails: a column without zone may be read in the wrong one,
  and old rows would look fresh.

What to do
  Look at the checks before it: the first broken link is the cause. If this one
  fails alone, the symbols may not trade, or the trade time may be in another
  zone: write `time: {column: ts, zone: Asia/Seoul}`.

Source
  The table of `feeds.NAME.rows`; incident report of 2026-01-15,
  \"CRITICAL DISCOVERY: No ticks in database!\"";

/// Rows of the last minute are counted up to here.
const MOST_COUNTED: u64 = 1_000_000;
/// Further in the future than a clock goes wrong by drifting: the zone may be meant otherwise.
const ZONE_S: f64 = 60.0;

pub struct RowsFresh;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One per feed with `rows`.
    pub feeds: Vec<Seen>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub feed: String,
    pub table: String,
    #[serde(flatten)]
    pub newest: Newest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// The database's `now()`.
    pub database_time: DateTime<Utc>,
    /// Trade time of the newest row; none: no row is younger than a day.
    pub newest_at: Option<DateTime<Utc>>,
    /// By trade time; counted up to a million.
    pub rows_in_last_minute: i64,
}

impl Newest {
    /// Seconds; negative for a trade in the future.
    pub fn age_s(&self) -> Option<f64> {
        self.newest_at.map(|newest| (self.database_time - newest).as_seconds_f64())
    }
}

impl Check for RowsFresh {
    type Limits = AgeLimits<30, 120>;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "rows-fresh",
        title: "the newest row in the table is young",
        explain: EXPLAIN,
        hop: Hop::Database,
        layer: Layer::Rows,
        when: When::WhileOpen,
        budget: Duration::from_secs(10),
    };

    async fn observe(site: &Site, want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        let feeds = want.feeds.iter().filter_map(|(name, feed)| Some((name, feed, feed.rows.as_ref()?)));
        let looks = feeds.map(async |(name, feed, rows)| {
            let newest = newest(site, name, feed, rows).await?;
            Ok(Seen { feed: name.clone(), table: rows.table.clone(), newest })
        });
        Ok(gather(join_all(looks).await, &want.key_of_feeds("rows"))?.map(|feeds| Evidence { feeds }))
    }

    fn judge(seen: &Evidence, want: &Target, limits: &Self::Limits, at: &Moment) -> Vec<Finding> {
        seen.feeds.iter().filter_map(|seen| judge_feed(seen, want, limits, at)).collect()
    }

    fn sum_up(seen: &Evidence, _want: &Target, limits: &Self::Limits, _at: &Moment) -> String {
        let said = seen.feeds.iter().map(|seen| {
            let rows = speech::counted(seen.newest.rows_in_last_minute.unsigned_abs(), "row");
            match seen.newest.age_s() {
                Some(age) => format!(
                    "{}: newest row {} old (limit {}), {rows} in the last minute",
                    seen.table,
                    speech::age_s(age),
                    limits.fail
                ),
                None => format!("{}: no row", seen.table),
            }
        });
        said.collect::<Vec<_>>().join("; ")
    }
}

fn judge_feed(seen: &Seen, want: &Target, limits: &AgeLimits<30, 120>, at: &Moment) -> Option<Finding> {
    let Seen { feed, table, newest } = seen;
    let of = if want.feeds.len() > 1 { format!(" of feed {feed}") } else { String::new() };
    let finding = |severity, message: String| Finding::new(severity, Subject::Table(table.clone()), message);
    let (Some(newest_at), Some(age)) = (newest.newest_at, newest.age_s()) else {
        let finding = finding(Severity::Fail, format!("no row{of} in the last 24 h"));
        return Some(finding.remedy(want.logs_of(Hop::Archiver)));
    };
    if let Some(ahead) = limits::ahead(age) {
        let (severity, or) = match age < -ZONE_S {
            true => (Severity::Fail, format!(", or the zone of `feeds.{feed}.rows.time`")),
            false => (Severity::Warn, String::new()),
        };
        let message = format!("newest row{of} lies {ahead} in the future: a clock is wrong{or}");
        return Some(finding(severity, message).remedy(limits::CLOCK.to_owned()));
    }
    let (severity, limit) = limits.reached(age)?;
    let old = speech::age_s(age);
    let message = format!("newest row{of} {}, {old} old (limit {limit})", at.tell(newest_at));
    let headline = format!("no row{of} has come into {table} for {old}, since {}", at.tell(newest_at));
    Some(finding(severity, message).headline(headline).since(Some(newest_at)).remedy(want.logs_of(Hop::Archiver)))
}

/// Asks for the newest row of a feed. The bound keeps the search in the youngest chunks of a hypertable.
pub(super) async fn newest(
    site: &Site,
    name: &str,
    feed: &target::Feed,
    rows: &target::Rows,
) -> Result<Newest, ProbeError> {
    let statement = statement(rows);
    let query = query_as(AssertSqlSafe(statement)).bind(&feed.symbols);
    let query = match &rows.time.zone {
        Some(zone) => query.bind(zone),
        None => query,
    };
    let (database_time, newest_at, rows_in_last_minute) = site.row(query, &format!("feeds.{name}.rows")).await?;
    Ok(Newest { database_time, newest_at, rows_in_last_minute })
}

/// `$1`: the symbols, all when empty. `$2`: the zone of a column without one.
fn statement(rows: &target::Rows) -> String {
    let (time, symbol, table) = (quoted(&rows.time.column), quoted(&rows.symbol), quoted_table(&rows.table));
    let zoned = if rows.time.zone.is_some() { " AT TIME ZONE $2::text" } else { "" };
    // Of no row: a name that the table does not have is noticed all the same.
    let others = [&rows.volume, &rows.cumulative_volume].into_iter().flatten();
    let others: String = others.map(|column| format!(", count({})", quoted(column))).collect();
    let wanted = format!("(cardinality($1::text[]) = 0 OR {symbol} = ANY ($1::text[]))");
    format!(
        "SELECT now(), \
         (SELECT {time}{zoned} FROM {table} WHERE {wanted} AND {time} > now(){zoned} - interval '1 day' \
         ORDER BY {time} DESC LIMIT 1), \
         (SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {wanted} AND {time} > now(){zoned} - interval '1 minute' \
         LIMIT {MOST_COUNTED}) AS recent) \
         FROM (SELECT count(*){others} FROM {table} WHERE false) AS known"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn check(newest_at: Option<&str>, expected: &[(Severity, &str)]) {
        let newest = Newest {
            database_time: fixture::instant("2026-01-15T05:21:07Z"),
            newest_at: newest_at.map(fixture::instant),
            rows_in_last_minute: 0,
        };
        let seen = Evidence { feeds: vec![Seen { feed: "kr".into(), table: "market_ticks".into(), newest }] };
        let findings = RowsFresh::judge(&seen, &fixture::target(), &AgeLimits::default(), &fixture::moment());
        assert_eq!(fixture::told(&findings), expected);
    }

    #[test]
    fn a_young_row_proves_the_path() {
        check(Some("2026-01-15T05:21:06.2Z"), &[]);
        check(Some("2026-01-15T05:20:37.001Z"), &[]);
        // The exchange's clock may be ahead of the database's.
        check(Some("2026-01-15T05:21:09Z"), &[]);
    }

    #[test]
    fn an_old_row_is_told_with_its_age_by_the_databases_clock() {
        check(Some("2026-01-15T05:20:37Z"), &[(Severity::Warn, "newest row 14:20:37 +09:00, 30 s old (limit 30 s)")]);
        check(
            Some("2026-01-15T05:08:28Z"),
            &[(Severity::Fail, "newest row 14:08:28 +09:00, 12 min 39 s old (limit 2 min)")],
        );
        check(None, &[(Severity::Fail, "no row in the last 24 h")]);
    }

    #[test]
    fn a_row_of_the_future_is_a_wrong_clock_or_zone_and_not_fresh() {
        check(Some("2026-01-15T05:21:12Z"), &[]);
        let clock = "newest row lies 12 s in the future: a clock is wrong";
        check(Some("2026-01-15T05:21:19Z"), &[(Severity::Warn, clock)]);
        let zone = "newest row lies 8 h 59 min in the future: a clock is wrong, or the zone of `feeds.kr.rows.time`";
        check(Some("2026-01-15T14:21:06Z"), &[(Severity::Fail, zone)]);
    }

    #[test]
    fn names_are_quoted_and_values_are_bound() {
        let rows = target::Rows {
            table: "public.ticks".into(),
            time: target::TimeColumn { column: "ts\"; --".into(), zone: Some("Asia/Seoul'".into()) },
            symbol: "code".into(),
            volume: Some("vol\"".into()),
            cumulative_volume: None,
        };
        let statement = statement(&rows);
        assert!(
            statement.ends_with(r#"FROM (SELECT count(*), count("vol""") FROM "public"."ticks" WHERE false) AS known"#)
        );
        assert!(statement.contains(r#"FROM "public"."ticks" WHERE (cardinality($1::text[]) = 0 OR "code" = ANY"#));
        assert!(statement.contains(r#""ts""; --" > now() AT TIME ZONE $2::text - interval '1 day'"#), "{statement}");
        assert!(!statement.contains("Seoul"));
    }
}
