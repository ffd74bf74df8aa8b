//! `stop-grace-short`: a service with data in its memory that is killed before it has written it.

use super::image_unpinned::Reference;
use super::state_without_volume::store::Store;
use super::state_without_volume::words::words;
use crate::finding::{Finding, Findings, Fix, Severity};
use crate::model::{Model, Service};
use crate::node::Node;
use crate::project::consistency::duration;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "stop-grace-short",
        title: "it is killed before it has written what it holds",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A service that writes data, with a `stop_grace_period` below 10 seconds or none, which means 10. It is taken for one that
  writes by the last part of its image's name, or its own, if that is a database or a broker (`postgres`, `redis`, `kafka`, …)
  whose command does not start something else of that image (`psql`, `redis-cli`, `pg_dump`, a script); or by a word in its
  own name (`archiver`, `writer`, `recorder`). An explicit period of 10 seconds or more is somebody's decision and left alone;
  all other services may stop in 10 seconds.
Why it matters
  At the end of the period the engine sends KILL. The archiver loses the batch in its hands; Redis loses what came after the
  last snapshot, if it was still writing one; a database in its last checkpoint must recover at the next start, for minutes
  in which no tick is stored. Each deploy is such a stop, and the loss grows with the data: it shows late.
What to do
  Write `stop_grace_period: 30s`, or 60s and more for a database or a broker (`feedctl audit-compose --fix` does it). It costs
  nothing: a container that has ended is not waited for.
Source
  The Dockerfile of the official postgres image says of its STOPSIGNAL that even 90 seconds may be too short;
  Compose, stop_grace_period: https://docs.docker.com/reference/compose-file/services/#stop_grace_period
";

const BAD: &str = r#"
services:
  tick-archiver:
    image: app:1.4.2
    stop_grace_period: 5s
#                      ^^
  database:
# ^^^^^^^^
    image: timescale/timescaledb:2.19.3-pg17
"#;

const GOOD: &str = r#"
services:
  tick-archiver:
    image: app:1.4.2
    stop_grace_period: 30s
  database:
    image: timescale/timescaledb:2.19.3-pg17
    stop_grace_period: 1m
  postgres-exporter:
    image: prometheuscommunity/postgres-exporter:v0.17.1
"#;

/// What the engine waits where the file says nothing, in nanoseconds.
const DEFAULT: i64 = 10_000_000_000;

/// Words of a name, so that `tick-archiver` is one.
const WRITERS: [&str; 3] = ["archiver", "writer", "recorder"];

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(|service| finding(service, period(service)?)));
}

/// What should stand in the file; none where the service writes nothing.
fn period(service: &Service<'_>) -> Option<&'static str> {
    let image = service.node.get("image").and_then(Node::as_text).map(|image| Reference::of(image).path);
    let store = [image, Some(service.name)].into_iter().flatten().find_map(Store::named);
    // In the image of a database many a client runs too, as a backup does.
    let is_store = store.is_some_and(|store| store.holds_ticks() && store.is_started_by(&words(service)));
    let is_writer = || service.name.split(['-', '_', '.']).any(|word| WRITERS.contains(&word));
    if is_store { Some("stop_grace_period: 60s") } else { is_writer().then_some("stop_grace_period: 30s") }
}

fn finding(service: &Service<'_>, wanted: &'static str) -> Option<Finding> {
    let name = service.name;
    let message = format!("`{name}` is killed before it has written what it holds");
    let (at, label, fix) = match service.node.get("stop_grace_period") {
        Some(period) if period.lacks_a_variable() => {
            return Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, period, "the time to stop"));
        }
        Some(period) => {
            let length = duration::parse(period.as_text()?).filter(|length| *length < DEFAULT)?;
            let label = format!("KILL comes {} after TERM", duration::print(length));
            let (key, wanted) = wanted.split_once(": ")?;
            let fix = Fix::replace(key, period, wanted);
            (period.origin.span, label, fix)
        }
        None => {
            let label = "no `stop_grace_period:` here: KILL comes 10s after TERM".to_owned();
            (service.key, label, Some(Fix::Add(wanted)))
        }
    };
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, at, message)
        .label(label)
        .consequence("each deploy may lose the batch in hand, or end in a recovery that takes minutes")
        .remedy(format!("write `{wanted}`, or more"))
        .otherwise("if it holds nothing: `# feedctl: allow stop-grace-short: it holds nothing that is not elsewhere`")
        .fix(fix);
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    fn check(name: &str, service: &str, expected: bool) {
        let audit = fixture::audit(&format!("services: {{{name}: {{{service}}}}}"));
        assert!(!audit.is_refused(), "{service}: {:?}", audit.findings);
        assert_eq!(audit.findings.iter().any(|finding| finding.rule.id == RULE.meta.id), expected, "{name}: {service}");
    }

    #[test]
    fn who_writes() {
        check("timescale-archiver", "image: 'app:1'", true);
        check("tick_writer", "build: .", true);
        check("redis", "build: ./redis", true);
        check("cache", "image: 'localhost:5000/bitnami/redis:8'", true);
        check("database", "image: 'postgres:17', command: [-c, fsync=on]", true);
        check("database", "image: 'postgres:17', command: docker-entrypoint.sh postgres", true);
        check("backup", "image: 'postgres:17', command: pg_dump -U postgres -f /backup/all", false);
        check(
            "watch",
            "image: 'postgres:17', entrypoint: [psql, -h, database, -U, postgres], command: [-c, select 1]",
            false,
        );
        check(
            "watch",
            "image: 'postgres:17', command: [sh, -c, 'while sleep 60; do psql postgres://there/postgres; done']",
            false,
        );
        check("monitor", "image: 'redis:8', command: redis-cli -h redis monitor", false);
        check("redis", "build: ./redis, command: redis-cli monitor", false);
        check("grafana", "image: 'grafana/grafana:12.0.0'", false);
        check("redis-exporter", "image: 'oliver006/redis_exporter:1'", false);
        check("console", "image: 'redis/redisinsight:2'", false);
        check("kafka-ui", "image: 'provectuslabs/kafka-ui:1'", false);
        check("collector", "image: 'app:1'", false);
        check("archiver", "image: 'app:1', labels: {feedctl.role: one-shot}", false);
    }

    #[test]
    fn a_database_gets_more_time_than_a_program() {
        let check = |service: &str, expected: &str| {
            let audit = fixture::audit(&format!("services: {{{service}}}"));
            let mine = audit.findings.iter().find(|finding| finding.rule.id == RULE.meta.id);
            let fix = format!("{:?}", mine.and_then(|finding| finding.fix.as_ref()));
            assert!(fix.contains(expected), "{service}: {fix}");
        };
        check("redis: {image: 'redis:8'}", "\"stop_grace_period: 60s\"");
        check("redis: {image: 'redis:8', stop_grace_period: 5s}", "\"60s\"");
        check("archiver: {image: 'app:1'}", "\"stop_grace_period: 30s\"");
        check("archiver: {image: 'app:1', stop_grace_period: 5s}", "\"30s\"");
    }

    #[test]
    fn how_long() {
        check("redis", "image: 'redis:8', stop_grace_period: 9s999ms", true);
        check("redis", "image: 'redis:8', stop_grace_period: 0s", true);
        check("redis", "image: 'redis:8', stop_grace_period: 10s", false);
        check("redis", "image: 'redis:8', stop_grace_period: 1m", false);
        check("collector", "image: 'app:1', stop_grace_period: 1s", false);
    }
}
