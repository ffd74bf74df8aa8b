//! `healthcheck-missing`: a long-running service of which nobody can ask whether it works.

use super::healthcheck_disabled::Healthcheck;
use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "healthcheck-missing",
        title: "nobody can ask the container whether it works",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A long-running service without a command under `healthcheck`, be it its own, or from an anchor, an override or `extends`.
  An image may bring a HEALTHCHECK of its own; the files do not show it, so this is a warning and says so.
Why it matters
  To the engine a process that hangs is one that works: `docker ps` says `Up`, and nothing notices that no tick has passed
  since nine. And other services can only wait until it has started, not until it is ready.
What to do
  Write a test that asks the process itself for what it is there for (`redis-cli ping`, `pg_isready`, a subcommand of your own
  program), with a `start_period` of the time that its start may take.
Source
  Docker, Dockerfile reference, HEALTHCHECK: https://docs.docker.com/reference/dockerfile/#healthcheck
";

const BAD: &str = r#"
services:
  archiver:
# ^^^^^^^^
    image: app:1.4.2
  collector:
    image: app:1.4.2
    healthcheck:
#   ^^^^^^^^^^^
      interval: 5s
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    healthcheck:
      test: [CMD, /archiver, health]
      start_period: 60s
  migrate:
    image: app:1.4.2
    labels: {feedctl.role: one-shot}
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(|service| {
        let taken = model.taken_away(service.name, &["healthcheck", "test"]);
        Some(finding(service)?.related(taken, "what else is said of it is taken away here"))
    }));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let name = service.name;
    let (at, label) = match Healthcheck::of(service) {
        Healthcheck::FromImage { block: None } => {
            (service.key, "no `healthcheck:` here, and none from `extends`, an override file or an anchor")
        }
        Healthcheck::FromImage { block: Some(block) } => {
            (block.key, "no `test:` here: only what the image brings is run, if it brings one")
        }
        Healthcheck::Unresolved(command) => {
            return Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, command, "the healthcheck"));
        }
        Healthcheck::Tested { .. } | Healthcheck::Off(_) => return None,
    };
    let image = if service.node.get("build").is_some() { "the image that is built here" } else { "the image" };
    let message = format!("nobody can tell whether `{name}` still works");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, at, message)
        .label(label)
        .consequence("a process that hangs looks like one that works, and nothing can wait until it is ready")
        .remedy("add `healthcheck: {test: …, start_period: …}`, with a test that asks the process itself")
        .otherwise(format!(
            "if {image} brings a HEALTHCHECK: `# feedctl: allow healthcheck-missing: the image has one`"
        ));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::Certainty;
    use crate::fixture;

    fn check(service: &str, expected: Option<Certainty>) {
        let found = fixture::found(&RULE.meta, &format!("services: {{app: {{image: 'app:1', {service}}}}}"))
            .map(|(_, certainty)| certainty);
        assert_eq!(found, expected, "{service}");
    }

    #[test]
    fn where_it_was_taken_away() {
        let check = |over: &str, expected: &[&str]| {
            let base = "services: {app: {image: 'app:1', healthcheck: {test: x}}}";
            let audit = fixture::audit_files(&[("compose.yaml", base), ("compose.over.yaml", over)]);
            let mut mine = audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id);
            let finding = mine.find(|finding| finding.service.as_deref() == Some("app")).expect(over);
            let related: Vec<&str> = finding.related.iter().map(|(at, _)| audit.sources.text(*at)).collect();
            assert_eq!(related, expected, "{over}");
        };
        check("services: {app: {healthcheck: !reset null}}", &["null"]);
        check("services: {app: {healthcheck: {test: !reset null}}}", &["null"]);
        check("services: {app: {healthcheck: !override {interval: 5s}}}", &["{interval: 5s}"]);
        check("services: {app: !override {image: 'app:2'}}", &["{image: 'app:2'}"]);
        check("services: {app: {healthcheck: {'*': !reset null}}}", &["null"]);
        check("services: {app: {healthcheck: !reset null, labels: !reset null}}", &["null"]);
        let other = "other: {image: 'a:1', labels: !reset null}";
        check(&format!("services: {{{other}, app: !override {{image: 'a:1'}}}}"), &["{image: 'a:1'}"]);
    }

    #[test]
    fn what_is_missing() {
        check("", Some(Certainty::Seen));
        check("healthcheck: {interval: 5s}", Some(Certainty::Seen));
        check("healthcheck: {test: '$PROBE'}", Some(Certainty::Unresolved));
        check("healthcheck: {test: x}", None);
        check("healthcheck: {disable: true}", None);
        check("labels: {feedctl.role: one-shot}", None);
    }
}
