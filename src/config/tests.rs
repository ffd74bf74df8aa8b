//! Every mistake that feedctl.yml can hold, as its reader sees it.

use feedctl_checks::site::{DatabaseAccess, RedisAccess};
use insta::assert_snapshot;
use secrecy::ExposeSecret;

use super::*;

/// Reads feedctl.yml in a folder with secrets and an env file, under a few variables.
fn read(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = [
        ("secret", "p4ssw0rd\n"),
        ("empty", "\n"),
        ("feed.env", "URL=redis://:p4ssw0rd@there\n"),
        ("bad.env", "p4ssw0rd"),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("the temporary folder is writable");
    }
    let environment = [("SET", "value"), ("PORT", "6380"), ("SECRET", "p4ssw0rd")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let source = Source { path: FILE_NAME.into(), text: text.to_owned() };
    let caller = Caller { folder: folder.path(), named: None, environment: Default::default() };
    let config = Config::read(&source, folder.path().to_owned(), environment.into_iter().collect(), &caller);
    config.map_err(|mistake| mistake.show(false))
}

/// What is shown for `lines` below `version: 1`; no secret is ever in it.
fn mistake(lines: &str) -> String {
    let shown = read(&format!("version: 1\n{lines}")).err().expect("a mistake");
    assert!(!shown.contains("p4ssw0rd"), "{shown}");
    shown
}

#[test]
fn the_reference_is_valid() {
    let text = include_str!("reference.yml").replace("secrets/reader", "secret");
    let config = read(&text).unwrap_or_else(|mistake| panic!("{mistake}"));
    assert_eq!(config.target.project, "feed");
    assert_eq!(config.target.services.len(), 5);
    assert_eq!(config.target.feeds["kr"].symbols, ["005930", "000660"]);
    let Some(DatabaseAccess::Service { password: Some(password), user, .. }) = config.access.database else {
        panic!("a database behind a service, with a password")
    };
    assert_eq!((user.as_str(), password.key.as_str()), ("feedctl_reader", "database.password_file"));
    assert_eq!(password.secret.expose_secret(), "p4ssw0rd");
}

#[test]
fn a_short_file_has_the_defaults_of_our_own_stack() {
    let text = "version: 1\nproject: feed\nservices: {redis: }\nredis: {service: redis}\n\
                feeds: {kr: {market: always, rows: {time: {column: ts, zone: Asia/Seoul}}}}";
    let config = read(&text.replace("redis: }", "redis: {}}")).unwrap_or_else(|mistake| panic!("{mistake}"));
    let feed = &config.target.feeds["kr"];
    let rows = feed.rows.as_ref().expect("rows are named");
    assert_eq!(
        (rows.table.as_str(), rows.time.column.as_str(), rows.symbol.as_str()),
        ("market_ticks", "ts", "symbol")
    );
    assert_eq!((rows.time.zone.as_deref(), feed.heartbeat), (Some("Asia/Seoul"), true));
    assert!(matches!(config.access.redis, Some(RedisAccess::Service { port: 6379, .. })));
}

#[test]
fn variables_are_replaced_also_between_quotes_and_in_numbers() {
    let text = "version: 1\nproject: feed\nenv_file: feed.env\nservices: {redis: {}}\n\
                health: {a: \"http://${SET}:${NONE:-1}/$$x\"}\nredis: {service: redis, port: \"${PORT}\"}";
    let config = read(text).unwrap_or_else(|mistake| panic!("{mistake}"));
    assert_eq!(config.target.health["a"], "http://value:1/$x");
    assert!(matches!(config.access.redis, Some(RedisAccess::Service { port: 6380, .. })));
}

#[test]
fn the_env_file_is_where_secrets_are_looked_up() {
    let text = "version: 1\nproject: feed\nenv_file: feed.env\nredis: {url_env: URL}";
    let config = read(text).unwrap_or_else(|mistake| panic!("{mistake}"));
    let Some(RedisAccess::Url(url)) = config.access.redis else { panic!("a URL") };
    assert_eq!((url.secret.expose_secret(), url.key.as_str()), ("redis://:p4ssw0rd@there", "redis.url_env"));
}

#[test]
fn the_env_file_may_give_what_the_rest_requires() {
    let text = "version: 1\nproject: feed\nenv_file: ${FOLDER:-.}/feed.env\n\
                feeds: {kr: {market: always, symbols: [\"${URL:?set it}\"]}}";
    let config = read(text).unwrap_or_else(|mistake| panic!("{mistake}"));
    assert_eq!(config.target.feeds["kr"].symbols, ["redis://:p4ssw0rd@there"]);
    assert_snapshot!(mistake("env_file: ${FOLDER:?say where}/feed.env"), @r"
    error: `env_file` itself needs a variable that is not set
     --> feedctl.yml:2:11
      |
    2 | env_file: ${FOLDER:?say where}/feed.env
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ set it in the environment of feedctl
    ");
}

#[test]
fn the_yaml_itself() {
    assert_snapshot!(mistake("feeds: [\n"), @r"
    error: this value does not fit here
     --> feedctl.yml:2:8
      |
    2 | feeds: [
      |        ^ expected keys with values
    ");
    assert_snapshot!(mistake("feeds: {a: b"), @r"
    error: this value does not fit here
     --> feedctl.yml:2:12
      |
    2 | feeds: {a: b
      |            ^ expected keys with values
    ");
    assert_snapshot!(mistake("feeds:\n\tkr: {}"), @r"
    error: not valid YAML here
     --> feedctl.yml:3:1
      |
    3 |     kr: {}
      | ^^^^ a tab: YAML is indented with blanks
    ");
    // The line before reaches to the tab.
    assert_snapshot!(mistake("project: feed\n\tdocker: none"), @r"
    error: not valid YAML here
     --> feedctl.yml:3:1
      |
    3 |     docker: none
      | ^^^^ a tab: YAML is indented with blanks
    ");
    assert_snapshot!(mistake("project: a\nproject: b"), @r"
    error: the key `project` stands here twice
     --> feedctl.yml:3:1
      |
    3 | project: b
      | ^^^^^^^ keep one
    ");
}

#[test]
fn keys() {
    assert_snapshot!(mistake("servces: {}"), @r"
    error: unknown key `servces`
     --> feedctl.yml:2:1
      |
    2 | servces: {}
      | ^^^^^^^ did you mean `services`?
    ");
    assert_snapshot!(mistake("checks:\n  rows-fresh:\n    freshnes: 30s"), @r"
    error: unknown key `freshnes`
     --> feedctl.yml:4:5
      |
    4 |     freshnes: 30s
      |     ^^^^^^^^ known here: warn, fail
    ");
    assert_snapshot!(mistake("checks: {row-fresh: {}}"), @r"
    error: unknown key `row-fresh`
     --> feedctl.yml:2:10
      |
    2 | checks: {row-fresh: {}}
      |          ^^^^^^^^^ did you mean `rows-fresh`?
    ");
    assert_snapshot!(mistake("feeds: {kr: {symbols: []}}"), @r"
    error: the key `market` is missing
     --> feedctl.yml:2:14
      |
    2 | feeds: {kr: {symbols: []}}
      |              ^^^^^^^ add `market: …` here
    ");
    assert_snapshot!(read("project: feed").err().expect("no version"), @r"
    error: the key `version` is missing
     --> feedctl.yml:1:1
      |
    1 | project: feed
      | ^^^^^^^ add `version: …` here
    ");
}

#[test]
fn values() {
    assert_snapshot!(read("version: 2\nfuture: key").err().expect("another version"), @r"
    error: version 2 is not one that this feedctl reads
     --> feedctl.yml:1:10
      |
    1 | version: 2
      |          ^ write `version: 1`
    ");
    assert_snapshot!(mistake("docker: lokal"), @r"
    error: `docker` says of no engine where it is
     --> feedctl.yml:2:9
      |
    2 | docker: lokal
      |         ^^^^^ `local`, `none`, or an address like tcp://10.0.0.5:2375
    ");
    assert_snapshot!(mistake("redis: {service: redis, port: many}"), @r"
    error: this value does not fit here
     --> feedctl.yml:2:31
      |
    2 | redis: {service: redis, port: many}
      |                               ^^^^ expected a whole number that fits here
    ");
    assert_snapshot!(mistake("feeds: {kr: {market: }}"), @r"
    error: this value does not fit here
     --> feedctl.yml:2:20
      |
    2 | feeds: {kr: {market: }}
      |                    ^ expected a text
    ");
    assert_snapshot!(mistake("feeds: {kr: {market: always, heartbeat: 7}}"), @r"
    error: this value does not fit here
     --> feedctl.yml:2:41
      |
    2 | feeds: {kr: {market: always, heartbeat: 7}}
      |                                         ^ expected true or false
    ");
    assert_snapshot!(mistake("services: [collector]"), @r"
    error: this value does not fit here
     --> feedctl.yml:2:11
      |
    2 | services: [collector]
      |           ^ expected keys with values
    ");
    assert_snapshot!(mistake("services: {collector: {hop: colector}}"), @r"
    error: unknown value `colector`
     --> feedctl.yml:2:29
      |
    2 | services: {collector: {hop: colector}}
      |                             ^^^^^^^^ did you mean `collector`?
    ");
    assert_snapshot!(mistake("checks: {rows-fresh: {fail: 30}}"), @r#"
    error: this value does not fit here
     --> feedctl.yml:2:29
      |
    2 | checks: {rows-fresh: {fail: 30}}
      |                             ^^ "30" is not a duration; write a number with its unit: 250ms, 30s, 2m, 1h or 1d
    "#);
    assert_snapshot!(mistake("checks: {rows-fresh: {fail: 2 moons}}"), @r#"
    error: this value does not fit here
     --> feedctl.yml:2:29
      |
    2 | checks: {rows-fresh: {fail: 2 moons}}
      |                             ^^^^^^^ "2 moons" is not a duration; write a number with its unit: 250ms, 30s, 2m, 1h or 1d
    "#);
    assert_snapshot!(mistake("project: My Feed"), @r"
    error: not the name of a Compose project
     --> feedctl.yml:2:10
      |
    2 | project: My Feed
      |          ^^^^^^^ Compose allows a-z, 0-9, _ and -: `myfeed`
    ");
    assert_snapshot!(mistake("compose: [secret, ../nowhere.yml]"), @r"
    error: cannot read `../nowhere.yml`: No such file or directory (os error 2)
     --> feedctl.yml:2:19
      |
    2 | compose: [secret, ../nowhere.yml]
      |                   ^^^^^^^^^^^^^^ a compose file, relative to the folder of feedctl.yml
    ");
    assert_snapshot!(mistake("health: {collector: 127.0.0.1:9101}"), @r"
    error: `health.collector` is not a URL
     --> feedctl.yml:2:21
      |
    2 | health: {collector: 127.0.0.1:9101}
      |                     ^^^^^^^^^^^^^^ write it like http://127.0.0.1:9101/health/collector
    ");
    assert_snapshot!(mistake("health: {collector: \"http://me:p4ssw0rd@there\"}"), @r#"
    error: `health.collector` holds a login
     --> feedctl.yml:2:21
      |
    2 | health: {collector: "http://***********@there"}
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^ remove what stands before the @; in a path, write %40
    "#);
    assert_snapshot!(mistake("health: {collector: http://me:p4ss/p4ssw0rd@there/?key=p4ssw0rd}"), @r"
    error: `health.collector` holds a login
     --> feedctl.yml:2:21
      |
    2 | health: {collector: http://****************@there/?*************
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ remove what stands before the @; in a path, write %40
    ");
    assert_snapshot!(mistake("feeds: {kr: {market: always, rows: {time: [ts]}}}"), @r"
    error: this value does not fit here
     --> feedctl.yml:2:43
      |
    2 | feeds: {kr: {market: always, rows: {time: [ts]}}}
      |                                           ^ a column, or {column: …, zone: …}
    ");
}

#[test]
fn limits_that_contradict_each_other() {
    assert_snapshot!(mistake("checks:\n  rows-fresh: {warn: 5m}"), @r"
    error: this value does not fit here
     --> feedctl.yml:3:15
      |
    3 |   rows-fresh: {warn: 5m}
      |               ^ `warn` is 5 min and `fail` is 2 min: it must warn before it fails
    ");
}

#[test]
fn names_that_must_exist() {
    assert_snapshot!(mistake("optional: [rows-fresch]"), @r"
    error: no check is named `rows-fresch`
     --> feedctl.yml:2:12
      |
    2 | optional: [rows-fresch]
      |            ^^^^^^^^^^^ did you mean `rows-fresh`?
    ");
    assert_snapshot!(mistake("feeds: {kr: {market: krx}}"), @r#"
    error: no market named "krx"; this version knows always
     --> feedctl.yml:2:22
      |
    2 | feeds: {kr: {market: krx}}
      |                      ^^^ its calendar is not in this version; `always` is never closed
    "#);
    assert_snapshot!(mistake("services: {redis: {}}\nredis: {service: rediss}"), @r"
    error: `rediss` is not one of the `services`
     --> feedctl.yml:3:18
      |
    3 | redis: {service: rediss}
      |                  ^^^^^^ did you mean `redis`?
    ");
    assert_snapshot!(mistake("services: {redis: {}}\ndatabase: {service: timescaledb}"), @r"
    error: `timescaledb` is not one of the `services`
     --> feedctl.yml:3:21
      |
    3 | database: {service: timescaledb}
      |                     ^^^^^^^^^^^ known here: redis
    ");
    assert_snapshot!(mistake("docker: none\nservices: {redis: {}}\nredis: {service: redis}"), @r"
    error: `redis` names a service, and `docker: none` leaves no engine to find it
     --> feedctl.yml:4:18
      |
    4 | redis: {service: redis}
      |                  ^^^^^ without an engine a service has no address: give `url_env`
    ");
    assert_snapshot!(mistake("docker: none\nservices: {db: {}}\ndatabase: {service: db}"), @r"
    error: `database` names a service, and `docker: none` leaves no engine to find it
     --> feedctl.yml:4:21
      |
    4 | database: {service: db}
      |                     ^^ without an engine a service has no address: give `url_env`
    ");
    assert_snapshot!(mistake("redis: {port: 6379}"), @r"
    error: `redis` does not say where it is
     --> feedctl.yml:2:8
      |
    2 | redis: {port: 6379}
      |        ^ add `service: …`, or `url_env: …`
    ");
}

#[test]
fn what_only_publishes_belongs_to_a_later_version() {
    assert_snapshot!(mistake("feeds: {kr: {market: always, flow: {channel: ticker.kr, window: 10s}}}"), @r"
    error: a feed that only publishes to a channel cannot be watched by this version
     --> feedctl.yml:2:36
      |
    2 | feeds: {kr: {market: always, flow: {channel: ticker.kr, window: 10s}}}
      |                                    ^ only `{stream: …}` is supported
    ");
    assert_snapshot!(mistake("feeds: {kr: {market: always, flow: {}}}"), @r"
    error: a flow has no stream
     --> feedctl.yml:2:36
      |
    2 | feeds: {kr: {market: always, flow: {}}}
      |                                    ^ add `stream: …`
    ");
}

#[test]
fn variables_and_secrets() {
    assert_snapshot!(mistake("# ${FINE}\nhealth: {collector: \"http://${HOST}/health\"}"), @r#"
    error: the variable `HOST` is not set
     --> feedctl.yml:3:29
      |
    3 | health: {collector: "http://${HOST}/health"}
      |                             ^^^^^^^ set it, or give a default: `${HOST:-…}`
    "#);
    assert_snapshot!(mistake("project: ${NAME:?say which}"), @r"
    error: the variable `NAME` is not set
     --> feedctl.yml:2:10
      |
    2 | project: ${NAME:?say which}
      |          ^^^^^^^^^^^^^^^^^^ say which
    ");
    assert_snapshot!(mistake("checks: {rows-fresh: {fail: \"${SECRET}\"}}"), @r#"
    error: this value does not fit here
     --> feedctl.yml:2:29
      |
    2 | checks: {rows-fresh: {fail: "${SECRET}"}}
      |                             ^^^^^^^^^^^ "${SECRET}" is not a duration; write a number with its unit: 250ms, 30s, 2m, 1h or 1d
    "#);
    assert_snapshot!(mistake("redis: {url_env: FEED_REDIS_URL}"), @r"
    error: the variable `FEED_REDIS_URL` is not set
     --> feedctl.yml:2:18
      |
    2 | redis: {url_env: FEED_REDIS_URL}
      |                  ^^^^^^^^^^^^^^ set FEED_REDIS_URL, also possible in `env_file`, or give `redis.url_file`
    ");
    for text in ["redis: {url_env: 'redis://:hunter2@there'}", "database: {url_file: 'postgres://me:hunter2@there/x'}"]
    {
        let shown = mistake(text);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert_snapshot!(mistake("database:\n  url_file: nowhere"), @r"
    error: cannot read `nowhere`: No such file or directory (os error 2)
     --> feedctl.yml:3:13
      |
    3 |   url_file: nowhere
      |             ^^^^^^^ write the secret into this file, or give `database.url_env`
    ");
    assert_snapshot!(mistake("database: {url_file: empty}"), @r"
    error: `database.url_file` leads to an empty secret
     --> feedctl.yml:2:22
      |
    2 | database: {url_file: empty}
      |                      ^^^^^ nothing is in it
    ");
    assert_snapshot!(mistake("database: {url_env: SET, url_file: secret}"), @r"
    error: `database.url_env` and `database.url_file` are both given
     --> feedctl.yml:2:36
      |
    2 | database: {url_env: SET, url_file: secret}
      |                                    ^^^^^^ keep one
    ");
    assert_snapshot!(mistake("services: {db: {}}\ndatabase: {service: db, url_env: SET}"), @r"
    error: `database` is given both as a service and as a URL
     --> feedctl.yml:3:21
      |
    3 | database: {service: db, url_env: SET}
      |                     ^^ keep one
    ");
    assert_snapshot!(mistake("env_file: nowhere.env"), @r"
    error: cannot read `nowhere.env`: No such file or directory (os error 2)
     --> feedctl.yml:2:11
      |
    2 | env_file: nowhere.env
      |           ^^^^^^^^^^^ write it, or remove the key
    ");
    assert_snapshot!(mistake("env_file: bad.env"), @r"
    error: line 1 of `bad.env` is not of the form NAME=value
     --> feedctl.yml:2:11
      |
    2 | env_file: bad.env
      |           ^^^^^^^ this file
    ");
    assert_snapshot!(mistake("database: {password: p4ssw0rd}"), @r"
    error: unknown key `password`
     --> feedctl.yml:2:12
      |
    2 | database: {password: *********
      |            ^^^^^^^^ known here: service, port, name, user, password_env, password_file, url_env, url_file
    ");
    assert_snapshot!(mistake("redis: {url: \"redis://:p4ssw0rd@there\"}"), @r#"
    error: unknown key `url`
     --> feedctl.yml:2:9
      |
    2 | redis: {url: "redis://*********@there"}
      |         ^^^ known here: service, port, url_env, url_file
    "#);
}
