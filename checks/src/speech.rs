//! Numbers, ages and errors as people say them: `1,502`, `12 min 39 s`. For messages; JSON carries plain numbers.

use std::error::Error;
use std::time::Duration;

/// `1,502`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut said = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// `1 tick`, `1,502 ticks`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `40 ms`, `1.9 s`, `42 s`, `12 min 39 s`, `3 h 12 min`, `9 d 4 h`.
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let pair = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {part}"),
    };
    match seconds {
        0 => format!("{} ms", age.as_millis()),
        1..10 => {
            let tenths = age.as_millis() / 100;
            if tenths.is_multiple_of(10) { format!("{seconds} s") } else { format!("{seconds}.{} s", tenths % 10) }
        }
        10..60 => format!("{seconds} s"),
        60..3600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => pair(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// An age in seconds as evidence carries it. A negative one, of a clock that is ahead, counts as none.
pub fn age_s(seconds: f64) -> String {
    age(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
}

/// An error and the cause at its root; what lies between is of use to programmers.
pub fn told(error: &dyn Error) -> String {
    let message = error.to_string();
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    let root = root.to_string();
    if message.contains(&root) { message } else { format!("{message} ({root})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), expected);
        }
        assert_eq!([counted(1, "tick"), counted(0, "tick")], ["1 tick", "0 ticks"]);
    }

    #[test]
    fn an_age_has_at_most_two_units() {
        let check = |millis, expected: &str| assert_eq!(age(Duration::from_millis(millis)), expected);
        check(0, "0 ms");
        check(999, "999 ms");
        check(1000, "1 s");
        check(1949, "1.9 s");
        check(59_999, "59 s");
        check(60_000, "1 min");
        check(759_000, "12 min 39 s");
        check(11_520_000, "3 h 12 min");
        check(9 * 86_400_000 + 4 * 3_600_000, "9 d 4 h");
        assert_eq!([age_s(-3.0), age_s(0.8), age_s(f64::MAX)][..2], ["0 ms", "800 ms"]);
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    struct Layer {
        message: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn an_error_is_told_with_the_cause_at_its_root() {
        let check = |messages: &[&'static str], expected: &str| {
            let wrap = |source: Option<Box<Layer>>, message: &&'static str| Some(Box::new(Layer { message, source }));
            let error = messages.iter().rev().fold(None, wrap).expect("a message");
            assert_eq!(told(&error), expected);
        };
        check(&["the engine cannot be asked", "client error", "refused"], "the engine cannot be asked (refused)");
        check(&["login refused"], "login refused");
        check(&["no answer: refused", "refused"], "no answer: refused");
    }
}
