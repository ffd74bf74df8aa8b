//! `secret-inline`: a password or a key that stands in the file. No text of a finding ever holds the value.

use std::collections::{BTreeMap, BTreeSet};

use super::redis_evicts::settings::VARIABLES;
use super::state_without_volume::words::{Word, programs, words, words_of};
use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Entry, Node, Via};
use crate::rule::{Meta, Rule};
use crate::secret::{self, Takes, is_secret_name, is_secret_value};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "secret-inline",
        title: "a secret stands in the file",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A value that is written in the file under a name that ends as a secret's does (`…PASSWORD`, `…_PASS`, `…SECRET`, `…TOKEN`,
  `…SECRET_KEY`, `…API_KEY`, `…ACCESS_KEY`, …): in `environment`, in labels, in the arguments of a build, or as an option of a
  command, of a healthcheck or in `REDIS_ARGS`; also as `redis-cli -a`, `mysql -p`, `sqlcmd -P` or `curl -u`, wherever such a
  command stands. And what is one by its form, whatever its name: a password inside a URL (also `?password=` of JDBC) or a
  connection string (`Pwd=`, `AccountKey=`, `user/password@host:1521`), the token behind `Authorization: Bearer`, the address of
  a webhook of Slack, Discord, Teams or Telegram, a token of GitHub, GitLab, Slack, Stripe or AWS by how it begins, a private
  key.
  The default of a variable stands in the file too (`${PASSWORD:-feed}`), and so does `changeme`, which is what then runs. A
  variable without one or an `env_file` is fine, so is a path (`…_FILE`, or a value that begins with `/`). The value itself is
  not shown anywhere.
Why it matters
  The file is in the repository, so the secret is in every clone and every old version, for good. With the broker's key
  somebody else can open the one session that it allows, and yours is closed.
What to do
  Put it into a file beside, never committed, and name it under `secrets` with the `…_FILE` variable of the image, or take it
  from a variable (`${DATABASE_PASSWORD:?}`, which refuses to start without it). Then change the secret.
Source
  Compose, Secrets: https://docs.docker.com/compose/how-tos/use-secrets/
";

const BAD: &str = r#"
services:
  database:
    image: postgres:17.5
    environment:
      POSTGRES_PASSWORD: example
#     ^^^^^^^^^^^^^^^^^
  archiver:
    image: app:1.4.2
    environment:
      DATABASE: postgres://feed:example@database/feed
#     ^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  database:
    image: postgres:17.5
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/database_password
  archiver:
    image: app:1.4.2
    environment:
      DATABASE: postgres://feed:${DATABASE_PASSWORD}@database/feed
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    // Through an anchor or `extends` one line of the file has many readers.
    let mut seen = BTreeSet::new();
    for service in model.services.values() {
        let look = Look { service, environment: &model.project.environment };
        for (at, what) in look.secrets() {
            if seen.insert((at, what.clone())) {
                findings.push(finding(service, at, &what));
            }
        }
    }
}

struct Look<'m, 'a> {
    service: &'m Service<'a>,
    /// Where the variables of the file have their values from.
    environment: &'m BTreeMap<String, String>,
}

/// Names and values of a service that are written in its own file.
const MAPS: [&[&str]; 5] =
    [&["environment"], &["labels"], &["deploy", "labels"], &["build", "args"], &["build", "labels"]];

impl Look<'_, '_> {
    /// Where each is written, and what it is.
    fn secrets(&self) -> Vec<(Span, String)> {
        let node = self.service.node;
        let files = ["env_file", "label_file"].into_iter().filter_map(|key| node.get(key)?.as_list()).flatten();
        let files: BTreeSet<Span> = files.map(|file| file.get("path").unwrap_or(file).origin.span).collect();
        let own = entries(self.service).filter(|(_, entry)| !files.contains(&entry.key));
        let named = own.filter_map(|(name, entry)| Some((entry.key, self.named(name, &entry.node)?)));
        let test = node.at(&["healthcheck", "test"]).map(words_of).unwrap_or_default();
        let arguments = VARIABLES.into_iter().filter_map(|name| node.at(&["environment", name])).flat_map(words_of);
        let commands =
            [("command", words(self.service)), ("healthcheck", test), ("environment", arguments.collect())];
        let started = commands.iter().filter_map(|(place, words)| self.in_words(words).map(|what| (place, what)));
        // The command's line would show it, so the name of the service is marked.
        named.chain(started.map(|(place, what)| (self.service.key, format!("{what} in its `{place}`")))).collect()
    }

    fn named(&self, name: &str, node: &Node) -> Option<String> {
        let text = node.as_text()?;
        if is_secret_name(name) && is_secret_value(text) && self.is_written(node, text) {
            return Some(format!("the value of `{name}`"));
        }
        // `user:password@tcp(host)/name`, as Go's driver of MySQL reads it.
        let is_dsn = name.to_ascii_lowercase().ends_with("dsn") && !text.contains("://");
        let login = text.rsplit_once('@').filter(|_| is_dsn).and_then(|(login, _)| login.split_once(':'));
        let is_login = login.is_some_and(|(_, password)| is_secret_value(password) && self.is_written(node, password));
        let words = words_of_a_command(node);
        let is_option = taken(&words).iter().any(|option| self.is_written(option.node, option.secret));
        let is_one = is_login || is_option || self.has_one(node, text);
        is_one.then(|| format!("a password, a token or a key in the value of `{name}`"))
    }

    fn in_words(&self, words: &[Word<'_>]) -> Option<String> {
        if words.iter().any(|word| self.has_one(word.node, &word.text)) {
            return Some("a password, a token or a key".to_owned());
        }
        let written = options(words).into_iter().find(|option| self.is_written(option.node, option.secret));
        written.map(|option| format!("the value of `{}`", option.name))
    }

    /// Whether a secret stands in `text`, known by its form.
    fn has_one(&self, node: &Node, text: &str) -> bool {
        secret::found(text).into_iter().any(|range| self.is_written(node, &text[range]))
    }

    /// Whether `secret`, a part of the value of `node`, stands in the file: also as a default, but not where a variable brought it.
    fn is_written(&self, node: &Node, secret: &str) -> bool {
        let brought =
            |name: &String| self.environment.get(name).is_none_or(|value| !value.is_empty() && secret.contains(value));
        !node.origin.via.iter().any(|via| matches!(via, Via::Variable(name) if brought(name)))
    }
}

/// An option of a program, with the secret behind it or in it.
struct Secret<'w, 'a> {
    name: &'w str,
    secret: &'w str,
    node: &'a Node,
}

fn options<'w, 'a>(words: &'w [Word<'a>]) -> Vec<Secret<'w, 'a>> {
    let named = words.iter().zip(words.iter().skip(1)).filter_map(|(option, value)| {
        let (name, secret) = (option.text.as_str(), value.text.as_str());
        let is_option = name.starts_with("--") && is_secret_name(name) && !secret.starts_with('-');
        (is_option && is_secret_value(secret)).then_some(Secret { name, secret, node: value.node })
    });
    named.chain(taken(words)).collect()
}

/// Those whose names alone tell nothing.
fn taken<'w, 'a>(words: &'w [Word<'a>]) -> Vec<Secret<'w, 'a>> {
    let names: BTreeSet<&str> = programs(words).collect();
    let followers = words.iter().skip(1).map(Some).chain([None]);
    let secret = |(word, next): (&'w Word<'a>, Option<&'w Word<'a>>)| {
        let behind = next.map_or("", |next| next.text.as_str());
        let (taker, secret) = secret::taken(&word.text, behind, |program| names.contains(program))?;
        let node = if taker.takes == Takes::Same { word.node } else { next?.node };
        is_secret_value(secret).then_some(Secret { name: taker.option, secret, node })
    };
    words.iter().zip(followers).filter_map(secret).collect()
}

/// The words of a value that may be a command with options.
fn words_of_a_command(node: &Node) -> Vec<Word<'_>> {
    node.as_text().filter(|text| text.contains(" -")).map(|_| words_of(node)).unwrap_or_default()
}

/// The names and values that a service is given in the file.
fn entries<'a>(service: &Service<'a>) -> impl Iterator<Item = (&'a String, &'a Entry)> {
    let node = service.node;
    MAPS.into_iter().filter_map(|path| node.at(path)?.as_map()).flatten()
}

/// The secrets among the options of what a service runs, and of the commands that it is given, for whoever hides them.
pub(crate) fn in_commands(service: &Service<'_>) -> Vec<String> {
    let test = service.node.at(&["healthcheck", "test"]).map(words_of).unwrap_or_default();
    let given: Vec<Vec<Word<'_>>> = entries(service).map(|(_, entry)| words_of_a_command(&entry.node)).collect();
    let own = [words(service), test];
    let found = own.iter().flat_map(|words| options(words)).chain(given.iter().flat_map(|words| taken(words)));
    found.map(|option| option.secret.to_owned()).collect()
}

fn finding(service: &Service<'_>, at: Span, what: &str) -> Finding {
    let message = format!("a secret of `{}` stands in the file: {what}", service.name);
    let label = if at == service.key { "written below, as it is" } else { "written here as it is" };
    Finding::new(&RULE.meta, Severity::Warn, service.name, at, message)
        .label(label)
        .consequence("it is in every clone and every old version; with the broker's key somebody can take your session")
        .remedy(
            "name a file under `secrets` and give its `…_FILE` variable, or write `${NAME:?}`; then change the secret",
        )
        .otherwise("if it opens nothing: `# feedctl: allow secret-inline: only for tests`")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    fn check(service: &str, expected: usize) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {service}}}}}"));
        assert!(!audit.is_refused(), "{service}: {:?}", audit.findings);
        let findings: Vec<_> = audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id).collect();
        assert_eq!(findings.len(), expected, "{service}");
        assert!(!format!("{findings:?}").contains("hunter2"), "{service}: shown");
    }

    #[test]
    fn names() {
        check("environment: {KIS_APPKEY: hunter2, kis_appsecret: hunter2, PORT: '1'}", 2);
        check("environment: [POSTGRES_PASSWORD=hunter2]", 1);
        check("labels: {org.example.api-key: hunter2}", 1);
        check("environment: {PASSWORD_FILE: /run/secrets/a, SSL_PRIVATE_KEY: /certs/key, TOKEN_URL: 'http://a'}", 0);
        check("environment: {PASSWORD: , TOKEN: '', MYSQL_ALLOW_EMPTY_PASSWORD: 'yes', A_PASSWORD: $$B}", 0);
        check("environment: {PASSWORD: '$A', SECRET: '${A:+hunter2}', TOKEN: '${A:?}', DB_PASS: '${A-}'}", 0);
        check("environment: {TOKEN: '${A:-hunter2}', PASSWORD: '${A-hunter2}'}", 2);
        check("environment: {SECRET_KEY: hunter2, DB_PASS: hunter2, MYSQL_ROOT_PASSWORD: hunter2}", 3);
        check("environment: {AWS_SECRET_ACCESS_KEY: hunter2, PGPASSWORD: hunter2, PASSWORD: changeme}", 3);
        check("build: {context: ., args: {NPM_TOKEN: hunter2, VERSION: '1'}}", 1);
        check("build: {context: ., args: [NPM_TOKEN]}", 0);
        check("deploy: {labels: {api-key: hunter2}}", 1);
    }

    #[test]
    fn urls() {
        check("environment: {A: 'postgres://me:hunter2@there/b'}", 1);
        check("environment: {A: 'redis://:hunter2@there'}", 1);
        check("environment: {A: 'http://there/b:c@d', B: 'postgres://me@there', C: 'postgres://me:$${P}@there'}", 0);
        check("environment: {A: 'postgres://me:${P}@there'}", 0);
        check("environment: {A: 'postgres://me:${P:-hunter2}@there', B: 'postgres://me:hunter2@${HOST}'}", 2);
        check("environment: {A: 'jdbc:postgresql://there/b?user=me&password=hunter2'}", 1);
        check("environment: {A_DSN: 'me:hunter2@tcp(there:3306)/b', B_DSN: 'host=there password=hunter2'}", 2);
        check("environment: {A_DSN: 'me@tcp(there:3306)/b', B_DSN: 'me:$P@tcp(there)/b'}", 0);
        check("environment: {A: 'https://hooks.slack.com/services/T0/B0/hunter2'}", 1);
        check("labels: {a: 'https://discord.com/api/webhooks/1/hunter2'}", 1);
        check("environment: {A: \"-----BEGIN PRIVATE KEY-----\\nhunter2\"}", 1);
    }

    #[test]
    fn harmless_names() {
        check("environment: {OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20hunter2'}", 1);
        check("environment: {STORE: 'DefaultEndpointsProtocol=https;AccountName=me;AccountKey=hunter2=='}", 1);
        check("environment: {DB: 'Server=there;User Id=sa;Pwd=hunter2'}", 1);
        check("environment: {DB: 'Server=there;User Id=sa;Pwd=$P;Password=${P}'}", 0);
        check("environment: {DB: 'me/hunter2@there:1521/x', JDBC: 'jdbc:oracle:thin:me/hunter2@//there:1521/x'}", 2);
        check("labels: {job.command: 'redis-cli -h there -a hunter2 ping'}", 1);
        check("environment: {CHECK: 'sqlcmd -U sa -P hunter2'}", 1);
        check("environment: {CHECK: 'sqlcmd -U sa -P $P', OTHER: 'sort -a hunter2', ARGS: '-P hunter2'}", 0);
        check("labels: {about: 'log in with --password and the bearer authentication of 2026'}", 0);
    }

    #[test]
    fn commands() {
        check("command: redis-server --requirepass hunter2", 1);
        check("command: [app, --api-key=hunter2]", 1);
        check("command: [app, --database, 'postgres://me:hunter2@there']", 1);
        check("command: 'redis-server --requirepass $P'", 0);
        check("command: [app, --password-file, hunter2, --token]", 0);
        check("command: [app, --token, --quiet]", 0);
        check("command: redis-cli -h redis -a hunter2 monitor", 1);
        check("command: sort -a hunter2", 0);
        check("command: app --password=hunter2", 1);
        check("command: [sh, -c, 'PGPASSWORD=hunter2 psql']", 1);
        check("command: [sh, -c, 'PGPASSWORD=$$P psql']", 0);
        check("command: 'redis-server --requirepass hunter2 --port ${PORT}'", 1);
        check("healthcheck: {test: [CMD, redis-cli, -a, hunter2, ping]}", 1);
        check("healthcheck: {test: 'mysqladmin ping -phunter2'}", 1);
        check("healthcheck: {test: 'mysqladmin ping -p$$MYSQL_ROOT_PASSWORD'}", 0);
        check("healthcheck: {test: [CMD-SHELL, 'curl -fu elastic:x there || curl -u elastic:hunter2 there']}", 1);
        check("healthcheck: {test: [CMD, curl, http://there]}", 0);
        check("command: [curl, -H, 'Authorization: Bearer hunter2']", 1);
        check("command: \"curl -H 'Authorization: Bearer $TOKEN' there\"", 0);
        check("command: [sqlcmd, -S, there, -U, sa, -P, hunter2]", 1);
        check("healthcheck: {test: /opt/mssql-tools18/bin/sqlcmd -C -U sa -Phunter2 -Q 'SELECT 1'}", 1);
        check("healthcheck: {test: [CMD-SHELL, '/opt/mssql-tools/bin/sqlcmd -U sa -P \"$$MSSQL_SA_PASSWORD\" -Q x']}", 0);
        check("environment: {REDIS_ARGS: '--port 1 --requirepass hunter2'}", 1);
        check("environment: {REDIS_ARGS: '--port 1 --requirepass $PASSWORD'}", 0);
        check("command: app --token hunter2, healthcheck: {test: redis-cli -a hunter2 ping}", 2);
    }

    #[test]
    fn what_a_variable_brings_stands_elsewhere() {
        let check = |value: &str, expected: usize| {
            let text = format!("services: {{app: {{image: 'app:1', {value}}}}}");
            let audit = fixture::audit_files(&[("compose.yaml", &text), (".env", "P=hunter2\nHOST=there\nPORT=1\n")]);
            let found = audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id);
            assert_eq!(found.count(), expected, "{value}");
        };
        check("environment: {PASSWORD: '$P', TOKEN: '${P:-hunter3}', A: 'postgres://me:$P@there'}", 0);
        check("command: [redis-server, --requirepass, '$P']", 0);
        check("command: 'redis-server --requirepass $P'", 0);
        check("environment: {A: 'postgres://me:hunter3@$HOST'}", 1);
        check("command: 'redis-server --requirepass hunter3 --port $PORT'", 1);
    }

    #[test]
    fn what_is_elsewhere_or_read_by_many() {
        let audit = fixture::audit_files(&[
            ("compose.yaml", "services: {app: {image: 'app:1', env_file: [secret.env]}}"),
            ("secret.env", "PASSWORD=hunter2"),
        ]);
        assert!(!audit.findings.iter().any(|finding| finding.rule.id == RULE.meta.id), "{:?}", audit.findings);
        let audit = fixture::audit(
            "x-a: &a {TOKEN: hunter2}\nservices: {b: {image: 'a:1', environment: *a}, c: {image: 'a:1', environment: *a}}",
        );
        assert_eq!(audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id).count(), 1);
    }
}
