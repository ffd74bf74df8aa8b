//! The Docker engine, asked what runs: lists and inspects the containers of one Compose project, and nothing else.

use std::net::IpAddr;
use std::sync::Arc;

use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::ListContainersOptionsBuilder;
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::{ANSWER_TIMEOUT, DockerAccess, ProbeError};
use container::Container;

pub mod container;

const PROJECT_LABEL: &str = "com.docker.compose.project";
const SERVICE_LABEL: &str = "com.docker.compose.service";
/// Set on containers of `docker compose run`, which are no part of the running project.
const ONE_OFF_LABEL: &str = "com.docker.compose.oneoff";

/// The engine at one address. Asked once: what it said, or why it did not, serves every check of the run.
pub(crate) struct Docker {
    /// A `DOCKER_HOST` value; none: the socket of this machine.
    host: Option<String>,
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
        let host = match access {
            DockerAccess::None => return None,
            DockerAccess::Local => std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()),
            DockerAccess::Host(host) => Some(host),
        };
        Some(Docker { host, project, engine: OnceCell::new() })
    }

    pub(crate) async fn engine(&self) -> Result<&Engine, ProbeError> {
        let asked = self.engine.get_or_init(|| async {
            let answer = timeout(ANSWER_TIMEOUT, self.ask()).await;
            answer.unwrap_or(Err(Error::RequestTimeoutError)).map_err(|error| self.unreachable(error))
        });
        asked.await.as_ref().map_err(ProbeError::clone)
    }

    /// The name of the machine on which published ports are open.
    pub(crate) fn machine(&self) -> &str {
        let address = self.host.as_deref().and_then(|host| host.split_once("://")).filter(|(kind, _)| *kind != "unix");
        let machine = address.and_then(|(_, rest)| rest.rsplit_once(':')).map(|(machine, _)| machine);
        machine.unwrap_or("127.0.0.1")
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
        Ok(Engine {
            version: version.version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            now: info.system_time.as_deref().and_then(container::instant),
            containers,
        })
    }

    fn unreachable(&self, error: Error) -> ProbeError {
        let host = self.host.clone().unwrap_or_else(|| "the socket of this machine".to_owned());
        ProbeError::Engine { host, source: Arc::new(error) }
    }
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
