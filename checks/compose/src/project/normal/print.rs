//! A value as text, as Go's `%v` prints it: labels and variables may be written as numbers, dates or booleans.

use crate::node::Value;

pub(crate) fn printed(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Big(number) => number.to_string(),
        Value::Float(number) => float(*number),
        Value::Time(text) | Value::Text(text) => text.clone(),
        Value::Unknown => String::new(),
        Value::List(list) => {
            let parts: Vec<_> = list.iter().map(|node| printed(&node.value)).collect();
            format!("[{}]", parts.join(" "))
        }
        Value::Map(map) => {
            let parts: Vec<_> =
                map.iter().map(|(key, entry)| format!("{key}:{}", printed(&entry.node.value))).collect();
            format!("map[{}]", parts.join(" "))
        }
    }
}

/// The shortest digits that mean the number, with an exponent below 0.0001 and from a million on.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').expect("`{:e}` writes an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a whole number");
    if number == 0.0 || (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: f64, expected: &str) {
        assert_eq!(printed(&Value::Float(number)), expected);
    }

    #[test]
    fn floats() {
        check(1.0, "1");
        check(1.10, "1.1");
        check(-0.0, "-0");
        check(100_000.0, "100000");
        check(123_456.789, "123456.789");
        check(1e6, "1e+06");
        check(1_234_567.0, "1.234567e+06");
        check(1e21, "1e+21");
        check(1e-4, "0.0001");
        check(1.5e-5, "1.5e-05");
    }
}
