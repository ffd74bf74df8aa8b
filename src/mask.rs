//! A secret does not belong into a YAML file. One that stands there all the same is not shown in an excerpt or a report:
//! [`masked`] knows it by its form or the name before it, [`Masks`] by its value wherever that stands.

use std::ops::Range;

use feedctl_compose::secret::{self, Takes};
use feedctl_compose::source::indentation;

mod values;

pub(crate) use values::Masks;

/// `text` with asterisks in the place of a URL's login and query, and of what follows the name of a secret and `:` or `=`.
/// Every byte keeps its place, so that spans still fit.
pub(crate) fn masked(text: &str) -> String {
    let text = hidden(text, secret::found(text));
    if !may_name_a_secret(&text) {
        return text;
    }
    let names = Names::of(&text);
    let mut open = Open::Nothing;
    let mut masked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_plain = names.0.is_empty() && !line.contains("://") && !line.contains(" -") && !line.contains("-a");
        if open == Open::Nothing && is_plain {
            masked += line;
        } else if open.holds(line) {
            masked += &starred(line);
            // The entry behind an option is its only value.
            if open == Open::Option && !line.trim().is_empty() {
                open = Open::Nothing;
            }
        } else {
            masked += &masked_line(line, &names);
            open = Open::behind(line, &names);
        }
    }
    masked
}

/// Whether there is a name or address at all, or an option: most texts have none, and are not searched for any.
fn may_name_a_secret(text: &str) -> bool {
    let is_option = |pair: &[u8]| pair[1] == b'-' && !pair[0].is_ascii_alphanumeric();
    text.contains([':', '=', '/']) || text.starts_with('-') || text.as_bytes().windows(2).any(is_option)
}

/// A file of variables with asterisks behind the first `=` of each line; a line without one goes on with a value, or may.
pub(crate) fn masked_variables(text: &str) -> String {
    let masked = |line: &str| match line.split_once('=') {
        Some((name, value)) => format!("{name}={}", starred(value)),
        None => starred(line),
    };
    text.split_inclusive(['\n', '\r']).map(masked).collect()
}

/// What of a secret the next lines may hold.
#[derive(Debug, PartialEq)]
enum Open {
    Nothing,
    /// The line ended with `--password`, or one like it.
    Option,
    /// Its key stands at this indentation. What is deeper is its value, or a mapping if nothing stood behind the key.
    Key {
        indentation: usize,
        empty: bool,
    },
}

impl Open {
    fn behind(line: &str, names: &Names) -> Self {
        let words =
            line.split(" #").next().unwrap_or_default().trim_end_matches([' ', '\t', '\r', '\n', '"', '\'', ',', '\\']);
        let last = words.rsplit([' ', '"', '\'', '[']).next().unwrap_or_default().to_ascii_lowercase();
        let is_name = |text: &str| names.end(&spelt(text));
        // A short option is that of redis-cli, whatever stands before it: hiding too much costs less.
        if last == "-a" || last == "-pass" || last.starts_with("--") && is_name(&last) {
            return Self::Option;
        }
        let entry = line.trim_start_matches([' ', '-']);
        let Some((key, value)) = entry.split_once([':', '=']) else { return Self::Nothing };
        let key = key.trim_matches(['"', '\'']).to_ascii_lowercase();
        if key.contains([' ', '#']) || !is_name(&key) {
            return Self::Nothing;
        }
        // An anchor or a tag is no value.
        let empty =
            value.split(" #").next().unwrap_or_default().split_whitespace().all(|word| word.starts_with(['&', '!']));
        Self::Key { indentation: indentation(line), empty }
    }

    fn holds(&self, line: &str) -> bool {
        let is_mapping = || {
            let key = line.trim_start_matches([' ', '-']).split([':', ' ']).next().unwrap_or_default();
            let behind = line.trim_start_matches([' ', '-']).get(key.len()..).unwrap_or_default();
            behind.starts_with(": ") || behind.trim_end() == ":"
        };
        match self {
            Self::Nothing => false,
            Self::Option => line.trim().is_empty() || !is_mapping(),
            Self::Key { indentation: key, empty } => {
                line.trim().is_empty() || indentation(line) > *key && !(*empty && is_mapping())
            }
        }
    }
}

/// Hidden, but for the blanks and the dash of an entry before it.
fn starred(line: &str) -> String {
    let start = line.len() - line.strip_prefix("- ").unwrap_or(line.trim_start().trim_start_matches("- ")).len();
    line[..start].to_owned() + &line[start..].chars().map(star).collect::<String>()
}

/// An asterisk, or another mark of as many bytes and columns, so that places in the text stay what they are; blanks stay.
fn star(c: char) -> char {
    match c.len_utf8() {
        _ if c.is_whitespace() => c,
        1 => '*',
        2 => '×',
        3 => '＊',
        _ => '🔒',
    }
}

/// In a longer line nobody reads anything, and to look at each name in it would take long.
const LONGEST: usize = 10_000;

fn masked_line(line: &str, names: &Names) -> String {
    if line.len() > LONGEST {
        return starred(line);
    }
    let lower = line.to_ascii_lowercase();
    let spelt = spelt(&lower);
    let named = || names.0.iter().flat_map(|name| spelt.match_indices(name));
    let keys = named().filter_map(|(at, name)| {
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
    // `--requirepass VALUE`, as words of a command or entries of a list.
    let options = named().filter_map(|(at, name)| {
        let behind = at + name.len();
        let start = behind + line[behind..].find(|c: char| !matches!(c, ' ' | '"' | '\'' | ','))?;
        let word = lower[..at].rsplit([' ', '"', '\'', '[']).next()?;
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ']');
        let end = line[start..].find(ends).map_or(line.len(), |length| start + length);
        let is_option = word.starts_with("--") || lower[at..].starts_with("-pass");
        (start > behind && is_option).then_some(start..end)
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
    let short = short_options(line);
    let secret = keys.chain(options).chain(short).chain(secrets).filter(|range| !is_name(&line[range.clone()]));
    hidden(line, secret.collect())
}

/// `mysql -pVALUE`, `curl -u NAME:VALUE`, `redis-cli -a VALUE`: of programs whose options do not say what they take.
fn short_options(line: &str) -> Vec<Range<usize>> {
    let words = words(line);
    let found = words.iter().enumerate().filter_map(|(at, word)| {
        let next = words.get(at + 1);
        let behind = next.map_or("", |next| &line[next.clone()]);
        let (taker, password) = secret::taken(&line[word.clone()], behind, |program| line.contains(program))?;
        let end = if taker.takes == Takes::Same { word.end } else { next?.end };
        Some(end - password.len()..end)
    });
    found.collect()
}

/// What blanks, quotes and the marks of a list part.
fn words(line: &str) -> Vec<Range<usize>> {
    let parts = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '[' | ']');
    let mut words = Vec::new();
    let mut end = 0;
    while let Some(blanks) = line[end..].find(|c| !parts(c)) {
        let start = end + blanks;
        end = line[start..].find(parts).map_or(line.len(), |length| start + length);
        words.push(start..end);
    }
    words
}

/// The names of secrets that a text holds anywhere: seldom one, and each line is searched for all of them.
struct Names(Vec<&'static str>);

impl Names {
    fn of(text: &str) -> Self {
        let text = spelt(&text.to_ascii_lowercase());
        Self(secret::NAMES.into_iter().chain(secret::MORE).filter(|name| text.contains(name)).collect())
    }

    fn end(&self, name: &str) -> bool {
        self.0.iter().any(|end| name.ends_with(end))
    }
}

/// As the names of secrets are written here. It keeps its length, so that places fit.
fn spelt(text: &str) -> String {
    text.replace('-', "_")
}

/// `text` with these ranges hidden.
fn hidden(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    if ranges.is_empty() {
        return text.to_owned();
    }
    ranges.sort_unstable_by_key(|range| range.start);
    let mut ranges = ranges.into_iter().peekable();
    // How far the ranges reach that began so far.
    let mut end = 0;
    let mut hidden = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        while let Some(range) = ranges.next_if(|range| range.start <= at) {
            end = end.max(range.end);
        }
        hidden.push(if at < end { star(c) } else { c });
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_hidden_in_its_place() {
        let check = |text, expected: &str| assert_eq!(masked(text), expected);
        check("a: 1\nurl: redis://:비밀@there/0 # x@y\n", "a: 1\nurl: redis://*＊＊@there/0 # x@y\n");
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
        check("A: https://hooks.slack.com/services/T/B/c", "A: https://hooks.slack.com/services/*****");
        check(
            "A: |\n  -----BEGIN PRIVATE KEY-----\n  ab\n  -----END PRIVATE KEY-----",
            "A: |\n  ********** ******* ********\n  **\n  -----END PRIVATE KEY-----",
        );
        check("A: jdbc:a://there/b?user=me;password=ab", "A: jdbc:a://there/b?*******************");
        check("db.password=ab a", "db.password=** a");
        check(
            "test: \"mysqladmin ping -pab -h x && curl -u me:cd y\"",
            "test: \"mysqladmin ping -p** -h x && curl -u me:** y\"",
        );
        check("test: [mongosh, -p, ab, --port, x]", "test: [mongosh, -p, **, --port, x]");
        check("test: [sqlcmd, -P, \"ab\", -Q, x]", "test: [sqlcmd, -P, \"**\", -Q, x]");
        check("a: sqlcmd -Pab -p x", "a: sqlcmd -P** -p x");
        check("a: 'Authorization: Bearer ab' b", "a: 'Authorization: Bearer **' b");
        check("a: User=me;Pwd=ab;b=c", "a: User=me;Pwd=**;b=c");
        check("a: http://${HOST:?why}/b", "a: http://${HOST:?why}/b");
    }

    #[test]
    fn a_secret_on_the_next_lines_is_hidden_too() {
        let check = |text: &str, expected: &str| assert_eq!(masked(text), expected);
        check("command:\n  - --requirepass\n  - ab\n  - --port\n", "command:\n  - --requirepass\n  - **\n  - --port\n");
        check("c: [\n  '--requirepass', # x\n\n  'ab',\n  x]", "c: [\n  '--requirepass', * x\n\n  *****\n  x]");
        check("test:\n- redis-cli\n- \"-a\"\n- ab\n- ping", "test:\n- redis-cli\n- \"-a\"\n- **\n- ping");
        check("  run >\n  --db-password \\\n  a b\n  c", "  run >\n  --db-password *\n  * *\n  c");
        check("command: x --skip-password\nports: [80]\n", "command: x --skip-password\nports: [80]\n");
        check(
            "a:\n  TLS_KEY: |\n    ab\n    c: d\n\n    e\n  b: c\n",
            "a:\n  TLS_KEY: *\n    **\n    ** *\n\n    *\n  b: c\n",
        );
        check("a:\n  TOKEN:\n    ab\n  b: c\n", "a:\n  TOKEN:\n    **\n  b: c\n");
        check("a:\n- DB_PASS=ab\n  c\n- d\n", "a:\n- DB_PASS=**\n  *\n- d\n");
        check("secrets:\n  db_password: # x\n    file: a\n", "secrets:\n  db_password: * *\n    file: a\n");
        check("# a password: see b\n  c:\n", "# a password: *** *\n  c:\n");
    }

    #[test]
    fn no_value_of_a_file_of_variables_is_shown() {
        let check = |text: &str, expected: &str| assert_eq!(masked_variables(text), expected);
        check("A=b c=d\r\n# e\nKEY='-- 가\nrest'\n", "A=* ***\r\n* *\nKEY=*** ＊\n*****\n");
        check("A: b", "** *");
    }

    #[test]
    fn the_cost_grows_with_the_length() {
        for part in ["x_pass", "a://", "token", "-----BEGIN ", "a=", "-a "] {
            let text = part.repeat((1 << 20) / part.len());
            assert_eq!(masked(&text).len(), text.len(), "{part}");
        }
    }
}
