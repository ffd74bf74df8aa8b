//! Secrets that are known by their own form, whatever their name.

use std::ops::Range;

use super::{is_secret_name, is_secret_value};

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

/// What stands before the token in a header; with `%20` in OTEL_EXPORTER_OTLP_HEADERS.
const SCHEMES: [&str; 6] = ["Bearer ", "bearer ", "Bearer%20", "Basic ", "basic ", "Basic%20"];
const HEADER: &str = "authorization";

/// The secrets in a text that are known by their form: the password of a URL, `password=…`, the address of a webhook, the token
/// of a header, of a Telegram bot or of a service whose tokens begin alike, a private key. In order; one may lie inside another.
pub fn found(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = logins(text).chain(assignments(text)).chain(hooks(text)).collect();
    found.extend(bots(text).chain(private_keys(text)).chain(tokens(text)).chain(web_tokens(text)));
    found.extend(headers(text).chain(oracle(text)));
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
        // In a connection string `Pwd`; the variable of that name is a folder, which is no secret as a value.
        if at < reached || !is_secret_name(name) && !name.eq_ignore_ascii_case("pwd") {
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
    words_behind(text, hooks, |c| ends(c, &[]))
        .map(|(_, word)| word)
        .filter(|word| is_secret_value(&text[word.clone()]))
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
    let words = words_behind(text, begins, |c| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    words.filter_map(|(at, word)| {
        let is_word = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        (is_word && word.len() >= SHORTEST_TOKEN).then_some(at..word.end)
    })
}

/// `eyJ….eyJ….…`: a JSON Web Token (RFC 7519), whose first part is `{"` in base64.
fn web_tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let begins: &[&str] = if text.len() > SHORTEST_TOKEN { &["eyJ"] } else { &[] };
    let words = words_behind(text, begins, |c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'));
    words.filter_map(|(at, word)| (text[word.clone()].matches('.').count() == 2).then_some(at..word.end))
}

/// `Authorization: Bearer TOKEN`: the token. Without that header only what can be no word of a sentence.
fn headers(text: &str) -> impl Iterator<Item = Range<usize>> {
    let schemes = if text.len() > SHORTEST_TOKEN { SCHEMES.as_slice() } else { &[] };
    words_behind(text, schemes, |c| ends(c, &[',', ';'])).filter_map(|(at, word)| {
        let header = text[..at].trim_end_matches([' ', ':', '=', '"', '\'']);
        let header = header.len().checked_sub(HEADER.len()).and_then(|from| header.get(from..));
        let is_header = header.is_some_and(|header| header.eq_ignore_ascii_case(HEADER));
        let secret = &text[word.clone()];
        let is_token = secret.len() >= SHORTEST_TOKEN
            && secret.contains(|c: char| c.is_ascii_digit())
            && secret.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c));
        ((is_header || is_token) && is_secret_value(secret)).then_some(word)
    })
}

/// Where one of `begins` stands in a text, and the word behind it. None is looked at twice, however long.
fn words_behind<'t>(
    text: &'t str,
    begins: &'static [&'static str],
    ends: impl Fn(char) -> bool + Copy + 't,
) -> impl Iterator<Item = (usize, Range<usize>)> + 't {
    begins.iter().flat_map(move |begin| {
        let mut reached = 0;
        text.match_indices(begin).filter_map(move |(at, begin)| {
            let start = at + begin.len();
            (at >= reached).then(|| {
                reached = text[start..].find(ends).map_or(text.len(), |length| start + length);
                (at, start..reached)
            })
        })
    })
}

/// `user/password@host:1521` and `user/password@//host`, as Oracle's programs and drivers take it: the password.
fn oracle(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('@').filter_map(|(at, _)| {
        let login = text[..at].trim_end_matches(|c| !ends(c, &['=', ':', ',', ';', '@'])).len();
        let is_login = |(user, _): &(&str, &str)| !user.is_empty() && !user.contains(['.', '$']);
        let (_, password) = text[login..at].split_once('/').filter(is_login)?;
        let host = &text[at + 1..end_of(text, at + 1, &['/', '@'])];
        let is_port = |(_, port): (&str, &str)| port.split(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
        let is_host = text[at..].starts_with("@//") || host.split_once(':').is_some_and(is_port);
        let is_one = (is_host || text[..login].ends_with(":thin:")) && !password.contains('/');
        (is_one && is_secret_value(password)).then_some(at - password.len()..at)
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
    text[start..].find(|c| ends(c, others)).map_or(text.len(), |length| start + length)
}

fn ends(c: char, others: &[char]) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'') || others.contains(&c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_panics(text in "(://|[@/:='\"]|Bearer |password|ghp_|-----BEGIN |é|\u{3000}|[a-z0-9 ]){0,40}") {
            for range in found(&text) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }

    /// Looking at each end of a word once more for each beginning would take days.
    #[test]
    fn the_cost_grows_with_the_length() {
        for part in [
            "token=$",
            "a://",
            "hooks.slack.com/services/",
            "-----BEGIN PRIVATE KEY-----",
            "12345678:",
            "ghp_",
            "Bearer%20",
            "a/@",
            "a@",
        ] {
            assert!(found(&part.repeat(200_000)).len() <= 2, "{part}");
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
        check("Server=there;User ID=me;Pwd=hunter2;Encrypt=true", &["hunter2"]);
        check("PWD=/srv PWD=$P OLDPWD=a", &[]);
        check("AccountName=me;AccountKey=aHVudGVyMg==;EndpointSuffix=a", &["aHVudGVyMg=="]);
        check("Endpoint=sb://there/;SharedAccessKeyName=me;SharedAccessKey=hunter2=", &["hunter2="]);
        check("Authorization: Bearer hunter2", &["hunter2"]);
        check(
            "curl -H 'authorization: bearer hunter2' -H \"Authorization: Basic bWU6aHVudGVyMg==\"",
            &["hunter2", "bWU6aHVudGVyMg=="],
        );
        check("Authorization=Bearer%20hunter2,x=1 {\"Authorization\": \"Bearer hunter3\"}", &["hunter2", "hunter3"]);
        check("X-Header: Bearer hunter2.0123456789", &["hunter2.0123456789"]);
        check(
            "Authorization: Bearer $TOKEN Authorization: Bearer <yours> a bearer authentication of 12345678901 Basic settings basic (types.v1beta1.Rag)",
            &[],
        );
        check(
            "me/hunter2@there:1521/x jdbc:oracle:thin:me/hunter3@x me/hunter4@//there/x",
            &["hunter2", "hunter3", "hunter4"],
        );
        check(
            "me/$P@there:1521 a/b@sha256:0123456789 a/b@v4 @a/b@1.2 https://there/b@c:80 /a/b@c:80 a/b/c@d:80 a/b@c",
            &[],
        );
        check("\u{3000}가/비밀@there:1521", &["비밀"]);
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
        check("a 'eyJhbGciOi.eyJzdWIi.S-f_x' eyJhbGciOi.eyJzdWIi", &["eyJhbGciOi.eyJzdWIi.S-f_x"]);
        check(
            "-----BEGIN RSA PRIVATE KEY-----\nab\n-----END RSA PRIVATE KEY-----\n",
            &["-----BEGIN RSA PRIVATE KEY-----\nab\n"],
        );
        check("token=token=hunter2", &["token=hunter2"]);
        check("-----BEGIN CERTIFICATE-----\nab\n-----END CERTIFICATE-----\n", &[]);
    }
}
