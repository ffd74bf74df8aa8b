//! `restart-missing`: a long-running service without any restart policy.

use crate::finding::{Finding, Findings, Fix, Severity};
use crate::model::{Declared, Model, Service};
use crate::rule::{Meta, Rule};
use crate::rules::state_without_volume::words::words;

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "restart-missing",
        title: "nothing starts the container again",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A service that runs for ever and whose restart policy is `no`: because nothing in any file, anchor, override or
  `extends` gives it one, or because `restart: \"no\"` stands there.
  This is about `docker compose up`. Swarm (`docker stack deploy`) ignores `restart:`, takes `deploy.restart_policy`, and
  restarts what has none.
Why it matters
  The engine then leaves the container dead after a crash, after an out-of-memory kill and after a reboot. The stack looks
  healthy as long as nobody looks at the data: on 2026-01-15 an archiver lay dead for 12 minutes while 1,500 ticks were
  published to nobody.
  A service under a profile is a warning only: it may be a tool that a person starts. So is a `restart: \"no\"` where the name
  or the command is that of a job.
What to do
  Write `restart: unless-stopped` (`feedctl audit-compose --fix` adds it, but never over a `restart:` that stands there, nor
  where the name or the command is that of a job: `migrate`, `init`, `flyway`). A
  service that is meant to run once says so with the label `feedctl.role: one-shot`; `feedctl explain one-shot-restarts` tells
  by what else it is known.
Not the same advice elsewhere
  Security benchmarks (CIS Docker 5.14, KICS) want `on-failure:5`, so that a crash loop does not eat the host. A feed that
  gives up after five tries loses the market day; watch for crash loops instead, and let the container come back.
Source
  Docker, Start containers automatically: https://docs.docker.com/engine/containers/start-containers-automatically/
";

const BAD: &str = r#"
services:
  archiver:
# ^^^^^^^^
    image: app:1.4.2
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    restart: unless-stopped
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    let missing = model.lasting().filter(|service| service.restart.effective.name == "no" && !service.restart.is_refused());
    findings.extend(missing.filter_map(|service| {
        let keys: [&[&str]; 2] = [&["restart"], &["deploy", "restart_policy"]];
        let taken = || keys.into_iter().find_map(|key| model.taken_away(service.name, key));
        // A policy that is there all the same says more.
        let taken = if service.restart.declared.is_none() { taken() } else { None };
        Some(finding(service)?.related(taken, "what else is said of it is taken away here"))
    }));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let name = service.name;
    let message = format!("nothing will start `{name}` again after it exits or the host reboots");
    // What only a profile starts may be a person's tool.
    let always_active = service.profiles.is_empty();
    let is_job = looks_like_a_job(service);
    // Somebody has written it on purpose, and to start a migration again and again would do harm.
    let is_meant = is_job && service.restart.declared.is_some();
    let severity = if always_active && !is_meant { Severity::Error } else { Severity::Warn };
    let finding = |at, label: String, restart: &str, fix: Option<Fix>| {
        let once = "label it `feedctl.role: one-shot`";
        let (remedy, otherwise) = match is_job {
            true => (format!("if it runs once, {once}"), format!("if it is meant to run for ever: {restart}")),
            false => (restart.to_owned(), format!("if it is meant to run once: {once}")),
        };
        Finding::new(&RULE.meta, severity, name, at, message)
            .label(label)
            .consequence("12 minutes and 1,500 ticks were lost on 2026-01-15 this way")
            .remedy(remedy)
            .otherwise(otherwise)
            .fix(fix)
    };
    match service.restart.declared {
        // Whether there is a `deploy.restart_policy` cannot be known.
        None if service.node.unknown(&["deploy", "restart_policy"]).is_some() => None,
        None => {
            let label = "no `restart:` here, and none from `extends`, an override file or an anchor".to_owned();
            let is_plain = always_active && !is_job;
            let fix = is_plain.then_some(Fix::Add("restart: unless-stopped"));
            Some(finding(service.key, label, "add `restart: unless-stopped`", fix))
        }
        Some(Declared::Short(node)) if !node.lacks_a_variable() => {
            let label = format!("`{}` never restarts", node.as_text().unwrap_or_default());
            Some(finding(node.origin.span, label, "write `unless-stopped` in its place", None))
        }
        // A value that we cannot know is restart-unresolved, a replaced one restart-overridden.
        Some(Declared::Short(_) | Declared::Deploy { .. }) => None,
    }
}

/// Words of a name or a command that stand for something that ends. Only its owner knows, and to start it again and again
/// would do harm.
const JOBS: [&str; 14] = [
    "migrate", "migration", "migrations", "migrator", "init", "setup", "seed", "bootstrap", "upgrade", "alembic", "flyway",
    "liquibase", "mc", "create",
];

fn looks_like_a_job(service: &Service<'_>) -> bool {
    let is_job = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| JOBS.contains(&word));
    is_job(service.name) || words(service).iter().any(|word| is_job(&word.text))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::Severity;
    use crate::fixture;

    fn check(service: &str, fixed: bool) {
        let audit = fixture::audit(&format!("services: {{{service}}}"));
        let finding = audit.findings.iter().find(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(finding.map(|finding| finding.fix.is_some()), Some(fixed), "{service}");
    }

    #[test]
    fn what_may_be_a_job_is_told_how_to_say_so_first() {
        let check = |service: &str, severity, remedy: &str| {
            let audit = fixture::audit(&format!("services: {{{service}}}"));
            let finding = audit.findings.iter().find(|finding| finding.rule.id == RULE.meta.id).expect(service);
            assert_eq!((finding.severity, finding.remedy.as_str()), (severity, remedy), "{service}");
        };
        let once = "if it runs once, label it `feedctl.role: one-shot`";
        check("a: {image: 'app:1', command: alembic upgrade head, restart: 'no'}", Severity::Warn, once);
        check("migrate: {image: 'app:1'}", Severity::Error, once);
        check("a: {image: 'app:1', restart: 'no'}", Severity::Error, "write `unless-stopped` in its place");
        check("a: {image: 'app:1'}", Severity::Error, "add `restart: unless-stopped`");
    }

    #[test]
    fn where_it_was_taken_away() {
        let check = |base: &str, over: &str, expected: &[&str]| {
            let base = format!("services: {{app: {{image: 'app:1', {base}}}}}");
            let over = format!("services: {{app: {{{over}}}}}");
            let audit = fixture::audit_files(&[("compose.yaml", &base), ("compose.over.yaml", &over)]);
            let finding = audit.findings.iter().find(|finding| finding.rule.id == RULE.meta.id).expect("it is missing");
            let related: Vec<&str> = finding.related.iter().map(|(at, _)| audit.sources.text(*at)).collect();
            assert_eq!(related, expected, "{over}");
        };
        check("restart: always", "restart: !reset null", &["null"]);
        check("deploy: {restart_policy: {condition: any}}", "deploy: !override {replicas: 1}", &["{replicas: 1}"]);
        check("restart: always", "restart: !override 'no'", &[]);
        check("init: true", "labels: !reset null", &[]);
    }

    #[test]
    fn what_may_be_a_job_gets_no_policy_from_a_program() {
        check("archiver: {image: 'app:1'}", true);
        check("archiver: {image: 'app:1', command: app --interval 5}", true);
        check("db-migrate: {image: 'app:1'}", false);
        check("app: {image: 'app:1', command: [alembic, upgrade, head]}", false);
        check("topics: {image: 'kafka:1', command: kafka-topics.sh --create --topic a}", false);
        check("bucket: {image: 'minio/mc:1', entrypoint: [sh, -c, 'mc mb a; exit 0']}", false);
    }
}
