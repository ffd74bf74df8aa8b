//! A secret does not belong into a YAML file. One that stands there all the same is not shown in an excerpt.

/// `text` with asterisks in the place of a URL's login and query, and of what follows a key that ends in `password`.
/// Every byte keeps its place, so that spans still fit.
pub(super) fn masked(text: &str) -> String {
    text.split_inclusive('\n').map(masked_line).collect()
}

fn masked_line(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let keys = lower.match_indices("password").filter_map(|(at, key)| {
        let value = lower[at + key.len()..].trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
        Some(line.len() - value.len()..line.len())
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
    let hidden: Vec<_> = keys.chain(secrets).collect();
    let mut masked = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        match hidden.iter().any(|range| range.contains(&at)) && !c.is_whitespace() {
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
    fn what_looks_like_a_secret_is_hidden_in_its_place() {
        let check = |text, expected: &str| assert_eq!(masked(text), expected);
        check("a: 1\nurl: redis://:비밀@there/0 # x@y\n", "a: 1\nurl: redis://*******@there/0 # x@y\n");
        check("POSTGRES_PASSWORD: a b\nb: 2", "POSTGRES_PASSWORD: * *\nb: 2");
        check("password_file: secrets/reader", "password_file: secrets/reader");
        check("\"Password\": ab", "\"Password\": **");
        check("{password : ab, c: d", "{password : *** ** *");
        check("url: 'db://me:a/b@c@there/x' # y@z", "url: 'db://********@there/x' # y@z");
        check("a: http://there/b?token=c d", "a: http://there/b?******* d");
        check("a: http://${HOST:?why}/b", "a: http://${HOST:?why}/b");
    }
}
