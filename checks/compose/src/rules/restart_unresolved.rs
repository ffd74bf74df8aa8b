//! `restart-unresolved`: a restart policy that comes from a variable without a value.

use crate::finding::{Finding, Findings, Severity};
use crate::model::Model;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "restart-unresolved",
        title: "the restart policy comes from a variable without a value",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A service whose restart policy is made of a variable that has no value here and no default.
Why it matters
  Compose reads an unset variable as an empty text and only warns, so the policy becomes `no` on the one host where somebody
  forgot the `.env`. Whether it is set there cannot be known from the files: neither a pass nor a failure, exit code 3.
What to do
  Give the default in the file (`${RESTART:-unless-stopped}`), or the variable with `--env-file`.
Source
  Compose, Interpolation: https://docs.docker.com/reference/compose-file/interpolation/
";

const BAD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    restart: ${RESTART}
#            ^^^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    restart: ${RESTART:-unless-stopped}
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    for service in model.services.values() {
        let node = service.restart.declared.map(|declared| declared.node());
        let policy = ["condition", "max_attempts"].map(|key| service.node.unknown(&["deploy", "restart_policy", key]));
        let unresolved = node.filter(|node| node.lacks_a_variable()).or(policy.into_iter().flatten().next());
        findings
            .extend(unresolved.map(|node| {
                Finding::unresolved(&RULE.meta, Severity::Error, service.name, node, "the restart policy")
            }));
    }
}
