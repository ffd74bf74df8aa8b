//! The values that Compose casts as soon as their variables are replaced, by their paths. All other types are told later.

use crate::node::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Double,
    Single,
}

/// How the text at `path` is cast; `[]` stands for any entry of a list.
pub(super) fn kind(path: &[&str]) -> Option<Kind> {
    match path {
        ["services", _, path @ ..] => service(path),
        ["networks", _, "external" | "internal" | "attachable" | "enable_ipv4" | "enable_ipv6"]
        | ["volumes" | "secrets" | "configs", _, "external"] => Some(Kind::Bool),
        _ => None,
    }
}

fn service(path: &[&str]) -> Option<Kind> {
    match path {
        ["init" | "oom_kill_disable" | "privileged" | "read_only" | "stdin_open" | "tty"]
        | ["healthcheck", "disable"]
        | ["volumes", "[]", "read_only"]
        | ["volumes", "[]", "volume", "nocopy"] => Some(Kind::Bool),
        ["cpu_count" | "cpu_period" | "cpu_quota" | "cpu_rt_period" | "cpu_rt_runtime" | "cpu_shares"]
        | ["oom_score_adj" | "pids_limit" | "scale"]
        | ["configs" | "secrets", "[]", "mode"]
        | ["deploy", "replicas"]
        | ["deploy", "update_config" | "rollback_config", "parallelism"]
        | ["deploy", "restart_policy", "max_attempts"]
        | ["deploy", "placement", "max_replicas_per_node"]
        | ["healthcheck", "retries"]
        | ["ports", "[]", "target"]
        | ["ulimits", _]
        | ["ulimits", _, "hard" | "soft"] => Some(Kind::Int),
        ["cpu_percent"] | ["deploy", "update_config" | "rollback_config", "max_failure_ratio"] => Some(Kind::Double),
        ["cpus"] => Some(Kind::Single),
        _ => None,
    }
}

/// The value that `text` stands for, or what is wrong with it.
pub(super) fn cast(kind: Kind, text: &str) -> Result<Value, String> {
    let (value, expected) = match kind {
        Kind::Bool => (boolean(text).map(Value::Bool), "neither true nor false"),
        // Rust takes the same signs and digits as Go's Atoi.
        Kind::Int => (text.parse().ok().map(Value::Int), "no whole number"),
        Kind::Double => (float(text, |text| text.parse().ok()).map(Value::Float), "no number"),
        Kind::Single => (float(text, |text| text.parse::<f32>().ok().map(f64::from)).map(Value::Float), "no number"),
    };
    value.ok_or_else(|| format!("{expected}: {text:?}"))
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(true),
        "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// As Go's ParseFloat takes it, but for hexadecimal ones. Underscores may stand between digits. Infinity and what is no
/// number are refused by Compose right after.
fn float(text: &str, parse: fn(&str) -> Option<f64>) -> Option<f64> {
    let digit = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    if text.match_indices('_').any(|(at, _)| !digit(at.checked_sub(1)) || !digit(Some(at + 1))) {
        return None;
    }
    parse(&text.replace('_', "")).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expected: Result<Value, &str>) {
        assert_eq!(
            cast(kind, text).as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|error| *error),
            "{text}"
        );
    }

    #[test]
    fn booleans_are_those_of_old_yaml_in_any_case() {
        for text in ["true", "Yes", "y", "ON"] {
            check(Kind::Bool, text, Ok(Value::Bool(true)));
        }
        for text in ["FALSE", "no", "N", "off"] {
            check(Kind::Bool, text, Ok(Value::Bool(false)));
        }
        check(Kind::Bool, " true", Err("neither true nor false: \" true\""));
        check(Kind::Bool, "0", Err("neither true nor false: \"0\""));
    }

    #[test]
    fn integers_are_decimal() {
        check(Kind::Int, "007", Ok(Value::Int(7)));
        check(Kind::Int, "-0", Ok(Value::Int(0)));
        check(Kind::Int, "9223372036854775807", Ok(Value::Int(i64::MAX)));
        check(Kind::Int, "9223372036854775808", Err("no whole number: \"9223372036854775808\""));
        for text in ["", "1_0", "0x10", "1.0", " 1", "+", "--1"] {
            assert!(cast(Kind::Int, text).is_err(), "{text}");
        }
    }

    #[test]
    fn floats_are_finite() {
        check(Kind::Double, "5.", Ok(Value::Float(5.0)));
        check(Kind::Double, "-.5e1", Ok(Value::Float(-5.0)));
        check(Kind::Double, "1_0.5", Ok(Value::Float(10.5)));
        check(Kind::Single, "16777217", Ok(Value::Float(16_777_216.0)));
        check(Kind::Double, "1e39", Ok(Value::Float(1e39)));
        for text in ["1e39", "inf", "nan", "_1", "1_", "1__0", "1_.5", "", "."] {
            assert!(cast(Kind::Single, text).is_err(), "{text}");
        }
    }
}
