//! A table for a pull request's comment or a job's summary.

use feedctl_compose::finding::{Certainty, Finding, Severity};

use crate::render::audit::View;

pub(super) fn write(view: &View<'_>) -> String {
    let mut text = format!("**feedctl audit-compose**: {}\n", plain(&view.counted()));
    if !view.findings.is_empty() {
        text += "\n| | rule | where | what is wrong | what to write |\n|---|---|---|---|---|\n";
        text.extend(view.findings.iter().map(|finding| row(view, finding)));
    }
    text
}

fn row(view: &View<'_>, finding: &Finding) -> String {
    let severity = match (finding.certainty, finding.severity) {
        (Certainty::Unresolved, _) => "unresolved",
        (Certainty::Seen, Severity::Error) => "**error**",
        (Certainty::Seen, Severity::Warn) => "warning",
    };
    let place = finding.at.map(|at| plain(&view.place(at).to_string())).unwrap_or_default();
    let cells = [severity, &code(finding.rule.id), &place, &cell(&finding.message), &cell(&finding.remedy)];
    format!("| {} |\n", cells.join(" | "))
}

/// A sentence, in which names stand between backticks. A backtick of a name may end such a part, but what follows is escaped too.
fn cell(text: &str) -> String {
    let mut rest = text;
    let mut cell = String::new();
    while let Some((before, (name, behind))) =
        rest.split_once('`').and_then(|(before, rest)| Some((before, rest.split_once('`')?)))
    {
        cell += &plain(before);
        cell += &code(name);
        rest = behind;
    }
    cell + &plain(rest)
}

/// Nothing in it means anything to Markdown but what would end the cell, and that has to be written as HTML.
fn code(text: &str) -> String {
    if text.is_empty() || text.contains(['|', '\\']) {
        let entity = |c: char| if c.is_ascii_punctuation() { format!("&#{};", u32::from(c)) } else { c.to_string() };
        return format!("<code>{}</code>", text.chars().map(entity).collect::<String>());
    }
    format!("`{text}`")
}

/// Text that is neither emphasis, a link, HTML nor the end of a cell.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => plain += "&amp;",
            '<' => plain += "&lt;",
            '>' => plain += "&gt;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    // A bare address becomes a link, and a name behind an `@` a message to somebody.
    plain.replace("://", "\\://").replace("www.", "www\\.").replace('@', "&#64;&#8203;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(cell(text), expected, "{text}");
    }

    #[test]
    fn a_name_stays_in_its_cell_and_is_nothing_but_a_name() {
        check("the log of `redis` grows", "the log of `redis` grows");
        check("`a|b\\` and `${C}`", "<code>a&#124;b&#92;</code> and `${C}`");
        check("`a`<img src=x>` b", "`a`&lt;img src=x&gt;\\` b");
        check("a|b [c](http://d) *e* @f", "a\\|b \\[c\\](http\\://d) \\*e\\* &#64;&#8203;f");
        check("`<script>` `` x", "`<script>` <code></code> x");
    }
}
