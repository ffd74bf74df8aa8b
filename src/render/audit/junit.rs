//! JUnit XML, for CI systems that show test results: one test case per rule, with a failure for each thing that it found.
//! What could not be resolved is an error of the test case, not a failure.

use feedctl_compose::audit::metas;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::rule::Meta;

use crate::render::audit::{Run, place};
use crate::screen::Screen;

pub(super) fn write(run: &Run<'_>, _screen: Screen) -> String {
    let findings = &run.audit.findings;
    let seen = findings.iter().filter(|finding| finding.certainty == Certainty::Seen).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{seen}\" errors=\"{}\" time=\"{:.3}\"",
        metas().count(),
        findings.len() - seen,
        run.took.as_secs_f64()
    );
    let cases: String = metas().map(|meta| case(run, meta)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  \
         <testsuite name=\"feedctl audit-compose\" {counts}>\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn case(run: &Run<'_>, meta: &Meta) -> String {
    let name = format!("    <testcase classname=\"feedctl.audit-compose\" name=\"{}\"", escaped(meta.id));
    let found: String = run
        .audit
        .findings
        .iter()
        .filter(|finding| finding.rule.id == meta.id)
        .map(|finding| told(run, finding))
        .collect();
    if found.is_empty() { format!("{name}/>\n") } else { format!("{name}>\n{found}    </testcase>\n") }
}

fn told(run: &Run<'_>, finding: &Finding) -> String {
    let element = if finding.certainty == Certainty::Seen { "failure" } else { "error" };
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warn => "warning",
    };
    let place = finding.at.map(|at| place(at, &run.audit.sources).to_string()).unwrap_or_default();
    let text = [&place, &finding.label, &finding.consequence, &finding.remedy];
    let text: Vec<&str> = text.into_iter().filter(|line| !line.is_empty()).map(String::as_str).collect();
    format!(
        "      <{element} type=\"{severity}\" message=\"{}\">{}</{element}>\n",
        escaped(&finding.message),
        escaped(&text.join("\n"))
    )
}

/// XML has no way to write a control character, so it is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() && c != '\n' => {}
            c => escaped.push(c),
        }
    }
    escaped
}
