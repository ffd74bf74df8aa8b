//! What is wrong in a project, as data: made by a rule, ordered and counted by the audit, shown by `feedctl`. It speaks of spans,
//! never of lines, and knows no format.

use crate::node::{Node, Value};
use crate::refusal::Refusal;
use crate::rule::Meta;
use crate::source::Span;

#[derive(Debug, Clone)]
pub struct Finding {
    pub rule: &'static Meta,
    pub severity: Severity,
    pub certainty: Certainty,
    /// The service that it is about; none where it is about the file.
    pub service: Option<String>,
    /// What is wrong, as one sentence without a full stop: the first line.
    pub message: String,
    /// None where no file has the place: a file that is not there.
    pub at: Option<Span>,
    /// The words under the caret.
    pub label: String,
    /// Other places that explain it, each with its words.
    pub related: Vec<(Span, String)>,
    /// What happens in production.
    pub consequence: String,
    /// What to write instead.
    pub remedy: String,
    /// When this may be right as it is, and how to say so in the file.
    pub otherwise: Option<String>,
    /// The remedy as an edit, where that is safe.
    pub fix: Option<Fix>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Warn,
    /// What can leave a container dead or lose data.
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    Seen,
    /// The value that the rule asks for is not known here: neither a pass nor a finding.
    Unresolved,
}

/// A safe change of the files; `fix` finds the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// These lines stand among the keys of the service, indented as its own keys are.
    Add(&'static str),
    /// The value at this place, under this key of the service, becomes that text.
    Replace { key: &'static str, at: Span, text: &'static str },
    /// In the list of `depends_on`, this service gets the condition `service_healthy`.
    Healthy(String),
}

impl Fix {
    /// None where the value came from somewhere else (an anchor, an extended service, a variable): others read it too.
    pub fn replace(key: &'static str, node: &Node, text: &'static str) -> Option<Self> {
        node.origin.via.is_empty().then_some(Fix::Replace { key, at: node.origin.span, text })
    }

    /// The key that the service gets.
    pub fn added(&self) -> Option<&'static str> {
        match self {
            Fix::Add(lines) => lines.split(':').next(),
            Fix::Replace { .. } | Fix::Healthy(_) => None,
        }
    }
}

/// How many findings a project may have, and comments about them: a report has to hold them all.
pub(crate) const MOST: usize = 200_000;

/// Findings, up to the first that is too many: with that one, none is told.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn push(&mut self, finding: Finding) {
        self.extend([finding]);
    }

    pub(crate) fn all(self) -> Result<Vec<Finding>, Refusal> {
        match self.0.get(MOST) {
            Some(beyond) => Err(Refusal::limit(beyond.at, format!("more than {MOST} findings"))),
            None => Ok(self.0),
        }
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        let room = (MOST + 1).saturating_sub(self.0.len());
        self.0.extend(findings.into_iter().take(room));
    }
}

impl Finding {
    /// About the service `service`, at `at`.
    pub fn new(rule: &'static Meta, severity: Severity, service: &str, at: Span, message: impl Into<String>) -> Self {
        Self { service: Some(service.to_owned()), ..Self::of_file(rule, severity, Some(at), message) }
    }

    /// About a file as a whole.
    pub fn of_file(rule: &'static Meta, severity: Severity, at: Option<Span>, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            certainty: Certainty::Seen,
            service: None,
            message: message.into(),
            at,
            label: String::new(),
            related: Vec::new(),
            consequence: String::new(),
            remedy: String::new(),
            otherwise: None,
            fix: None,
        }
    }

    /// `node` is made of a variable without a value, so the rule cannot say.
    pub fn unresolved(rule: &'static Meta, severity: Severity, service: &str, node: &Node, what: &str) -> Self {
        let names: Vec<&str> = node.unset().collect();
        let names = names.join("`, `");
        let message = format!("cannot know {what} of `{service}`: the variable `{names}` has no value here");
        Self { certainty: Certainty::Unresolved, ..Self::new(rule, severity, service, node.origin.span, message) }
            .label(format!("`{names}` is not set, and has no default"))
            .consequence(match node.value {
                Value::Unknown => "Compose refuses the project as long as it has none",
                _ => "Compose takes an empty text in its place, and only warns",
            })
            .remedy("give the default in the file (`${NAME:-value}`), or the variable with `--env-file`")
    }

    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    pub fn related(mut self, at: impl Into<Option<Span>>, label: impl Into<String>) -> Self {
        self.related.extend(at.into().map(|at| (at, label.into())));
        self
    }

    pub fn consequence(self, consequence: impl Into<String>) -> Self {
        Self { consequence: consequence.into(), ..self }
    }

    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..self }
    }

    pub fn otherwise(self, otherwise: impl Into<String>) -> Self {
        Self { otherwise: Some(otherwise.into()), ..self }
    }

    pub fn fix(self, fix: impl Into<Option<Fix>>) -> Self {
        Self { fix: fix.into(), ..self }
    }
}
