//! What is a secret: by the name under which it stands, or by its own form. Asked by the rule `secret-inline`, and by whoever
//! shows a file and must hide what is in it. Knows no YAML.

mod forms;
mod options;

pub use forms::found;
pub use options::{Taker, Takes, taken};

/// How the name of a secret ends, in lower case and with `_` for every `-` and `.`.
#[rustfmt::skip]
pub const NAMES: [&str; 24] = [
    "password", "passwd", "_pw", "passphrase", "_pass", "requirepass", "_pwd", "secret", "token", "secret_key", "app_key", "appkey",
    "api_key", "apikey", "access_key", "private_key", "encryption_key", "signing_key", "master_key", "account_key",
    "accesskey", "accountkey", "masterauth", "erlang_cookie",
];

/// Beside these, for hiding only. Hiding too much costs less than showing one.
pub const MORE: [&str; 7] = ["_key", "credentials", "_auth", "cookie", "_pat", "_dsn", "webhook_url"];

/// What the name of a variable holds somewhere that may be a secret.
const PARTS: [&str; 8] = ["passw", "passphrase", "pwd", "secret", "token", "credential", "cookie", "webhook"];

/// How a word of it ends: a keyspace is none, nor an author.
const ENDS: [&str; 7] = ["pass", "pw", "key", "auth", "cred", "creds", "dsn"];

/// Whether a variable, label, build argument or option of this name holds a secret. A name that ends in `_FILE` holds a path.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    name == "pass" || NAMES.iter().any(|end| name.ends_with(end))
}

/// Whether a variable or label of this name may hold one, so that its value is better not shown.
pub fn may_be_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let ends = |word: &str| word == "pat" || ENDS.iter().any(|end| word.ends_with(end));
    !name.ends_with("_file") && (PARTS.iter().any(|part| name.contains(part)) || words.any(ends))
}

/// Whether what stands under the name of one is the secret itself: no path, no URL, no variable of a shell or template, no
/// pointer to where it is kept, no switch as in `ALLOW_EMPTY_PASSWORD: "yes"`.
pub fn is_secret_value(text: &str) -> bool {
    let switches = ["yes", "no", "true", "false", "on", "off", "0", "1", "none", "null"];
    let pointers = ["vault:", "arn:", "file:"];
    let is_elsewhere = text.is_empty()
        || text.starts_with(['/', '.', '$', '{', '<', '%', '*', '`'])
        || text.contains("://")
        || pointers.iter().any(|pointer| text.starts_with(pointer));
    !is_elsewhere && !switches.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn names_that_may_be_one() {
        let secret =
            ["POSTGRES_PASSWORD", "kis_app_key", "TOKEN", "DB_PASS", "AWS_ACCESS_KEY_ID"].map(may_be_secret_name);
        let other = ["POSTGRES_PASSWORD_FILE", "TZ", "RATE", ""].map(may_be_secret_name);
        assert_eq!((secret, other), ([true; 5], [false; 4]));
        let secret =
            ["GH_PAT", "MYSQL_PWD", "APIKEY", "DB_PW", "AUTH", "SENTRY_DSN", "SLACK_WEBHOOK"].map(may_be_secret_name);
        let other =
            ["KEYSPACE", "AUTHOR", "KEYCLOAK_URL", "PASSIVE_PORTS", "PATH", "COMPATIBLE"].map(may_be_secret_name);
        assert_eq!((secret, other), ([true; 7], [false; 6]));
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
}
