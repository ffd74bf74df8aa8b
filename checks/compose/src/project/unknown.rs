//! Values that Compose refuses for want of a variable. In CI there is rarely a `.env`: what such a value would be is not
//! known there, and all else can still be judged.
//!
//! A variable without value is an empty text. Where Compose refuses what comes out (`mem_limit: ${LIMIT}`), the project is
//! read once more, with that value, and those that say the same at the same key, as [`Value::Unknown`].
//!
//! [`Value::Unknown`]: crate::node::Value::Unknown

use std::collections::BTreeMap;

use crate::project::Lacking;
use crate::refusal::{Refusal, RefusalKind};
use crate::source::Span;

/// Bytes that are read anew for the sake of such values, for some seconds' work: each kind costs one reading.
const WORK: usize = 64 << 20;

/// After so many kinds at one key, no value there that lacks a variable is known.
const KINDS_OF_A_KEY: usize = 5;

/// What all values of one kind share: the key, without the name of the service, volume, …, and what their variables leave.
type Kind = (String, String);

#[derive(Debug, Default)]
pub(super) struct Unknown {
    /// With what Compose says of them.
    refused: BTreeMap<Kind, String>,
    /// Each value of this reading that lacks a variable.
    lacking: BTreeMap<Span, Kind>,
    /// What Compose refuses of this reading.
    told: BTreeMap<Span, Lacking>,
}

impl Unknown {
    /// The project is read from its beginning.
    pub(super) fn begin(&mut self) {
        self.lacking.clear();
        self.told.clear();
    }

    /// Whether the value at `path` is not known, because Compose refuses it with these variables unset.
    pub(super) fn is(&mut self, path: &[&str], text: &str, at: Span, unset: &[&str]) -> bool {
        let key = match path {
            ["services", _, rest @ ..] => rest.join("."),
            [section, _, rest @ ..] => [&[*section], rest].concat().join("."),
            path => path.join("."),
        };
        let kind = (key, text.to_owned());
        let of_key = || self.refused.iter().filter(|((key, _), _)| *key == kind.0).map(|(_, message)| message);
        let any = || of_key().nth(KINDS_OF_A_KEY - 1);
        let message = self.refused.get(&kind).or_else(any).cloned();
        self.lacking.insert(at, kind);
        let is_refused = message.is_some();
        if let Some(message) = message {
            self.refuse(path, text, at, unset, &message);
        }
        is_refused
    }

    /// Compose refuses the value at `path`, of which `text` is left, as long as these have no value.
    pub(super) fn refuse(&mut self, path: &[&str], text: &str, at: Span, variables: &[&str], message: &str) {
        let path = || path.iter().map(|key| (*key).to_owned()).collect();
        let (text, message) = (|| text.to_owned(), || message.to_owned());
        let told = || Lacking { path: path(), at, text: text(), variables: Vec::new(), message: message() };
        let known = &mut self.told.entry(at).or_insert_with(told).variables;
        known.extend(variables.iter().map(|name| (*name).to_owned()));
        known.sort_unstable();
        known.dedup();
    }

    /// Whether what was refused is a value that lacks a variable, so that the rest may be read without it. `bytes` is how much
    /// one reading takes.
    pub(super) fn learn(&mut self, refusal: &Refusal, bytes: usize) -> bool {
        let Some(at) = refusal.at.filter(|_| refusal.kind == RefusalKind::Compose) else { return false };
        let around = |span: &&Span| span.file == at.file && span.start <= at.start && at.end <= span.end;
        let Some(kind) = self.lacking.keys().find(around).map(|span| &self.lacking[span]) else { return false };
        let kinds = (WORK / bytes.max(1)).clamp(10, 1_000);
        self.refused.len() < kinds && self.refused.insert(kind.clone(), refusal.message.clone()).is_none()
    }

    /// What was told, in the order of the files.
    pub(super) fn told(&self) -> Vec<Lacking> {
        self.told.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture;

    /// How often Compose refuses a value of the service for want of a variable, where the rest is read all the same.
    fn check(service: &str, expected: usize) {
        let text = format!("services: {{app: {{image: 'app:1', {service}}}, other: {{image: 'app:2'}}}}");
        let audit = fixture::audit(&text);
        let project = audit.project.unwrap_or_else(|| panic!("{service}: {:?}", audit.findings));
        assert_eq!(project.lacking.len(), expected, "{service}: {:?}", project.lacking);
    }

    #[test]
    fn a_value_that_lacks_its_variable_is_no_reason_to_refuse_the_rest() {
        check("tty: $A, mem_limit: $A, stop_grace_period: $A, cpus: $A, pids_limit: '${A}0'", 4);
        check("healthcheck: {test: x, retries: $A, interval: $A, disable: $A}", 3);
        check("deploy: {replicas: $A, resources: {limits: {memory: $A}}, restart_policy: {max_attempts: $A}}", 3);
        check("ports: [$A, '$B:$A', {target: $A}], volumes: ['$A:/data', $A, {type: bind, source: $A, target: /x}]", 5);
        check("depends_on: {other: {condition: $A}}", 1);
        check("depends_on: [$A, other], networks: [$A], configs: [$A]", 3);
        check("env_file: $A", 1);
        check("ulimits: {nofile: $A}, devices: ['$A:$A:$A:$A'], extra_hosts: [$A]", 3);
        check("environment: ['TZ=${A:?}'], labels: {a: '${A:?why}'}, command: 'run ${A:?}'", 3);
        check("logging: {driver: $A, options: {max-size: $A}}, restart: $A", 0);
        check("extends: $A", 1);
        check("extends: {service: $A}", 1);
        check("deploy: $A, healthcheck: $A, logging: $A, ports: $A, volumes: $A, environment: $A", 6);
    }

    #[test]
    fn what_another_file_puts_in_its_place_is_known() {
        let with = |over: &str| {
            let base = "services: {app: {image: 'app:1', mem_limit: $A, ports: [$A]}}";
            let audit = fixture::audit_files(&[("compose.yaml", base), ("compose.override.yaml", over)]);
            let project = audit.project.expect("the rest is read");
            let app = project.root.at(&["services", "app"]).expect("it is there");
            (app.unknown(&["mem_limit"]).is_some(), app.unknown(&["ports"]).is_some())
        };
        assert_eq!(with("services: {app: {mem_limit: 1g, ports: ['80']}}"), (false, true));
        assert_eq!(with("services: {app: {ports: !override ['80']}}"), (true, false));
    }

    #[test]
    fn a_mistake_without_a_variable_is_still_refused() {
        for service in ["tty: x, mem_limit: $A", "mem_limit: '${A:-x}'", "ports: [$A, x]"] {
            let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {service}}}}}"));
            assert!(audit.is_refused(), "{service}");
        }
    }

    #[test]
    fn values_of_one_kind_cost_one_reading() {
        let services: String =
            (0..300).map(|n| format!("  s{n}: {{image: 'app:1', mem_limit: '${{A{n}}}'}}\n")).collect();
        let audit = fixture::audit(&format!("services:\n{services}"));
        assert_eq!(audit.project.map(|project| project.lacking.len()), Some(300));
        let volumes: Vec<String> = (0..300).map(|n| format!("'$A:/data{n}'")).collect();
        let audit = fixture::audit(&format!("services: {{a: {{image: 'x:1', volumes: [{}]}}}}", volumes.join(", ")));
        assert_eq!(audit.project.map(|project| project.lacking.len()), Some(300), "each with another text");
        let volumes: String = (0..1_100).map(|n| format!("  v{n}: {{external: '${{A{n}}}'}}\n")).collect();
        let audit = fixture::audit(&format!("services: {{a: {{image: 'x:1'}}}}\nvolumes:\n{volumes}"));
        assert_eq!(audit.project.map(|project| project.lacking.len()), Some(1_100), "each of another volume");
    }

    #[test]
    fn values_of_many_kinds_are_all_known() {
        let needs: Vec<String> = (0..150).map(|n| format!("s{n}: {{condition: '${{A{n}}}'}}")).collect();
        let services: String = (0..150).map(|n| format!("  s{n}: {{image: 'x:1'}}\n")).collect();
        let text = format!("services:\n  a: {{image: 'x:1', depends_on: {{{}}}}}\n{services}", needs.join(", "));
        let audit = fixture::audit(&text);
        assert_eq!(audit.project.map(|project| project.lacking.len()), Some(150));
    }
}
