//! What a rule is: a function over the model, and what a person should know about it. One rule per file under `rules/`.

use crate::finding::{Findings, Severity};
use crate::model::Model;

pub struct Rule {
    pub meta: Meta,
    pub(crate) run: fn(&Model<'_>, &mut Findings),
}

#[derive(Debug)]
pub struct Meta {
    /// The name of the bad pattern, as a suppression allows it.
    pub id: &'static str,
    /// The bad pattern in one line.
    pub title: &'static str,
    /// The worst that its findings can be.
    pub severity: Severity,
    /// Headings at the margin, text indented: What it finds · Why it matters · What to do · Source.
    pub explain: &'static str,
    /// A compose file on which the rule fires; a comment line with `^` marks each place.
    pub bad: &'static str,
    /// The same file as it should be.
    pub good: &'static str,
}
