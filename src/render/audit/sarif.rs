//! SARIF 2.1.0, for code scanning: every rule with its explanation, every finding with a fingerprint that outlives moved lines.
//!
//! Sources: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, and what GitHub takes of it:
//! https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning

use std::collections::BTreeMap;

use feedctl_compose::audit::metas;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::rule::Meta;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::render::audit::{Place, View, json_text};
use crate::render::table::visible::visible;

/// GitHub's name for the top of the checkout.
const ROOT: &str = "%SRCROOT%";

pub(super) fn write(view: &View<'_>) -> String {
    let rules: Vec<&Meta> = metas().collect();
    let told = view.findings.iter().map(|finding| (finding, None));
    let allowed = view.allowed.iter().map(|allowed| (&allowed.finding, Some(allowed.reason.as_str())));
    let mut seen = BTreeMap::new();
    let mut text = |(finding, reason)| {
        let result = result(view, &rules, finding, reason, &mut seen);
        to_raw_value(&result).expect("plain data with text keys")
    };
    let run = WireRun {
        tool: json!({"driver": {
            "name": "feedctl",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules.iter().map(|meta| rule(meta)).collect::<Vec<_>>(),
        }}),
        column_kind: "unicodeCodePoints",
        // Where it lies on this machine is nobody's business.
        original_uri_base_ids: json!({ROOT: {"description": {"text": "the top of the repository"}}}),
        invocations: json!([{
            "executionSuccessful": !view.run.audit.is_refused(),
            "exitCode": view.run.exit.code(),
        }]),
        results: told.chain(allowed).map(&mut text).collect(),
    };
    json_text(&Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] })
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [WireRun; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireRun {
    tool: Value,
    column_kind: &'static str,
    original_uri_base_ids: Value,
    invocations: Value,
    /// As text, one line each: a hundred thousand of them would be ten times as large as values.
    results: Vec<Box<RawValue>>,
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
    view: &View<'_>,
    rules: &[&Meta],
    finding: &Finding,
    allowed: Option<&str>,
    seen: &mut BTreeMap<String, u32>,
) -> Value {
    let index = rules.iter().position(|meta| meta.id == finding.rule.id);
    let place = finding.at.map(|at| view.place(at));
    let path = place.as_ref().map_or("", |place| place.in_repository.as_deref().unwrap_or(name(place)));
    // From what is wrong and where it belongs, never from a line or a sentence: both change without it.
    let subject = format!("{}:{path}:{}", finding.rule.id, finding.service.as_deref().unwrap_or_default());
    let count = seen.entry(subject.clone()).and_modify(|count| *count += 1).or_insert(1);
    let where_else = place.as_ref().map(outside).unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": level(finding.severity),
        // What could not be resolved is neither a pass nor a failure.
        "kind": if finding.certainty == Certainty::Seen { "fail" } else { "open" },
        "message": {"text": message(&[&finding.message, &where_else, &finding.consequence, &finding.remedy])},
        // GitHub refuses the whole file for one result without a location.
        "locations": [location(view, place.as_ref())],
        "partialFingerprints": {"feedctl/v1": format!("{subject}:{count}")},
    });
    if finding.certainty == Certainty::Unresolved {
        // SARIF asks for this level wherever the kind is not "fail".
        result["level"] = json!("none");
    }
    if !finding.related.is_empty() {
        let related = finding.related.iter().map(|(at, label)| {
            let place = view.place(*at);
            let mut related = location(view, Some(&place));
            related["message"] = json!({"text": message(&[label, &outside(&place)])});
            related
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(reason) = allowed {
        result["suppressions"] = json!([{"kind": "inSource", "justification": reason}]);
    }
    result
}

/// Sentences, in which what looks like a link is none: a name may be made to.
fn message(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(". ").replace("](", "\\](")
}

fn location(view: &View<'_>, place: Option<&Place>) -> Value {
    // A path outside tells of the machine and is none of the repository's, so such a finding stands at the first compose file.
    let inside = place.and_then(|place| Some((place.in_repository.as_deref()?, place)));
    let (path, region) = match inside {
        Some((path, place)) => {
            let end = (place.end_line, place.end_column);
            let region =
                json!({"startLine": place.line, "startColumn": place.column, "endLine": end.0, "endColumn": end.1});
            (encoded(path), region)
        }
        None => (encoded(&view.first_file()), json!({"startLine": 1})),
    };
    json!({"physicalLocation": {"artifactLocation": {"uri": path, "uriBaseId": ROOT}, "region": region}})
}

/// Of a file outside the repository only the name is told.
fn outside(place: &Place) -> String {
    match place.in_repository {
        Some(_) => String::new(),
        None => format!("It stands outside of the repository, in {}:{}", visible(name(place)), place.line),
    }
}

fn name(place: &Place) -> &str {
    place.path.rsplit('/').next().unwrap_or(&place.path)
}

/// A path as a URI: what is neither a letter, a digit nor one of these stands as its bytes.
fn encoded(path: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    path.bytes().map(byte).collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warn => "warning",
    }
}
