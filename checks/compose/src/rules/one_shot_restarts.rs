//! `one-shot-restarts`: a service that runs once, with a policy that runs it again.

use crate::finding::{Finding, Severity};
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
  A one-shot (label `feedctl.role: one-shot`, `role: one-shot` in feedctl.yml, or another service waits for its completion)
  with `always` or `unless-stopped`.
Why it matters
  It never completes: the engine runs the migration again after each success, and whoever waits for
  `service_completed_successfully` waits for ever, so the collector never starts.
What to do
  Remove the policy, or write `restart: on-failure`, which tries again after a failure only.
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

fn run(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let again =
        |service: &&Service<'_>| service.role.kind == RoleKind::OneShot && service.restart.effective.comes_back();
    findings.extend(model.services.values().filter(again).filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let node = service.restart.declared?.node();
    if node.unset().next().is_some() {
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
        Basis::WaitedFor { by, at } => finding.related(at, format!("inferred: `{by}` waits here for its completion")),
        Basis::Config | Basis::Assumed => finding,
    })
}
