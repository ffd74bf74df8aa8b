//! A `.env` file, as compose-go's own reader takes it. Pure: whoever calls it has read the text and knows the variables
//! that win over it.

use std::collections::BTreeMap;

use crate::refusal::{Refusal, RefusalKind};
use crate::source::{FileId, Span};
use crate::variables::template::{self, Substituted};

mod escapes;

/// Bytes of all values of one file: they may refer to each other, and double with every line.
const LARGEST: usize = 64 << 20;

/// A line that Compose refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadLine {
    /// The byte of the text.
    pub at: usize,
    pub message: String,
    pub kind: RefusalKind,
}

impl BadLine {
    /// Under the rest of the line of `text`, which is that of `file`.
    pub fn refusal(&self, file: FileId, text: &str) -> Refusal {
        let rest = text.get(self.at..).unwrap_or_default();
        let end = self.at + rest.find(['\r', '\n']).unwrap_or(rest.len());
        Refusal { kind: self.kind, ..Refusal::at(Span::new(file, self.at, end), self.message.clone()) }
    }
}

/// The variables of `text`, in which a value may refer to earlier lines and, before them, to `value_of`. A name without
/// value is that of `value_of`, or left out. A value whose name is missing stands under the empty name, as in Compose.
pub fn parse(text: &str, value_of: ValueOf) -> Result<BTreeMap<String, String>, BadLine> {
    read(text, value_of, |_, _| None)
}

/// As [`parse`], for variables that Compose hands to the operating system: it takes none without a name or with a NUL.
pub fn parse_process(text: &str, value_of: ValueOf) -> Result<BTreeMap<String, String>, BadLine> {
    read(text, value_of, |name, value| match name {
        "" => Some("a value stands without a name (a name alone must end its line)"),
        _ if value.contains('\0') => Some("no variable of a process can have the character 0"),
        _ => None,
    })
}

/// What a name means that is not of the file, or wins over it.
pub type ValueOf<'a> = &'a dyn Fn(&str) -> Option<String>;
/// [`parse`] or [`parse_process`].
pub type Parse = fn(&str, ValueOf) -> Result<BTreeMap<String, String>, BadLine>;
/// What is wrong with a name and its value.
type Objection = fn(&str, &str) -> Option<&'static str>;

fn read(text: &str, value_of: ValueOf, objection: Objection) -> Result<BTreeMap<String, String>, BadLine> {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, at, value_of, objection, variables: BTreeMap::new(), size: 0 };
    while reader.skip_to_statement() {
        reader.statement()?;
    }
    Ok(reader.variables)
}

struct Reader<'a> {
    text: &'a str,
    /// The byte at which reading goes on.
    at: usize,
    value_of: ValueOf<'a>,
    objection: Objection,
    variables: BTreeMap<String, String>,
    /// Bytes of all values that were read.
    size: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.at = self.text.len() - self.rest().trim_start_matches(skipped).len();
    }

    /// Past blanks, empty lines and comments; false at the end of the file.
    fn skip_to_statement(&mut self) -> bool {
        self.skip(char::is_whitespace);
        while self.rest().starts_with('#') {
            self.skip(|c| c != '\n');
            self.skip(char::is_whitespace);
        }
        !self.rest().is_empty()
    }

    /// One `NAME=value`, `NAME: value` or bare `NAME`.
    fn statement(&mut self) -> Result<(), BadLine> {
        let statement = self.at;
        let exported = self.rest().strip_prefix("export");
        if exported.is_some_and(|rest| rest.starts_with([' ', '\t', '\n', '\x0c', '\r'])) {
            self.at += "export".len();
            self.skip(blank);
            if self.rest().is_empty() {
                return refuse(statement, "export without a variable");
            }
        }
        let start = self.at;
        let (name, separator) = self.name()?;
        if name.contains(' ') {
            return refuse(start, "the name of a variable cannot have a space, and a line must be NAME=value");
        }
        let value = match separator {
            Some('\n') => (self.value_of)(name),
            _ => {
                self.skip(blank);
                Some(self.value()?)
            }
        };
        if let Some(value) = value {
            self.size += value.len();
            if self.size > LARGEST {
                let message = format!("the values of this file are longer than {} MiB", LARGEST >> 20);
                return Err(BadLine { at: start, message, kind: RefusalKind::Limit });
            }
            if let Some(objection) = (self.objection)(name, &value) {
                return refuse(start, objection);
            }
            self.variables.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// The name and what ends it. Where the file ends first, there is no name: Compose takes the word for a value.
    fn name(&mut self) -> Result<(&'a str, Option<char>), BadLine> {
        let rest = self.rest();
        let fits = |c: char| c.is_alphabetic() || c.is_numeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
        match rest.char_indices().find(|(_, c)| !blank(*c) && !fits(*c)) {
            None => Ok(("", None)),
            Some((end, separator @ ('=' | ':' | '\n'))) => {
                self.at += end + 1;
                Ok((rest[..end].trim_end(), Some(separator)))
            }
            Some((end, other)) => refuse(self.at + end, &format!("{other:?} cannot stand in the name of a variable")),
        }
    }

    fn value(&mut self) -> Result<String, BadLine> {
        let start = self.at;
        match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let (raw, length) = escapes::quoted(&self.rest()[1..], quote)
                    .ok_or_else(|| bad(start, "the quoted value does not end"))?;
                self.at += 1 + length;
                if quote == '\'' {
                    return Ok(raw);
                }
                let text = escapes::expanded(&raw);
                let plain = self.text[start + 1..].starts_with(&text);
                self.substituted(&text, start + 1, plain)
            }
            _ => {
                let line = self.rest().split('\n').next().unwrap_or_default();
                self.at += line.len();
                let value = line.split(" #").next().unwrap_or_default().trim_end();
                self.substituted(value, start, true)
            }
        }
    }

    /// `value` with its variables replaced. It is written at byte `at`, letter by letter where it is `plain`.
    fn substituted(&self, value: &str, at: usize, plain: bool) -> Result<String, BadLine> {
        let value_of = |name: &str| (self.value_of)(name).or_else(|| self.variables.get(name).cloned());
        let whole = template::substitute(value, &value_of).and_then(Substituted::whole);
        whole.map_err(|bad| BadLine { at: if plain { at + bad.at } else { at }, message: bad.message, kind: bad.kind })
    }
}

/// What Compose skips within a line.
fn blank(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

fn bad(at: usize, message: &str) -> BadLine {
    BadLine { at, message: message.to_owned(), kind: RefusalKind::Compose }
}

fn refuse<T>(at: usize, message: &str) -> Result<T, BadLine> {
    Err(bad(at, message))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The shell has X, which is `shell`.
    fn shell(name: &str) -> Option<String> {
        (name == "X").then(|| "shell".to_owned())
    }

    /// `expected` is `NAME=value` by `|`, or `!`, the byte and the message of a refusal.
    fn check(text: &str, expected: &str) {
        let answer = match parse(text, &shell) {
            Ok(variables) => {
                variables.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("|")
            }
            Err(bad) => format!("!{} {}", bad.at, bad.message),
        };
        assert_eq!(answer, expected, "{text:?}");
    }

    #[test]
    fn names_and_values_stand_in_many_ways() {
        check("A=1\nB = 2\nC: 3\n", "A=1|B=2|C=3");
        check("\u{feff}A=1\r\n\r\n  B=2  \r\n", "A=1|B=2");
        check("export A=1\nexport\tB=2\nexport=3\nexportC=4", "A=1|B=2|export=3|exportC=4");
        check("a-b=1\né=2\nA[0]=3\nE.e=4\n1B=5", "1B=5|A[0]=3|E.e=4|a-b=1|é=2");
        check("A=\nB=1\nA=2", "A=2|B=1");
        check("A\tB=1", "A\tB=1");
        check("", "");
    }

    #[test]
    fn a_name_alone_is_that_of_the_shell() {
        check("X\nA\nB=$X\n", "B=shell|X=shell");
        check("X", "=X");
        check("export\nA=1", "A=1");
    }

    #[test]
    fn comments_begin_with_a_blank_before_them() {
        check("# c\n#A=1\nA=a #b\nB=a\t#b\nC=#c\nD=a#b", "A=a|B=a\t#b|C=#c|D=a#b");
        check("A=\"a #b\" # c\nB='b' #", "A=a #b|B=b");
    }

    #[test]
    fn quotes_hold_lines_and_escapes() {
        check("A='a\nb'\nB=\"a\r\nb\"", "A=a\nb|B=a\r\nb");
        check(r#"A="a\tb\"c\\d\n" B='a\tb\'c'"#, "A=a\tb\"c\\d\n|B=a\\tb'c");
        check("A=\"1\"B=2\n", "A=1|B=2");
        check("A=a'b\"c", "A=a'b\"c");
        check("A='$X' B=\"$X\" C=\"\\$X\"", "A=$X|B=shell|C=$X");
    }

    #[test]
    fn values_refer_to_the_shell_first_and_then_to_earlier_lines() {
        check("X=own\nA=$X\nB=$A-$C\nC=${D:-$A}", "A=shell|B=shell-|C=shell|X=own");
        check("A=\\$X", "A=\\shell");
        check("A=$$X\nB=$A", "A=$X|B=$X");
    }

    #[test]
    fn mistakes_are_refused_where_they_begin() {
        check("A=1\nB C=1", "!4 the name of a variable cannot have a space, and a line must be NAME=value");
        check("A=1\nB;C=1", "!5 ';' cannot stand in the name of a variable");
        check("A=1\nB=\"x", "!6 the quoted value does not end");
        check("A=1\nB=a${", "!7 `${` without the name of a variable (a `$` that is meant is written `$$`)");
        check("A=\"a${B\"", "!4 `${` is not closed");
        check("A=\"\\n${B\"", "!3 `${` is not closed");
        check("export ", "!0 export without a variable");
    }

    #[test]
    fn what_the_operating_system_takes_no_variable_of_is_refused() {
        let refused = |text: &str| parse_process(text, &shell).expect_err("no variable").at;
        assert_eq!(refused("A=1\nB"), 4);
        assert_eq!(refused("A=\"a\"b"), 5);
        assert_eq!(refused("A=1\nB=\0"), 4);
        assert_eq!(parse_process("A=1\nX\n", &shell), parse("A=1\nX\n", &shell));
    }

    #[test]
    fn values_that_double_have_a_limit() {
        let lines = (0..64).map(|at| format!("A{}=$A{at}$A{at}\n", at + 1)).collect::<String>();
        let bad = parse(&format!("A0=x\n{lines}"), &shell).expect_err("too long");
        assert_eq!(bad.kind, RefusalKind::Limit);
        let many = format!("A={}\n{}", "x".repeat(1 << 20), "B=$A\n".repeat(100));
        assert_eq!(parse(&many, &shell).expect_err("too long").kind, RefusalKind::Limit);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([A-C =:#$'\"\\\\\n{}é]|export |[$][{]A|\r\n|\u{a0}){0,60}") {
            if let Err(bad) = parse(&text, &shell) {
                prop_assert!(text.is_char_boundary(bad.at) || text.len() == bad.at, "{bad:?}");
            }
        }
    }
}
