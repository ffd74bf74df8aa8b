//! FORMATS: one row per output format, with the commands it serves. A format turns a report into text; it decides
//! nothing, reads no clock and writes nowhere.

use std::error::Error;

use feedctl_checks::report::Report;

use crate::screen::Screen;

mod json;
mod table;

pub(crate) struct Format {
    /// What `--format` takes.
    pub(crate) name: &'static str,
    /// The subcommands that offer it.
    pub(crate) commands: &'static [&'static str],
    pub(crate) write: fn(&Report, Screen) -> String,
}

/// The first format of a command is its default.
pub(crate) const FORMATS: &[Format] = &[
    Format { name: "table", commands: &["verify"], write: table::write },
    Format { name: "json", commands: &["verify"], write: json::write },
];

/// The formats of a subcommand.
pub(crate) fn formats(command: &str) -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(move |format| format.commands.contains(&command))
}

/// An error and the cause at its root; what lies between is of use to programmers.
fn told(error: &dyn Error) -> String {
    let message = error.to_string();
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    let root = root.to_string();
    if message.contains(&root) { message } else { format!("{message} ({root})") }
}

#[cfg(test)]
pub(crate) mod dummy;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    struct Layer {
        message: &'static str,
        source: Option<Box<Layer>>,
    }

    fn check(messages: &[&'static str], expected: &str) {
        let wrap = |source: Option<Box<Layer>>, message: &&'static str| Some(Box::new(Layer { message, source }));
        let error = messages.iter().rev().fold(None, wrap).expect("a message");
        assert_eq!(told(&error), expected);
    }

    #[test]
    fn an_error_is_told_with_the_cause_at_its_root() {
        check(&["the engine cannot be asked", "client error", "refused"], "the engine cannot be asked (refused)");
        check(&["login refused"], "login refused");
        check(&["no answer: refused", "refused"], "no answer: refused");
    }
}
