//! `healthcheck-without-start-period`: a healthcheck that counts what fails while the service still starts.

use super::healthcheck_disabled::Healthcheck;
use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Node, Value};
use crate::project::consistency::duration;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "healthcheck-without-start-period",
        title: "what fails during the start counts against the container",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A long-running service whose healthcheck has no `start_period`, or one of zero.
Why it matters
  The tests that fail while a database recovers or a collector reads its spool then count from the first second. After
  `retries` of them the container is unhealthy: `docker compose up` gives up on whoever waits for it, and what restarts
  unhealthy containers kills it in the middle of its recovery, again and again. It shows on the worst day only, since
  a start is slow after a crash.
What to do
  Write a `start_period` above the longest start. It delays nothing: the first test that succeeds ends it.
Source
  Docker, Dockerfile reference, HEALTHCHECK: https://docs.docker.com/reference/dockerfile/#healthcheck
";

const BAD: &str = r#"
services:
  database:
    image: postgres:17.5
    healthcheck:
#   ^^^^^^^^^^^
      test: [CMD, pg_isready]
      interval: 5s
  redis:
    image: redis:8.0.2
    healthcheck:
      test: [CMD, redis-cli, ping]
      start_period: 0s
#                   ^^
"#;

const GOOD: &str = r#"
services:
  database:
    image: postgres:17.5
    healthcheck:
      test: [CMD, pg_isready]
      interval: 5s
      start_period: 120s
"#;

/// The engine's own, where the file says nothing or zero.
const INTERVAL: i64 = 30_000_000_000;
const RETRIES: i64 = 3;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let Healthcheck::Tested { block, .. } = Healthcheck::of(service) else { return None };
    let period = block.node.get("start_period");
    if period.and_then(nanoseconds).is_some_and(|period| period > 0) {
        return None;
    }
    let name = service.name;
    if let Some(period) = period.filter(|period| period.lacks_a_variable()) {
        return Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, period, "the patience with a start"));
    }
    let patience = duration::print(patience(&block.node));
    let message = format!("a start of `{name}` that takes longer than {patience} counts as an illness");
    let finding =
        Finding::new(&RULE.meta, Severity::Warn, name, period.map_or(block.key, |node| node.origin.span), message)
            .label("no `start_period`: each failure counts from the first second")
            .consequence("a slow start, as after a crash, is unhealthy: whoever waits for it is not started")
            .remedy("add `start_period: 60s` here, or what the longest start takes; the first success ends it early");
    Some(finding)
}

/// After how long a container that has not yet answered is unhealthy, the time of the tests themselves left out.
fn patience(block: &Node) -> i64 {
    let interval = block.get("interval").and_then(nanoseconds).filter(|interval| *interval > 0);
    let retries = block.get("retries").and_then(|node| match &node.value {
        Value::Int(retries) => Some(*retries),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    });
    let retries = retries.filter(|retries| *retries > 0);
    interval.unwrap_or(INTERVAL).saturating_mul(retries.unwrap_or(RETRIES))
}

fn nanoseconds(node: &Node) -> Option<i64> {
    duration::parse(node.as_text()?)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    /// The patience that the finding speaks of.
    fn check(healthcheck: &str, expected: Option<&str>) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', healthcheck: {{{healthcheck}}}}}}}"));
        assert!(!audit.is_refused(), "{healthcheck}: {:?}", audit.findings);
        let finding = audit.findings.iter().find(|finding| finding.rule.id == RULE.meta.id);
        let patience = finding.map(|finding| {
            let (_, words) = finding.message.split_once("longer than ").expect("the message has it");
            words.trim_end_matches(" counts as an illness")
        });
        assert_eq!(patience, expected, "{healthcheck}");
    }

    #[test]
    fn how_long_a_start_may_take() {
        check("test: x", Some("1m30s"));
        check("test: x, interval: 5s", Some("15s"));
        check("test: x, interval: 0s, retries: 0", Some("1m30s"));
        check("test: x, interval: 5s, retries: '10'", Some("50s"));
        check("test: x, start_period: 1ms", None);
        check("test: [NONE]", None);
        check("interval: 5s", None);
    }
}
