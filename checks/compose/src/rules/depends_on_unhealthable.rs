//! `depends-on-unhealthable`: a service that waits for the health of one that has none.

use super::depends_on_without_condition::dependencies;
use super::healthcheck_disabled::{self, Healthcheck};
use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Entry, Value};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "depends-on-unhealthable",
        title: "it waits for the health of a service that has no healthcheck",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  `condition: service_healthy` on a service whose healthcheck is turned off (an error), or that has none in the files (a
  warning, because its image may bring one).
Why it matters
  `docker compose config` takes it. `docker compose up` starts the first service, ends with `container … has no healthcheck
  configured`, and leaves the one that waits created, but not started, whatever its restart policy is. With `required: false`
  Compose only warns, and does not wait at all.
What to do
  Give the service a healthcheck, or wait for `service_started` only.
Source
  docker/compose v2.26.1, pkg/compose/convergence.go (isServiceHealthy); measured on Docker Engine 20.10 with Compose 2.26.1.
";

const BAD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    depends_on:
      redis:
        condition: service_healthy
#                  ^^^^^^^^^^^^^^^
      database:
        condition: service_healthy
#                  ^^^^^^^^^^^^^^^
  redis:
    image: redis:8.0.2
  database:
    image: postgres:17.5
    healthcheck: {disable: true}
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    depends_on:
      redis: {condition: service_healthy}
  redis:
    image: redis:8.0.2
    healthcheck:
      test: [CMD, redis-cli, ping]
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    for service in model.services.values() {
        let found =
            dependencies(service).filter_map(|(name, entry)| finding(service, model.services.get(name)?, entry));
        findings.extend(found);
    }
}

fn finding(service: &Service<'_>, wanted: &Service<'_>, dependency: &Entry) -> Option<Finding> {
    let condition = dependency.node.get("condition")?;
    let is_unknown = condition.lacks_a_variable();
    if !is_unknown && condition.as_text() != Some("service_healthy") {
        return None;
    }
    let is_required = dependency.node.get("required").is_none_or(|required| required.value != Value::Bool(false));
    let (place, reason, end, certain) = match Healthcheck::of(wanted) {
        Healthcheck::Off(off) if healthcheck_disabled::is_command(off) => {
            (off.origin.span, "a shell command called `NONE`, which fails always", "is unhealthy", true)
        }
        Healthcheck::Off(off) => (off.origin.span, "turned off here", "has no healthcheck configured", true),
        Healthcheck::FromImage { block } => {
            let place = block.map_or(wanted.key, |block| block.key);
            (place, "no healthcheck here: only the image could bring one", "has no healthcheck configured", false)
        }
        Healthcheck::Unresolved(node) => {
            let severity = if is_required { Severity::Error } else { Severity::Warn };
            return Some(Finding::unresolved(&RULE.meta, severity, service.name, node, "the start"));
        }
        Healthcheck::Tested { .. } => return None,
    };
    if is_unknown {
        let severity = if certain { Severity::Error } else { Severity::Warn };
        return Some(Finding::unresolved(&RULE.meta, severity, service.name, condition, "the start"));
    }
    let (name, wanted) = (service.name, wanted.name);
    let severity = if certain && is_required { Severity::Error } else { Severity::Warn };
    let but = if certain { "measured" } else { "unless the image brings a HEALTHCHECK" };
    let consequence = match is_required {
        true => format!("{but}: `docker compose up` ends with `container … {end}`, and `{name}` is never started"),
        false => format!("{but}: `docker compose up` warns that it {end}, and starts `{name}` at once"),
    };
    let finding = Finding::new(
        &RULE.meta,
        severity,
        name,
        condition.origin.span,
        format!("`{wanted}` will not get healthy for `{name}`"),
    )
    .label(format!("waits for a healthcheck that `{wanted}` does not have"))
    .related(place, reason)
    .consequence(consequence)
    .remedy(format!("give `{wanted}` a `healthcheck:`, or write `condition: service_started`"));
    Some(match certain {
        true => finding,
        false => {
            finding.otherwise("if the image has one: `# feedctl: allow depends-on-unhealthable: the image has one`")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::Severity;
    use crate::fixture;

    fn check(needs: &str, healthcheck: &str, expected: Option<Severity>) {
        let app = format!("app: {{image: 'app:1', depends_on: {{redis: {{{needs}}}}}}}");
        let audit = fixture::audit(&format!("services: {{{app}, redis: {{image: 'redis:8', {healthcheck}}}}}"));
        assert!(!audit.is_refused(), "{healthcheck}: {:?}", audit.findings);
        let finding = audit.findings.iter().find(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(finding.map(|finding| finding.severity), expected, "{needs} on {healthcheck}");
    }

    #[test]
    fn as_bad_as_it_is_certain() {
        let healthy = "condition: service_healthy";
        check(healthy, "healthcheck: {disable: true}", Some(Severity::Error));
        check(healthy, "healthcheck: {test: NONE}", Some(Severity::Error));
        check(healthy, "healthcheck: {test: [NONE]}", Some(Severity::Error));
        check(healthy, "", Some(Severity::Warn));
        check(healthy, "healthcheck: {interval: 5s}", Some(Severity::Warn));
        check(healthy, "healthcheck: {test: x}", None);
        check(healthy, "healthcheck: {test: '$PROBE'}", Some(Severity::Error));
        check(healthy, "healthcheck: {test: x, disable: '$OFF'}", Some(Severity::Error));
        check("condition: service_healthy, required: false", "healthcheck: {test: '$PROBE'}", Some(Severity::Warn));
        check("condition: service_healthy, required: false", "healthcheck: {disable: true}", Some(Severity::Warn));
        check("condition: service_started", "healthcheck: {disable: true}", None);
    }
}
