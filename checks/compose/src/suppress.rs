//! Comments that allow a finding: `# feedctl: allow RULE[, RULE] [until YYYY-MM-DD]: REASON`.
//!
//! Such a comment at the end of a line holds for that line and what is indented below it; on a line of its own it holds for the next
//! line that has a value, and what is indented below that. One without a reason, past its day, or that allows nothing is
//! a finding itself.

use chrono::NaiveDate;

use crate::document::comments;
use crate::finding::{Finding, Severity};
use crate::rule::Meta;
use crate::source::{FileId, Sources, Span};

/// What a suppression itself can have wrong.
pub(crate) static METAS: &[&Meta] = &[&UNEXPLAINED, &EXPIRED, &UNUSED];

static UNEXPLAINED: Meta = Meta {
    id: "suppression-unexplained",
    title: "a suppression gives no reason",
    severity: Severity::Warn,
    explain: "
What it finds
  A comment `# feedctl: allow RULE` without a reason, or one that cannot be read. It allows nothing.
Why it matters
  Whoever reads it in a year cannot know whether it still holds.
What to do
  Write `# feedctl: allow RULE: the reason`, with `until 2026-12-31` before the colon where it is for a while.
",
    bad: r#"
services:
  archiver:
    image: app:1.4.2
    restart: "no" # feedctl: allow restart-missing
#                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#,
    good: r#"
services:
  archiver:
    image: app:1.4.2
    restart: "no" # feedctl: allow restart-missing: the host's systemd starts it
"#,
};

static EXPIRED: Meta = Meta {
    id: "suppression-expired",
    title: "the day of a suppression is past",
    severity: Severity::Warn,
    explain: "
What it finds
  A comment `# feedctl: allow RULE until DAY: …` whose day is past. It allows nothing any more.
Why it matters
  What was meant for a while has become for ever.
What to do
  Mend what it allowed, or give it a new day.
",
    bad: r#"
services:
  archiver:
    image: app:1.4.2
    restart: "no" # feedctl: allow restart-missing until 2026-01-15: until the new host is there
#                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#,
    good: r#"
services:
  archiver:
    image: app:1.4.2
    restart: "no" # feedctl: allow restart-missing until 2099-12-31: until the new host is there
"#,
};

static UNUSED: Meta = Meta {
    id: "suppression-unused",
    title: "a suppression allows nothing",
    severity: Severity::Warn,
    explain: "
What it finds
  A comment `# feedctl: allow RULE: …` where that rule finds nothing, or whose rule does not exist.
Why it matters
  It will hide the next finding at this place, which nobody has looked at.
What to do
  Remove it.
",
    bad: r#"
services:
  archiver:
    image: app:1.4.2
    restart: always # feedctl: allow restart-missing: it was there once
#                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#,
    good: r#"
services:
  archiver:
    image: app:1.4.2
    restart: always
"#,
};

/// A finding that a comment allows.
#[derive(Debug)]
pub struct Allowed {
    pub finding: Finding,
    pub reason: String,
}

/// One rule that one comment allows.
#[derive(Debug)]
struct Suppression {
    at: Span,
    /// What it holds for.
    covers: Span,
    rule: String,
    until: Option<NaiveDate>,
    reason: String,
    used: bool,
}

/// Parts `findings` into those that stay and those that the files allow, and adds what is wrong with the comments.
pub(crate) fn apply(findings: Vec<Finding>, sources: &Sources, today: NaiveDate) -> (Vec<Finding>, Vec<Allowed>) {
    let mut stay = Vec::new();
    let mut allowed = Vec::new();
    let mut suppressions = Vec::new();
    for (file, source) in sources.iter().filter(|(_, source)| source.text.contains(MARK)) {
        read(file, &source.text, &mut suppressions, &mut stay);
    }
    for finding in findings {
        let holds = |suppression: &&mut Suppression| suppression.allows(&finding, today);
        match suppressions.iter_mut().find(holds) {
            Some(suppression) => {
                suppression.used = true;
                allowed.push(Allowed { finding, reason: suppression.reason.clone() });
            }
            None => stay.push(finding),
        }
    }
    stay.extend(suppressions.iter().filter_map(|suppression| suppression.finding(today)));
    (stay, allowed)
}

const MARK: &str = "feedctl: allow";

fn read(file: FileId, text: &str, suppressions: &mut Vec<Suppression>, findings: &mut Vec<Finding>) {
    for comment in comments::comments(file, text) {
        let Some(words) = comment.text.trim().strip_prefix(MARK) else { continue };
        match parsed(words) {
            Some((rules, until, reason)) => {
                let covers = covered(file, text, comment.span);
                suppressions.extend(rules.split(',').map(|rule| Suppression {
                    at: comment.span,
                    covers,
                    rule: rule.trim().to_owned(),
                    until,
                    reason: reason.to_owned(),
                    used: false,
                }));
            }
            None => findings.push(unexplained(comment.span)),
        }
    }
}

/// `RULES [until DAY]: REASON`; none where a part of it cannot be read or the reason is empty.
fn parsed(words: &str) -> Option<(&str, Option<NaiveDate>, &str)> {
    let (head, reason) = words.split_once(':')?;
    let (rules, until) = match head.split_once(" until ") {
        Some((rules, day)) => (rules, Some(day.trim().parse().ok()?)),
        None => (head, None),
    };
    let (rules, reason) = (rules.trim(), reason.trim());
    (!rules.is_empty() && !reason.is_empty()).then_some((rules, until, reason))
}

/// The line of the comment, or the next one that is neither empty nor a comment, with the lines indented below it.
fn covered(file: FileId, text: &str, comment: Span) -> Span {
    let start = text[..comment.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let alone = text[start..comment.start as usize].trim().is_empty();
    let mut lines = offsets(text, start).skip(usize::from(alone));
    let value = |line: &str| !matches!(line.trim().chars().next(), None | Some('#'));
    let Some((start, first)) = lines.find(|(_, line)| value(line)) else {
        return Span::new(file, start, text.len());
    };
    let inside = lines.take_while(|(_, line)| !value(line) || indentation(line) > indentation(first));
    let end = inside.last().map_or(start + first.len(), |(at, line)| at + line.len());
    Span::new(file, start, end)
}

/// Each line from the byte `start` on, with the byte at which it begins.
fn offsets(text: &str, start: usize) -> impl Iterator<Item = (usize, &str)> {
    text[start..].split_inclusive('\n').scan(start, |at, line| {
        let begin = *at;
        *at += line.len();
        Some((begin, line))
    })
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn unexplained(at: Span) -> Finding {
    Finding::of_file(&UNEXPLAINED, Severity::Warn, Some(at), "this suppression allows nothing")
        .label("no reason, or not to be read")
        .consequence("the finding is still told")
        .remedy("write `# feedctl: allow RULE: the reason`")
}

impl Suppression {
    fn expired(&self, today: NaiveDate) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    fn allows(&self, finding: &Finding, today: NaiveDate) -> bool {
        let covers = |at: Span| at.file == self.covers.file && (self.covers.start..self.covers.end).contains(&at.start);
        finding.rule.id == self.rule && finding.at.is_some_and(covers) && !self.expired(today)
    }

    /// What is wrong with it, after it had its chance.
    fn finding(&self, today: NaiveDate) -> Option<Finding> {
        let (meta, message, label) = match self.until.filter(|_| self.expired(today)) {
            Some(until) => {
                (&EXPIRED, format!("the suppression of `{}` has expired", self.rule), format!("past {until}"))
            }
            None if !self.used => {
                (&UNUSED, format!("`{}` finds nothing here", self.rule), "this allows nothing".to_owned())
            }
            None => return None,
        };
        let finding = Finding::of_file(meta, Severity::Warn, Some(self.at), message).label(label);
        Some(finding.consequence(meta.title).remedy("remove it, or write it anew"))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture;

    /// The rules that are told and those that are allowed, for a file of two services without a policy.
    fn check(text: &str, told: &[&str], allowed: &[&str]) {
        let audit = fixture::audit(text);
        // The examples are about these alone.
        let about = |id: &&str| id.starts_with("restart") || id.starts_with("suppression");
        let ids = |ids: &mut dyn Iterator<Item = &'static str>| ids.filter(about).collect::<Vec<_>>();
        assert_eq!(ids(&mut audit.findings.iter().map(|finding| finding.rule.id)), told, "{text}");
        assert_eq!(ids(&mut audit.allowed.iter().map(|allowed| allowed.finding.rule.id)), allowed, "{text}");
    }

    #[test]
    fn a_comment_holds_for_its_line_and_what_is_below_it() {
        check(
            "services:\n  a: # feedctl: allow restart-missing: tried by hand\n    image: x:1\n  b:\n    image: x:1\n",
            &["restart-missing"],
            &["restart-missing"],
        );
        check(
            "services:\n  # feedctl: allow restart-missing: tried by hand\n\n  # about a\n  a:\n    image: x:1\n  b:\n    image: x:1\n",
            &["restart-missing"],
            &["restart-missing"],
        );
        check(
            "services: # feedctl: allow restart-missing: a sandbox\n  a:\n    image: x:1\n  b:\n    image: x:1\n",
            &[],
            &["restart-missing", "restart-missing"],
        );
        check(
            "services:\n  a:\n    image: x:1\n    restart: ${R} # feedctl: allow restart-unresolved, restart-refused: ops set it\n",
            &["suppression-unused"],
            &["restart-unresolved"],
        );
    }

    #[test]
    fn one_that_cannot_be_taken_at_its_word_allows_nothing() {
        let with = |comment: &str| format!("services:\n  a: {comment}\n    image: x:1\n");
        let unexplained = ["restart-missing", "suppression-unexplained"];
        for comment in [
            "# feedctl: allow restart-missing",
            "# feedctl: allow restart-missing:  ",
            "# feedctl: allow : a reason",
            "# feedctl: allow restart-missing until tomorrow: a reason",
        ] {
            check(&with(comment), &unexplained, &[]);
        }
        check(&with("# feedctl: allow restart-mising: a reason"), &["restart-missing", "suppression-unused"], &[]);
        let day = |day: &str| with(&format!("# feedctl: allow restart-missing until {day}: a reason"));
        check(&day("2026-01-15"), &["restart-missing", "suppression-expired"], &[]);
        check(&day("2026-01-16"), &[], &["restart-missing"]);
    }
}
