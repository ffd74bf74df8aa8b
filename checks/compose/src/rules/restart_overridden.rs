//! `restart-overridden`: a `deploy.restart_policy` that takes the policy away.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Declared, Model, Service};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "restart-overridden",
        title: "`deploy.restart_policy` replaces the restart policy by none",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A long-running service whose `deploy.restart_policy` leaves it without a policy: it has no `condition`, or the condition
  is `none`. A `restart:` beside it does not help.
Why it matters
  Compose takes the policy from `restart:` and then lets `deploy.restart_policy`, where there is one, replace it whole. The
  documentation gives `condition` the default `any`; Compose fills in nothing. The engine takes the empty name as \"never\",
  whatever `max_attempts` says. The file reads as if the container came back, and it stays dead.
  This is about `docker compose up`. Swarm (`docker stack deploy`) takes this block alone, and `any` for an empty condition.
What to do
  Write `condition: any` into the block, or remove the block: without Swarm it does nothing that `restart:` does not.
Source
  docker/compose v2.26.1, pkg/compose/create.go (getRestartPolicy); measured on Docker Engine 20.10 with Compose 2.26.1.
";

const BAD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    restart: unless-stopped
    deploy:
      restart_policy:
        delay: 5s
#       ^^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    deploy:
      restart_policy:
        condition: any
        delay: 5s
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let Some(Declared::Deploy { block, condition, replaced }) = service.restart.declared else { return None };
    let is_taken_away = service.restart.effective.name == "no" && !service.restart.is_refused();
    if !is_taken_away || condition.is_some_and(|node| node.lacks_a_variable()) {
        return None;
    }
    let name = service.name;
    let (at, label) = match condition {
        Some(node) => (node.origin.span, format!("`{}` never restarts", node.as_text().unwrap_or_default())),
        None => (block.origin.span, "no `condition:` here, so the policy's name is empty: never".to_owned()),
    };
    let message = format!("nothing will start `{name}` again: `deploy.restart_policy` takes its restart policy away");
    let finding = Finding::new(&RULE.meta, Severity::Error, name, at, message)
        .label(label)
        .consequence("after a crash or a reboot nothing starts this container, though the file seems to say so")
        .remedy("write `condition: any` here, or remove the block and keep `restart: unless-stopped`");
    Some(match replaced {
        Some(restart) => finding.related(restart.origin.span, "this is replaced"),
        None => finding,
    })
}
