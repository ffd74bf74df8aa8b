//! `redis-evicts`: a Redis that deletes ticks to make room. Below it: how the rules read the settings of a Redis.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::rule::{Meta, Rule};

pub(super) mod settings;

use settings::{Settings, is_named_cache};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "redis-evicts",
        title: "Redis deletes ticks to make room",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A `--maxmemory-policy` other than `noeviction`, in the command of a Redis or in the variables that its images append to it.
  It is an error where it can delete any key (`allkeys-…`) and a limit is in force, or may be in a redis.conf; a warning where
  no `maxmemory` is to be seen, where only keys with a time to live can go (`volatile-…`), or where the service is called a
  cache (`redis-cache`).
Why it matters
  A stream is one key. At the limit an `allkeys-…` policy deletes it whole, with everything that the archiver has not read
  yet, and answers each writer that all is well. With `noeviction` the writer gets an error, keeps what it has, and says so.
What to do
  Write `noeviction` (it is the default: removing the option does it too), and watch the memory. Caches want a Redis of their
  own.
Source
  Redis, Key eviction: https://redis.io/docs/latest/develop/reference/eviction/
";

const BAD: &str = r#"
services:
  redis:
    image: redis:8.0.2
    command:
      - redis-server
      - --maxmemory
      - 512mb
      - --maxmemory-policy
      - allkeys-lru
#       ^^^^^^^^^^^
  stack:
    image: redis/redis-stack-server:7.4.0-v3
    environment:
      REDIS_ARGS: --maxmemory 512mb --maxmemory-policy allkeys-random
#                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  redis:
    image: redis:8.0.2
    command:
      - redis-server
      - --maxmemory
      - 512mb
      - --maxmemory-policy
      - noeviction
  stack:
    image: redis/redis-stack-server:7.4.0-v3
    environment:
      REDIS_ARGS: --maxmemory 512mb
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let name = service.name;
    let settings = Settings::of(service)?;
    let unresolved = |node| Finding::unresolved(&RULE.meta, Severity::Error, name, node, "what a full Redis does");
    let Some(setting) = settings.get("maxmemory-policy") else { return settings.open.map(unresolved) };
    if setting.is_unresolved() {
        return Some(unresolved(setting.node));
    }
    let policy = setting.value().to_ascii_lowercase();
    let is_unlimited = match settings.get("maxmemory") {
        Some(limit) => !limit.is_unresolved() && matches!(limit.value(), "" | "0"),
        None => !settings.has_file,
    };
    let is_volatile = policy.starts_with("volatile-");
    let (severity, label) = match policy.as_str() {
        "" | "noeviction" => return None,
        _ if is_volatile => {
            (Severity::Warn, format!("`{policy}` deletes what has a time to live, also before its time"))
        }
        _ if is_named_cache(service, &settings) => {
            (Severity::Warn, format!("`{policy}` deletes any key: right for a cache, and for nothing else"))
        }
        _ if is_unlimited => (Severity::Warn, format!("`{policy}` deletes any key, once somebody sets a `maxmemory`")),
        _ => (Severity::Error, format!("`{policy}` deletes any key, and a stream is one key")),
    };
    let what = if is_volatile { "what has a time to live" } else { "what it holds" };
    let message = format!("`{name}` deletes {what} when its memory is full");
    let finding = Finding::new(&RULE.meta, severity, name, setting.node.origin.span, message)
        .label(label)
        .consequence("the ticks that the archiver has not read yet are gone, and no writer gets an error")
        .remedy("write `noeviction`: a full Redis then refuses, and the collector keeps what it has")
        .otherwise("if nothing but a cache is in it: `# feedctl: allow redis-evicts: only a cache`");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::{Certainty, Severity};
    use crate::fixture;

    fn check(service: &str, expected: Option<(Severity, Certainty)>) {
        assert_eq!(fixture::found(&RULE.meta, &format!("services: {{app: {{{service}}}}}")), expected, "{service}");
    }

    #[test]
    fn policies() {
        let error = Some((Severity::Error, Certainty::Seen));
        let warn = Some((Severity::Warn, Certainty::Seen));
        let redis = |command: &str| format!("image: 'redis:8', command: {command}");
        check("image: 'redis:8'", None);
        check(&redis("redis-server --maxmemory 1gb"), None);
        check(&redis("redis-server --maxmemory 1gb --maxmemory-policy noeviction"), None);
        check(&redis("redis-server --maxmemory 1gb --maxmemory-policy allkeys-lfu"), error);
        check(&redis("--MaxMemory 1gb --MaxMemory-Policy AllKeys-LRU"), error);
        check(&redis("redis-server /etc/redis.conf --maxmemory-policy allkeys-lru"), error);
        check(&redis("redis-server --maxmemory-policy allkeys-lru"), warn);
        check(&redis("redis-server --maxmemory 0 --maxmemory-policy allkeys-lru"), warn);
        check(&redis("redis-server --maxmemory 1gb --maxmemory-policy volatile-ttl"), warn);
        check(
            &redis("redis-server --maxmemory 1gb --maxmemory-policy allkeys-lru --maxmemory-policy noeviction"),
            None,
        );
        check("image: 'valkey/valkey:8', environment: ['VALKEY_EXTRA_FLAGS=--maxmemory-policy allkeys-lru']", warn);
        check("image: 'redis:8', command: [redis-server, '--maxmemory 1gb', '--maxmemory-policy allkeys-lru']", error);
        check("image: 'app:1', command: app --maxmemory-policy allkeys-lru", None);
        check("image: 'redis:8', command: redis-cli config set --maxmemory-policy allkeys-lru", None);
    }

    #[test]
    fn what_is_not_known() {
        let unresolved = Some((Severity::Error, Certainty::Unresolved));
        check("image: 'redis:8', command: [redis-server, --maxmemory-policy, '$POLICY']", unresolved);
        check("image: 'redis:8', command: 'redis-server --maxmemory-policy $POLICY'", unresolved);
        check("image: 'redis:8', command: ['$OPTIONS']", unresolved);
        check("image: 'redis:8', command: [redis-server, '$OPTIONS']", unresolved);
        check("image: 'redis:8', command: redis-server $OPTIONS --port 6380", unresolved);
        check("image: 'redis:8', command: $COMMAND", unresolved);
        check("image: 'redis:8', command: '${COMMAND:?}'", unresolved);
        check("image: 'redis/redis-stack:7', environment: {REDIS_ARGS: $OPTIONS}", unresolved);
        check("image: 'redis:8', command: 'redis-server --requirepass $PASSWORD'", None);
        check("image: 'redis:8', command: 'redis-server --requirepass ${PASSWORD:?} --port 6380'", None);
        check("image: 'redis:8', command: [redis-server, --requirepass, $PASSWORD]", None);
        check("image: 'redis:8', command: 'redis-server ${OPTIONS:-}'", None);
        check("image: 'redis:8', command: 'redis-server  --port 6380 --requirepass $PASSWORD'", None);
        check("image: 'redis:8', command: 'redis-server  $OPTIONS --requirepass $PASSWORD'", unresolved);
        let known = Some((Severity::Error, Certainty::Seen));
        check("image: 'redis:8', command: 'redis-server --maxmemory $M --maxmemory-policy allkeys-lru'", known);
    }
}
