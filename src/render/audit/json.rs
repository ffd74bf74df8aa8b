//! The audit for machines, version 1: the report of `verify`, with `services` and `resolved` beside it. Keys are only ever added,
//! none changes its meaning.

use chrono::SecondsFormat;
use feedctl_compose::audit::{self, Audit};
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::model::{Basis, Declared, Service};
use feedctl_compose::node::{Node, Origin, Via};
use feedctl_compose::resolved::resolved;
use feedctl_compose::rule::Meta;
use feedctl_compose::source::{Sources, Span};
use serde::Serialize;
use serde_json::Value;

use crate::mask::{is_secret, masked};
use crate::render::audit::Run;
use crate::render::verdict;
use crate::screen::Screen;

const VERSION: u32 = 1;

pub(super) fn write(run: &Run<'_>, _screen: Screen) -> String {
    let wire = WireAudit::of(run);
    let mut text = serde_json::to_string_pretty(&wire).expect("the report is plain data with text keys");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct WireAudit<'a> {
    version: u32,
    /// The project's name; null where Compose refuses it.
    target: Option<&'a str>,
    at: String,
    took_ms: u64,
    verdict: &'static str,
    exit_code: u8,
    outcomes: Vec<WireOutcome<'a>>,
    services: Vec<WireService<'a>>,
    resolved: Value,
}

/// One rule, with what it found.
#[derive(Serialize)]
struct WireOutcome<'a> {
    id: &'static str,
    title: &'static str,
    status: &'static str,
    findings: Vec<WireFinding<'a>>,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    severity: &'static str,
    /// The service; null where it is about a file.
    subject: Option<&'a str>,
    message: &'a str,
    remedy: &'a str,
    origin: Option<WirePlace>,
    /// The reason in the file, where a comment allows it.
    allowed: Option<&'a str>,
}

#[derive(Serialize)]
struct WireService<'a> {
    name: &'a str,
    role: &'static str,
    /// How we know the role.
    role_from: &'static str,
    declared: Option<WireDeclared<'a>>,
    effective: WirePolicy<'a>,
    /// Of the declaration; of the service's name where it declares none.
    origin: WirePlace,
    profiles: Vec<&'a str>,
}

#[derive(Serialize)]
struct WireDeclared<'a> {
    key: &'static str,
    value: Option<&'a str>,
}

/// As the engine would have it.
#[derive(Serialize)]
struct WirePolicy<'a> {
    name: &'a str,
    maximum_retry_count: i64,
}

#[derive(Serialize)]
struct WirePlace {
    file: String,
    line: usize,
    column: usize,
    /// Through what the value came, the nearest first.
    via: Vec<String>,
}

impl<'a> WireAudit<'a> {
    fn of(run: &Run<'a>) -> Self {
        let audit = run.audit;
        let services = audit.model().map(|model| {
            model.services.into_values().map(|service| WireService::of(&service, &audit.sources)).collect()
        });
        WireAudit {
            version: VERSION,
            target: audit.project.as_ref().map(|project| project.name.as_str()),
            at: run.at.to_rfc3339_opts(SecondsFormat::Millis, false),
            took_ms: u64::try_from(run.took.as_millis()).unwrap_or(u64::MAX),
            verdict: verdict(run.exit),
            exit_code: run.exit.code(),
            outcomes: audit::metas().map(|meta| WireOutcome::of(meta, audit)).collect(),
            services: services.unwrap_or_default(),
            resolved: audit.project.as_ref().map_or(Value::Null, |project| without_secrets(resolved(project))),
        }
    }
}

impl<'a> WireOutcome<'a> {
    fn of(meta: &'static Meta, audit: &'a Audit) -> Self {
        let mine = |finding: &&Finding| finding.rule.id == meta.id;
        let told: Vec<&Finding> = audit.findings.iter().filter(mine).collect();
        let worst = told.iter().map(|finding| (finding.certainty == Certainty::Seen, finding.severity)).max();
        let status = match worst {
            None => "pass",
            Some((true, Severity::Error)) => "fail",
            Some((true, Severity::Warn)) => "warn",
            Some((false, _)) => "unknown",
        };
        let allowed = audit.allowed.iter().filter(|allowed| mine(&&allowed.finding));
        let allowed = allowed.map(|allowed| (&allowed.finding, Some(allowed.reason.as_str())));
        let findings = told.into_iter().map(|finding| (finding, None)).chain(allowed);
        let findings = findings.map(|(finding, reason)| WireFinding::of(finding, reason, &audit.sources)).collect();
        WireOutcome { id: meta.id, title: meta.title, status, findings }
    }
}

impl<'a> WireFinding<'a> {
    fn of(finding: &'a Finding, allowed: Option<&'a str>, sources: &Sources) -> Self {
        WireFinding {
            severity: match finding.severity {
                Severity::Warn => "warn",
                Severity::Error => "error",
            },
            subject: finding.service.as_deref(),
            message: &finding.message,
            remedy: &finding.remedy,
            origin: finding.at.map(|at| WirePlace::of(at, &[], sources)),
            allowed,
        }
    }
}

impl<'a> WireService<'a> {
    fn of(service: &Service<'a>, sources: &Sources) -> Self {
        let declared = service.restart.declared;
        let origin = match declared.map(Declared::node) {
            Some(Node { origin: Origin { span, via }, .. }) => WirePlace::of(*span, via, sources),
            None => WirePlace::of(service.key, &[], sources),
        };
        WireService {
            name: service.name,
            role: service.role.kind.name(),
            role_from: match service.role.basis {
                Basis::Label(_) => "label",
                Basis::Config => "feedctl.yml",
                Basis::WaitedFor { .. } => "inferred: another service waits for its completion",
                Basis::Assumed => "assumed",
            },
            declared: declared.map(|declared| match declared {
                Declared::Short(node) => WireDeclared { key: "restart", value: node.as_text() },
                Declared::Deploy { condition, .. } => {
                    WireDeclared { key: "deploy.restart_policy.condition", value: condition.and_then(Node::as_text) }
                }
            }),
            effective: WirePolicy {
                name: service.restart.effective.name,
                maximum_retry_count: service.restart.effective.maximum_retry_count,
            },
            origin,
            profiles: service.profiles.clone(),
        }
    }
}

/// The services with asterisks where a secret may stand: it may come from a `.env` that is nobody's to print.
fn without_secrets(mut services: Value) -> Value {
    for service in services.as_object_mut().into_iter().flat_map(|services| services.values_mut()) {
        for part in ["environment", "labels"] {
            let values = service.get_mut(part).and_then(Value::as_object_mut);
            for (name, value) in values.into_iter().flatten() {
                let Value::String(text) = value else { continue };
                if is_secret(name) {
                    *text = "***".to_owned();
                }
            }
        }
    }
    mask_texts(&mut services);
    services
}

fn mask_texts(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(entries) => entries.iter_mut().for_each(mask_texts),
        Value::Object(entries) => entries.values_mut().for_each(mask_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl WirePlace {
    fn of(at: Span, via: &[Via], sources: &Sources) -> Self {
        let place = sources.place(at);
        let line = |at: &Span| {
            let place = sources.place(*at);
            format!("{}:{}:{}", place.path.display(), place.line, place.column)
        };
        let via = via.iter().map(|via| match via {
            Via::Anchor(at) => format!("anchor at {}", line(at)),
            Via::Extends(at) => format!("extends at {}", line(at)),
            Via::Include(at) => format!("include at {}", line(at)),
            Via::Variable(name) => format!("variable {name}"),
            Via::Default(name) => format!("default of {name}"),
            Via::Unset(name) => format!("{name}, which is not set"),
        });
        Self { file: place.path.display().to_string(), line: place.line, column: place.column, via: via.collect() }
    }
}
