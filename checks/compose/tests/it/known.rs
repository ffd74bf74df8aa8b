//! The differences that are argued in `known-differences.md`: the table must name exactly the predicates that stand here.

use std::collections::BTreeSet;

use crate::judge::Disagreement;
use crate::situation::Situation;

pub(crate) type Recognise = fn(&Situation, &Disagreement) -> bool;

pub(crate) const DIFFERENCES: &[(&str, Recognise)] = &[
    ("ssh-keys-as-json", |_, found| found.theirs.contains("MarshalJSON for type types.SSHKey")),
    ("lone-dash-in-flow", |_, found| found.ours.contains("this dash must be quoted")),
    ("glued-comment", |_, found| found.ours.contains("a blank must stand before a comment")),
    ("glued-tag", |_, found| {
        let words = ["a blank must stand behind this tag", "did not find expected whitespace or line break"];
        words.iter().any(|words| found.ours.contains(words))
    }),
    ("glued-alias", |_, found| found.ours.contains("`:` is missing behind this key")),
    ("colon-before-a-bracket", |project, found| {
        let is_pair = found.class.starts_with("answer labels") || found.class.starts_with("answer environment");
        let is_key = ["a text must stand here", "this key is no text"].iter().any(|words| found.ours.contains(words));
        (is_pair || is_key) && any_text(project, &[":}", ":,", ":]"])
    }),
    ("question-mark-in-brackets", |project, found| {
        found.ours.contains("this character must be quoted inside") && any_text(project, &["[?", ", ?", "{?"])
    }),
    ("directive-behind-a-document", |_, found| found.ours.contains("missing explicit document end marker before")),
    ("anchor-in-itself", |project, found| {
        found.ours.contains("would contain itself") && any_text(project, &["!reset"])
    }),
    ("line-ends-of-unicode", |project, _| any_text(project, &["\u{85}", "\u{2028}", "\u{2029}"])),
];

fn any_text(project: &Situation, signs: &[&str]) -> bool {
    let texts = project.files.values().filter_map(|content| std::str::from_utf8(content).ok());
    texts.into_iter().any(|text| signs.iter().any(|sign| text.contains(sign)))
}

/// The name of the row that argues this disagreement.
pub(crate) fn row(situation: &Situation, disagreement: &Disagreement) -> Option<&'static str> {
    DIFFERENCES.iter().find(|(_, recognise)| recognise(situation, disagreement)).map(|(name, _)| *name)
}

#[test]
fn the_table_and_the_predicates_name_the_same() {
    let rows = include_str!("../known-differences.md").lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: BTreeSet<&str> = rows.filter_map(|row| row.split_once('`')).map(|(name, _)| name).collect();
    let predicates: BTreeSet<&str> = DIFFERENCES.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows, predicates);
}
