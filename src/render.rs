//! FORMATS: one row per output format, with the commands it serves. A format turns a report into text; it decides
//! nothing, reads no clock and writes nowhere.

use feedctl_checks::report::Report;

use crate::exit::Exit;
use crate::screen::Screen;

pub(crate) mod audit;
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

/// How a run ended, as a report for machines says it.
fn verdict(exit: Exit) -> &'static str {
    match exit {
        Exit::Passed => "pass",
        Exit::NotJudged => "unknown",
        Exit::Refused | Exit::Usage => "refused",
        Exit::Failed | Exit::RolledBack | Exit::RollbackUnproven => "fail",
    }
}

#[cfg(test)]
pub(crate) mod dummy;
