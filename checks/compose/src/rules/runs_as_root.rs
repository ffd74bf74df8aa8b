//! `runs-as-root`: a file that asks for root in a container.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "runs-as-root",
        title: "the file asks for root",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A service with `user: root`, `user: \"0\"`, or one of them with a group.
Why it matters
  Without a mapping of users root in the container is root on the host wherever it meets the host's files: a bound folder, a
  socket, a hole in the kernel. What it writes to a bound folder belongs to root, so the next version that runs as itself
  cannot write its spool there.
What to do
  Remove the line where the image brings a user of its own, or name one (`user: \"10001:10001\"`), and give it its folders once.
  A database's image begins as root on purpose, to own its folder, and steps down by itself: with this line it may not.
Not the same advice elsewhere
  CIS Docker 4.1 and most linters want a `user:` in each service. The file does not show the user that an image brings, and
  the usual databases step down by themselves, so a missing `user:` says nothing.
Source
  Docker, Engine security: https://docs.docker.com/engine/security/
";

const BAD: &str = r#"
services:
  collector:
    image: app:1.4.2
    user: root
#         ^^^^
"#;

const GOOD: &str = r#"
services:
  collector:
    image: app:1.4.2
    user: "10001:10001"
  archiver:
    image: app:1.4.2
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.services.values().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let name = service.name;
    let node = service.node.get("user")?;
    let user = node.as_text()?.split(':').next().unwrap_or_default();
    if user.is_empty() && node.lacks_a_variable() {
        return Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, node, "the user"));
    }
    if user != "root" && user.parse() != Ok(0) {
        return None;
    }
    let message = format!("`{name}` runs as root, because the file says so");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, node.origin.span, message)
        .label("root, whatever user the image brings")
        .consequence("what breaks out of it is root on the host, and its files there are no other user's to write")
        .remedy("remove the line, or name a user: `user: \"10001:10001\"`")
        .otherwise("if it must own files first: `# feedctl: allow runs-as-root: the reason`");
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
    fn users() {
        check("", None);
        check("user: ''", None);
        check("user: root", Some(Certainty::Seen));
        check("user: '0'", Some(Certainty::Seen));
        check("user: '0:1000'", Some(Certainty::Seen));
        check("user: 'root:root'", Some(Certainty::Seen));
        check("user: '1000:0'", None);
        check("user: rooty", None);
        check("user: '${ID}:${GROUP}'", Some(Certainty::Unresolved));
        check("user: '${ID:-1000}:${GROUP}'", None);
    }
}
