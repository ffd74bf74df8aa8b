//! `logs-unbounded`: a long-running service whose log grows until the disk is full.

use crate::finding::{Finding, Findings, Fix, Severity};
use crate::model::{Model, Service};
use crate::node::Node;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "logs-unbounded",
        title: "the log grows until the disk is full",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A long-running service that logs with `json-file`, by name or because nothing else is said, without `max-size`. The other
  drivers (`local`, `journald`, `syslog`, `none`, …) bound their logs, or leave that to somebody else.
Why it matters
  json-file keeps everything for ever, and the file lies on the disk of the engine: when that is full, Redis cannot save, the
  database stops, and no container starts. At 25 ticks a second, a line for each is a hundred megabytes a day. `max-file` alone
  bounds nothing.
What to do
  Set `max-size` and `max-file` (`feedctl audit-compose --fix` does it), once for all services through an anchor, or take the
  driver `local`. Where the host's daemon.json says it for all containers, allow this in a comment: the files do not show it.
Source
  Docker, JSON File logging driver: https://docs.docker.com/engine/logging/drivers/json-file/
";

const BAD: &str = r#"
services:
  archiver:
# ^^^^^^^^
    image: app:1.4.2
  collector:
    image: app:1.4.2
    logging:
#   ^^^^^^^
      driver: json-file
      options: {max-file: "3"}
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    logging:
      driver: json-file
      options: {max-size: 10m, max-file: "3"}
  collector:
    image: app:1.4.2
    logging: {driver: journald}
"#;

const BOUNDS: &str = "logging:\n  driver: json-file\n  options: {max-size: 10m, max-file: \"3\"}";

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let name = service.name;
    let Some(logging) = service.node.as_map()?.get("logging") else {
        let label = "no `logging:` here: `json-file` without a bound";
        return Some(
            seen(Finding::new(&RULE.meta, Severity::Warn, name, service.key, message(name)).label(label))
                .fix(Fix::Add(BOUNDS)),
        );
    };
    let unknown = |node: &Node, what| Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, node, what));
    if let Some(part) = logging.node.unknown(&["options"]) {
        return unknown(part, "the bound of the log");
    }
    let size = logging.node.at(&["options", "max-size"]);
    match size {
        Some(size) if !size.is_empty() => return None,
        Some(size) if size.lacks_a_variable() => return unknown(size, "the bound of the log"),
        _ => {}
    }
    match logging.node.get("driver") {
        Some(driver) if driver.is_empty() && driver.lacks_a_variable() => {
            return unknown(driver, "the log driver");
        }
        Some(driver) if !driver.is_empty() && driver.as_text() != Some("json-file") => return None,
        _ => {}
    }
    let label = match logging.node.at(&["options", "max-file"]) {
        Some(_) => "`max-file` alone bounds nothing: without `max-size` no file is ever full",
        None => "no `max-size` here: `json-file` without a bound",
    };
    Some(seen(Finding::new(&RULE.meta, Severity::Warn, name, logging.key, message(name)).label(label)))
}

fn message(name: &str) -> String {
    format!("the log of `{name}` grows until the disk is full")
}

fn seen(finding: Finding) -> Finding {
    finding
        .consequence("on a full disk Redis cannot save, the database stops, and no container starts")
        .remedy("add `max-size: 10m` and `max-file: \"3\"` to the options of `logging`")
        .otherwise("if the host's daemon.json sets it: `# feedctl: allow logs-unbounded: daemon.json sets max-size`")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::Certainty;
    use crate::fixture;

    /// How sure it is, and whether it can be mended.
    fn check(service: &str, expected: Option<(Certainty, bool)>) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {service}}}}}"));
        assert!(!audit.is_refused(), "{service}: {:?}", audit.findings);
        let finding = audit.findings.iter().find(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(finding.map(|finding| (finding.certainty, finding.fix.is_some())), expected, "{service}");
    }

    #[test]
    fn what_bounds_a_log() {
        let seen = Some((Certainty::Seen, false));
        check("", Some((Certainty::Seen, true)));
        check("logging: {}", seen);
        check("logging: {driver: ''}", seen);
        check("logging: {driver: json-file}", seen);
        check("logging: {options: {max-size: }}", seen);
        check("logging: {options: {max-size: 10m}}", None);
        check("logging: {options: {max-size: 1000000}}", None);
        check("logging: {driver: local}", None);
        check("logging: {driver: none}", None);
        check("labels: {feedctl.role: one-shot}", None);
    }

    #[test]
    fn what_is_not_known() {
        let unresolved = Some((Certainty::Unresolved, false));
        check("logging: {driver: '$DRIVER'}", unresolved);
        check("logging: {options: {max-size: '$SIZE'}}", unresolved);
        check("logging: {driver: '$DRIVER', options: {max-size: 10m}}", None);
    }
}
