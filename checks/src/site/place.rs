//! From `{service, port}` to an address, by asking the engine: the published port, else the container's own address.

use std::io;
use std::net::IpAddr;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::docker::container::State;
use super::docker::{Docker, Placed};
use super::{CONNECT_TIMEOUT, ProbeError, Silence, not_configured};
use crate::finding::Subject;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Where a port of a service is reached. No running container is silence of `subject`.
pub(super) async fn of_service(
    docker: Option<&Docker>,
    service: &str,
    port: u16,
    subject: &Subject,
) -> Result<Place, ProbeError> {
    let docker = docker.ok_or_else(|| not_configured("docker"))?;
    let containers = &docker.engine().await?.containers;
    let mut running =
        containers.iter().filter(|placed| placed.container.service == service && runs(placed.container.state));
    let silent = |reason: &str| {
        let place = format!("service {service}");
        ProbeError::Silent(Silence { subject: subject.clone(), place, reason: reason.to_owned() })
    };
    let placed = running.next().ok_or_else(|| silent("no container of it runs"))?;
    of_container(placed, port, docker.machine()).ok_or_else(|| silent("its container has no address"))
}

fn runs(state: State) -> bool {
    matches!(state, State::Running | State::Paused)
}

fn of_container(placed: &Placed, port: u16, machine: &str) -> Option<Place> {
    if placed.on_host_network {
        return Some(Place { host: machine.to_owned(), port });
    }
    let published = placed.published.iter().find(|(inside, _, _)| *inside == port).map(|(_, address, outside)| {
        let any = address.is_empty() || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
        Place { host: if any { machine.to_owned() } else { address.clone() }, port: *outside }
    });
    published.or_else(|| placed.addresses.first().map(|address| Place { host: address.to_string(), port }))
}

/// Whether a host has an address at all: a name that nobody knows is our configuration, not the server's silence.
pub(super) async fn check_name(place: &Place, key: &str) -> Result<(), ProbeError> {
    let unknown = |source| ProbeError::Misconfigured {
        problem: format!("the host name {} is not known", place.host),
        key: key.to_owned(),
        source,
    };
    match timeout(CONNECT_TIMEOUT, lookup_host((place.host.as_str(), place.port))).await {
        Ok(Ok(mut addresses)) => addresses.next().map(|_| ()).ok_or_else(|| unknown(None)),
        Ok(Err(error)) => Err(unknown(Some(std::sync::Arc::new(error)))),
        Err(_) => Err(unknown(None)),
    }
}

/// Why a server is silent, in words for the person on duty.
pub(super) fn reason(kind: io::ErrorKind) -> String {
    let known = match kind {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no route to it",
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            "it closed the connection"
        }
        _ => return kind.to_string(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::docker::container::tests::container;
    use super::*;

    struct Case {
        on_host_network: bool,
        address: Option<&'static str>,
        published: Option<(u16, &'static str, u16)>,
    }

    fn check(case: Case, expected: Option<&str>) {
        let placed = Placed {
            container: container("redis"),
            on_host_network: case.on_host_network,
            addresses: case.address.iter().map(|text| text.parse().expect("an address")).collect(),
            published: case
                .published
                .iter()
                .map(|(inside, ip, outside)| (*inside, (*ip).to_owned(), *outside))
                .collect(),
        };
        let place = of_container(&placed, 6379, "engine.host").map(|place| place.to_string());
        assert_eq!(place.as_deref(), expected);
    }

    #[test]
    fn the_published_port_comes_first_then_the_containers_own_address() {
        let at = |address, published| Case { on_host_network: false, address, published };
        check(at(Some("172.18.0.2"), None), Some("172.18.0.2:6379"));
        check(at(Some("172.18.0.2"), Some((6379, "127.0.0.1", 7000))), Some("127.0.0.1:7000"));
        check(at(Some("172.18.0.2"), Some((6379, "0.0.0.0", 7000))), Some("engine.host:7000"));
        check(at(Some("172.18.0.2"), Some((6379, "::", 7000))), Some("engine.host:7000"));
        check(at(Some("172.18.0.2"), Some((8080, "127.0.0.1", 7000))), Some("172.18.0.2:6379"));
        check(at(None, None), None);
        check(Case { on_host_network: true, address: None, published: None }, Some("engine.host:6379"));
    }
}
