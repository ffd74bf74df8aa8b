//! RULES: one row per rule. `feedctl explain`, the rule list of every format and the tests below are read from it.

use crate::model::Service;
use crate::rule::Rule;

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        pub static RULES: &[&Rule] = &[$(&$module::RULE),*];
    };
}

rules! {
    restart_missing,
    restart_overridden,
    restart_refused,
    restart_gives_up,
    restart_unresolved,
    one_shot_restarts,
    role_unknown,
    unhealthy_forever,
    healthcheck_missing,
    healthcheck_disabled,
    healthcheck_without_start_period,
    depends_on_inactive,
    depends_on_unhealthable,
    depends_on_without_condition,
    stop_grace_short,
    logs_unbounded,
    memory_unlimited,
    image_unpinned,
    state_without_volume,
    redis_evicts,
    redis_without_persistence,
    port_open,
    secret_inline,
    privileged,
    docker_socket_writable,
    runs_as_root,
    time_zone_unset,
}

/// The rules that ask for the variables of a container where [`reads_variables`] says so.
pub(crate) const READ_VARIABLES: [&str; 3] = ["state-without-volume", "redis-evicts", "redis-without-persistence"];

/// Whether a variable of its container could make an error of these rules, or take one away.
pub(crate) fn reads_variables(service: &Service<'_>) -> bool {
    redis_evicts::settings::reads_variables(service) || state_without_volume::reads_variables(service)
}

/// The secrets among the options of what a service runs.
pub fn secrets_in_commands(service: &Service<'_>) -> Vec<String> {
    secret_inline::in_commands(service)
}

#[cfg(test)]
mod tests {
    use super::RULES;
    use crate::audit::metas;
    use crate::finding::{Certainty, Severity};
    use crate::fixture;
    use crate::rule::Meta;

    /// The places that `meta` finds in a compose file, as line and column of the first and last character.
    fn found(meta: &Meta, text: &str) -> Vec<(usize, usize, usize)> {
        let audit = fixture::audit(text);
        let mine = audit.findings.iter().filter(|finding| finding.rule.id == meta.id);
        let spans = mine.map(|finding| finding.at.expect("a finding of a rule has a place"));
        let places = spans.map(|span| {
            let place = audit.sources.place(span);
            let line = audit.sources.text(span).lines().next().unwrap_or_default();
            (place.line, place.column, place.column + line.chars().count())
        });
        let mut places: Vec<_> = places.collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// What the carets below a line of `text` mark.
    fn marked(text: &str) -> Vec<(usize, usize, usize)> {
        let is_mark = |line: &str| line.starts_with('#') && line[1..].chars().all(|c| c == ' ' || c == '^');
        let lines = text.lines().enumerate().filter(|(_, line)| line.contains('^') && is_mark(line));
        lines.map(|(above, line)| (above, line.find('^').unwrap_or(0) + 1, line.len() + 1)).collect()
    }

    #[test]
    fn every_rule_finds_the_marked_places_of_its_bad_example_and_nothing_in_the_good_one() {
        for meta in metas() {
            let marks = marked(meta.bad);
            assert!(!marks.is_empty(), "{}: the bad example marks no place", meta.id);
            assert_eq!(found(meta, meta.bad), marks, "{}: line, first and last column", meta.id);
            assert_eq!(found(meta, meta.good), [], "{}: the good example", meta.id);
            let refused = fixture::audit(meta.good);
            assert!(!refused.is_refused(), "{}: the good example is refused: {:?}", meta.id, refused.findings);
        }
    }

    #[test]
    fn every_rule_is_explained_and_registered_once() {
        let ids: Vec<&str> = metas().map(|meta| meta.id).collect();
        for meta in metas() {
            assert_eq!(ids.iter().filter(|id| **id == meta.id).count(), 1, "{}", meta.id);
            for heading in ["What it finds", "Why it matters", "What to do"] {
                assert!(meta.explain.contains(&format!("\n{heading}\n  ")), "{}: no `{heading}`", meta.id);
            }
            let lines = meta.explain.lines().filter(|line| !line.contains("https://"));
            let widest = lines.map(|line| line.chars().count()).max();
            assert!(widest <= Some(128), "{}: a line of {widest:?} characters", meta.id);
        }
        for rule in RULES {
            assert!(rule.meta.explain.contains("\nSource\n  "), "{}: no `Source`", rule.meta.id);
        }
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules")).expect("the folder is there");
        for file in files {
            let path = file.expect("the folder can be read").path();
            let id = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
            assert!(ids.contains(&id.as_str()), "rules/{id} has no row in RULES");
        }
    }

    #[test]
    fn an_env_file_that_is_not_there_decides_where_a_variable_could() {
        let check = |service: &str, expected: &[&str]| {
            let audit = fixture::audit(&format!(
                "services: {{app: {{env_file: gone.env, restart: always, {service}}}}}\nvolumes: {{kept: }}"
            ));
            let errors = audit.findings.iter().filter(|finding| finding.severity == Severity::Error);
            let errors: Vec<(&str, Certainty)> = errors.map(|finding| (finding.rule.id, finding.certainty)).collect();
            let unresolved: Vec<_> = expected.iter().map(|id| (*id, Certainty::Unresolved)).collect();
            assert_eq!(errors, unresolved, "{service}");
        };
        check("image: 'app:1'", &[]);
        check("image: 'redis:8', volumes: ['kept:/data']", &[]);
        check("image: 'redis/redis-stack-server:7.4.0-v3', volumes: ['kept:/data']", &["file-missing"]);
        check("image: 'postgres:17', volumes: ['kept:/var/lib/postgresql/data']", &["file-missing"]);
        check("image: 'postgres:17', volumes: ['kept:/elsewhere']", &["file-missing"]);
        check("image: 'postgres:17', command: pg_dump, volumes: ['kept:/elsewhere']", &[]);
    }

    /// The law of unknown values: where a rule asks for one, it neither passes nor finds.
    #[test]
    fn what_a_rule_asks_for_and_cannot_know_is_unresolved() {
        let check = |rule: &str, service: &str| {
            let other = "db: {image: 'x:1', healthcheck: {disable: true}}";
            let audit = fixture::audit(&format!("services: {{app: {{{service}}}, {other}}}"));
            assert!(!audit.is_refused(), "{service}: {:?}", audit.findings);
            let mine = audit
                .findings
                .iter()
                .filter(|finding| finding.rule.id == rule && finding.service.as_deref() == Some("app"));
            let certainties: Vec<Certainty> = mine.map(|finding| finding.certainty).collect();
            assert_eq!(certainties, [Certainty::Unresolved], "{rule}: {service}");
        };
        let app = |keys: &str| format!("image: 'app:1', {keys}");
        let redis = |keys: &str| format!("image: 'redis:8', {keys}");
        check("depends-on-unhealthable", &app("depends_on: {db: {condition: $A}}"));
        check("docker-socket-writable", &app("volumes: ['$A:/data']"));
        check("healthcheck-missing", &app("healthcheck: {test: $A}"));
        check("healthcheck-missing", &app("healthcheck: {test: x, disable: $A}"));
        check("healthcheck-without-start-period", &app("healthcheck: {test: x, start_period: $A}"));
        check("image-unpinned", "image: $A");
        check("image-unpinned", "image: '${A:?}'");
        check("logs-unbounded", &app("logging: {driver: $A}"));
        check("logs-unbounded", &app("logging: $A"));
        check("memory-unlimited", &app("mem_limit: $A"));
        check("port-open", &app("ports: ['5432:$A']"));
        check("port-open", &redis("ports: [$A]"));
        check("port-open", &redis("ports: $A"));
        check("privileged", &app("privileged: $A"));
        check("restart-unresolved", &app("restart: $A"));
        check("restart-unresolved", &app("restart: '${A:?}'"));
        check("restart-unresolved", &app("deploy: {restart_policy: {condition: any, max_attempts: $A}}"));
        check("restart-unresolved", &app("restart: always, deploy: $A"));
        check("state-without-volume", &redis("volumes: ['$A:/data']"));
        check("state-without-volume", &redis("volumes: $A"));
        check("stop-grace-short", &redis("stop_grace_period: $A"));
    }
}
