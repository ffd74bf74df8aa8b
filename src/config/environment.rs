//! The variables that `${VAR}` and `*_env` can name: the process's own, then those of `env_file` (cron has none).
//!
//! Values may be secrets. This type has no `Debug`, and no error here quotes a line of the file.

use std::collections::HashMap;

pub(crate) struct Environment {
    variables: HashMap<String, String>,
}

impl Environment {
    /// The process's variables; those that are not UTF-8 cannot stand in a YAML file and are left out.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Adds the lines `NAME=value` of an env file; what the process has already wins. Blank lines, `#` comments, `export`
    /// and quotes around a value are as a shell or Compose takes them. The error is the number of the first other line.
    pub(crate) fn add_file(&mut self, text: &str) -> Result<(), usize> {
        for (number, line) in (1_usize..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = line.split_once('=').ok_or(number)?;
            let name = name.trim().trim_start_matches("export ").trim();
            self.variables.entry(name.to_owned()).or_insert_with(|| unquoted(value).to_owned());
        }
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// All of it, for the YAML reader.
    pub(crate) fn to_properties(&self) -> HashMap<String, String> {
        self.variables.clone()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().collect() }
    }
}

/// What `value` says, without its quotes and the ` # comment` behind it.
fn unquoted(value: &str) -> &str {
    let comment = |rest: &str| rest.starts_with(char::is_whitespace) && rest.trim_start().starts_with('#');
    let text = value.trim();
    for quote in ['"', '\''] {
        let Some(text) = text.strip_prefix(quote) else { continue };
        let closes = |(end, _): &(usize, &str)| text[end + 1..].is_empty() || comment(&text[end + 1..]);
        if let Some((end, _)) = text.match_indices(quote).find(closes) {
            return &text[..end];
        }
    }
    let end = value.char_indices().map(|(at, _)| at).find(|at| comment(&value[*at..]));
    value[..end.unwrap_or(value.len())].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Option<&str>, usize>) {
        let mut environment: Environment = [("SET".to_owned(), "process".to_owned())].into_iter().collect();
        let got = environment.add_file(text).map(|()| environment.get("A"));
        assert_eq!(got, expected, "{text:?}");
        assert_eq!(environment.get("SET"), Some("process"));
    }

    #[test]
    fn lines_are_read_as_compose_reads_them() {
        check("# x\n\nexport A=b=c \nSET=file", Ok(Some("b=c")));
        check("A='b #c'", Ok(Some("b #c")));
        check("A=\"\"", Ok(Some("")));
        check("A=b#c # d", Ok(Some("b#c")));
        check("A=#b", Ok(Some("#b")));
        check("A= # b", Ok(Some("")));
        check("A='b #c' # it's", Ok(Some("b #c")));
        check("A=\"b\"c\"\t# d", Ok(Some("b\"c")));
        check("A=\"b", Ok(Some("\"b")));
        check("B=1", Ok(None));
        check("A=1\nsecret without a name", Err(2));
    }
}
