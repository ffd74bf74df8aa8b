//! `services-running`: every service has a container, and it runs. A container that is not there at all is the failure
//! of the incident: nobody missed it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::NoLimits;
use crate::moment::Moment;
use crate::sight::Sight;
use crate::site::docker::container::{Container, RestartPolicy, State};
use crate::site::{ProbeError, Site, not_configured};
use crate::speech;
use crate::target::{Declared, Role, Service, Target};

const EXPLAIN: &str = "\
What it checks
  Every service under `services:` has a container in the Compose project, and
  each of its containers runs. A one-shot may also have ended with code 0. A
  service with `required: false` may be absent; what else is wrong with it is a
  warning.

Why it matters
  A dead archiver loses nothing at once and shows nothing: the collector goes on
  publishing, and the table simply stops growing. On 2026-01-15 that took twelve
  minutes to be noticed, by hand, and cost 1,500 ticks.

Seen when it fails
  The container is absent, exited, restarting, paused, or was created and never
  started. The finding says the exit code, since when, whether it was killed for
  lack of memory, and whether anything will start it again. A project without
  any container is one cause, and one headline. Where containers of other names
  are there, a name may be wrong: the finding tells them.

What to do
  `docker compose logs --tail 50 SERVICE` says why it died, then
  `docker compose up -d SERVICE && feedctl verify --within 60s`. If
  `restart-policy` names it too, repair the policy as well, or it dies for good
  the next time.

Source
  https://docs.docker.com/reference/api/engine/ (GET /containers/{id}/json,
  State); incident report of 2026-01-15, `timescale-archiver`";

pub struct ServicesRunning;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// By the engine's clock, where it told it.
    pub engine_time: Option<DateTime<Utc>>,
    /// Containers of the project's services, by name.
    pub containers: Vec<Container>,
    /// Of other projects, how many containers run; asked only where this one has none.
    #[serde(default)]
    pub other_projects: BTreeMap<String, u64>,
}

impl Check for ServicesRunning {
    type Limits = NoLimits;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "services-running",
        title: "every service has a running container",
        explain: EXPLAIN,
        hop: Hop::Broker,
        layer: Layer::Container,
        when: When::Always,
        budget: Duration::from_secs(5),
    };

    async fn observe(site: &Site, want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        if want.services.is_empty() {
            return Err(not_configured("services"));
        }
        let engine = site.engine().await?;
        let containers = engine.containers.iter().map(|placed| placed.container.clone());
        let other_projects = engine.other_projects.clone();
        Ok(Evidence { engine_time: engine.now, containers: containers.collect(), other_projects }.into())
    }

    fn judge(seen: &Evidence, want: &Target, _limits: &NoLimits, at: &Moment) -> Vec<Finding> {
        let services = want.services.iter();
        services.flat_map(|(name, service)| judge_service(seen, want, name, service, at)).collect()
    }

    fn sum_up(seen: &Evidence, want: &Target, _limits: &NoLimits, _at: &Moment) -> String {
        let names = want.services.iter().filter(|(_, service)| service.role == Role::Service).map(|(name, _)| name);
        let (running, down): (Vec<&str>, Vec<&str>) = names.map(String::as_str).partition(|name| {
            let mut containers = seen.of(name).peekable();
            containers.peek().is_some() && containers.all(|container| container.state == State::Running)
        });
        format!("{} of {} run: {}", running.len(), running.len() + down.len(), running.join(", "))
    }
}

impl Evidence {
    fn of(&self, service: &str) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(move |container| container.service == service)
    }
}

fn judge_service(seen: &Evidence, want: &Target, name: &str, service: &Service, at: &Moment) -> Vec<Finding> {
    let severity = if service.required { Severity::Fail } else { Severity::Warn };
    let now = seen.engine_time.unwrap_or(at.now);
    let containers: Vec<&Container> = seen.of(name).collect();
    if containers.is_empty() && service.required {
        return vec![absent(seen, want, name)];
    }
    let troubles = containers.iter().filter_map(|container| {
        let trouble = trouble(container, service.role, want, now, at)?;
        // With replicas the service's name does not say which one.
        let who = if containers.len() > 1 { format!("{} ", container.name) } else { String::new() };
        let finding = Finding::new(severity, Subject::Service(name.to_owned()), format!("{who}{}", trouble.message));
        let subject = if containers.len() > 1 { container.name.as_str() } else { name };
        Some(finding.headline(format!("{subject} {}", trouble.headline)).remedy(trouble.remedy).since(trouble.since))
    });
    troubles.collect()
}

/// A required service without a container. Where something of another name is there, the names may be wrong.
fn absent(seen: &Evidence, want: &Target, name: &str) -> Finding {
    let project = &want.project;
    let here: BTreeSet<&str> = seen.containers.iter().map(|container| container.service.as_str()).collect();
    let (headline, remedy) = if here.is_empty() {
        // One cause, which each service tells in the same words.
        let others =
            seen.other_projects.iter().map(|(other, count)| format!("; {other} has {}", speech::count(*count)));
        let headline = format!("project {project} has no container{}", others.collect::<String>());
        match seen.other_projects.is_empty() {
            true => (headline, up(want, "")),
            false => {
                (headline, format!("correct `project` in feedctl.yml or COMPOSE_PROJECT_NAME, or {}", up(want, "")))
            }
        }
    } else if here.iter().any(|service| !want.services.contains_key(*service)) {
        // One cause again: the names of feedctl.yml are another stack's.
        let missing: Vec<&str> = missing(seen, want).collect();
        let (services, here) = (missing.join("` or `"), Vec::from_iter(here).join(", "));
        let headline =
            format!("no container of project {project} belongs to service `{services}`; its services here: {here}");
        (headline, format!("correct `services` in feedctl.yml, or {}", up(want, &missing.join(" "))))
    } else {
        let declared = want.services.get(name).and_then(|service| service.declared.as_ref());
        let why = match declared.filter(|declared| declared.policy != RestartPolicy::No) {
            None => "the project has no container of it, so nothing will start it".to_owned(),
            Some(Declared { policy, place }) => format!(
                "policy present, container absent: {place} declares {policy}, and no policy starts what is not there"
            ),
        };
        (format!("{name} is absent: {why}"), up(want, name))
    };
    let finding = Finding::new(Severity::Fail, Subject::Service(name.to_owned()), "has no container");
    finding.headline(headline).remedy(remedy)
}

/// The required services without a container.
fn missing<'a>(seen: &Evidence, want: &'a Target) -> impl Iterator<Item = &'a str> {
    let required = want.services.iter().filter(|(_, service)| service.required).map(|(name, _)| name.as_str());
    required.filter(|name| seen.of(name).next().is_none())
}

/// Starts services, or all for none, and looks until what it starts is up.
fn up(want: &Target, services: &str) -> String {
    let up = want.compose(&format!("up -d {services}"));
    format!("{} && {}", up.trim_end(), want.feedctl("verify --within 60s"))
}

/// What is wrong with one container; messages read after its name.
struct Trouble {
    message: String,
    headline: String,
    remedy: String,
    since: Option<DateTime<Utc>>,
}

fn trouble(container: &Container, role: Role, want: &Target, now: DateTime<Utc>, at: &Moment) -> Option<Trouble> {
    let service = &container.service;
    let plain = |message: &str, headline: String, remedy| {
        Some(Trouble { message: message.to_owned(), headline, remedy, since: container.finished_at })
    };
    match container.state {
        State::Running => None,
        State::Exited if role == Role::OneShot && container.exit_code == 0 => None,
        State::Exited | State::Dead => Some(dead(container, role, want, now, at)),
        State::Restarting => {
            let times = speech::counted(container.restart_count.unsigned_abs(), "restart");
            let message = format!("restarting: exit code {}, {times} so far", container.exit_code);
            let headline = format!("dies and restarts: exit code {}, {times} so far", container.exit_code);
            plain(&message, headline, want.compose(&format!("logs --tail 50 {service}")))
        }
        State::Paused => plain(
            "paused",
            "is paused".to_owned(),
            format!("{} && {}", want.compose(&format!("unpause {service}")), want.feedctl("verify")),
        ),
        State::Created => {
            let why = container.error.as_ref().map_or(String::new(), |error| format!(": {error}"));
            plain(&format!("never started{why}"), format!("was created but never started{why}"), up(want, service))
        }
        State::Stopping => plain("stopping", "is being stopped".to_owned(), up(want, service)),
        State::Removing => plain("being removed", "is being removed".to_owned(), up(want, service)),
        State::Unknown => {
            let remedy = format!("docker inspect {}", container.name);
            plain("in no known state", "is in a state that the engine does not tell".to_owned(), remedy)
        }
    }
}

fn dead(container: &Container, role: Role, want: &Target, now: DateTime<Utc>, at: &Moment) -> Trouble {
    let code = container.exit_code;
    let memory = if container.oom_killed { ", killed for lack of memory" } else { "" };
    let ended = container.finished_at;
    let instant = ended.map_or(String::new(), |ended| format!(" at {}", at.tell(ended)));
    let age = ended.and_then(|ended| (now - ended).to_std().ok());
    let ago = age.map_or(String::new(), |age| format!(" {} ago", speech::age(age)));
    let headline = match role {
        Role::Service => format!("is dead: exited with code {code}{ago}{memory}; {}", prospect(container)),
        Role::OneShot => format!("did not do its work: exited with code {code}{ago}{memory}"),
    };
    // Compose starts an unchanged container as it is, and would leave it with a policy that does not bring it back.
    let remedy = match (role, container.restart_policy) {
        (Role::Service, RestartPolicy::No | RestartPolicy::OnFailure(_)) => {
            format!("docker update --restart unless-stopped {} && {}", container.name, up(want, &container.service))
        }
        _ => up(want, &container.service),
    };
    Trouble { message: format!("exited ({code}){instant}{memory}"), headline, remedy, since: ended }
}

/// Whether anything will start a dead container again.
fn prospect(container: &Container) -> String {
    let policy = container.restart_policy;
    match policy {
        RestartPolicy::No => format!("its restart policy is \"{policy}\", so nothing will start it"),
        RestartPolicy::OnFailure(_) if container.exit_code == 0 => {
            format!("its restart policy \"{policy}\" does not start it after code 0")
        }
        RestartPolicy::OnFailure(times) if times > 0 && container.restart_count >= times => {
            format!("its restart policy \"{policy}\" has given up")
        }
        RestartPolicy::OnFailure(_) | RestartPolicy::Always | RestartPolicy::UnlessStopped => {
            let why = match &container.error {
                Some(error) => format!("the engine could not start it: {error}"),
                None if policy == RestartPolicy::Always => {
                    "it was stopped, and the engine starts it only when the daemon restarts".to_owned()
                }
                None => "it was stopped, and the engine does not start what was stopped".to_owned(),
            };
            format!("its restart policy is \"{policy}\", but {why}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::site::docker::container::tests::container;

    /// The stack of the fixture with its archiver as `change` leaves it.
    fn check(change: impl FnOnce(&mut Container), expected: &[(Severity, &str)]) -> Option<String> {
        let mut archiver = container("archiver");
        archiver.finished_at = Some(fixture::instant("2026-01-15T05:08:31Z"));
        change(&mut archiver);
        let mut containers: Vec<Container> = ["collector", "redis", "timescaledb"].map(container).into();
        containers.push(archiver);
        judge(containers, fixture::target(), expected)
    }

    fn judge(containers: Vec<Container>, want: Target, expected: &[(Severity, &str)]) -> Option<String> {
        let engine_time = Some(fixture::instant("2026-01-15T05:21:10Z"));
        let seen = Evidence { engine_time, containers, other_projects: BTreeMap::new() };
        let findings = ServicesRunning::judge(&seen, &want, &NoLimits {}, &fixture::moment());
        assert_eq!(fixture::told(&findings), expected);
        findings.into_iter().next().and_then(|finding| finding.headline)
    }

    #[test]
    fn running_containers_are_well() {
        check(|_| (), &[]);
    }

    #[test]
    fn the_headline_of_the_incident() {
        let die = |archiver: &mut Container| {
            archiver.state = State::Exited;
            archiver.exit_code = 1;
            archiver.restart_policy = RestartPolicy::No;
        };
        let headline = check(die, &[(Severity::Fail, "exited (1) at 14:08:31 +09:00")]);
        let expected = "archiver is dead: exited with code 1 12 min 39 s ago; its restart policy is \"no\", so nothing will start it";
        assert_eq!(headline.as_deref(), Some(expected));
    }

    #[test]
    fn a_dead_container_says_whether_anything_will_start_it() {
        let prospect = |policy, error: Option<&str>, exit_code, restart_count| {
            let headline = check(
                |archiver| {
                    archiver.state = State::Exited;
                    archiver.exit_code = exit_code;
                    archiver.restart_count = restart_count;
                    archiver.restart_policy = policy;
                    archiver.error = error.map(str::to_owned);
                },
                &[(Severity::Fail, &format!("exited ({exit_code}) at 14:08:31 +09:00"))],
            );
            headline.and_then(|headline| headline.split_once("; ").map(|(_, prospect)| prospect.to_owned()))
        };
        let check = |policy, error, exit_code, restart_count, expected: &str| {
            assert_eq!(prospect(policy, error, exit_code, restart_count).as_deref(), Some(expected));
        };
        let (always, unless_stopped) = (RestartPolicy::Always, RestartPolicy::UnlessStopped);
        let of_always = "its restart policy is \"always\", but it was stopped, and the engine starts it only when the daemon restarts";
        check(always, None, 137, 0, of_always);
        let stopped = "its restart policy is \"unless-stopped\", but it was stopped, and the engine does not start what was stopped";
        check(unless_stopped, None, 137, 0, stopped);
        let taken =
            "its restart policy is \"unless-stopped\", but the engine could not start it: port is already allocated";
        check(unless_stopped, Some("port is already allocated"), 128, 0, taken);
        let of_failure = |policy, exit_code, restart_count, expected| {
            check(RestartPolicy::OnFailure(policy), None, exit_code, restart_count, expected);
        };
        of_failure(0, 0, 0, "its restart policy \"on-failure\" does not start it after code 0");
        of_failure(3, 1, 3, "its restart policy \"on-failure:3\" has given up");
    }

    #[test]
    fn every_other_state_is_a_failure_with_its_reason() {
        let told = |state, message| check(|archiver| archiver.state = state, &[(Severity::Fail, message)]);
        told(State::Paused, "paused");
        told(State::Restarting, "restarting: exit code 0, 0 restarts so far");
        told(State::Created, "never started");
        told(State::Dead, "exited (0) at 14:08:31 +09:00");
        told(State::Removing, "being removed");
        check(
            |archiver| {
                archiver.state = State::Created;
                archiver.error = Some("port is already allocated".into());
            },
            &[(Severity::Fail, "never started: port is already allocated")],
        );
        check(
            |archiver| {
                archiver.state = State::Exited;
                archiver.exit_code = 137;
                archiver.oom_killed = true;
            },
            &[(Severity::Fail, "exited (137) at 14:08:31 +09:00, killed for lack of memory")],
        );
    }

    #[test]
    fn an_absent_container_is_a_failure_unless_it_is_not_required() {
        let three = || ["collector", "redis", "timescaledb"].map(container).to_vec();
        let headline = judge(three(), fixture::target(), &[(Severity::Fail, "has no container")]);
        let expected = "archiver is absent: the project has no container of it, so nothing will start it";
        assert_eq!(headline.as_deref(), Some(expected));
        let mut want = fixture::target();
        want.services.get_mut("archiver").expect("a service of the fixture").required = false;
        judge(three(), want, &[]);
    }

    /// Headline and remedy of each absent service, beside containers of the services `here` and `others`.
    fn absent_ones(here: &[&str], others: &[(&str, u64)], want: &Target) -> Vec<Option<(String, String)>> {
        let containers = here.iter().copied().map(container).collect();
        let other_projects = others.iter().map(|(project, count)| ((*project).to_owned(), *count)).collect();
        let seen = Evidence { engine_time: None, containers, other_projects };
        let findings = ServicesRunning::judge(&seen, want, &NoLimits {}, &fixture::moment());
        assert!(findings.iter().all(|finding| finding.message == "has no container"));
        findings.into_iter().map(|finding| finding.headline.zip(finding.remedy)).collect()
    }

    #[test]
    fn where_others_are_there_a_name_may_be_wrong() {
        let check = |here: &[&str], others: &[(&str, u64)], headline: &str, remedy: &str| {
            let absent = absent_ones(here, others, &fixture::target()).remove(0);
            assert_eq!(absent, Some((headline.to_owned(), remedy.to_owned())));
        };
        check(
            &["broker", "recorder", "recorder", "redis", "timescaledb"],
            &[],
            "no container of project feed belongs to service `archiver` or `collector`; its services here: broker, recorder, redis, timescaledb",
            "correct `services` in feedctl.yml, or docker compose up -d archiver collector && feedctl verify --within 60s",
        );
        check(
            &[],
            &[("alpha-desk", 5)],
            "project feed has no container; alpha-desk has 5",
            "correct `project` in feedctl.yml or COMPOSE_PROJECT_NAME, or docker compose up -d && feedctl verify --within 60s",
        );
        check(
            &["collector"],
            &[],
            "archiver is absent: the project has no container of it, so nothing will start it",
            "docker compose up -d archiver && feedctl verify --within 60s",
        );
    }

    #[test]
    fn what_died_without_a_policy_gets_one_before_it_is_started() {
        let check = |change: fn(&mut Container), expected: &str| {
            let (mut archiver, want) = (container("archiver"), fixture::target());
            change(&mut archiver);
            let trouble = trouble(&archiver, Role::Service, &want, fixture::moment().now, &fixture::moment());
            assert_eq!(trouble.map(|trouble| trouble.remedy).as_deref(), Some(expected));
        };
        let up = "docker compose up -d archiver && feedctl verify --within 60s";
        check(|archiver| archiver.state = State::Exited, up);
        let set_and_up = format!("docker update --restart unless-stopped feed-archiver-1 && {up}");
        let without_policy = |archiver: &mut Container| {
            archiver.state = State::Exited;
            archiver.restart_policy = RestartPolicy::No;
        };
        check(without_policy, &set_and_up);
        let given_up = |archiver: &mut Container| {
            archiver.state = State::Exited;
            archiver.restart_policy = RestartPolicy::OnFailure(3);
        };
        check(given_up, &set_and_up);
        check(|archiver| archiver.state = State::Paused, "docker compose unpause archiver && feedctl verify");
    }

    #[test]
    fn a_command_runs_from_where_the_user_is() {
        let mut want = fixture::target();
        want.programs.compose = "docker compose -f feed/compose.yml".into();
        want.programs.feedctl = "feedctl -c feed.yml".into();
        let expected = "docker compose -f feed/compose.yml up -d && feedctl -c feed.yml verify --within 60s";
        assert_eq!(up(&want, ""), expected);
    }

    #[test]
    fn a_stack_that_is_not_there_is_one_cause_in_the_words_of_each_service() {
        let (headline, remedy) =
            ("project feed has no container", "docker compose up -d && feedctl verify --within 60s");
        let one = Some((headline.to_owned(), remedy.to_owned()));
        assert_eq!(absent_ones(&[], &[], &fixture::target()), vec![one; 4]);
    }

    #[test]
    fn of_replicas_the_dead_one_is_named() {
        let mut all = ["archiver", "collector", "redis", "timescaledb"].map(container).to_vec();
        all.push(Container { name: "feed-archiver-2".into(), state: State::Paused, ..container("archiver") });
        let headline = judge(all, fixture::target(), &[(Severity::Fail, "feed-archiver-2 paused")]);
        assert_eq!(headline.as_deref(), Some("feed-archiver-2 is paused"));
    }

    #[test]
    fn a_one_shot_may_have_ended_well() {
        let ended = |exit_code, required, expected: &[(Severity, &str)]| {
            let mut want = fixture::target();
            want.services
                .insert("migrate".into(), Service { role: Role::OneShot, hop: None, required, declared: None });
            let mut all = ["archiver", "collector", "redis", "timescaledb"].map(container).to_vec();
            all.push(Container { state: State::Exited, exit_code, ..container("migrate") });
            judge(all, want, expected);
        };
        ended(0, true, &[]);
        ended(3, true, &[(Severity::Fail, "exited (3)")]);
        ended(3, false, &[(Severity::Warn, "exited (3)")]);
    }
}
