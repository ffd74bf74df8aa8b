//! `secret-inline`: a password or a key that stands in the file. No text of a finding ever holds the value.

use std::collections::BTreeSet;

use super::state_without_volume::words::words;
use crate::finding::{Finding, Severity};
use crate::model::{Model, Service};
use crate::node::{Entry, Node, Via};
use crate::rule::{Meta, Rule};
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
  A value that is written in the file under a name that ends as a secret's does (`…PASSWORD`, `…SECRET`, `…TOKEN`, `…APPKEY`,
  `…API_KEY`, `…PRIVATE_KEY`, …), in `environment` or `labels` or as an option of the command, and a password inside a URL.
  What comes from a variable or an `env_file` is fine, so is a path (`…_FILE`, or a value that begins with `/`). The value
  itself is not shown anywhere.
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

/// How the name of a secret ends, in lower case.
const NAMES: [&str; 10] =
    ["password", "passwd", "secret", "token", "appkey", "api_key", "apikey", "access_key", "private_key", "passphrase"];

/// Options that hold a secret and do not say so by their end.
const OPTIONS: [&str; 2] = ["--requirepass", "--masterauth"];

fn run(model: &Model<'_>, findings: &mut Vec<Finding>) {
    // Through an anchor or `extends` one line of the file has many readers.
    let mut seen = BTreeSet::new();
    for service in model.services.values() {
        for (at, what) in secrets(service) {
            if seen.insert(at) {
                findings.push(finding(service, at, &what));
            }
        }
    }
}

/// Where each is written, and what it is.
fn secrets(service: &Service<'_>) -> Vec<(Span, String)> {
    let files = ["env_file", "label_file"].into_iter().filter_map(|key| service.node.get(key)?.as_list()).flatten();
    let files: BTreeSet<Span> = files.map(|file| file.get("path").unwrap_or(file).origin.span).collect();
    let maps = ["environment", "labels"].into_iter().filter_map(|key| service.node.get(key)?.as_map()).flatten();
    let own = maps.filter(|(_, entry)| !files.contains(&entry.key));
    let named = own.filter_map(|(name, entry)| Some((entry.key, named_secret(name, entry)?)));
    // The command's line would show it, so the name of the service is marked.
    named.chain(in_command(service).map(|what| (service.key, what))).collect()
}

fn named_secret(name: &str, entry: &Entry) -> Option<String> {
    let text = entry.node.as_text().filter(|_| !is_from_variable(&entry.node))?;
    if is_secret_name(name) && is_secret_value(text) {
        return Some(format!("the value of `{name}`"));
    }
    has_login(text).then(|| format!("a password in the URL of `{name}`"))
}

fn in_command(service: &Service<'_>) -> Option<String> {
    let words = words(service);
    let values = words.iter().skip(1).map(|word| word.text.as_str()).chain([""]);
    for (word, next) in words.iter().zip(values).filter(|(word, _)| !is_from_variable(word.node)) {
        let (name, value) = word.text.split_once('=').unwrap_or((&word.text, next));
        let is_option = name.starts_with("--") && (is_secret_name(name) || OPTIONS.contains(&name));
        if is_option && is_secret_value(value) && !value.starts_with('-') {
            return Some(format!("the value of `{name}` in its command"));
        }
        if has_login(&word.text) {
            return Some("a password in a URL of its command".to_owned());
        }
    }
    None
}

fn is_from_variable(node: &Node) -> bool {
    node.origin.via.iter().any(|via| matches!(via, Via::Variable(_) | Via::Default(_) | Via::Unset(_)))
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    NAMES.iter().any(|end| name.ends_with(end))
}

/// No path, no variable of a shell in the container, no switch as in `ALLOW_EMPTY_PASSWORD: "yes"`.
fn is_secret_value(text: &str) -> bool {
    let switches = ["yes", "no", "true", "false", "on", "off", "0", "1", "none", "null"];
    let is_elsewhere = text.is_empty() || text.starts_with(['/', '.', '$']);
    !is_elsewhere && !switches.contains(&text.to_ascii_lowercase().as_str())
}

/// `scheme://user:password@host`; a password that a shell or a program puts in later is none.
fn has_login(text: &str) -> bool {
    text.match_indices("://").any(|(at, mark)| {
        let url = text[at + mark.len()..].split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).next();
        let login = url.and_then(|url| url.split(['/', '?']).next()?.rsplit_once('@'));
        let password = login.and_then(|(login, _)| login.split_once(':')).map_or("", |(_, password)| password);
        !password.is_empty() && !password.starts_with(['$', '{', '<', '%', '*'])
    })
}

fn finding(service: &Service<'_>, at: Span, what: &str) -> Finding {
    let message = format!("a secret of `{}` stands in the file: {what}", service.name);
    let label = if at == service.key { "its `command` holds it" } else { "written here as it is" };
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
        check("environment: {PASSWORD: '$A', TOKEN: '${A:-hunter2}', SECRET: '${A:+hunter2}'}", 0);
    }

    #[test]
    fn urls() {
        check("environment: {A: 'postgres://me:hunter2@there/b'}", 1);
        check("environment: {A: 'redis://:hunter2@there'}", 1);
        check("environment: {A: 'http://there/b:c@d', B: 'postgres://me@there', C: 'postgres://me:$${P}@there'}", 0);
        check("environment: {A: 'postgres://me:${P}@there'}", 0);
    }

    #[test]
    fn commands() {
        check("command: redis-server --requirepass hunter2", 1);
        check("command: [app, --api-key=hunter2]", 1);
        check("command: [app, --database, 'postgres://me:hunter2@there']", 1);
        check("command: 'redis-server --requirepass $P'", 0);
        check("command: [app, --password-file, hunter2, --token]", 0);
        check("command: [app, --token, --quiet]", 0);
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
