//! `healthcheck-disabled`: a healthcheck that is turned off, by meaning or by mistake. Here is also what the other rules ask of a
//! healthcheck: what the files say of it.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Entry, Node, Value};
use crate::project::consistency;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "healthcheck-disabled",
        title: "the healthcheck is turned off",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A long-running service with `disable: true` or `test: NONE`, in either form, below `healthcheck`.
Why it matters
  A process that hangs then looks like one that works. And `test: NONE` as plain text turns nothing off: Compose makes it a
  shell command called NONE, which no image has, so the container is unhealthy for ever. Only `[NONE]`, as a list, turns the
  image's own healthcheck off.
What to do
  Write a test that asks the process itself. Where the image's own is wrong for this use, replace it instead of losing it.
Source
  Measured on Docker Engine 20.10 with Compose 2.26.1: `test: NONE` reaches the engine as `CMD-SHELL NONE`.
";

const BAD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    healthcheck:
      disable: true
#              ^^^^
  collector:
    image: app:1.4.2
    healthcheck:
      test: NONE
#           ^^^^
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    healthcheck:
      test: [CMD, /archiver, health]
      start_period: 60s
"#;

/// What the files say of the healthcheck of a service.
#[derive(Debug, Clone, Copy)]
pub(super) enum Healthcheck<'a> {
    /// It has a command.
    Tested { block: &'a Entry, test: &'a Node },
    /// Turned off here.
    Off(&'a Node),
    /// No command: there is one only if the image brings it.
    FromImage { block: Option<&'a Entry> },
    /// The command comes from a variable without a value.
    Unresolved(&'a Node),
}

impl<'a> Healthcheck<'a> {
    pub(super) fn of(service: &Service<'a>) -> Self {
        let Some(block) = service.node.as_map().and_then(|map| map.get("healthcheck")) else {
            return Self::FromImage { block: None };
        };
        if let Some(unknown) = block.node.unknown(&["disable"]).or_else(|| block.node.unknown(&["test"])) {
            return Self::Unresolved(unknown);
        }
        let is_true = |node: &&Node| node.is_true() || node.as_text().and_then(consistency::truth) == Some(true);
        if let Some(disable) = block.node.get("disable").filter(is_true) {
            return Self::Off(disable);
        }
        let Some(test) = block.node.get("test").filter(|test| has_words(test)) else {
            return Self::FromImage { block: Some(block) };
        };
        let words = test.as_list().unwrap_or(std::slice::from_ref(test));
        let command = words.get(1).unwrap_or(&words[0]);
        match words[0].as_text() {
            Some("NONE") => Self::Off(test),
            _ if command.as_text() == Some("") && command.lacks_a_variable() => Self::Unresolved(command),
            _ => Self::Tested { block, test },
        }
    }
}

/// Without words the image's own command stays in force; a text is a command even where it is empty.
fn has_words(test: &Node) -> bool {
    test.value != Value::Null && test.as_list().is_none_or(|words| !words.is_empty())
}

/// Whether what turns a healthcheck off is the text that only seems to.
pub(super) fn is_command(off: &Node) -> bool {
    off.as_text() == Some("NONE")
}

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let Healthcheck::Off(off) = Healthcheck::of(service) else { return None };
    let name = service.name;
    let finding = |message: String, label, consequence| {
        Finding::new(&RULE.meta, Severity::Warn, name, off.origin.span, message)
            .label(label)
            .consequence(consequence)
            .remedy("write a test that asks the process itself, with a `start_period`")
            .otherwise("if nothing can be asked: `# feedctl: allow healthcheck-disabled: the reason` at this line")
    };
    Some(match is_command(off) {
        true => finding(
            format!("`{name}` will be unhealthy for ever"),
            "as text this is a shell command called `NONE`, which no image has",
            "measured: the container runs, is unhealthy, and whoever waits for its health is not started",
        ),
        false => finding(
            format!("nobody can tell whether `{name}` still works: its healthcheck is turned off"),
            "turned off, also where the image brings one",
            "a process that hangs looks like one that works, and nothing can wait until it is ready",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::Healthcheck;
    use crate::fixture;

    fn check(healthcheck: &str, expected: &str) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {healthcheck}}}}}"));
        let model = audit.model().expect("Compose takes it");
        let said = match Healthcheck::of(&model.services["app"]) {
            Healthcheck::Tested { .. } => "tested",
            Healthcheck::Off(off) if super::is_command(off) => "a command",
            Healthcheck::Off(_) => "off",
            Healthcheck::FromImage { block } => {
                if block.is_some() {
                    "no command"
                } else {
                    "from the image"
                }
            }
            Healthcheck::Unresolved(_) => "unresolved",
        };
        assert_eq!(said, expected, "{healthcheck}");
    }

    #[test]
    fn what_the_files_say() {
        check("", "from the image");
        check("healthcheck: {interval: 5s}", "no command");
        check("healthcheck: {test: []}", "no command");
        check("healthcheck: {test: pg_isready}", "tested");
        check("healthcheck: {test: [CMD, pg_isready]}", "tested");
        check("healthcheck: {test: pg_isready, disable: false}", "tested");
        check("healthcheck: {test: pg_isready, disable: true}", "off");
        check("healthcheck: {test: pg_isready, disable: 'yes'}", "off");
        check("healthcheck: {test: [NONE]}", "off");
        check("healthcheck: {test: NONE}", "a command");
        check("healthcheck: {test: 'curl $HOST'}", "tested");
        check("healthcheck: {test: pg_isready, disable: $OFF}", "unresolved");
        check("healthcheck: {test: ['$PROBE', pg_isready]}", "unresolved");
        check("healthcheck: $PROBE", "unresolved");
        check("healthcheck: {test: '$PROBE'}", "unresolved");
        check("healthcheck: {test: [CMD-SHELL, '$PROBE']}", "unresolved");
    }
}
