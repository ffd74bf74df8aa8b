//! `redis-without-persistence`: a Redis that forgets at a restart what the archiver has not read.

use super::redis_evicts::settings::{Settings, is_named_cache};
use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "redis-without-persistence",
        title: "Redis forgets at a restart what nobody has read yet",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A Redis without `--appendonly yes` whose snapshots are turned off (`--save \"\"`): an error. One that says nothing of either,
  and so has the snapshots of the default, is a warning: after a single change they come once an hour. A schedule of one's own
  is somebody's decision. A cache by its name (`cache`) and by its `allkeys-…` policy may forget. Where a redis.conf is given or
  mounted, or the image makes one, the files do not show it: silent.
Why it matters
  A restart policy brings Redis back empty. Whatever was in the stream and not yet in the database is gone, unless the writer
  keeps it and sends it again, as this project's collector does and a bare publisher does not.
What to do
  Write `--appendonly yes` (with `--appendfsync everysec`, the default, at most about a second is lost), and a volume at /data.
Source
  Redis, Persistence: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
";

const BAD: &str = r#"
services:
  redis:
    image: redis:8.0.2
    command:
      - redis-server
      - --save
      - ""
#       ^^
  queue:
# ^^^^^
    image: valkey/valkey:8.1.1
"#;

const GOOD: &str = r#"
services:
  redis:
    image: redis:8.0.2
    command: [redis-server, --save, "", --appendonly, "yes"]
  queue:
    image: valkey/valkey:8.1.1
    command: --save 60 1
  other:
    image: redis:8.0.2
    command: [redis-server, /etc/redis/redis.conf]
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let name = service.name;
    let settings = Settings::of(service).filter(|settings| !settings.has_file)?;
    if settings.logs_changes() || is_named_cache(service, &settings) {
        return None;
    }
    let settled = [settings.get("appendonly"), settings.get("save")];
    let unknown = settled.into_iter().flatten().find(|setting| setting.is_unresolved());
    if let Some(node) = unknown.map(|setting| setting.node).or(settings.open) {
        return Some(Finding::unresolved(&RULE.meta, Severity::Error, name, node, "what a restart leaves"));
    }
    let finding = match (settings.without_snapshots(), settings.get("save")) {
        (Some(off), _) => {
            let message = format!("`{name}` forgets everything at its next restart");
            Finding::new(&RULE.meta, Severity::Error, name, off.node.origin.span, message)
                .label("no snapshots, and no `--appendonly yes` beside it")
                .consequence("it comes back empty: the ticks that the archiver had not read are gone")
        }
        (None, Some(_)) => return None,
        (None, None) => {
            let message = format!("`{name}` may forget the last hour when it crashes");
            Finding::new(&RULE.meta, Severity::Warn, name, service.key, message)
                .label("no `--appendonly yes`: only the snapshots of the default, hourly in a quiet time")
                .consequence("what came after the last snapshot is gone with a crash, if the archiver had not read it")
        }
    };
    let finding = finding.remedy("add `--appendonly yes` to the command (`redis-server --appendonly yes`)");
    Some(finding.otherwise("if it may forget: `# feedctl: allow redis-without-persistence: only a cache`"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::{Certainty, Severity};
    use crate::fixture;

    fn check(service: &str, expected: Option<(Severity, Certainty)>) {
        assert_eq!(
            fixture::found(&RULE.meta, &format!("services: {{app: {{{service}}}}}\nvolumes: {{kept: }}")),
            expected,
            "{service}"
        );
    }

    #[test]
    fn what_a_restart_leaves() {
        let error = Some((Severity::Error, Certainty::Seen));
        let warn = Some((Severity::Warn, Certainty::Seen));
        let redis = |command: &str| format!("image: 'redis:8', command: {command}");
        check("image: 'redis:8'", warn);
        check(&redis("redis-server --appendonly no"), warn);
        check(&redis("redis-server --appendonly yes"), None);
        check(&redis("redis-server --appendonly yes --appendonly no"), warn);
        check(&redis("redis-server --save '' --appendonly no"), error);
        check(&redis("redis-server --save 60 1 --save ''"), error);
        check(&redis("redis-server --save '' --appendonly YES"), None);
        check(&redis("redis-server --save 900 1"), None);
        check(&redis("[redis-server, --save, '60 1']"), None);
        check(&redis("[sh, -c, 'redis-server --save \"\"']"), error);
        check(&redis("redis-cli monitor"), None);
        check(&redis("redis-server --sentinel"), None);
        check("image: 'redis/redis-stack-server:7', environment: {REDIS_ARGS: '--appendonly yes'}", None);
    }

    #[test]
    fn a_cache_may_forget() {
        let cache = |name: &str, command: &str| {
            let text = format!("services: {{{name}: {{image: 'redis:8', command: redis-server {command}}}}}");
            fixture::found(&RULE.meta, &text).map(|(severity, _)| severity)
        };
        assert_eq!(cache("cache", "--maxmemory-policy allkeys-lru --save ''"), None);
        assert_eq!(cache("redis", "--maxmemory-policy allkeys-lru --save ''"), Some(Severity::Error));
        assert_eq!(cache("cache", "--save ''"), Some(Severity::Error));
    }

    #[test]
    fn what_a_file_may_say() {
        let redis = |more: &str| format!("image: 'redis:8', {more}");
        check(&redis("command: redis-server /usr/local/etc/redis/redis.conf"), None);
        check(&redis("volumes: ['./redis.conf:/redis.conf']"), None);
        check(&redis("volumes: ['./settings:/usr/local/etc/redis']"), None);
        check(&redis("volumes: ['kept:/data']"), Some((Severity::Warn, Certainty::Seen)));
        let clock = redis("volumes: ['/etc/localtime:/etc/localtime:ro']");
        check(&clock, Some((Severity::Warn, Certainty::Seen)));
        check("image: 'bitnami/redis:8'", None);
    }

    #[test]
    fn what_is_not_known() {
        let unresolved = Some((Severity::Error, Certainty::Unresolved));
        check("image: 'redis:8', command: 'redis-server --appendonly $LOG'", unresolved);
        check("image: 'redis:8', command: [redis-server, --save, '$SAVE']", unresolved);
        check("image: 'redis:8', command: [redis-server, --appendonly, 'yes', --save, '$SAVE']", None);
        check("image: 'redis:8', command: redis-server $OPTIONS", unresolved);
        check("image: 'redis:8', command: redis-server --appendonly yes $OPTIONS", None);
    }
}
