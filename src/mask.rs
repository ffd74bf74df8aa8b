//! A secret does not belong into a YAML file. One that stands there all the same is not shown in an excerpt or a report.

/// How the name of a secret ends, in lower case; also as an option of a command.
const NAMES: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "_pass",
    "-pass",
    "requirepass",
    "_pwd",
    "secret",
    "token",
    "_key",
    "-key",
    "appkey",
    "apikey",
    "credentials",
    "_auth",
    "masterauth",
    "cookie",
    "_pat",
    "_dsn",
    "webhook_url",
];

/// What the name of a secret variable holds somewhere. Hiding too much costs less than showing one.
const PARTS: [&str; 11] = ["pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "_pat", "dsn", "webhook"];

/// Whether a variable or label of this name may hold a secret itself, and not the file that does.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.ends_with("_file") && PARTS.iter().any(|part| name.contains(part))
}

/// `text` with asterisks in the place of a URL's login and query, and of what follows the name of a secret and `:` or `=`.
/// Every byte keeps its place, so that spans still fit.
pub(crate) fn masked(text: &str) -> String {
    text.split_inclusive('\n').map(masked_line).collect()
}

fn masked_line(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let names = NAMES.iter().flat_map(|name| lower.match_indices(name));
    let keys = names.filter_map(|(at, name)| {
        let value = lower[at + name.len()..].trim_start_matches(['"', '\'']).trim_start();
        let start = line.len() - value.len() + 1;
        let word = lower[..at].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if word.ends_with("${") && !value.starts_with(":-") {
            return None;
        }
        match value.chars().next()? {
            ':' => Some(start..line.len()),
            // An assignment is one word of a list or a command.
            '=' => Some(start..line[start..].find(char::is_whitespace).map_or(line.len(), |length| start + length)),
            _ => None,
        }
    });
    let redis = lower.contains("redis-cli").then_some("-a");
    let options = NAMES.iter().copied().chain(redis).flat_map(|name| lower.match_indices(name));
    // `--requirepass VALUE`, as words of a command or entries of a list.
    let options = options.filter_map(|(at, name)| {
        let behind = at + name.len();
        let start = behind + line[behind..].find(|c: char| !matches!(c, ' ' | '"' | '\'' | ','))?;
        let word = lower[..at].rsplit([' ', '"', '\'', '[']).next()?;
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ']');
        let end = line[start..].find(ends).map_or(line.len(), |length| start + length);
        (start > behind && (word.starts_with("--") || name == "-a" || name == "-pass")).then_some(start..end)
    });
    // A password may hold a slash, so the login ends at the last @. The mark of `${VAR:?why}` begins no query.
    let secrets = line.match_indices("://").flat_map(|(at, mark)| {
        let start = at + mark.len();
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
        let end = line[start..].find(ends).map_or(line.len(), |length| start + length);
        let url = &line[start..end];
        let login = url.rfind('@').map(|login| start..start + login);
        let mut marks = url.match_indices('?').filter(|(mark, _)| !url[..*mark].ends_with(':'));
        login.into_iter().chain(marks.next().map(|(mark, _)| start + mark + 1..end))
    });
    // A variable without a default is only a name.
    let is_name = |text: &str| text.trim_matches([' ', '"', '\'']).starts_with("${") && !text.contains('-');
    let hidden = keys.chain(options).chain(secrets).filter(|range| !is_name(&line[range.clone()]));
    let mut hidden: Vec<_> = hidden.collect();
    hidden.sort_unstable_by_key(|range| range.start);
    let mut hidden = hidden.into_iter().peekable();
    // How far the ranges reach that began so far.
    let mut end = 0;
    let mut masked = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        while let Some(range) = hidden.next_if(|range| range.start <= at) {
            end = end.max(range.end);
        }
        match at < end && !c.is_whitespace() {
            true => masked.extend(std::iter::repeat_n('*', c.len_utf8())),
            false => masked.push(c),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_secret_is_known() {
        let secret = ["POSTGRES_PASSWORD", "kis_app_key", "TOKEN", "DB_PASS", "AWS_ACCESS_KEY_ID"].map(is_secret);
        let other = ["POSTGRES_PASSWORD_FILE", "TZ", "RATE", ""].map(is_secret);
        assert_eq!((secret, other), ([true; 5], [false; 4]));
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden_in_its_place() {
        let check = |text, expected: &str| assert_eq!(masked(text), expected);
        check("a: 1\nurl: redis://:비밀@there/0 # x@y\n", "a: 1\nurl: redis://*******@there/0 # x@y\n");
        check("POSTGRES_PASSWORD: a b\nb: 2", "POSTGRES_PASSWORD: * *\nb: 2");
        check("  - KIS_APPKEY=ab", "  - KIS_APPKEY=**");
        check("secrets: [a]", "secrets: [a]");
        check("command: redis-server --requirepass ab --port 1", "command: redis-server --requirepass ** --port 1");
        check("command: [run, --db-password, \"ab\", x]", "command: [run, --db-password, \"**\", x]");
        check("test: redis-cli -a ab ping", "test: redis-cli -a ** ping");
        check("run --api-key=ab --app-key cd --db-pass ef", "run --api-key=** --app-key ** --db-pass **");
        check("SECRET_KEY: ab", "SECRET_KEY: **");
        check("DB_PASSWORD: ${DB_PASSWORD:?set it}", "DB_PASSWORD: ${DB_PASSWORD:?set it}");
        check("DB_PASSWORD: ${X:-ab}", "DB_PASSWORD: ********");
        check("a password is kept", "a password is kept");
        check("password_file: secrets/reader", "password_file: secrets/reader");
        check("\"Password\": ab", "\"Password\": **");
        check("{password : ab, c: d", "{password : *** ** *");
        check("url: 'db://me:a/b@c@there/x' # y@z", "url: 'db://********@there/x' # y@z");
        check("a: http://there/b?token=c d", "a: http://there/b?******* d");
        check("a: http://${HOST:?why}/b", "a: http://${HOST:?why}/b");
    }
}
