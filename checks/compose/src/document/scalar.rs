//! What a scalar means where nothing asks for a type: go-yaml's mixture of YAML 1.1 and 1.2. Called by [`super::expand`].

use super::{base64, number, time};
use crate::node::Value;

/// Err: what the text is, where its tag says that it is something else.
pub(super) fn resolve(tag: Option<&str>, text: &str, plain: bool) -> Result<Value, &'static str> {
    match tag {
        None if plain => Ok(untagged(text, true)),
        None | Some("!!str") => Ok(Value::Text(text.to_owned())),
        Some(tag @ ("!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp")) => typed(tag, text),
        Some("!!binary") => {
            let bytes = base64::decode(text).ok_or("no base64")?;
            Ok(Value::Text(String::from_utf8_lossy(&bytes).into_owned()))
        }
        // A tag that nobody knows keeps even a number as the text that it is.
        Some(_) => Ok(Value::Text(text.to_owned())),
    }
}

fn typed(tag: &str, text: &str) -> Result<Value, &'static str> {
    let value = untagged(text, tag == "!!timestamp");
    match (tag, value) {
        ("!!float", Value::Int(integer)) => Ok(Value::Float(integer as f64)),
        (tag, value) if tag == tag_of(&value) => Ok(value),
        (_, value) => Err(name_of(&value)),
    }
}

fn untagged(text: &str, dates: bool) -> Value {
    match text {
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let date = if dates { time::parse(text).map(Value::Time) } else { None };
    date.or_else(|| number::parse(text)).unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn tag_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "!!null",
        Value::Bool(_) => "!!bool",
        Value::Int(_) | Value::Big(_) => "!!int",
        Value::Float(_) => "!!float",
        Value::Time(_) => "!!timestamp",
        Value::Text(_) | Value::Unknown => "!!str",
        Value::List(_) => "!!seq",
        Value::Map(_) => "!!map",
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Big(_) => "an integer",
        Value::Float(_) => "a number with a fraction",
        Value::Time(_) => "a date",
        Value::Text(_) | Value::Unknown => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests {
    use crate::document::tests::check;

    #[test]
    fn plain() {
        check("[true, True, TRUE, false, ~, null, Null, NULL, ]", "[true, true, true, false, null, null, null, null]");
        check("[y, yes, on, n, No, off, tRue, nULL]", r#"["y", "yes", "on", "n", "No", "off", "tRue", "nULL"]"#);
        check("[.inf, +.Inf, -.INF, .nan]", "[inf, inf, -inf, NaN]");
        check("[010, 1.10, 100000000.0, 2001-12-14]", "[8, 1.1, 100000000.0, 2001-12-14 00:00:00 +0000 UTC]");
        check("a:\nb: # c\n", "{a: null, b: null}");
    }

    #[test]
    fn quoted_is_text() {
        check(r#"["1", 'true', "", "~"]"#, r#"["1", "true", "", "~"]"#);
        check("a: |\n  1\n", r#"{a: "1\n"}"#);
    }

    #[test]
    fn tagged() {
        check("[!!str 1, !!str ~, !!int \"12\", !!float 1, !!bool \"true\"]", r#"["1", "~", 12, 1.0, true]"#);
        check(
            "[!!null ~, !!timestamp \"2001-12-14\", !!binary aGk=]",
            r#"[null, 2001-12-14 00:00:00 +0000 UTC, "hi"]"#,
        );
        check("[!foo 12, !foo true, ! 12, !!merge 1]", r#"["12", "true", 12, "1"]"#);
        check("!!bool \"yes\"", "refused 1:8: its tag says `!!bool`, but this is text");
        check("!!int 1.5", "refused 1:7: its tag says `!!int`, but this is a number with a fraction");
        check("!!binary a", "refused 1:10: its tag says `!!binary`, but this is no base64");
        check("[!!null 0]", "refused 1:9: its tag says `!!null`, but this is an integer");
    }
}
