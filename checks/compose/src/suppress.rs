//! Comments that allow a finding: `# feedctl: allow RULE[, RULE] [until YYYY-MM-DD]: REASON`.
//!
//! Such a comment at the end of a line holds for that line and what is indented below it; on a line of its own it holds for the
//! next line that has a value, and what is indented below that; before the first key it holds for the whole file. One that cannot
//! be read, is past its day, or allows nothing is a finding itself.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use chrono::NaiveDate;

use self::lines::Lines;
use self::wording::{Allowance, Mistake};
use crate::audit::metas;
use crate::document::comments;
use crate::finding::{Finding, Findings, MOST, Severity};
use crate::refusal::Refusal;
use crate::rule::Meta;
use crate::source::{FileId, Sources, Span};

mod lines;
mod wording;

/// What a suppression itself can have wrong.
pub(crate) static METAS: &[&Meta] = &[&UNEXPLAINED, &EXPIRED, &UNUSED];

static UNEXPLAINED: Meta = Meta {
    id: "suppression-unexplained",
    title: "a suppression gives no reason, or cannot be read",
    severity: Severity::Warn,
    explain: "
What it finds
  A comment `# feedctl: allow RULE` without a reason, or one that is meant to be such a comment and is written otherwise
  (`feedctl:allow`, `Feedctl: Allow`, `feedctl: ignore`, a day that is none). It allows nothing.
Why it matters
  Whoever reads it in a year cannot know whether it still holds. And one that is misspelt looks as if it did.
What to do
  Write `# feedctl: allow RULE: the reason`, with commas between several rules, and `until 2026-12-31` before the colon where it
  is for a while.
What it covers
  At the end of a line: what is found at that line and at what is indented below it. On a line of its own: the next line that
  has a value, and what is indented below that. Before the first key of a file: the whole file; in a project of several files
  write it at the top of each.
  What counts is the place that a finding shows. A comment at an anchor holds for every service that has its value from there.
  One at an alias (`*name`), at `extends` or at an entry of `include` does not reach what comes from there: that is shown where
  it is written, and is allowed there.
Source
  This program's own; Compose reads no comment.
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
Source
  This program's own; the day is that of the machine on which it runs.
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
  A comment `# feedctl: allow RULE: …` where that rule finds nothing, or whose rule does not exist (`restart-mising`).
Why it matters
  It will hide the next finding at this place, which nobody has looked at; one of a rule that does not exist hides nothing.
What to do
  Remove it, or move it to the place that the finding shows (`feedctl explain suppression-unexplained` says what it covers), or
  write the rule as `feedctl explain` lists it.
Source
  This program's own; Compose reads no comment.
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
struct Suppression<'t> {
    at: Span,
    /// What it holds for.
    covers: Span,
    rule: &'t str,
    until: Option<NaiveDate>,
    reason: &'t str,
    used: bool,
}

/// Parts `findings` into those that stay and those that the files allow, and adds what is wrong with the comments.
pub(crate) fn apply(
    findings: Vec<Finding>,
    sources: &Sources,
    today: NaiveDate,
) -> Result<(Vec<Finding>, Vec<Allowed>), Refusal> {
    let mut stay = Findings::default();
    let mut allowed = Vec::new();
    let mut suppressions = Vec::new();
    let mut mistakes = Vec::new();
    for (file, source) in sources.iter().filter(|(_, source)| wording::may_be_in(&source.text)) {
        read(file, &source.text, &mut suppressions, &mut mistakes)?;
    }
    // A file may be read twice, and a comment in it is still one.
    let mut told = BTreeSet::new();
    for (at, mistake) in mistakes {
        if told.insert((sources.get(at.file).path.as_path(), at.start, "")) {
            stay.push(unexplained(at, &mistake));
        }
    }
    let mut places: HashMap<(FileId, &str), Vec<usize>> = HashMap::new();
    for (place, suppression) in suppressions.iter().enumerate().filter(|(_, it)| !it.expired(today)) {
        let before = places.entry((suppression.at.file, suppression.rule)).or_default();
        // Blocks overlap only where one lies in the other, and then the outer one allows all that this one could.
        if before.last().is_none_or(|last| suppressions[*last].covers.end <= suppression.covers.start) {
            before.push(place);
        }
    }
    for finding in findings {
        let holds = finding.at.and_then(|at| {
            let places = places.get(&(at.file, finding.rule.id))?;
            let before = places.partition_point(|place| suppressions[*place].covers.start <= at.start);
            let last = *places.get(before.checked_sub(1)?)?;
            (at.start < suppressions[last].covers.end).then_some(last)
        });
        match holds {
            Some(place) => {
                suppressions[place].used = true;
                allowed.push(Allowed { finding, reason: suppressions[place].reason.to_owned() });
            }
            None => stay.push(finding),
        }
    }
    let used = suppressions.iter().filter(|suppression| suppression.used);
    told.extend(used.map(|suppression| suppression.place(sources)));
    for suppression in suppressions.iter().filter(|suppression| !suppression.used) {
        if told.insert(suppression.place(sources)) {
            stay.push(suppression.finding(today));
        }
    }
    Ok((stay.all()?, allowed))
}

/// Adds what the comments of a file allow, and those that cannot be read.
fn read<'t>(
    file: FileId,
    text: &'t str,
    suppressions: &mut Vec<Suppression<'t>>,
    mistakes: &mut Vec<(Span, Mistake)>,
) -> Result<(), Refusal> {
    let mut lines = Lines::of(text);
    for at in comments::comments(file, text) {
        match wording::read(&text[at.start as usize + 1..at.end as usize]) {
            Some(Ok(Allowance { rules, until, reason })) => {
                let covers = lines.covered(at);
                let suppression = |rule| Suppression { at, covers, rule, until, reason, used: false };
                suppressions.extend(rules.into_iter().take(MOST + 1).map(suppression));
            }
            Some(Err(mistake)) => mistakes.push((at, mistake)),
            None => {}
        }
        if suppressions.len() + mistakes.len() > MOST {
            return Err(Refusal::limit(Some(at), format!("more than {MOST} times a comment allows something")));
        }
    }
    Ok(())
}

fn unexplained(at: Span, mistake: &Mistake) -> Finding {
    Finding::of_file(&UNEXPLAINED, Severity::Warn, Some(at), "this suppression allows nothing")
        .label(mistake.label)
        .consequence("the finding is still told")
        .remedy(format!("write `{}`", mistake.instead))
}

impl Suppression<'_> {
    fn expired(&self, today: NaiveDate) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Which it is, however often its file was read.
    fn place<'s>(&'s self, sources: &'s Sources) -> (&'s Path, u32, &'s str) {
        (&sources.get(self.at.file).path, self.at.start, self.rule)
    }

    /// What is wrong with it, after it had its chance and allowed nothing.
    fn finding(&self, today: NaiveDate) -> Finding {
        let finding = |meta, message| Finding::of_file(meta, Severity::Warn, Some(self.at), message);
        let rule = self.rule;
        if !metas().any(|meta| meta.id == rule) {
            let (label, remedy) = wording::unknown_rule(rule);
            return finding(&UNUSED, format!("no rule is named `{rule}`"))
                .label(label)
                .consequence("this allows nothing: the finding is still told")
                .remedy(remedy);
        }
        match self.until.filter(|_| self.expired(today)) {
            Some(until) => finding(&EXPIRED, format!("the suppression of `{rule}` has expired"))
                .label(format!("past {until}"))
                .consequence(EXPIRED.title)
                .remedy("mend what it allowed, or give it a new day"),
            None => finding(&UNUSED, format!("`{rule}` finds nothing here"))
                .label("this allows nothing")
                .consequence("it will hide the next finding at this place, which nobody has looked at")
                .remedy("remove it, or move it to the line that the finding shows"),
        }
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
    fn a_line_may_end_in_any_way_that_yaml_knows() {
        let text = "services:\n  a: # feedctl: allow restart-missing: why\n    image: x:1\n  b:\n    image: x:1\n";
        for end in ["\n", "\r\n", "\r"] {
            check(&text.replace('\n', end), &["restart-missing"], &["restart-missing"]);
        }
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
        let allow = |day: &str| format!("# feedctl: allow restart-missing until {day}: why");
        let nested =
            |outer: &str| format!("services: {}\n  a: {}\n    image: x:1\n", allow(outer), allow("2099-12-31"));
        check(&nested("2099-12-31"), &["suppression-unused"], &["restart-missing"]);
        check(&nested("2026-01-15"), &["suppression-expired"], &["restart-missing"]);
    }

    #[test]
    fn a_list_may_stand_as_far_left_as_its_key() {
        for (key, entry) in [
            ("ports:", "- 6379:6379"),
            ("ports: # open", "-\n      6379:6379"),
            ("ports: &ports", "- 6379:6379"),
            ("ports: !!seq &ports # open", "- 6379:6379"),
        ] {
            let allow = "# feedctl: allow port-open: why";
            let audit = fixture::audit(&format!(
                "services:\n  a:\n    image: redis:8\n    {allow}\n    {key}\n    {entry}\n    tty: true\n"
            ));
            let allowed: Vec<&str> = audit.allowed.iter().map(|allowed| allowed.finding.rule.id).collect();
            assert_eq!(allowed, ["port-open"], "{key} {entry}: {:?}", audit.findings);
        }
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
        for comment in [
            "# feedctl:allow restart-missing: a reason",
            "# feedctl allow restart-missing: a reason",
            "# Feedctl: Allow restart-missing: a reason",
            "# feedctl: ignore restart-missing: a reason",
            "# by hand; feedctl: allow restart-missing: a reason",
            "# feedctl: allow restart-missing - a reason",
        ] {
            check(&with(comment), &unexplained, &[]);
        }
        for comment in ["# feedctl looks from the host", "# feedctl.role: one-shot", "# `feedctl verify` needs it"] {
            check(&with(comment), &["restart-missing"], &[]);
        }
        check(&with("#feedctl: allow restart-missing: a reason"), &[], &["restart-missing"]);
        check(&with("# feedctl: allow restart-mising: a reason"), &["restart-missing", "suppression-unused"], &[]);
        check(&with("# feedctl: allow RESTART-MISSING: a reason"), &["restart-missing", "suppression-unused"], &[]);
        let day = |day: &str| with(&format!("# feedctl: allow restart-missing until {day}: a reason"));
        check(&day("2026-01-15"), &["restart-missing", "suppression-expired"], &[]);
        check(&day("2026-01-16"), &[], &["restart-missing"]);
    }

    #[test]
    fn before_the_first_key_it_holds_for_the_whole_file() {
        let two = "x-base: &base\n  image: x:1\nservices:\n  a:\n    <<: *base\n    restart: on-failure\n  b: *base\n";
        let rules = "restart-gives-up, restart-missing";
        let both = ["restart-gives-up", "restart-missing"];
        let top = |lines: &str| format!("{lines}# feedctl: allow {rules}: a sandbox\n\n{two}");
        for lines in ["", "# what it is\n\n", "---\n", "\u{feff}"] {
            check(&top(lines), &[], &["restart-missing", "restart-gives-up"]);
        }
        let unused = ["suppression-unused", "suppression-unused"];
        check(&top("name: x\n"), &[both, unused].concat(), &[]);
        check(&format!("{two}# feedctl: allow {rules}: a sandbox\n"), &[both, unused].concat(), &[]);
        check(&format!("name: x # feedctl: allow {rules}: a sandbox\n{two}"), &[both, unused].concat(), &[]);
    }

    #[test]
    fn a_comment_at_an_anchor_reaches_whoever_has_its_value_from_there() {
        let allow = "# feedctl: allow restart-gives-up: by hand";
        let with = |at_anchor: &str, at_value: &str, at_alias: &str| {
            format!(
                "x-a: &a {at_anchor}\n  image: x:1\n  restart: on-failure {at_value}\nservices:\n  a:\n    <<: *a {at_alias}\n  b: *a\n"
            )
        };
        let twice = ["restart-gives-up", "restart-gives-up"];
        check(&with(allow, "", ""), &[], &twice);
        check(&with("", allow, ""), &[], &twice);
        // The finding is shown at the anchor, where the other service is meant too.
        check(&with("", "", allow), &["restart-gives-up", "restart-gives-up", "suppression-unused"], &[]);
        let scalar = format!("x-r: &r on-failure {allow}\nservices:\n  a:\n    image: x:1\n    restart: *r\n");
        check(&scalar, &[], &["restart-gives-up"]);
    }

    #[test]
    fn what_comes_from_another_file_is_allowed_there() {
        let check = |top: &str, part: &str, told: &[&str], allowed: usize| {
            let audit = fixture::audit_files(&[("compose.yaml", top), ("parts/part.yaml", part)]);
            let about = |id: &&str| id.starts_with("restart") || id.starts_with("suppression");
            let ids: Vec<&str> = audit.findings.iter().map(|finding| finding.rule.id).filter(about).collect();
            assert_eq!((ids, audit.allowed.len()), (told.to_vec(), allowed), "{top}{part}");
        };
        let allow = "# feedctl: allow restart-missing: by hand\n";
        let part = "services:\n  a:\n    image: x:1\n";
        let include = "include:\n  - parts/part.yaml\n";
        check(include, &format!("{allow}{part}"), &[], 1);
        check(&format!("name: x\n{allow}{include}"), part, &["restart-missing", "suppression-unused"], 0);
        // A file that is read twice has its comments once.
        let allow = "# feedctl: allow restart-gives-up: by hand\n";
        let part = format!("{allow}services:\n  a:\n    image: x:1\n    restart: on-failure\n");
        let extend = |name: &str| format!("  {name}:\n    extends:\n      file: parts/part.yaml\n      service: a\n");
        check(&format!("services:\n{}{}", extend("b"), extend("c")), &part, &[], 2);
        check(&format!("{include}services:\n{}", extend("b")), &part, &[], 2);
        let mended = format!("{include}services:\n{}    restart: always\n", extend("b"));
        check(&mended, &part, &[], 1);
        let spare = part.replace("on-failure", "always");
        check(&format!("{include}services:\n{}", extend("b")), &spare, &["suppression-unused"], 0);
        let misspelt = spare.replace("feedctl: allow", "feedctl:allow");
        check(&format!("{include}services:\n{}", extend("b")), &misspelt, &["suppression-unexplained"], 0);
    }
}
