//! What is a secret: by the name under which it stands, or by its own form. Asked by the rule `secret-inline`, and by whoever
//! shows a file and must hide what is in it. Knows no YAML.

use std::ops::Range;

/// How the name of a secret ends, in lower case and with `_` for every `-` and `.`.
#[rustfmt::skip]
pub const NAMES: [&str; 22] = [
    "password", "passwd", "_pw", "passphrase", "_pass", "requirepass", "_pwd", "secret", "token", "secret_key", "app_key", "appkey",
    "api_key", "apikey", "access_key", "private_key", "encryption_key", "signing_key", "master_key", "account_key",
    "masterauth", "erlang_cookie",
];

/// What follows these in a URL is as good as a password.
const HOOKS: [&str; 6] = [
    "hooks.slack.com/services/",
    "hooks.slack.com/workflows/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    ".webhook.office.com/webhookb2/",
    "api.telegram.org/bot",
];

/// How a token of a service that is known begins.
const TOKENS: [&str; 7] = ["ghp_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_", "AKIA"];

/// The least that stands behind it.
const SHORTEST_TOKEN: usize = 12;

/// Whether a variable, label, build argument or option of this name holds a secret. A name that ends in `_FILE` holds a path.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    name == "pass" || NAMES.iter().any(|end| name.ends_with(end))
}

/// Whether what stands under such a name is the secret itself: no path, no URL, no variable of a shell or template, no pointer
/// to where it is kept, no switch as in `ALLOW_EMPTY_PASSWORD: "yes"`.
pub fn is_secret_value(text: &str) -> bool {
    let switches = ["yes", "no", "true", "false", "on", "off", "0", "1", "none", "null"];
    let pointers = ["vault:", "arn:", "file:"];
    let is_elsewhere = text.is_empty()
        || text.starts_with(['/', '.', '$', '{', '<', '%', '*', '`'])
        || text.contains("://")
        || pointers.iter().any(|pointer| text.starts_with(pointer));
    !is_elsewhere && !switches.contains(&text.to_ascii_lowercase().as_str())
}

/// The secrets in a text that are known by their form: the password of a URL, `password=…`, the address of a webhook, the token
/// of a Telegram bot or of a service whose tokens begin alike, a private key. In order; one may lie inside another.
pub fn found(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = logins(text).chain(assignments(text)).chain(hooks(text)).collect();
    found.extend(bots(text).chain(private_keys(text)).chain(tokens(text)));
    found.sort_unstable_by_key(|range| range.start);
    found
}

/// `scheme://user:password@host`: the password.
fn logins(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").filter_map(|(at, mark)| {
        let start = at + mark.len();
        let login = &text[start..end_of(text, start, &['/', '?'])];
        let login = &login[..login.rfind('@')?];
        let password = start + login.find(':')? + 1..start + login.len();
        is_secret_value(&text[password.clone()]).then_some(password)
    })
}

/// `name=value`, as an option, in the query of a URL, in the words of a connection or before a command: the value.
fn assignments(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut reached = 0;
    text.match_indices('=').filter_map(move |(at, _)| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name = &text[text[..at].trim_end_matches(is_part).len()..at];
        if at < reached || !is_secret_name(name) {
            return None;
        }
        let start = at + 1 + usize::from(text[at + 1..].starts_with(['"', '\'']));
        // Never looked at twice, however long.
        reached = end_of(text, start, &['&', ';', ',']);
        is_secret_value(&text[start..reached]).then_some(start..reached)
    })
}

fn hooks(text: &str) -> impl Iterator<Item = Range<usize>> {
    // Each is searched for in each text, and few texts have a path.
    let hooks = if text.contains('/') { HOOKS.as_slice() } else { &[] };
    hooks.iter().flat_map(move |hook| {
        let mut reached = 0;
        text.match_indices(hook).filter_map(move |(at, hook)| {
            if at < reached {
                return None;
            }
            let start = at + hook.len();
            reached = end_of(text, start, &[]);
            is_secret_value(&text[start..reached]).then_some(start..reached)
        })
    })
}

/// `1234567890:` and 35 characters (https://core.telegram.org/bots/api#authorizing-your-bot).
fn bots(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(':').filter_map(|(at, _)| {
        let digits = at - text[..at].trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let key = text[at + 1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
        let key = key.unwrap_or(text.len() - at - 1);
        ((8..=12).contains(&digits) && key == 35).then_some(at - digits..at + 1 + key)
    })
}

fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    // Each is searched for in each text, and most are too short.
    let begins = if text.len() > SHORTEST_TOKEN { TOKENS.as_slice() } else { &[] };
    begins.iter().flat_map(move |begin| {
        let mut reached = 0;
        text.match_indices(begin).filter_map(move |(at, begin)| {
            if at < reached {
                return None;
            }
            let behind = at + begin.len();
            let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-';
            let end = text[behind..].find(ends).map_or(text.len(), |length| behind + length);
            reached = end;
            let is_word = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            (is_word && end - behind >= SHORTEST_TOKEN).then_some(at..end)
        })
    })
}

/// From its first line to its last.
fn private_keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut reached = 0;
    text.match_indices("-----BEGIN ").filter_map(move |(at, mark)| {
        let title = &text[at + mark.len()..];
        if at < reached || !title[..title.find("-----")?].contains("PRIVATE KEY") {
            return None;
        }
        reached = text[at..].find("-----END ").map_or(text.len(), |end| at + end);
        Some(at..reached)
    })
}

/// Where the word that begins at `start` ends: at a blank, a quote, or one of `others`.
fn end_of(text: &str, start: usize, others: &[char]) -> usize {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'') || others.contains(&c);
    text[start..].find(is_end).map_or(text.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looking at each end of a word once more for each beginning would take days.
    #[test]
    fn the_cost_grows_with_the_length() {
        for part in ["token=$", "a://", "hooks.slack.com/services/", "-----BEGIN PRIVATE KEY-----", "12345678:", "ghp_"]
        {
            assert!(found(&part.repeat(200_000)).len() <= 2, "{part}");
        }
    }

    #[test]
    fn names() {
        let check = |name: &str, expected: bool| assert_eq!(is_secret_name(name), expected, "{name}");
        for name in
            ["POSTGRES_PASSWORD", "PGPASSWORD", "MYSQL_ROOT_PASSWORD", "MYSQL_PWD", "DB_PASS", "pass", "SECRET_KEY"]
        {
            check(name, true);
        }
        for name in ["AWS_SECRET_ACCESS_KEY", "KIS_APPSECRET", "kis-app-key", "db.pass", "GITHUB_TOKEN"] {
            check(name, true);
        }
        for name in
            ["PASSWORD_FILE", "DB_PASS_FILE", "TOKEN_URL", "PARTITION_KEY", "PUBLIC_KEY", "PWD", "BYPASS", "TZ", ""]
        {
            check(name, false);
        }
    }

    #[test]
    fn values() {
        let check = |value: &str, expected: bool| assert_eq!(is_secret_value(value), expected, "{value}");
        for value in ["hunter2", "changeme", "a b"] {
            check(value, true);
        }
        for value in
            ["", "yes", "/run/secrets/a", "$A", "{{ a }}", "<yours>", "https://there/a", "vault:secret/a#b", "***"]
        {
            check(value, false);
        }
    }

    #[test]
    fn forms() {
        let key = "abcdefghijklmnopqrstuvwxyz012345678";
        let bot = format!("1234567890:{key}");
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = found(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("postgres://me:hunter2@there/b", &["hunter2"]);
        check("'redis://:hunter2@there' redis://there:6379/a@b", &["hunter2"]);
        check("postgres://me@there http://there/b:c@d postgres://me:$P@there", &[]);
        check("jdbc:postgresql://there/b?user=me&password=hunter2&ssl=true", &["hunter2"]);
        check("jdbc:sqlserver://there;user=me;password=hunter2;", &["hunter2"]);
        check("host=there user=me password='hunter2' dbname=b", &["hunter2"]);
        check("PGPASSWORD=hunter2 psql --token=$T -Ddb.password=hunter3", &["hunter2", "hunter3"]);
        check("PASSWORD_FILE=/a PASSWORD= password=${P}", &[]);
        check("https://hooks.slack.com/services/T0/B0/hunter2", &["T0/B0/hunter2"]);
        check("https://discord.com/api/webhooks/1/hunter2 https://hooks.slack.com/services/$A", &["1/hunter2"]);
        check(&bot, &[&bot]);
        check(&format!("https://api.telegram.org/bot{bot}/send"), &[&format!("{bot}/send"), &bot]);
        check("127.0.0.1:6379:6379 12345678:short", &[]);
        check("a ghp_0123456789abcdef 'glpat-0123-45678_9ab'", &["ghp_0123456789abcdef", "glpat-0123-45678_9ab"]);
        check("xghp_0123456789abcdef ghp_short AKIA", &[]);
        check(
            "-----BEGIN RSA PRIVATE KEY-----\nab\n-----END RSA PRIVATE KEY-----\n",
            &["-----BEGIN RSA PRIVATE KEY-----\nab\n"],
        );
        check("token=token=hunter2", &["token=hunter2"]);
        check("-----BEGIN CERTIFICATE-----\nab\n-----END CERTIFICATE-----\n", &[]);
    }
}
