//! FORMATS of `audit-compose`: one row per format. A format turns an audit into text; it decides nothing, reads no clock
//! and writes nowhere.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use feedctl_checks::speech;
use feedctl_compose::audit::Audit;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::source::{Sources, Span};

use crate::exit::Exit;
use crate::screen::Screen;

mod github;
mod json;
mod junit;
mod markdown;
mod sarif;
mod table;

/// An audit, and how it ended.
pub(crate) struct Run<'a> {
    pub(crate) audit: &'a Audit,
    pub(crate) exit: Exit,
    /// The least that makes the command fail.
    pub(crate) fail_on: Severity,
    pub(crate) at: DateTime<FixedOffset>,
    pub(crate) took: Duration,
}

pub(crate) struct Format {
    /// What `--format` takes.
    pub(crate) name: &'static str,
    pub(crate) write: fn(&Run<'_>, Screen) -> String,
}

/// The first is the default.
pub(crate) const FORMATS: &[Format] = &[
    Format { name: "table", write: table::write },
    Format { name: "json", write: json::write },
    Format { name: "sarif", write: sarif::write },
    Format { name: "github", write: github::write },
    Format { name: "junit", write: junit::write },
    Format { name: "markdown", write: markdown::write },
];

/// A span as CI systems count: from 1, the end behind the last character.
struct Place {
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

fn place(at: Span, sources: &Sources) -> Place {
    let start = sources.place(at);
    let end = sources.place(Span { start: at.end, ..at });
    let path = start.path.display().to_string();
    Place { path, line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}

/// `2 errors, 1 warning in 5 services (docker-compose.yml + docker-compose.override.yml)`
fn counted(run: &Run<'_>) -> String {
    let count = |wanted: fn(&Finding) -> bool| run.audit.findings.iter().filter(|finding| wanted(finding)).count();
    let counts = [
        (count(|finding| finding.certainty == Certainty::Seen && finding.severity == Severity::Error), "error"),
        (count(|finding| finding.certainty == Certainty::Unresolved), "unresolved value"),
        (count(|finding| finding.certainty == Certainty::Seen && finding.severity == Severity::Warn), "warning"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, noun)| speech::counted(*count as u64, noun)).collect();
    let counts = if counts.is_empty() { "nothing wrong".to_owned() } else { counts.join(", ") };
    let Some(project) = &run.audit.project else { return counts };
    let services = run.audit.model().map_or(0, |model| model.services.len());
    let files: Vec<String> = project.files.iter().map(|file| file.display().to_string()).collect();
    let allowed = match run.audit.allowed.len() {
        0 => String::new(),
        allowed => format!(", {allowed} allowed by comments"),
    };
    format!("{counts} in {} ({}){allowed}", speech::counted(services as u64, "service"), files.join(" + "))
}
