//! `role-unknown`: a label `feedctl.role` that names no role.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Basis, Model, RoleKind, Service};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "role-unknown",
        title: "the label `feedctl.role` names no role",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A label `feedctl.role` that is neither `service` nor `one-shot`; a label, a `deploy.mode` or the `condition` of who waits for
  the service that comes from a variable without a value.
Why it matters
  Whether the service must come back or must not then cannot be said, so no rule about its restart judges it: a typing
  mistake would hide a container that stays dead.
What to do
  Write `service` for what runs for ever, `one-shot` for what runs once. Without the label the role is inferred:
  `feedctl explain one-shot-restarts` says how.
Source
  This program's own; Compose and the engine read no such label.
";

const BAD: &str = r#"
services:
  migrate:
    image: app:1.4.2
    labels:
      feedctl.role: oneshot
#                   ^^^^^^^
"#;

const GOOD: &str = r#"
services:
  migrate:
    image: app:1.4.2
    labels:
      feedctl.role: one-shot
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.services.values().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    if service.role.kind != RoleKind::Unknown {
        return None;
    }
    let (Basis::Label(said) | Basis::Job(said) | Basis::WaitedFor { condition: said, .. }) = service.role.basis else {
        return None;
    };
    if said.lacks_a_variable() {
        return Some(Finding::unresolved(&RULE.meta, Severity::Error, service.name, said, "the role"));
    }
    let message = format!("`{}` has a role that feedctl does not know", service.name);
    let finding = Finding::new(&RULE.meta, Severity::Error, service.name, said.origin.span, message)
        .label("neither `service` nor `one-shot`")
        .consequence("whether it must come back cannot be said, so nothing looks at its restart policy")
        .remedy("write `service` or `one-shot`");
    Some(finding)
}
