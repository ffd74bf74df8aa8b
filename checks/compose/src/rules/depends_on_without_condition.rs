//! `depends-on-without-condition`: a service that starts before what it needs is ready, though that could be asked.

use super::healthcheck_disabled::Healthcheck;
use crate::finding::{Finding, Findings, Fix, Severity};
use crate::model::{Model, RoleKind, Service};
use crate::node::{Entry, Node};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "depends-on-without-condition",
        title: "it starts before what it depends on is ready",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A dependency in the short form, or with `service_started`, on a service that has a healthcheck.
Why it matters
  Compose then starts the service as soon as the other container runs, while the database still recovers. The first
  connections are refused; what happens next is left to each program, and a deploy that failed once in ten starts fails on
  the morning after a crash, when recovery takes longest.
What to do
  Write `condition: service_healthy` (`feedctl audit-compose --fix` does it where a condition is written). It holds for
  `docker compose up` only: after a reboot the engine starts all containers at once, so the program must be able to wait too,
  and Swarm (`docker stack deploy`) ignores `depends_on`.
Source
  Compose, Control startup order: https://docs.docker.com/compose/how-tos/startup-order/
";

const BAD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    depends_on:
      - redis
#       ^^^^^
  collector:
    image: app:1.4.2
    depends_on:
      redis:
        condition: service_started
#                  ^^^^^^^^^^^^^^^
  redis:
    image: redis:8.0.2
    healthcheck:
      test: [CMD, redis-cli, ping]
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    depends_on:
      redis: {condition: service_healthy}
      metrics: {condition: service_started}
  metrics:
    image: app:1.4.2
  redis:
    image: redis:8.0.2
    healthcheck:
      test: [CMD, redis-cli, ping]
"#;

/// What a service depends on: each name with what is asked of it.
pub(super) fn dependencies<'a>(service: &Service<'a>) -> impl Iterator<Item = (&'a str, &'a Entry)> {
    let map = service.node.get("depends_on").and_then(Node::as_map);
    map.into_iter().flatten().map(|(name, entry)| (name.as_str(), entry))
}

/// What services depend on, by a name that is not known for want of a variable.
pub(super) fn unknown_dependencies<'m>(model: &'m Model<'_>) -> impl Iterator<Item = (&'m Service<'m>, Node)> {
    model.project.lacking.iter().filter_map(|lacking| {
        let path: Vec<&str> = lacking.path.iter().map(String::as_str).collect();
        match path[..] {
            ["services", name, "depends_on"] | ["services", name, "depends_on", "[]"] => {
                Some((model.services.get(name)?, lacking.node()))
            }
            _ => None,
        }
    })
}

fn run(model: &Model<'_>, findings: &mut Findings) {
    for service in model.services.values() {
        let found =
            dependencies(service).filter_map(|(name, entry)| finding(service, model.services.get(name)?, entry));
        findings.extend(found);
    }
    let is_tested = |service: &Service<'_>| matches!(Healthcheck::of(service), Healthcheck::Tested { .. });
    if model.services.values().any(is_tested) {
        findings.extend(unknown_dependencies(model).map(|(service, name)| {
            Finding::unresolved(&RULE.meta, Severity::Warn, service.name, &name, "a dependency")
        }));
    }
}

fn finding(service: &Service<'_>, wanted: &Service<'_>, dependency: &Entry) -> Option<Finding> {
    let Healthcheck::Tested { block, .. } = Healthcheck::of(wanted) else { return None };
    let condition = dependency.node.get("condition")?;
    if condition.lacks_a_variable() {
        return Some(Finding::unresolved(&RULE.meta, Severity::Warn, service.name, condition, "the start"));
    }
    if condition.as_text() != Some("service_started") {
        return None;
    }
    if wanted.role.kind == RoleKind::OneShot || is_implied(dependency) {
        return None;
    }
    let (name, wanted) = (service.name, wanted.name);
    let written = condition.origin.span != dependency.node.origin.span;
    let at = if written { condition.origin.span } else { dependency.key };
    let message = format!("`{name}` starts before `{wanted}` is ready");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, at, message)
        .label("waits for the start of the container only")
        .related(block.key, format!("this could tell when `{wanted}` is ready"))
        .consequence("its first connections are refused, most surely after a crash, when recovery takes long")
        .remedy(match written {
            true => "write `service_healthy` in its place".to_owned(),
            false => format!("make `depends_on` a mapping with `{wanted}: {{condition: service_healthy}}`"),
        })
        .otherwise(
            "if it waits by itself: `# feedctl: allow depends-on-without-condition: it connects again by itself`",
        );
    // A file that is read without the one that has the healthcheck would wait for ever.
    if block.key.file != at.file {
        return Some(finding);
    }
    Some(match written {
        true => finding.fix(Fix::replace("depends_on", condition, "service_healthy")),
        false => finding.fix(Fix::Healthy(wanted.to_owned())),
    })
}

/// Whether it comes from `links`, `volumes_from` or a shared namespace: Compose adds `restart` to these, at the same place.
fn is_implied(dependency: &Entry) -> bool {
    dependency.node.get("restart").is_some_and(|restart| restart.origin.span == dependency.key)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    /// How often it is found, and whether it can be mended.
    fn check(service: &str, expected: &[bool]) {
        let redis = "redis: {image: 'redis:8', healthcheck: {test: x}}";
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {service}}}, {redis}}}"));
        assert!(!audit.is_refused(), "{service}: {:?}", audit.findings);
        let mine = audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(mine.map(|finding| finding.fix.is_some()).collect::<Vec<_>>(), expected, "{service}");
    }

    #[test]
    fn each_way_to_depend() {
        check("depends_on: [redis]", &[true]);
        check("depends_on: {redis: {condition: service_started}}", &[true]);
        check("depends_on: {redis: {restart: true, condition: service_started}}", &[true]);
        check("depends_on: {redis: {condition: service_healthy}}", &[]);
        check("depends_on: [$A]", &[false]);
        check("depends_on: {redis: {condition: '${A:?}'}}", &[false]);
    }

    #[test]
    fn a_healthcheck_of_another_file_is_not_built_on() {
        let base = "services: {app: {image: 'app:1', depends_on: [redis]}, redis: {image: 'redis:8'}}";
        let over = "services: {redis: {healthcheck: {test: x}}}";
        let audit = fixture::audit_files(&[("compose.yaml", base), ("compose.override.yaml", over)]);
        let mine = audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(mine.map(|finding| finding.fix.is_some()).collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn what_compose_adds_cannot_have_a_condition() {
        check("links: ['redis:cache']", &[]);
        check("volumes_from: [redis]", &[]);
        check("network_mode: 'service:redis'", &[]);
    }
}
