//! What is wrong, as data: made by `judge`, ordered by the report, shown by `feedctl`. A finding is not an error.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One thing that is wrong.
///
/// Texts may hold names and messages of strangers (containers, servers): whoever shows them makes control characters
/// visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub severity: Severity,
    pub subject: Subject,
    /// What is seen, read after the subject: `archiver: exited (1) at 14:08:31 UTC`.
    pub message: String,
    /// One command to run now.
    pub remedy: Option<String>,
    /// The sentence for the first line of the report, where the row's text would not say enough.
    pub headline: Option<String>,
    /// Since when, by the clock of the thing observed.
    pub since: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Warn,
    Fail,
}

/// What a finding is about. Prints as the user knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A service of the Compose project.
    Service(String),
    /// A name under `health:` of feedctl.yml.
    Endpoint(String),
    Redis,
    /// A Redis stream by its key.
    Stream(String),
    Database,
    Table(String),
}

impl Finding {
    pub fn new(severity: Severity, subject: Subject, message: impl Into<String>) -> Self {
        Finding { severity, subject, message: message.into(), remedy: None, headline: None, since: None }
    }

    pub fn remedy(self, command: impl Into<Option<String>>) -> Self {
        Finding { remedy: command.into(), ..self }
    }

    pub fn headline(self, sentence: impl Into<String>) -> Self {
        Finding { headline: Some(sentence.into()), ..self }
    }

    pub fn since(self, since: Option<DateTime<Utc>>) -> Self {
        Finding { since, ..self }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Subject::Service(name) | Subject::Endpoint(name) | Subject::Stream(name) | Subject::Table(name) => name,
            Subject::Redis => "Redis",
            Subject::Database => "database",
        })
    }
}
