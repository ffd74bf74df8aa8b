//! `restart-policy`: each container, as it is and not as a file says, would come back by itself; a one-shot would not.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::NoLimits;
use crate::moment::Moment;
use crate::site::docker::container::RestartPolicy as Policy;
use crate::site::{ProbeError, Site, not_configured};
use crate::target::{Role, Target};

const EXPLAIN: &str = "\
What it checks
  The restart policy of each container of the services under `services:`, as the
  engine holds it now. A service must have `unless-stopped` or `always`; a
  service with `role: one-shot` must have `no` or `on-failure`.

Why it matters
  A container without a policy that dies stays dead until a person looks. The
  file may say one thing and the container another: a `deploy.restart_policy`
  without `condition` silently replaces `restart:`, and a container created
  before the file was repaired keeps its old policy.

Seen when it fails
  \"no\": nothing starts it again, ever. \"on-failure\": it comes back after a
  crash, but not after exit code 0, which is how a clean stop ends, so not after
  a reboot. \"on-failure:N\": after N crashes it stays dead. A one-shot with
  \"always\" or \"unless-stopped\" runs again for ever.

What to do
  Write `restart: unless-stopped` into the service, then recreate the container:
  `docker compose up -d SERVICE`. To close the gap at once without a restart:
  `docker update --restart unless-stopped CONTAINER`.

Source
  https://docs.docker.com/engine/containers/start-containers-automatically/;
  incident report of 2026-01-15, \"Missing Restart Policies\"";

pub struct RestartPolicy;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// By name.
    pub containers: Vec<Held>,
}

/// The policy that a container has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub container: String,
    pub service: String,
    pub policy: Policy,
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

    async fn observe(site: &Site, want: &Target) -> Result<Evidence, ProbeError> {
        if want.services.is_empty() {
            return Err(not_configured("services"));
        }
        let containers = site.engine().await?.containers.iter().map(|placed| {
            let container = &placed.container;
            Held {
                container: container.name.clone(),
                service: container.service.clone(),
                policy: container.restart_policy,
            }
        });
        Ok(Evidence { containers: containers.collect() })
    }

    fn judge(seen: &Evidence, want: &Target, _limits: &NoLimits, _at: &Moment) -> Vec<Finding> {
        let held = seen.containers.iter().filter_map(|held| Some((held, want.services.get(&held.service)?)));
        let findings = held.filter_map(|(held, service)| {
            let (why, wanted) = complaint(held.policy, service.role)?;
            let severity = if service.required { Severity::Fail } else { Severity::Warn };
            let finding =
                Finding::new(severity, Subject::Service(held.service.clone()), format!("\"{}\"; {why}", held.policy));
            let headline =
                format!("{} would not survive: its restart policy is \"{}\"; {why}", held.service, held.policy);
            let headline = match service.role {
                Role::Service => headline,
                Role::OneShot => format!("{} has the restart policy \"{}\"; {why}", held.service, held.policy),
            };
            Some(finding.headline(headline).remedy(format!("docker update --restart {wanted} {}", held.container)))
        });
        findings.collect()
    }

    fn sum_up(seen: &Evidence, want: &Target, _limits: &NoLimits, _at: &Moment) -> String {
        let role = |held: &Held| want.services.get(&held.service).map(|service| service.role);
        let services = seen.containers.iter().filter(|held| role(held) == Some(Role::Service));
        let policies: Vec<Policy> = services.map(|held| held.policy).collect();
        let good = policies.iter().filter(|policy| complaint(**policy, Role::Service).is_none()).count();
        match policies.len() {
            all if all == good => format!("all {all} come back by themselves"),
            all => format!("{good} of {all} come back by themselves"),
        }
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

    fn check(policy: Policy, role: Role, expected: Option<&str>) {
        let mut want = fixture::target();
        want.services.get_mut("archiver").expect("a service of the fixture").role = role;
        let held = Held { container: "feed-archiver-1".into(), service: "archiver".into(), policy };
        let findings =
            RestartPolicy::judge(&Evidence { containers: vec![held] }, &want, &NoLimits {}, &fixture::moment());
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
    fn only_the_services_of_the_target_are_judged() {
        let held = Held { container: "feed-shell-1".into(), service: "shell".into(), policy: Policy::No };
        let seen = Evidence { containers: vec![held] };
        assert_eq!(RestartPolicy::judge(&seen, &fixture::target(), &NoLimits {}, &fixture::moment()), []);
    }
}
