//! `restart-policy`: each container, as it is and not as a file says, would come back by itself; a one-shot would not.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::NoLimits;
use crate::moment::Moment;
use crate::sight::{Sight, Unknown};
use crate::site::docker::container::{RestartPolicy as Policy, State};
use crate::site::{ProbeError, Site, not_configured};
use crate::speech;
use crate::target::{Declared, Role, Service, Target};

const EXPLAIN: &str = "\
What it checks
  The restart policy of each container of the services under `services:`, as the
  engine holds it now, beside the one that the compose files declare, and what
  became of the container so far. A service must have `unless-stopped` or
  `always`; a service with `role: one-shot` must have `no` or `on-failure`.
  Without any container of theirs there is nothing to judge: unknown.

Why it matters
  A container without a policy that dies stays dead until a person looks. The
  file may say one thing and the container another: a `deploy.restart_policy`
  without `condition` silently replaces `restart:`, and a container created
  before the file was repaired keeps its old policy.

Seen when it fails
  \"no\": nothing starts it again, ever. \"on-failure\": it comes back after a
  crash, but not after exit code 0, which is how a clean stop ends, so not after
  a reboot. \"on-failure:N\": after N crashes it stays dead. A one-shot with
  \"always\" or \"unless-stopped\" runs again for ever. \"declared but lost\": the
  compose files say better, but the container was made or changed otherwise. A
  container that is right while the files are not is a warning: the next deploy
  takes its policy away. So is one that the engine had to start again within the
  last 10 minutes: it will die again of whatever it died of.

What to do
  `docker update --restart unless-stopped CONTAINER` closes the gap at once and
  without a restart. For good, write `restart: unless-stopped` into the service
  in the compose file. Where it says so already, `docker compose up -d` takes
  the container for unchanged: add `--force-recreate SERVICE`.

Source
  https://docs.docker.com/engine/containers/start-containers-automatically/;
  incident report of 2026-01-15, \"Missing Restart Policies\"";

/// A container that the engine started again within this time is told, also if its policy is right.
const LATELY: TimeDelta = TimeDelta::minutes(10);

pub struct RestartPolicy;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// By the engine's clock, where it told it.
    #[serde(default)]
    pub engine_time: Option<DateTime<Utc>>,
    /// By name.
    pub containers: Vec<Held>,
}

/// The policy that a container has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub container: String,
    pub service: String,
    pub policy: Policy,
    pub state: State,
    /// How often the engine started it again.
    pub restarts: i64,
    /// Of the last run that ended.
    pub exit_code: i64,
    pub oom_killed: bool,
    pub started_at: Option<DateTime<Utc>>,
}

impl Check for RestartPolicy {
    type Limits = NoLimits;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "restart-policy",
        title: "every container comes back by itself",
        explain: EXPLAIN,
        hop: Hop::Broker,
        layer: Layer::Recovery,
        when: When::Always,
        budget: Duration::from_secs(5),
    };

    async fn observe(site: &Site, want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        if want.services.is_empty() {
            return Err(not_configured("services"));
        }
        let engine = site.engine().await?;
        let containers = engine.containers.iter().map(|placed| {
            let container = &placed.container;
            Held {
                container: container.name.clone(),
                service: container.service.clone(),
                policy: container.restart_policy,
                state: container.state,
                restarts: container.restart_count,
                exit_code: container.exit_code,
                oom_killed: container.oom_killed,
                started_at: container.started_at,
            }
        });
        Evidence { engine_time: engine.now, containers: containers.collect() }.judgeable(want)
    }

    fn judge(seen: &Evidence, want: &Target, _limits: &NoLimits, at: &Moment) -> Vec<Finding> {
        let now = seen.engine_time.unwrap_or(at.now);
        let finding = |(held, service)| {
            let policy = actual(held, service, want, at).or_else(|| next(held, service, want));
            policy.or_else(|| lately(held, want, now, at))
        };
        seen.held(want).filter_map(finding).collect()
    }

    fn sum_up(seen: &Evidence, want: &Target, _limits: &NoLimits, _at: &Moment) -> String {
        let services = seen.held(want).filter(|(_, service)| service.role == Role::Service);
        let (back, dead): (Vec<&Held>, Vec<&Held>) = services.map(|(held, _)| held).partition(|held| held.comes_back());
        let all = back.len() + dead.len();
        match (back.len(), dead.as_slice()) {
            (0, []) => "only one-shots, which do not run again".to_owned(),
            (_, []) => format!("all {all} come back by themselves"),
            (back, dead) => {
                let names: Vec<&str> = dead.iter().map(|held| held.container.as_str()).collect();
                format!("{back} of {all} come back by themselves; not as it is: {}", names.join(", "))
            }
        }
    }
}

/// What is wrong with the policy that a container has, whatever the files say.
fn actual(held: &Held, service: &Service, want: &Target, at: &Moment) -> Option<Finding> {
    let (why, wanted) = complaint(held.policy, service.role)?;
    let policy = held.policy;
    let (why, wanted) = match &service.declared {
        Some(Declared { policy: declared, place }) if complaint(*declared, service.role).is_none() => {
            (format!("declared but lost: {place} says {declared}; {why}"), declared.to_string())
        }
        Some(Declared { policy: declared, place }) if *declared == policy => {
            (format!("as {place} says; {why}"), wanted.to_owned())
        }
        Some(Declared { policy: declared, place }) => {
            (format!("and {place} says {declared}; {why}"), wanted.to_owned())
        }
        None => (why.to_owned(), wanted.to_owned()),
    };
    let message = format!("\"{policy}\"; {why}{}", held.observed(at));
    let headline = match service.role {
        Role::Service => format!("{} would not survive: its restart policy is \"{policy}\"; {why}", held.service),
        Role::OneShot => format!("{} has the restart policy \"{policy}\"; {why}", held.service),
    };
    let severity = if service.required { Severity::Fail } else { Severity::Warn };
    let remedy = format!("docker update --restart {wanted} {} && {}", held.container, want.feedctl("verify"));
    Some(Finding::new(severity, Subject::Service(held.service.clone()), message).headline(headline).remedy(remedy))
}

/// The policy is right, but the files will take it away.
fn next(held: &Held, service: &Service, want: &Target) -> Option<Finding> {
    let Declared { policy: declared, place } = service.declared.as_ref()?;
    let (why, _) = complaint(*declared, service.role)?;
    let policy = held.policy;
    let message = format!("\"{policy}\" now, but {place} says {declared}: lost with the next deploy; {why}");
    let finding = Finding::new(Severity::Warn, Subject::Service(held.service.clone()), message);
    Some(finding.remedy(want.feedctl("audit-compose")))
}

/// The policy is right, and was needed a moment ago: whatever made the container die may do so again.
fn lately(held: &Held, want: &Target, now: DateTime<Utc>, at: &Moment) -> Option<Finding> {
    let is_young = now - held.started_at? < LATELY;
    if held.restarts == 0 || !is_young || held.state != State::Running || !held.comes_back() {
        return None;
    }
    let message = format!("\"{}\" brought it back lately{}", held.policy, held.observed(at));
    let finding = Finding::new(Severity::Warn, Subject::Service(held.service.clone()), message);
    Some(finding.remedy(want.compose(&format!("logs --tail 50 {}", held.service))))
}

impl Evidence {
    /// Of no container at all nothing can be said, good or bad.
    fn judgeable(self, want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        if self.held(want).next().is_some() {
            return Ok(self.into());
        }
        let problem = format!("no service has a container in project {}", want.project);
        Err(ProbeError::Unknown(Unknown { problem, key: Some("services".to_owned()) }))
    }

    /// The containers of the target's services.
    fn held<'a>(&'a self, want: &'a Target) -> impl Iterator<Item = (&'a Held, &'a Service)> {
        self.containers.iter().filter_map(|held| Some((held, want.services.get(&held.service)?)))
    }
}

impl Held {
    /// What the engine saw of it: nothing is said where nothing ended yet.
    fn observed(&self, at: &Moment) -> String {
        let restarts = speech::counted(self.restarts.unsigned_abs(), "restart");
        // The engine forgets the code while the container runs again.
        let told = [
            (self.restarts != 0).then(|| format!("{restarts} so far")),
            (self.exit_code != 0).then(|| format!("last exit code {}", self.exit_code)),
            self.oom_killed.then(|| "out of memory".to_owned()),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        if told.is_empty() {
            return String::new();
        }
        let started = self.started_at.map(|started| format!(", last started at {}", at.tell(started)));
        format!("; {}{}", told.join(", "), started.unwrap_or_default())
    }

    /// Whether the engine would start it again. What was stopped has a policy too, and stays down.
    fn comes_back(&self) -> bool {
        let up = matches!(self.state, State::Running | State::Restarting | State::Paused);
        up && complaint(self.policy, Role::Service).is_none()
    }
}

/// What is wrong with a policy, and the one to set instead.
fn complaint(policy: Policy, role: Role) -> Option<(&'static str, &'static str)> {
    const BACK: &str = "unless-stopped";
    match (role, policy) {
        (Role::Service, Policy::Always | Policy::UnlessStopped)
        | (Role::OneShot, Policy::No | Policy::OnFailure(_)) => None,
        (Role::Service, Policy::No) => Some(("a service must come back by itself (unless-stopped or always)", BACK)),
        (Role::Service, Policy::OnFailure(0)) => {
            Some(("it comes back after a crash, but not after exit code 0, so not after a reboot", BACK))
        }
        (Role::Service, Policy::OnFailure(_)) => {
            Some(("after so many crashes it stays dead, and after exit code 0 at once", BACK))
        }
        (Role::OneShot, Policy::Always | Policy::UnlessStopped) => Some(("a one-shot would run again for ever", "no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn held(service: &str, policy: Policy, state: State) -> Held {
        let (container, service) = (format!("feed-{service}-1"), service.to_owned());
        Held { container, service, policy, state, restarts: 0, exit_code: 0, oom_killed: false, started_at: None }
    }

    fn evidence(containers: Vec<Held>) -> Evidence {
        Evidence { engine_time: Some(fixture::moment().now), containers }
    }

    fn check(policy: Policy, role: Role, expected: Option<&str>) {
        let mut want = fixture::target();
        want.services.get_mut("archiver").expect("a service of the fixture").role = role;
        let held = held("archiver", policy, State::Running);
        let findings = RestartPolicy::judge(&evidence(vec![held]), &want, &NoLimits {}, &fixture::moment());
        let expected: Vec<_> = expected.map(|message| (Severity::Fail, message)).into_iter().collect();
        assert_eq!(fixture::told(&findings), expected);
    }

    #[test]
    fn a_service_comes_back_by_itself() {
        let service = |policy, expected| check(policy, Role::Service, expected);
        service(Policy::Always, None);
        service(Policy::UnlessStopped, None);
        service(Policy::No, Some("\"no\"; a service must come back by itself (unless-stopped or always)"));
        service(
            Policy::OnFailure(0),
            Some("\"on-failure\"; it comes back after a crash, but not after exit code 0, so not after a reboot"),
        );
        service(
            Policy::OnFailure(5),
            Some("\"on-failure:5\"; after so many crashes it stays dead, and after exit code 0 at once"),
        );
    }

    #[test]
    fn a_one_shot_does_not() {
        let one_shot = |policy, expected| check(policy, Role::OneShot, expected);
        one_shot(Policy::No, None);
        one_shot(Policy::OnFailure(3), None);
        one_shot(Policy::Always, Some("\"always\"; a one-shot would run again for ever"));
        one_shot(Policy::UnlessStopped, Some("\"unless-stopped\"; a one-shot would run again for ever"));
    }

    #[test]
    fn what_the_files_declare_is_held_against_what_the_engine_has() {
        let check = |declared: Policy, actual: Policy, expected: Option<(Severity, &str)>| {
            let mut want = fixture::target();
            let declared = Declared { policy: declared, place: "compose.yaml:7".to_owned() };
            want.services.get_mut("archiver").expect("a service of the fixture").declared = Some(declared);
            let started_at = Some(fixture::moment().now - TimeDelta::minutes(2));
            let held = held("archiver", actual, State::Running);
            let held = Held { restarts: 3, exit_code: 137, oom_killed: true, started_at, ..held };
            let findings = RestartPolicy::judge(&evidence(vec![held]), &want, &NoLimits {}, &fixture::moment());
            assert_eq!(fixture::told(&findings), expected.into_iter().collect::<Vec<_>>());
        };
        check(
            Policy::UnlessStopped,
            Policy::Always,
            Some((
                Severity::Warn,
                "\"always\" brought it back lately; 3 restarts so far, last exit code 137, out of memory, last started at \
                 14:19:10 +09:00",
            )),
        );
        check(
            Policy::Always,
            Policy::No,
            Some((
                Severity::Fail,
                "\"no\"; declared but lost: compose.yaml:7 says always; a service must come back by itself \
                 (unless-stopped or always); 3 restarts so far, last exit code 137, out of memory, \
                 last started at 14:19:10 +09:00",
            )),
        );
        check(
            Policy::No,
            Policy::No,
            Some((
                Severity::Fail,
                "\"no\"; as compose.yaml:7 says; a service must come back by itself (unless-stopped or always); \
                 3 restarts so far, last exit code 137, out of memory, \
                 last started at 14:19:10 +09:00",
            )),
        );
        check(
            Policy::No,
            Policy::Always,
            Some((
                Severity::Warn,
                "\"always\" now, but compose.yaml:7 says no: lost with the next deploy; a service must come back by \
                 itself (unless-stopped or always)",
            )),
        );
    }

    #[test]
    fn what_the_engine_had_to_start_again_lately_is_told() {
        let check = |state, restarts, minutes, expected: bool| {
            let started_at = Some(fixture::moment().now - TimeDelta::minutes(minutes));
            let held = Held { restarts, started_at, ..held("archiver", Policy::Always, state) };
            let seen = evidence(vec![held]);
            let findings = RestartPolicy::judge(&seen, &fixture::target(), &NoLimits {}, &fixture::moment());
            assert_eq!(!findings.is_empty(), expected, "{restarts} {minutes}");
        };
        check(State::Running, 0, 1, false);
        check(State::Running, 1, 9, true);
        check(State::Running, 1, 10, false);
        check(State::Restarting, 1, 9, false);
    }

    #[test]
    fn only_the_services_of_the_target_are_judged() {
        let seen = evidence(vec![held("shell", Policy::No, State::Running)]);
        assert_eq!(RestartPolicy::judge(&seen, &fixture::target(), &NoLimits {}, &fixture::moment()), []);
    }

    #[test]
    fn what_was_stopped_does_not_come_back() {
        let check = |archiver, expected: &str| {
            let redis = held("redis", Policy::Always, State::Running);
            let seen = evidence(vec![archiver, redis]);
            assert_eq!(RestartPolicy::sum_up(&seen, &fixture::target(), &NoLimits {}, &fixture::moment()), expected);
        };
        let archiver = |state| held("archiver", Policy::UnlessStopped, state);
        check(archiver(State::Running), "all 2 come back by themselves");
        check(archiver(State::Restarting), "all 2 come back by themselves");
        for state in [State::Exited, State::Dead, State::Created] {
            check(archiver(state), "1 of 2 come back by themselves; not as it is: feed-archiver-1");
        }
    }

    #[test]
    fn without_a_container_there_is_nothing_to_judge() {
        let check = |services: &[&str], expected: Result<(), &str>| {
            let containers = services.iter().map(|name| held(name, Policy::Always, State::Running)).collect();
            let judgeable = evidence(containers).judgeable(&fixture::target()).map(|_| ());
            assert_eq!(judgeable.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
        };
        check(&["archiver"], Ok(()));
        check(&["shell"], Err("no service has a container in project feed"));
        check(&[], Err("no service has a container in project feed"));
    }

    #[test]
    fn the_policy_is_set_at_once_and_looked_at_again() {
        let check = |policy, role, expected: &str| {
            let mut want = fixture::target();
            want.services.get_mut("archiver").expect("a service of the fixture").role = role;
            let seen = evidence(vec![held("archiver", policy, State::Running)]);
            let findings = RestartPolicy::judge(&seen, &want, &NoLimits {}, &fixture::moment());
            assert_eq!(findings[0].remedy.as_deref(), Some(expected));
        };
        let service = "docker update --restart unless-stopped feed-archiver-1 && feedctl verify";
        check(Policy::No, Role::Service, service);
        check(Policy::Always, Role::OneShot, "docker update --restart no feed-archiver-1 && feedctl verify");
    }
}
