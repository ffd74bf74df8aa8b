//! `database-reachable`: the database answers a query, and the archiver could write to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::query_as;

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::NoLimits;
use crate::moment::Moment;
use crate::sight::Sight;
use crate::site::{ProbeError, Site};
use crate::target::Target;

const EXPLAIN: &str = "\
What it checks
  The database accepts our login and answers a query within two seconds; it is
  not a standby in recovery, and new transactions are not read-only.

Why it matters
  It is the end of the path. While it cannot be written, ticks wait in Redis and
  in the collector's spool: nothing is lost, but nothing arrives.

Seen when it fails
  Refused, no answer in time, starting up, or no free connection: a failure.
  Read-only for everybody: a failure. In recovery: a warning, since feedctl may
  be meant to look at a standby. A refused login, an unknown database or host
  name, or a TLS error is our configuration: UNKNOWN, with the key to look at.

What to do
  `docker compose logs --tail 50 timescaledb`. A full disk is the usual reason
  of a read-only or silent database: `df -h`.

Source
  https://www.postgresql.org/docs/17/errcodes-appendix.html, pg_settings,
  pg_is_in_recovery()";

const QUERY: &str = "\
SELECT current_setting('server_version'), pg_is_in_recovery(),
       setting = 'on' AND source NOT IN ('user', 'database user', 'client', 'session')
FROM pg_settings WHERE name = 'default_transaction_read_only'";

pub struct DatabaseReachable;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub version: String,
    pub in_recovery: bool,
    /// New transactions of everybody are read-only; not counted where only our own login is.
    pub read_only: bool,
}

impl Check for DatabaseReachable {
    type Limits = NoLimits;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "database-reachable",
        title: "the database answers and can be written",
        explain: EXPLAIN,
        hop: Hop::Database,
        layer: Layer::Server,
        when: When::Always,
        budget: Duration::from_secs(10),
    };

    async fn observe(site: &Site, _want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        let (version, in_recovery, read_only) = site.row(query_as(QUERY), "database").await?;
        Ok(Evidence { version, in_recovery, read_only }.into())
    }

    fn judge(seen: &Evidence, want: &Target, _limits: &NoLimits, _at: &Moment) -> Vec<Finding> {
        let finding = |severity, message: &str| {
            Finding::new(severity, Subject::Database, message).remedy(want.logs_of(Hop::Database))
        };
        match (seen.in_recovery, seen.read_only) {
            (true, _) => vec![finding(Severity::Warn, "it is in recovery: a standby, on which nobody can write")],
            (false, true) => vec![finding(Severity::Fail, "new transactions are read-only: nobody can write")],
            (false, false) => Vec::new(),
        }
    }

    fn sum_up(seen: &Evidence, _want: &Target, _limits: &NoLimits, _at: &Moment) -> String {
        format!("PostgreSQL {}", seen.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn check(in_recovery: bool, read_only: bool, expected: &[(Severity, &str)]) {
        let seen = Evidence { version: "17.6".into(), in_recovery, read_only };
        let findings = DatabaseReachable::judge(&seen, &fixture::target(), &NoLimits {}, &fixture::moment());
        assert_eq!(fixture::told(&findings), expected);
    }

    #[test]
    fn the_archiver_could_write() {
        let standby = (Severity::Warn, "it is in recovery: a standby, on which nobody can write");
        check(false, false, &[]);
        check(true, false, &[standby]);
        check(true, true, &[standby]);
        check(false, true, &[(Severity::Fail, "new transactions are read-only: nobody can write")]);
    }
}
