//! `restart-gives-up`: a policy that leaves a long-running service dead after some of the ways in which it can end.

use crate::finding::{Finding, Findings, Severity};
use crate::model::truth::{ENDINGS, EVENTS, Fate};
use crate::model::{Declared, Model, Service};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "restart-gives-up",
        title: "the restart policy gives up, or does not hold for every end",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A long-running service with `on-failure`, with or without a retry count.
Why it matters
  `on-failure` brings nothing back that ended with exit code 0, be it a program that takes the end of its input for success,
  or one that ended well when the engine restarted. With a count the engine gives up for good: five crashes within a
  second, while the database restarts, and the day is lost.
What to do
  Write `unless-stopped`. A crash loop is then found by its restart count, and heals by itself when its cause goes away.
Not the same advice elsewhere
  CIS Docker 5.14 and KICS ask for `on-failure:5`, for fear of a container that eats the host by restarting. The engine
  itself waits longer after each try, up to a minute, so a loop costs little; a dead collector costs the market day.
Source
  Measured: docs/restart-policies.md.
";

const BAD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    restart: on-failure:5
#            ^^^^^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    restart: unless-stopped
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    // One that the engine refuses is restart-refused: no container ever has it.
    let giving_up =
        |service: &&Service<'_>| service.restart.effective.name == "on-failure" && !service.restart.is_refused();
    findings.extend(model.lasting().filter(giving_up).filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let node = service.restart.declared?.node();
    if node.lacks_a_variable() {
        return None;
    }
    let (name, policy) = (service.name, &service.restart.effective);
    let label = match policy.maximum_retry_count {
        0 => "only after a failure".to_owned(),
        attempts => format!("only after a failure, and for good after {attempts} restarts"),
    };
    let message = format!("`{name}` stays dead after some of its ends");
    let finding = Finding::new(&RULE.meta, Severity::Error, name, node.origin.span, message)
        .label(label)
        .consequence(format!(
            "measured: it stays dead when it {}",
            deaths(policy.maximum_retry_count > 0).join(", or ")
        ))
        .remedy(match service.restart.declared? {
            Declared::Short(_) => "write `restart: unless-stopped`",
            Declared::Deploy { .. } => "write `condition: any`, without a count; it replaces what `restart:` says",
        });
    Some(finding)
}

/// The ends after which the engine leaves such a container dead. What was stopped by a person is meant to be.
fn deaths(counted: bool) -> Vec<&'static str> {
    let mine = ENDINGS
        .iter()
        .find(|ending| ending.policy.name == "on-failure" && (ending.policy.maximum_retry_count > 0) == counted);
    let fates = mine.into_iter().flat_map(|ending| EVENTS.into_iter().zip(ending.fates));
    fates.filter(|(event, fate)| *fate != Fate::Back && !event.contains("stopped")).map(|(event, _)| event).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::{Certainty, Severity};
    use crate::fixture;

    fn check(policy: &str, expected: bool) {
        let found = fixture::found(&RULE.meta, &format!("services: {{app: {{image: 'app:1', restart: {policy}}}}}"));
        assert_eq!(found, expected.then_some((Severity::Error, Certainty::Seen)), "{policy}");
    }

    #[test]
    fn policies() {
        check("on-failure", true);
        check("on-failure:5", true);
        // Refused, and that is told.
        check("on-failure:-1", false);
        check("unless-stopped", false);
    }
}
