//! The audit for machines, version 1: the report of `verify`, with `services` and `resolved` beside it. Keys are only ever added,
//! none changes its meaning.

use std::collections::{HashMap, HashSet};

use chrono::SecondsFormat;
use feedctl_compose::audit;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::fix::Layout;
use feedctl_compose::model::{Basis, Declared, Model, Service};
use feedctl_compose::node::{self, Node, Origin, Via};
use feedctl_compose::resolved::resolved;
use feedctl_compose::rule::Meta;
use feedctl_compose::secret::may_be_secret_name;
use feedctl_compose::source::Span;
use serde::Serialize;
use serde_json::Value;

use crate::mask::masked;
use crate::render::audit::{View, json_text};
use crate::render::verdict;

const VERSION: u32 = 1;

pub(super) fn write(view: &View<'_>) -> String {
    json_text(&WireAudit::of(view))
}

#[derive(Serialize)]
struct WireAudit<'a> {
    version: u32,
    /// The project's name; null where Compose refuses it.
    target: Option<String>,
    at: String,
    took_ms: u64,
    verdict: &'static str,
    exit_code: u8,
    outcomes: Vec<WireOutcome<'a>>,
    services: Vec<WireService>,
    resolved: Value,
    /// What Compose refuses as long as variables have no value.
    lacking: Vec<WireLacking>,
}

#[derive(Serialize)]
struct WireLacking {
    variables: Vec<String>,
    /// What Compose says of the value.
    message: String,
    origin: WirePlace,
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
    /// `seen`, or `unresolved` where the value that the rule asks for is not known here.
    certainty: &'static str,
    /// The words under the caret.
    label: &'a str,
    /// What happens in production.
    consequence: &'a str,
    /// When this may be right as it is, and how to say so in the file.
    otherwise: Option<&'a str>,
    /// Other places that explain it.
    related: Vec<WireRelated<'a>>,
    /// Whether `--fix` tries it; after `--fix` nothing is left to try.
    fixable: bool,
}

#[derive(Serialize)]
struct WireRelated<'a> {
    #[serde(flatten)]
    place: WirePlace,
    text: &'a str,
}

#[derive(Serialize)]
struct WireService {
    name: String,
    role: &'static str,
    /// How we know the role.
    role_from: &'static str,
    declared: Option<WireDeclared>,
    effective: WirePolicy,
    /// Of the declaration; of the service's name where it declares none.
    origin: WirePlace,
    profiles: Vec<String>,
}

#[derive(Serialize)]
struct WireDeclared {
    key: &'static str,
    value: Option<String>,
}

/// As the engine would have it.
#[derive(Serialize)]
struct WirePolicy {
    name: String,
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
    fn of(view: &'a View<'_>) -> Self {
        let audit = view.run.audit;
        let model = audit.model();
        let aside = model.as_ref().map(|model| Aside::of(view, model));
        let services = model.iter().flat_map(|model| model.services.values());
        let lacking = audit.project.iter().flat_map(|project| &project.lacking);
        let lacking = lacking.map(|lacking| WireLacking {
            variables: lacking.variables.clone(),
            message: view.masks.hide(&lacking.message),
            origin: WirePlace::of(lacking.at, &[], view),
        });
        let resolved = audit.project.as_ref().map_or(Value::Null, |project| without_secrets(resolved(project), view));
        WireAudit {
            version: VERSION,
            target: audit.project.as_ref().map(|project| view.masks.hide(&project.name)),
            at: view.run.at.to_rfc3339_opts(SecondsFormat::Millis, false),
            took_ms: u64::try_from(view.run.took.as_millis()).unwrap_or(u64::MAX),
            verdict: verdict(view.run.exit),
            exit_code: view.run.exit.code(),
            outcomes: audit::metas().map(|meta| WireOutcome::of(meta, view, aside.as_ref())).collect(),
            services: services.map(|service| WireService::of(service, view)).collect(),
            resolved,
            lacking: lacking.collect(),
        }
    }
}

impl<'a> WireOutcome<'a> {
    fn of(meta: &'static Meta, view: &'a View<'_>, aside: Option<&Aside<'_>>) -> Self {
        let mine = |finding: &&Finding| finding.rule.id == meta.id;
        let told: Vec<&Finding> = view.findings.iter().filter(mine).collect();
        let worst = told.iter().map(|finding| (finding.certainty == Certainty::Seen, finding.severity)).max();
        let status = match worst {
            None => "pass",
            Some((true, Severity::Error)) => "fail",
            Some((true, Severity::Warn)) => "warn",
            Some((false, _)) => "unknown",
        };
        let allowed = view.allowed.iter().filter(|allowed| mine(&&allowed.finding));
        let allowed = allowed.map(|allowed| (&allowed.finding, Some(allowed.reason.as_str())));
        let findings = told.into_iter().map(|finding| (finding, None)).chain(allowed);
        let findings = findings.map(|(finding, reason)| WireFinding::of(finding, reason, view, aside)).collect();
        WireOutcome { id: meta.id, title: meta.title, status, findings }
    }
}

impl<'a> WireFinding<'a> {
    fn of(finding: &'a Finding, allowed: Option<&'a str>, view: &View<'_>, aside: Option<&Aside<'_>>) -> Self {
        let via = aside.and_then(|aside| aside.via.get(&(finding.service.as_deref()?, finding.at?)));
        let related = finding.related.iter();
        WireFinding {
            severity: match finding.severity {
                Severity::Warn => "warn",
                Severity::Error => "error",
            },
            subject: finding.service.as_deref(),
            message: &finding.message,
            remedy: &finding.remedy,
            origin: finding.at.map(|at| WirePlace::of(at, via.copied().unwrap_or_default(), view)),
            allowed,
            certainty: match finding.certainty {
                Certainty::Seen => "seen",
                Certainty::Unresolved => "unresolved",
            },
            label: &finding.label,
            consequence: &finding.consequence,
            otherwise: finding.otherwise.as_deref(),
            related: related.map(|(at, text)| WireRelated { place: WirePlace::of(*at, &[], view), text }).collect(),
            // Nothing is changed for what a comment allows.
            fixable: allowed.is_none() && aside.is_some_and(|aside| aside.layout.holds(finding)),
        }
    }
}

/// What the findings do not say themselves, looked up once for all of them.
struct Aside<'a> {
    layout: Layout<'a>,
    /// Through what the value came at which a finding stands, by service and place.
    via: HashMap<(&'a str, Span), &'a [Via]>,
}

impl<'a> Aside<'a> {
    fn of(view: &'a View<'_>, model: &'a Model<'_>) -> Self {
        let findings = view.findings.iter().chain(view.allowed.iter().map(|allowed| &allowed.finding));
        let mut wanted: HashMap<&str, HashSet<Span>> = HashMap::new();
        for (service, at) in findings.filter_map(|finding| Some((finding.service.as_deref()?, finding.at?))) {
            wanted.entry(service).or_default().insert(at);
        }
        let mut via = HashMap::new();
        for (name, mut wanted) in wanted {
            let Some(service) = model.services.get(name) else { continue };
            // What is around a value comes before it, and may stand at the same place.
            walk(service.node, &mut |Node { origin, .. }| {
                if wanted.remove(&origin.span) {
                    via.insert((name, origin.span), origin.via.as_slice());
                }
            });
        }
        Self { layout: Layout::of(model, &view.run.audit.sources, &view.findings), via }
    }
}

/// Shows each value, and then each in it.
fn walk<'a>(node: &'a Node, seen: &mut dyn FnMut(&'a Node)) {
    seen(node);
    match &node.value {
        node::Value::Map(map) => map.values().for_each(|entry| walk(&entry.node, seen)),
        node::Value::List(list) => list.iter().for_each(|node| walk(node, seen)),
        _ => {}
    }
}

impl WireService {
    fn of(service: &Service<'_>, view: &View<'_>) -> Self {
        let hide = |text: &str| view.masks.hide(text);
        let declared = service.restart.declared;
        let origin = match declared.map(Declared::node) {
            Some(Node { origin: Origin { span, via }, .. }) => WirePlace::of(*span, via, view),
            None => WirePlace::of(service.key, &[], view),
        };
        WireService {
            name: hide(service.name),
            role: service.role.kind.name(),
            role_from: match service.role.basis {
                Basis::Label(_) => "label",
                Basis::Config => "feedctl.yml",
                Basis::WaitedFor { .. } => "inferred: another service waits for its completion",
                Basis::Job(_) => "inferred: deploy.mode is that of a job",
                Basis::Assumed => "assumed",
            },
            declared: declared.map(|declared| match declared {
                Declared::Short(node) => WireDeclared { key: "restart", value: node.as_text().map(hide) },
                Declared::Deploy { condition, .. } => {
                    let value = condition.and_then(Node::as_text).map(hide);
                    WireDeclared { key: "deploy.restart_policy.condition", value }
                }
            }),
            effective: WirePolicy {
                name: hide(service.restart.effective.name),
                maximum_retry_count: service.restart.effective.maximum_retry_count,
            },
            origin,
            profiles: service.profiles.iter().map(|profile| hide(profile)).collect(),
        }
    }
}

/// The services with asterisks where a secret may stand: it may come from a `.env` that is nobody's to print.
fn without_secrets(mut services: Value, view: &View<'_>) -> Value {
    mask_texts(&mut services, view);
    services
}

fn mask_texts(value: &mut Value, view: &View<'_>) {
    match value {
        Value::String(text) => *text = view.masks.hide(&masked(text)),
        Value::Array(entries) => entries.iter_mut().for_each(|entry| mask_texts(entry, view)),
        Value::Object(entries) => entries.iter_mut().for_each(|(name, entry)| match entry {
            Value::String(text) if may_be_secret_name(name) => "***".clone_into(text),
            entry => mask_texts(entry, view),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl WirePlace {
    fn of(at: Span, via: &[Via], view: &View<'_>) -> Self {
        let place = view.place(at);
        let line = |at: &Span| {
            let place = view.place(*at);
            format!("{}:{}:{}", place.path, place.line, place.column)
        };
        let via = via.iter().map(|via| match via {
            Via::Anchor(at) => format!("anchor at {}", line(at)),
            Via::Extends(at) => format!("extends at {}", line(at)),
            Via::Include(at) => format!("include at {}", line(at)),
            Via::Variable(name) => format!("variable {name}"),
            Via::Default(name) => format!("default of {name}"),
            Via::Unset(name) => format!("{name}, which is not set"),
        });
        Self { line: place.line, column: place.column, via: via.collect(), file: place.path }
    }
}
