//! JUnit XML, for CI systems that show test results: one test case per rule. What makes the command fail is a failure, what
//! could not be resolved an error; the rest is the test case's output, so that a green job shows no red test.

use feedctl_compose::audit::metas;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::rule::Meta;

use crate::render::audit::View;

pub(super) fn write(view: &View<'_>) -> String {
    let cases: String = metas().map(|meta| case(view, meta)).collect();
    let count = |mark: &str| cases.matches(mark).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        metas().count(),
        count("<failure "),
        count("<error "),
        count("<skipped/>"),
        view.run.took.as_secs_f64()
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  \
         <testsuite name=\"feedctl audit-compose\" {counts}>\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn case(view: &View<'_>, meta: &Meta) -> String {
    let name = format!("    <testcase classname=\"feedctl.audit-compose\" name=\"{}\"", escaped(meta.id));
    let mine: Vec<&Finding> = view.findings.iter().filter(|finding| finding.rule.id == meta.id).collect();
    let (failing, others): (Vec<&Finding>, Vec<&Finding>) =
        mine.into_iter().partition(|finding| finding.severity >= view.run.fail_on);
    let mut inner: String = failing.iter().map(|finding| failure(view, finding)).collect();
    if !others.is_empty() {
        let texts: Vec<String> =
            others.iter().map(|finding| format!("{}\n{}", finding.message, text(view, finding))).collect();
        inner += &format!("      <system-out>{}</system-out>\n", escaped(&texts.join("\n\n")));
    }
    // No rule has looked at a project that Compose refuses.
    if inner.is_empty() && view.run.audit.is_refused() {
        inner += "      <skipped/>\n";
    }
    if inner.is_empty() { format!("{name}/>\n") } else { format!("{name}>\n{inner}    </testcase>\n") }
}

fn failure(view: &View<'_>, finding: &Finding) -> String {
    let element = if finding.certainty == Certainty::Seen { "failure" } else { "error" };
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warn => "warning",
    };
    let message = escaped(&finding.message);
    let text = escaped(&text(view, finding));
    format!("      <{element} type=\"{severity}\" message=\"{message}\">{text}</{element}>\n")
}

fn text(view: &View<'_>, finding: &Finding) -> String {
    let place = finding.at.map(|at| view.place(at).to_string()).unwrap_or_default();
    let lines = [&place, &finding.label, &finding.consequence, &finding.remedy];
    lines.into_iter().filter(|line| !line.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// Control characters are visible by now; the two characters that XML cannot hold besides become the one for the unknown.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
