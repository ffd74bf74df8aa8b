//! What a comment says that is meant to allow something, and how it should have been written where it says it wrong.

use chrono::NaiveDate;

use crate::audit::metas;

/// `# feedctl: allow RULES [until DAY]: REASON`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Allowance<'a> {
    pub(super) rules: Vec<&'a str>,
    pub(super) until: Option<NaiveDate>,
    pub(super) reason: &'a str,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) label: &'static str,
    /// The comment as it should be.
    pub(super) instead: String,
}

const MARK: &str = "feedctl: allow";
const NAME: &str = "feedctl";

/// Nobody means more than this.
const LONGEST: usize = 1_000;

/// What people write for `allow`, from the habits of other tools.
const VERBS: [&str; 8] = ["allow", "ignore", "disable", "suppress", "skip", "except", "noqa", "nolint"];

/// Whether a comment of the file may be one of ours. Most files have none, and are not read for them.
pub(super) fn may_be_in(text: &str) -> bool {
    let comments = text.lines().filter_map(|line| line.find('#').map(|at| &line[at..]));
    let mut comments = comments.filter(|comment| comment.len() > NAME.len());
    comments.any(|comment| comment.to_ascii_lowercase().contains(NAME))
}

/// None where the comment is about something else. `text` is what stands behind the `#`.
pub(super) fn read(text: &str) -> Option<Result<Allowance<'_>, Mistake>> {
    let text = text.trim();
    let words = text.strip_prefix(MARK).filter(|words| words.is_empty() || words.starts_with([' ', '\t', ':']));
    if let Some(words) = words {
        return Some(allowance(words).map_err(|label| Mistake { label, instead: instead(words) }));
    }
    let label = "not written as `feedctl: allow`, so it is a comment like any other";
    meant(text).map(|words| Err(Mistake { label, instead: instead(words) }))
}

fn allowance(words: &str) -> Result<Allowance<'_>, &'static str> {
    let (head, reason) = words.split_once(':').ok_or("no `:` and no reason behind the rule")?;
    let (rules, until) = match head.split_once(" until ") {
        Some((rules, day)) => (rules, Some(day_of(day).ok_or("the day is not written as YYYY-MM-DD")?)),
        None => (head, None),
    };
    if reason.contains(MARK) {
        return Err("a comment allows but once");
    }
    let rules: Vec<&str> = rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()).collect();
    match (rules.is_empty(), reason.trim()) {
        (true, _) => Err("no rule"),
        (_, "") => Err("no reason"),
        (_, reason) if reason.len() > LONGEST => Err("a reason longer than anybody reads"),
        (_, reason) => Ok(Allowance { rules, until, reason }),
    }
}

/// Only as it is written everywhere: who writes `2026-1-5` may mean the first of May.
fn day_of(text: &str) -> Option<NaiveDate> {
    let day: NaiveDate = text.trim().parse().ok()?;
    (day.to_string() == text.trim()).then_some(day)
}

/// What follows the verb in a comment that is meant to allow something: our name and a verb, or our name, a colon and a rule.
fn meant(text: &str) -> Option<&str> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let lower = text.to_ascii_lowercase();
    lower.match_indices(NAME).find_map(|(at, name)| {
        let behind = &text[at + name.len()..];
        let verb = behind.trim_start_matches([' ', '\t', ':', '-', '_', '=']);
        let end = verb.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(verb.len());
        let (verb, words) = verb.split_at(end);
        let is_parted = verb.len() + words.len() < behind.len();
        let has_colon = behind.trim_start().starts_with(':');
        let is_verb = VERBS.iter().any(|known| known.eq_ignore_ascii_case(verb))
            || has_colon && strsim::osa_distance(&verb.to_ascii_lowercase(), "allow") <= 1;
        let names_a_rule = has_colon && !rules_in(behind).is_empty();
        (is_parted && (is_verb || names_a_rule)).then_some(if is_verb { words } else { behind })
    })
}

/// The comment as it should be, with as much of `words` as can be kept.
fn instead(words: &str) -> String {
    let words = words.trim_start_matches([':', '=', ' ', '\t']);
    let rules = rules_in(words);
    let rules = if rules.is_empty() { "RULE".to_owned() } else { rules.join(", ") };
    let head = words.split_once(':').map_or("", |(head, _)| head);
    match allowance(words) {
        Ok(Allowance { reason, until, .. }) => {
            let until = until.map(|day| format!(" until {day}")).unwrap_or_default();
            format!("# {MARK} {rules}{until}: {reason}")
        }
        Err(_) if head.contains(" until ") => format!("# {MARK} {rules} until 2026-12-31: the reason"),
        Err(_) => format!("# {MARK} {rules}: the reason"),
    }
}

/// The rules that a text names, also with capitals and `_`.
fn rules_in(text: &str) -> Vec<&'static str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').map(normal);
    words.filter_map(|word| metas().map(|meta| meta.id).find(|id| *id == word)).collect()
}

fn normal(rule: &str) -> String {
    rule.to_ascii_lowercase().replace('_', "-")
}

/// The words under the caret and the remedy, for a rule that does not exist.
pub(super) fn unknown_rule(rule: &str) -> (String, String) {
    let several = rules_in(rule);
    if rule.contains(char::is_whitespace) && several.len() > 1 {
        return ("rules are parted by commas".to_owned(), format!("write `{}`", several.join(", ")));
    }
    let wanted = normal(rule);
    let metas = metas().filter(|_| wanted.len() < 100);
    let near = metas.map(|meta| (strsim::osa_distance(&wanted, meta.id), meta.id)).min();
    match near.filter(|(distance, _)| *distance <= 3) {
        Some((_, id)) => (format!("did you mean `{id}`?"), format!("write `{id}`")),
        None => ("`feedctl explain` lists the rules".to_owned(), "write the id that the finding shows".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules, or the comment as it should be; none for another comment.
    fn check(comment: &str, expected: Option<Result<&[&str], &str>>) {
        let read = read(comment);
        let read = read.as_ref().map(|read| match read {
            Ok(allowance) => Ok(allowance.rules.as_slice()),
            Err(mistake) => Err(mistake.instead.as_str()),
        });
        assert_eq!(read, expected, "{comment}");
    }

    #[test]
    fn what_is_read() {
        check(" feedctl: allow port-open: why", Some(Ok(&["port-open"])));
        check("feedctl: allow port-open,privileged until 2026-12-31: why: so", Some(Ok(&["port-open", "privileged"])));
        check(" feedctl: allow other: why", Some(Ok(&["other"])));
    }

    #[test]
    fn what_is_meant() {
        let whole = Some(Err("# feedctl: allow port-open: why"));
        for comment in [
            "feedctl:allow port-open: why",
            "feedctl allow port-open: why",
            "FEEDCTL: ALLOW PORT-OPEN: why",
            "feedctl: allow: port-open: why",
            "feedctl-ignore port_open: why",
            "feedctl: disable=port-open: why",
            "feedctl: alow port-open: why",
            "by hand; feedctl: allow port-open: why",
        ] {
            check(comment, whole);
        }
        check("feedctl: alow everything: why", Some(Err("# feedctl: allow RULE: why")));
        check("feedctl: allow port-open", Some(Err("# feedctl: allow port-open: the reason")));
        check("feedctl: allow port-open:", Some(Err("# feedctl: allow port-open: the reason")));
        check("feedctl: allow port-open by hand", Some(Err("# feedctl: allow port-open: the reason")));
        check("feedctl: port-open is by hand", Some(Err("# feedctl: allow port-open: the reason")));
        check("feedctl: allow", Some(Err("# feedctl: allow RULE: the reason")));
        check("feedctl: ignore", Some(Err("# feedctl: allow RULE: the reason")));
        let endless = format!("feedctl: allow port-open: {}", "why ".repeat(LONGEST));
        check(&endless, Some(Err("# feedctl: allow port-open: the reason")));
        check(
            "feedctl: allow port-open until 31.12.2026: why",
            Some(Err("# feedctl: allow port-open until 2026-12-31: the reason")),
        );
        check(
            "feedctl: allow port-open: why; feedctl: allow privileged: so",
            Some(Err("# feedctl: allow port-open, privileged: the reason")),
        );
    }

    #[test]
    fn days() {
        for day in ["2026-1-5", "+2026-01-05", "26-01-05", "2026/01/05", "2026-02-30", "2026-01-05T00:00", "tomorrow"] {
            let comment = format!("feedctl: allow port-open until {day}: why");
            let label = read(&comment).and_then(Result::err).map(|mistake| mistake.label);
            assert_eq!(label, Some("the day is not written as YYYY-MM-DD"), "{day}");
        }
    }

    #[test]
    fn what_is_about_something_else() {
        for comment in [
            "feedctl looks from the host",
            "feedctl allows this",
            "feedctl.role: one-shot",
            "feedctl: all services",
            "see feedctl.yml, and `feedctl explain port-open`",
            "allow port-open: why",
            "",
        ] {
            check(comment, None);
        }
    }

    #[test]
    fn rules_that_do_not_exist() {
        let check = |rule: &str, label: &str| assert_eq!(unknown_rule(rule).0, label, "{rule}");
        check("restart-mising", "did you mean `restart-missing`?");
        check("Restart_Missing", "did you mean `restart-missing`?");
        check("port-open privileged", "rules are parted by commas");
        check("everything", "`feedctl explain` lists the rules");
    }
}
