//! `${…}` in one text, with every operator and nesting, as compose-go substitutes it. Never reads an environment: the
//! caller says what a name means. One pass, whose cost is that of the text and its values.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::refusal::RefusalKind;

/// What a text became, and which variables it was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Substituted {
    pub text: String,
    pub used: Vec<Used>,
    /// Each `${NAME:?}` whose variable has no value: Compose refuses the text, which is as if `${NAME}` stood there.
    pub required: Vec<Required>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    pub variable: String,
    /// What Compose says of it, and where.
    pub bad: BadTemplate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Used {
    /// It has a value.
    Variable(String),
    /// It has none (or an empty one) and its default stands in; that of `${NAME:+text}` is the empty text.
    Default(String),
    /// It has neither.
    Unset(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadTemplate {
    /// Bytes of the text at which the mistake begins.
    pub at: usize,
    pub message: String,
    pub kind: RefusalKind,
}

/// Deeper ones are a mistake, or an attack on the stack.
const DEEPEST: usize = 100;
/// Bytes of a text with variables.
const LONGEST: usize = 4 << 20;
/// Variables in one text.
const MOST: usize = 10_000;
/// Bytes by which variables may make a text longer.
const GROWTH: usize = 1 << 20;

pub fn substitute(text: &str, value_of: &dyn Fn(&str) -> Option<String>) -> Result<Substituted, BadTemplate> {
    let Some(first) = text.find('$') else {
        return Ok(Substituted { text: text.to_owned(), ..Substituted::default() });
    };
    if text.len() > LONGEST {
        return Err(limit(first, format!("a text with variables, longer than {} MiB", LONGEST >> 20)));
    }
    let mut template = Template { text, value_of, closings: closings(text), done: Substituted::default() };
    template.write(0..text.len(), 0)?;
    Ok(template.done)
}

impl Substituted {
    /// The text, as Compose makes it.
    pub fn whole(self) -> Result<String, BadTemplate> {
        self.required.into_iter().next().map_or(Ok(self.text), |required| Err(required.bad))
    }

    /// The variables without value, but for those that have a default.
    pub fn unset(&self) -> impl Iterator<Item = &str> {
        let used = self.used.iter().filter_map(|used| match used {
            Used::Unset(name) => Some(name.as_str()),
            _ => None,
        });
        used.chain(self.required.iter().map(|required| required.variable.as_str()))
    }
}

struct Template<'a> {
    text: &'a str,
    value_of: &'a dyn Fn(&str) -> Option<String>,
    /// `{` → its `}`, where it has one.
    closings: BTreeMap<usize, usize>,
    done: Substituted,
}

/// `${NAME`, an operator, what stands behind it up to the `}`.
struct Expression<'a> {
    start: usize,
    name: &'a str,
    operator: &'a str,
    operand: Range<usize>,
}

impl<'a> Template<'a> {
    /// Appends what `part` of the text becomes.
    fn write(&mut self, part: Range<usize>, depth: usize) -> Result<(), BadTemplate> {
        let mut at = part.start;
        while let Some(plain) = self.text[at..part.end].find('$') {
            let start = at + plain;
            self.append(&self.text[at..start], start)?;
            let rest = &self.text[start + 1..part.end];
            at = if rest.starts_with('$') {
                self.append("$", start)?;
                start + 2
            } else if rest.starts_with('{') {
                let expression = self.expression(start, part.end)?;
                let end = expression.operand.end + 1;
                self.apply(&expression, depth)?;
                end
            } else {
                let name = name(rest);
                match name {
                    "" => self.append("$", start)?,
                    _ => self.plain(name, start)?,
                }
                start + 1 + name.len()
            };
        }
        self.append(&self.text[at..part.end], at)
    }

    /// The expression that begins with the `${` at `start`, in a part of the text that goes to `end`.
    fn expression(&self, start: usize, end: usize) -> Result<Expression<'a>, BadTemplate> {
        let text: &'a str = self.text;
        let refuse =
            |message: &str| Err(BadTemplate { at: start, message: message.into(), kind: RefusalKind::Compose });
        let name = name(&text[start + 2..end]);
        let rest = &text[start + 2 + name.len()..end];
        // An expression ends in the line in which it begins.
        let closed = rest.find(['}', '\n']).is_some_and(|at| rest[at..].starts_with('}'));
        if name.is_empty() {
            return refuse("`${` without the name of a variable (a `$` that is meant is written `$$`)");
        }
        if !closed {
            return refuse("`${` is not closed");
        }
        let operators = [":?", "?", ":-", "-", ":+", "+", ""];
        let operator = operators.into_iter().find(|operator| rest.starts_with(operator)).unwrap_or_default();
        let from = end - rest.len() + operator.len();
        if operator.is_empty() && !rest.starts_with('}') {
            return refuse("a name must be followed by `}`, or one of `:-`, `-`, `:?`, `?`, `:+`, `+`");
        }
        let closing = match self.closings.get(&(start + 1)) {
            _ if operator.is_empty() => from,
            Some(closing) if *closing < end => *closing,
            // Some `{` behind it is not closed; Compose then takes all up to the last brace of the line.
            _ => {
                let line = text[from..end].split('\n').next().unwrap_or_default();
                from + line.rfind('}').unwrap_or(line.len())
            }
        };
        Ok(Expression { start, name, operator, operand: from..closing })
    }

    fn apply(&mut self, expression: &Expression<'_>, depth: usize) -> Result<(), BadTemplate> {
        let Expression { start, name, operator, operand } = expression;
        if operator.is_empty() {
            return self.plain(name, *start);
        }
        if depth == DEEPEST {
            return Err(limit(*start, format!("more than {DEEPEST} variables within each other")));
        }
        let value = (self.value_of)(name);
        let there = value.as_ref().is_some_and(|value| !operator.starts_with(':') || !value.is_empty());
        // Compose evaluates what it does not use too, and refuses mistakes in it.
        let before = (self.done.text.len(), self.done.used.len());
        let used = if there { Used::Variable } else { Used::Default };
        self.note(used, name, *start)?;
        self.write(operand.clone(), depth + 1)?;
        if (operator.ends_with('+') && there) || (operator.ends_with('-') && !there) {
            return Ok(());
        }
        self.done.text.truncate(before.0);
        self.done.used.truncate(before.1 + 1);
        if !there && operator.ends_with('?') {
            let message = match &self.text[operand.clone()] {
                "" => format!("the variable {name} is required and has no value"),
                reason => format!("the variable {name} is required and has no value: {reason}"),
            };
            let bad = BadTemplate { at: *start, message, kind: RefusalKind::Compose };
            self.done.required.push(Required { variable: (*name).to_owned(), bad });
            self.done.used.truncate(before.1);
            return self.note(Used::Unset, name, *start);
        }
        self.append(&value.unwrap_or_default(), *start)
    }

    fn plain(&mut self, name: &str, at: usize) -> Result<(), BadTemplate> {
        let value = (self.value_of)(name);
        self.note(if value.is_some() { Used::Variable } else { Used::Unset }, name, at)?;
        self.append(&value.unwrap_or_default(), at)
    }

    fn note(&mut self, used: fn(String) -> Used, name: &str, at: usize) -> Result<(), BadTemplate> {
        if self.done.used.len() == MOST {
            return Err(limit(at, format!("more than {MOST} variables in one text")));
        }
        self.done.used.push(used(name.to_owned()));
        Ok(())
    }

    fn append(&mut self, text: &str, at: usize) -> Result<(), BadTemplate> {
        if self.done.text.len() + text.len() > self.text.len() + GROWTH {
            return Err(limit(at, format!("variables make this text longer by {} MiB", GROWTH >> 20)));
        }
        self.done.text.push_str(text);
        Ok(())
    }
}

fn limit(at: usize, message: String) -> BadTemplate {
    BadTemplate { at, message, kind: RefusalKind::Limit }
}

/// The name at the beginning of `text`, empty where none is. Compose's pattern ignores the case of letters, and so takes
/// the long s and the Kelvin sign too.
fn name(text: &str) -> &str {
    let letter = |c: char| c == '_' || c.is_ascii_alphabetic() || matches!(c, '\u{17f}' | '\u{212a}');
    if !text.starts_with(letter) {
        return "";
    }
    &text[..text.find(|c: char| !letter(c) && !c.is_ascii_digit()).unwrap_or(text.len())]
}

/// The brace that closes each `{`, line by line. Compose counts every brace, not only those of variables, but for one that
/// stands right behind a `{`.
fn closings(text: &str) -> BTreeMap<usize, usize> {
    let mut closings = BTreeMap::new();
    let mut open = Vec::new();
    let mut skipped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => open.clear(),
            _ if skipped => {}
            b'{' => open.push(at),
            b'}' => closings.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
        skipped = byte == b'{' && !skipped;
    }
    closings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// SET is `s`, EMPTY the empty text, DOLLAR `$SET`; nothing else is set.
    fn value_of(name: &str) -> Option<String> {
        [("SET", "s"), ("EMPTY", ""), ("DOLLAR", "$SET"), ("\u{212a}", "kelvin")]
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned())
    }

    /// `expected` is the text, or `!`, the byte and the message of a refusal.
    fn check(text: &str, expected: &str) {
        let answer = match substitute(text, &value_of).and_then(Substituted::whole) {
            Ok(text) => text,
            Err(bad) => format!("!{} {}", bad.at, bad.message),
        };
        assert_eq!(answer, expected, "{text}");
    }

    fn check_used(text: &str, expected: &[Used]) {
        assert_eq!(substitute(text, &value_of).expect("a good template").used, expected, "{text}");
    }

    #[test]
    fn a_name_is_replaced_and_other_dollars_stay() {
        check("no variable", "no variable");
        check("a $SET b ${SET}c", "a s b sc");
        check("$SETx $SET-x ${UNSET} $UNSET", " s-x  ");
        check("$$SET $$$SET $$$$", "$SET $s $$");
        check("$5 $ $- $", "$5 $ $- $");
        check("${DOLLAR} $DOLLAR", "$SET $SET");
        check("$set ${\u{212a}}", " kelvin");
    }

    #[test]
    fn each_operator_asks_its_own_question() {
        check("${SET:-d} ${EMPTY:-d} ${UNSET:-d}", "s d d");
        check("${SET-d} ${EMPTY-d} ${UNSET-d}", "s  d");
        check("${SET:+a} ${EMPTY:+a} ${UNSET:+a}", "a  ");
        check("${SET+a} ${EMPTY+a} ${UNSET+a}", "a a ");
        check("${SET:?e} ${SET?e} ${EMPTY?e}", "s s ");
        check("a ${EMPTY:?why}", "!2 the variable EMPTY is required and has no value: why");
        check("a ${UNSET?}", "!2 the variable UNSET is required and has no value");
        check("${UNSET-:?} ${UNSET:-a-b?c}", ":? a-b?c");
    }

    #[test]
    fn defaults_nest_and_are_evaluated_though_unused() {
        check("${UNSET:-${EMPTY:-${SET}}}", "s");
        check("${UNSET:-a ${SET} b} c}", "a s b c}");
        check("${SET:-${UNSET:?gone}}", "!7 the variable UNSET is required and has no value: gone");
        check("${SET:-$${SET}}", "s");
        check("${UNSET:-$${SET} }", "${SET} ");
    }

    #[test]
    fn an_open_brace_behind_takes_all_up_to_the_last_one() {
        check("${UNSET:-$${SET} b", "${SET b");
        check("${UNSET:-${SET}", "!9 `${` is not closed");
        check("${UNSET:-}}", "}");
        check("${SET}}{", "s}{");
        check("${SET:-{} }c", "sc");
        check("${SET?{a}${UNSET:-a}", "!9 `${` is not closed");
    }

    #[test]
    fn braces_of_any_kind_are_counted_unless_another_stands_before_them() {
        check("${SET:-a{x}b} }c", "s }c");
        check("${UNSET:-${SET:-{x}y}z} q}", "sz q}");
        check("${SET:-{}}x}y}", "sy}");
        check("${SET:-{{a}}x}y}", "sx}y}");
        check("{${SET:-a}}b}", "{s}b}");
    }

    #[test]
    fn mistakes_are_refused_where_they_begin() {
        check("a ${SET", "!2 `${` is not closed");
        check("${SET:-a\nb}", "!0 `${` is not closed");
        check("${}", "!0 `${` without the name of a variable (a `$` that is meant is written `$$`)");
        check("${5}", "!0 `${` without the name of a variable (a `$` that is meant is written `$$`)");
        check("${SET:=x}", "!0 a name must be followed by `}`, or one of `:-`, `-`, `:?`, `?`, `:+`, `+`");
        check("${ SET }", "!0 `${` without the name of a variable (a `$` that is meant is written `$$`)");
    }

    #[test]
    fn what_a_text_was_made_of_is_known() {
        let name = |name: &str| name.to_owned();
        check_used("$SET ${EMPTY}", &[Used::Variable(name("SET")), Used::Variable(name("EMPTY"))]);
        check_used("${SET:-$UNSET}", &[Used::Variable(name("SET"))]);
        check_used("${GONE:?why}", &[Used::Unset(name("GONE"))]);
        check_used("${GONE:-$UNSET}", &[Used::Default(name("GONE")), Used::Unset(name("UNSET"))]);
        check_used(
            "${GONE:+a} ${SET:+$UNSET}",
            &[Used::Default(name("GONE")), Used::Variable(name("SET")), Used::Unset(name("UNSET"))],
        );
    }

    #[test]
    fn what_is_required_and_not_there_is_told_though_unused() {
        let required = |text: &str| {
            let done = substitute(text, &value_of).expect("a good template");
            (done.text, done.required.into_iter().map(|required| required.bad.at).collect::<Vec<_>>())
        };
        assert_eq!(required("a${GONE:?}b${EMPTY:?}c"), ("abc".to_owned(), vec![1, 11]));
        assert_eq!(required("${SET:-${GONE:?}}"), ("s".to_owned(), vec![7]));
    }

    #[test]
    fn depth_and_growth_have_a_limit() {
        let deep = |levels: usize| format!("{}{}", "${A:-".repeat(levels), "}".repeat(levels));
        check(&deep(100), "");
        check(&deep(30_000), "!500 more than 100 variables within each other");
        let large = |_: &str| Some("x".repeat(1 << 19));
        let bad = substitute("$A$A$A", &large).expect_err("too long");
        assert_eq!((bad.at, bad.kind), (4, RefusalKind::Limit));
        check(&format!("a$A{}", "x".repeat(4 << 20)), "!1 a text with variables, longer than 4 MiB");
        check(&"$SET".repeat(10_001), "!40000 more than 10000 variables in one text");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([$]|[$][{]|[}]|:-|[?]|[+]|SET|UNSET|\n|é|[a-z ]){0,40}") {
            let _ = substitute(&text, &value_of);
        }

        #[test]
        fn a_text_without_dollar_stays_itself(text in "[^$]*") {
            check(&text, &text);
        }
    }
}
