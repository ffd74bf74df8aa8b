//! `one-shot-restarts`: a service that runs once, with a policy that runs it again.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Basis, Model, RoleKind, Service};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "one-shot-restarts",
        title: "a service that runs once is started again and again",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A one-shot with `always` or `unless-stopped`. A service is one by its label `feedctl.role: one-shot`, by `role: one-shot` in
  feedctl.yml, by `deploy.mode: replicated-job` or `global-job`, or because another service waits for its completion; the
  first of these that says something decides.
Why it matters
  It never completes: the engine runs the migration again after each success, and whoever waits for
  `service_completed_successfully` waits for ever, so the collector never starts.
What to do
  Remove the policy, or write `restart: on-failure`, which tries again after a failure only. If it does run for ever, say so
  with the label `feedctl.role: service`.
Source
  Measured: docs/restart-policies.md; Compose, depends_on: https://docs.docker.com/reference/compose-file/services/#depends_on
";

const BAD: &str = r#"
services:
  migrate:
    image: app:1.4.2
    restart: always
#            ^^^^^^
  archiver:
    image: app:1.4.2
    restart: always
    depends_on:
      migrate: {condition: service_completed_successfully}
"#;

const GOOD: &str = r#"
services:
  migrate:
    image: app:1.4.2
    restart: on-failure
  archiver:
    image: app:1.4.2
    restart: always
    depends_on:
      migrate: {condition: service_completed_successfully}
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    let again =
        |service: &&Service<'_>| service.role.kind == RoleKind::OneShot && service.restart.effective.comes_back();
    findings.extend(model.services.values().filter(again).filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let node = service.restart.declared?.node();
    if node.lacks_a_variable() {
        return None;
    }
    let name = service.name;
    let message = format!("`{name}` is meant to run once, and will be started again after each success");
    let finding = Finding::new(&RULE.meta, Severity::Error, name, node.origin.span, message)
        .label("starts it again also after exit code 0")
        .consequence("whoever waits for its completion never starts")
        .remedy("remove the policy, or write `restart: on-failure`");
    Some(match service.role.basis {
        Basis::Label(label) => finding.related(label.origin.span, "it is a one-shot by this label"),
        Basis::Job(mode) => finding.related(mode.origin.span, "inferred: Swarm runs such a service once, as a job"),
        Basis::WaitedFor { by, condition } => {
            finding.related(condition.origin.span, format!("inferred: `{by}` waits here for its completion"))
        }
        Basis::Config | Basis::Assumed => finding,
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    fn check(service: &str, expected: bool) {
        let found = fixture::found(&RULE.meta, &format!("services: {{app: {{image: 'app:1', {service}}}}}"));
        assert_eq!(found.is_some(), expected, "{service}");
    }

    #[test]
    fn what_runs_once() {
        check("restart: always", false);
        check("restart: always, labels: {feedctl.role: one-shot}", true);
        check("restart: always, deploy: {mode: replicated-job}", true);
        check("deploy: {mode: global-job, restart_policy: {condition: any}}", true);
        check("restart: on-failure, deploy: {mode: replicated-job}", false);
        check("restart: always, deploy: {mode: replicated-job}, labels: {feedctl.role: service}", false);
    }
}
