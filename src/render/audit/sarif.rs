//! SARIF 2.1.0, for code scanning: every rule with its explanation, every finding with a fingerprint that outlives moved lines.
//!
//! Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

use std::collections::BTreeMap;

use feedctl_compose::audit::metas;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::rule::Meta;
use serde_json::{Value, json};

use crate::render::audit::{Place, Run, place};
use crate::screen::Screen;

pub(super) fn write(run: &Run<'_>, _screen: Screen) -> String {
    let rules: Vec<&Meta> = metas().collect();
    let told = run.audit.findings.iter().map(|finding| (finding, None));
    let allowed = run.audit.allowed.iter().map(|allowed| (&allowed.finding, Some(allowed.reason.as_str())));
    let mut seen = BTreeMap::new();
    let results: Vec<Value> =
        told.chain(allowed).map(|(finding, reason)| result(run, &rules, finding, reason, &mut seen)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "feedctl",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|meta| rule(meta)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": !run.audit.is_refused(), "exitCode": run.exit.code()}],
            "results": results,
        }],
    });
    let text = serde_json::to_string_pretty(&log).expect("plain data with text keys");
    text + "\n"
}

fn rule(meta: &Meta) -> Value {
    json!({
        "id": meta.id,
        "shortDescription": {"text": meta.title},
        "fullDescription": {"text": meta.explain.trim()},
        "help": {"text": format!("{}\n\nBad:\n{}\nGood:\n{}", meta.explain.trim(), meta.bad, meta.good)},
        "defaultConfiguration": {"level": level(meta.severity)},
    })
}

fn result(
    run: &Run<'_>,
    rules: &[&Meta],
    finding: &Finding,
    allowed: Option<&str>,
    seen: &mut BTreeMap<String, u32>,
) -> Value {
    let index = rules.iter().position(|meta| meta.id == finding.rule.id);
    let place = finding.at.map(|at| place(at, &run.audit.sources));
    let path = place.as_ref().map_or("", |place| place.path.as_str());
    // From what is wrong and where it belongs, never from a line or a sentence: both change without it.
    let subject = format!("{}:{path}:{}", finding.rule.id, finding.service.as_deref().unwrap_or_default());
    let count = seen.entry(subject.clone()).and_modify(|count| *count += 1).or_insert(1);
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": level(finding.severity),
        // What could not be resolved is neither a pass nor a failure.
        "kind": if finding.certainty == Certainty::Seen { "fail" } else { "open" },
        "message": {"text": message(finding)},
        "locations": place.iter().map(location).collect::<Vec<_>>(),
        "partialFingerprints": {"feedctl/v1": format!("{subject}:{count}")},
    });
    if finding.certainty == Certainty::Unresolved {
        // SARIF asks for this level wherever the kind is not "fail".
        result["level"] = json!("none");
    }
    if !finding.related.is_empty() {
        let related = finding.related.iter().map(|(at, label)| {
            let mut related = location(&super::place(*at, &run.audit.sources));
            related["message"] = json!({"text": label});
            related
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(reason) = allowed {
        result["suppressions"] = json!([{"kind": "inSource", "justification": reason}]);
    }
    result
}

fn message(finding: &Finding) -> String {
    let parts = [&finding.message, &finding.consequence, &finding.remedy];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(". ")
}

fn location(place: &Place) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": {"uri": place.path},
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        },
    }})
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warn => "warning",
    }
}
