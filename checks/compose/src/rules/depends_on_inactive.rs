//! `depends-on-inactive`: an active service that depends on one that no profile activates.

use super::depends_on_without_condition::{dependencies, unknown_dependencies};
use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Entry, Value};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "depends-on-inactive",
        title: "it depends on a service whose profile is not active",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A service that is active (it has no profile, or COMPOSE_PROFILES names one) and depends on one that is not, be it by
  `depends_on`, `links`, `volumes_from` or a shared namespace.
Why it matters
  Compose refuses the whole project: `depends on undefined service`. It is the `up` after the reboot or in the new shell, where
  nobody has given the profile, that starts nothing at all. `docker compose --profile '*' config` does not show it.
What to do
  Give both the same profiles, set COMPOSE_PROFILES in `.env`, or write `required: false` where it can do without.
Source
  Measured with Compose 2.26.1; Compose, Profiles: https://docs.docker.com/compose/how-tos/profiles/
";

const BAD: &str = r#"
services:
  collector:
    image: app:1.4.2
    depends_on: [simulator]
#                ^^^^^^^^^
  simulator:
    image: app:1.4.2
    profiles: [simulator]
"#;

const GOOD: &str = r#"
services:
  collector:
    image: app:1.4.2
    depends_on:
      simulator: {condition: service_started, required: false}
  simulator:
    image: app:1.4.2
    profiles: [simulator]
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    let is_active = |service: &Service<'_>| {
        let named = |profile: &&str| *profile == "*" || service.profiles.contains(profile);
        service.profiles.is_empty() || model.project.profiles.iter().any(|profile| named(&profile.as_str()))
    };
    for service in model.services.values().filter(|service| is_active(service)) {
        let inactive = dependencies(service).filter_map(|(name, entry)| {
            let wanted = model.services.get(name).filter(|wanted| !is_active(wanted))?;
            finding(service, wanted, entry)
        });
        findings.extend(inactive);
    }
    if model.services.values().any(|service| !is_active(service)) {
        let unknown = unknown_dependencies(model).filter(|(service, _)| is_active(service));
        findings.extend(unknown.map(|(service, name)| {
            Finding::unresolved(&RULE.meta, Severity::Error, service.name, &name, "a dependency")
        }));
    }
}

fn finding(service: &Service<'_>, wanted: &Service<'_>, dependency: &Entry) -> Option<Finding> {
    if dependency.node.get("required").is_some_and(|required| required.value == Value::Bool(false)) {
        return None;
    }
    let profiles = wanted.node.get("profiles")?;
    let (name, wanted, names) = (service.name, wanted.name, wanted.profiles.join("`, `"));
    let message = format!("Compose refuses the project: `{name}` depends on `{wanted}`, whose profile is not active");
    let finding = Finding::new(&RULE.meta, Severity::Error, name, dependency.key, message)
        .label(format!("`{wanted}` is not there without the profile `{names}`"))
        .related(profiles.origin.span, "only with this profile")
        .consequence("`docker compose up` without the profile starts nothing at all: `depends on undefined service`")
        .remedy(format!("give `{name}` the same profiles, or set COMPOSE_PROFILES in `.env`"))
        .otherwise(format!(
            "if `{name}` does without `{wanted}`: `{wanted}: {{condition: service_started, required: false}}`"
        ));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    fn check(app: &str, simulator: &str, active: &str, expected: bool) {
        let text = format!(
            "services: {{app: {{image: 'app:1', {app}}}, simulator: {{image: 'app:1', profiles: [{simulator}]}}}}"
        );
        let audit = fixture::audit_files(&[("compose.yaml", &text), (".env", &format!("COMPOSE_PROFILES={active}"))]);
        assert!(!audit.is_refused(), "{:?}", audit.findings);
        let found = audit.findings.iter().any(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(found, expected, "{app} on {simulator} with {active}");
    }

    #[test]
    fn active_on_inactive() {
        check("depends_on: [simulator]", "a", "", true);
        check("depends_on: [simulator]", "a", "b", true);
        check("depends_on: [simulator]", "a", "a,b", false);
        check("depends_on: [simulator]", "a", "'*'", false);
        check("depends_on: [simulator]", "'*'", "", true);
        check("links: [simulator]", "a", "", true);
        check("network_mode: 'service:simulator'", "a", "", true);
    }

    #[test]
    fn a_dependency_whose_name_is_not_known_may_be_inactive() {
        check("depends_on: [$A]", "a", "", true);
        check("depends_on: $A", "a", "", true);
        check("depends_on: [$A]", "a", "a", false);
        check("depends_on: [$A], profiles: [b]", "a", "", false);
    }

    #[test]
    fn an_inactive_service_asks_for_nothing() {
        check("depends_on: [simulator], profiles: [b]", "a", "", false);
        check("depends_on: [simulator], profiles: [b]", "a", "b", true);
    }
}
