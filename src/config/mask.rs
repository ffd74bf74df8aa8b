//! A secret does not belong into a YAML file. One that stands there all the same is not shown in an excerpt.

/// `text` with asterisks in the place of the login of a URL and of what follows a key that ends in `password`. Every
/// byte keeps its place, so that spans still fit.
pub(super) fn masked(text: &str) -> String {
    text.split_inclusive('\n').map(masked_line).collect()
}

fn masked_line(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let keys = lower.match_indices("password:").map(|(at, key)| at + key.len()..line.len());
    let logins = line.match_indices("://").filter_map(|(at, mark)| {
        let start = at + mark.len();
        let end = line[start..].find(|c: char| c == '/' || c.is_whitespace()).map_or(line.len(), |end| start + end);
        line[start..end].rfind('@').map(|login| start..start + login)
    });
    let hidden: Vec<_> = keys.chain(logins).collect();
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
        check("health: http://there/a@b", "health: http://there/a@b");
    }
}
