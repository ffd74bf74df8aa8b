//! The Docker engine, asked what runs: lists and inspects the containers of one Compose project, and nothing else.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::ListContainersOptionsBuilder;
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::{DockerAccess, Origin, ProbeError, place};
use container::Container;

pub mod container;

const PROJECT_LABEL: &str = "com.docker.compose.project";
const SERVICE_LABEL: &str = "com.docker.compose.service";
/// Set on containers of `docker compose run`, which are no part of the running project.
const ONE_OFF_LABEL: &str = "com.docker.compose.oneoff";

/// For all questions together, within the budget of the checks that look at containers. An engine in the middle of a
/// deploy answers each of them slowly.
const TIMEOUT: Duration = Duration::from_millis(4500);

/// The engine at one address. Asked once: what it said, or why it did not, serves every check of the run.
pub(crate) struct Docker {
    /// A `DOCKER_HOST` value; none: the socket of this machine.
    host: Option<String>,
    origin: Origin,
    project: String,
    engine: OnceCell<Result<Engine, ProbeError>>,
}

/// What the engine said.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) version: String,
    pub(crate) api_version: String,
    /// The engine's clock.
    pub(crate) now: Option<DateTime<Utc>>,
    pub(crate) containers: Vec<Placed>,
    /// Running containers of each other project; asked only where this one has none.
    pub(crate) other_projects: BTreeMap<String, u64>,
}

/// A container and where it can be reached.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) container: Container,
    pub(crate) on_host_network: bool,
    /// In the networks of the project.
    pub(crate) addresses: Vec<IpAddr>,
    /// Port in the container (TCP) → address and port on the engine's host.
    pub(crate) published: Vec<(u16, String, u16)>,
}

impl Docker {
    pub(crate) fn new(access: DockerAccess, project: String) -> Option<Self> {
        let (host, origin) = match access {
            DockerAccess::None => return None,
            DockerAccess::Local => match std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()) {
                Some(host) => (Some(host), Origin::Variable),
                None => (None, Origin::Default),
            },
            DockerAccess::Host(host) => (Some(host), Origin::Key),
        };
        Some(Docker { host, origin, project, engine: OnceCell::new() })
    }

    pub(crate) async fn engine(&self) -> Result<&Engine, ProbeError> {
        let asked = self.engine.get_or_init(|| async {
            let answer = timeout(TIMEOUT, self.ask()).await;
            answer.unwrap_or(Err(Error::RequestTimeoutError)).map_err(|error| self.unreachable(error))
        });
        asked.await.as_ref().map_err(ProbeError::clone)
    }

    /// The machine on which published ports are open; none: this one.
    pub(crate) fn remote(&self) -> Option<&str> {
        let (kind, address) = self.host.as_deref()?.split_once("://")?;
        let address = address.rsplit_once('@').map_or(address, |(_, address)| address);
        let machine = match address.strip_prefix('[') {
            Some(address) => address.split(']').next()?,
            None => address.split([':', '/']).next()?,
        };
        let local = matches!(kind, "unix" | "npipe") || machine == "localhost" || place::is_loopback(machine);
        (!local).then_some(machine)
    }

    async fn ask(&self) -> Result<Engine, Error> {
        let client = match &self.host {
            Some(host) => bollard::Docker::connect_with_host(host)?,
            None => bollard::Docker::connect_with_local_defaults()?,
        };
        let client = client.negotiate_version().await?;
        let filter = [("label", vec![format!("{PROJECT_LABEL}={}", self.project)])].into();
        let all = ListContainersOptionsBuilder::new().all(true).filters(&filter).build();
        let (version, info, listed) =
            tokio::try_join!(client.version(), client.info(), client.list_containers(Some(all)))?;
        let inspected = try_join_all(listed.iter().map(|summary| inspect(&client, summary))).await?;
        let mut containers: Vec<Placed> = inspected.into_iter().flatten().collect();
        containers.sort_by(|one, other| one.container.name.cmp(&other.container.name));
        let other_projects = if listed.is_empty() { running_projects(&client).await? } else { BTreeMap::new() };
        Ok(Engine {
            version: version.version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            now: info.system_time.as_deref().and_then(container::instant),
            containers,
            other_projects,
        })
    }

    fn unreachable(&self, error: Error) -> ProbeError {
        let host = self.host.as_deref().map_or_else(|| "the socket of this machine".to_owned(), without_password);
        ProbeError::Engine { host, origin: self.origin, source: Arc::new(error) }
    }
}

/// `ssh://me@there` as it is, and of `tcp://me:secret@there` the address alone.
fn without_password(host: &str) -> String {
    match host.split_once("://").and_then(|(kind, rest)| Some((kind, rest.rsplit_once('@')?))) {
        Some((kind, (login, address))) if login.contains(':') => format!("{kind}://{address}"),
        _ => host.to_owned(),
    }
}

/// The projects that run something, and how many containers each.
async fn running_projects(client: &bollard::Docker) -> Result<BTreeMap<String, u64>, Error> {
    let filter = [("label", vec![PROJECT_LABEL.to_owned()])].into();
    let listed = client.list_containers(Some(ListContainersOptionsBuilder::new().filters(&filter).build())).await?;
    let mut projects = BTreeMap::new();
    for project in listed.iter().filter_map(|summary| summary.labels.as_ref()?.get(PROJECT_LABEL)) {
        *projects.entry(project.clone()).or_default() += 1;
    }
    Ok(projects)
}

/// None for a container that is no service's, or that was removed since it was listed.
async fn inspect(client: &bollard::Docker, summary: &ContainerSummary) -> Result<Option<Placed>, Error> {
    let label = |name| summary.labels.as_ref().and_then(|labels| labels.get(name)).map(String::as_str);
    let (Some(id), Some(service)) = (&summary.id, label(SERVICE_LABEL)) else { return Ok(None) };
    if label(ONE_OFF_LABEL) == Some("True") {
        return Ok(None);
    }
    match client.inspect_container(id, None).await {
        Ok(inspected) => Ok(Some(placed(service, inspected))),
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn placed(service: &str, inspected: ContainerInspectResponse) -> Placed {
    let networks = inspected.network_settings.clone().unwrap_or_default();
    let host = inspected.host_config.as_ref().and_then(|config| config.network_mode.as_deref());
    let endpoints = networks.networks.unwrap_or_default();
    let addresses = endpoints.values().filter_map(|endpoint| endpoint.ip_address.as_ref()?.parse().ok());
    let ports = networks.ports.unwrap_or_default();
    let published = ports.iter().flat_map(|(port, bindings)| {
        let inside = port.strip_suffix("/tcp").and_then(|port| port.parse().ok());
        bindings.iter().flatten().filter_map(move |binding| {
            let outside = binding.host_port.as_ref()?.parse().ok()?;
            Some((inside?, binding.host_ip.clone().unwrap_or_default(), outside))
        })
    });
    Placed {
        on_host_network: host == Some("host"),
        addresses: addresses.collect(),
        published: published.collect(),
        container: Container::new(service, inspected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::CHECKLIST;

    fn check(id: &str, spare: Duration) {
        let row = CHECKLIST.iter().find(|row| row.meta.id == id).expect("a check of that name");
        assert_eq!(row.meta.budget.checked_sub(TIMEOUT), Some(spare), "{id}");
    }

    #[test]
    fn the_engine_has_nearly_the_whole_budget_of_a_check_and_no_more() {
        for id in ["engine-reachable", "services-running", "restart-policy"] {
            check(id, Duration::from_millis(500));
        }
    }

    fn check_remote(host: &str, expected: Option<&str>) {
        let docker = Docker::new(DockerAccess::Host(host.to_owned()), "feed".to_owned()).expect("an engine");
        assert_eq!(docker.remote(), expected, "{host}");
    }

    #[test]
    fn a_password_in_the_address_is_not_shown() {
        for (host, shown) in [
            ("tcp://me:hunter2@10.0.0.5:2375", "tcp://10.0.0.5:2375"),
            ("tcp://:a@b@10.0.0.5", "tcp://10.0.0.5"),
            ("ssh://me@there", "ssh://me@there"),
            ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
        ] {
            assert_eq!(without_password(host), shown);
        }
    }

    #[test]
    fn an_engine_is_remote_when_its_address_is_another_machines() {
        check_remote("unix:///run/user/1000/docker.sock", None);
        check_remote("tcp://127.0.0.1:2375", None);
        check_remote("tcp://[::1]:2375", None);
        check_remote("tcp://localhost:2375", None);
        check_remote("tcp://engine.host:2375", Some("engine.host"));
        check_remote("http://10.0.0.2:2375/", Some("10.0.0.2"));
        check_remote("tcp://[fd00::2]:2375", Some("fd00::2"));
        check_remote("ssh://person@engine.host", Some("engine.host"));
    }
}
