//! `restart-refused`: a policy that Compose takes and the engine refuses.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Declared, Model, Service};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "restart-refused",
        title: "the engine refuses the restart policy",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A restart policy that the engine does not know (`Always`, `never`), one with a retry count where only `on-failure` may have
  one (`always:5`), or one with a count below zero (`on-failure:-1`).
Why it matters
  `docker compose config` and every schema accept it. `docker compose up` then ends at this service with an error of the
  engine: an old container goes on with the old configuration, and on a new host or after `docker compose down` there is
  none at all.
What to do
  Write `unless-stopped`, `always`, `on-failure` or `no`, in lower case.
Source
  Measured: docs/restart-policies.md.
";

const BAD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    restart: Always
#            ^^^^^^
  collector:
    image: app:1.4.2
    restart: always:5
#            ^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    restart: always
  collector:
    image: app:1.4.2
    restart: on-failure
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings
        .extend(model.services.values().filter(|service| service.restart.is_refused()).filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let node = service.restart.declared?.node();
    if node.lacks_a_variable() {
        return None;
    }
    let (name, policy) = (service.name, &service.restart.effective);
    let label = match policy.maximum_retry_count {
        0 => format!("the engine knows no policy `{}`", policy.name),
        attempts @ ..0 => format!("a retry count ({attempts}) cannot be below zero"),
        attempts => format!("a retry count ({attempts}) may only stand with `on-failure`"),
    };
    let message = format!("the engine will refuse to create `{name}`");
    let finding = Finding::new(&RULE.meta, Severity::Error, name, node.origin.span, message)
        .label(label)
        .consequence("`docker compose up` fails at this service; after a `down` or on a new host it is absent")
        .remedy(match service.restart.declared {
            Some(Declared::Deploy { .. }) if policy.maximum_retry_count != 0 => "take `max_attempts` out, and write `any`",
            Some(Declared::Deploy { .. }) => "write `any` as its condition",
            _ => "write `unless-stopped`",
        });
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    /// The words under the caret.
    fn check(policy: &str, expected: Option<&str>) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', restart: {policy}}}}}"));
        let finding = audit.findings.iter().find(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(finding.map(|finding| finding.label.as_str()), expected, "{policy}");
    }

    #[test]
    fn policies() {
        check("Always", Some("the engine knows no policy `Always`"));
        check("always:5", Some("a retry count (5) may only stand with `on-failure`"));
        check("on-failure:-1", Some("a retry count (-1) cannot be below zero"));
        check("on-failure:5", None);
    }
}
