//! What Compose refuses, with the place. One type for every stage: each refusal ends as one diagnostic under one caret.

use crate::source::Span;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// None where no file has the place: a file that is not there, an option of the command line.
    pub at: Option<Span>,
    /// What is wrong, as a lowercase fragment: the words under the caret.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    pub kind: RefusalKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Compose refuses it too.
    Compose,
    /// A limit of ours, where Compose would hang or eat the memory.
    Limit,
}

impl Refusal {
    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Self { at: Some(span), message: message.into(), hint: None, kind: RefusalKind::Compose }
    }

    pub fn nowhere(message: impl Into<String>) -> Self {
        Self { at: None, message: message.into(), hint: None, kind: RefusalKind::Compose }
    }

    pub fn limit(at: Option<Span>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: None, kind: RefusalKind::Limit }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
