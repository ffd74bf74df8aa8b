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

/// Where a port of a service is reached. No running container is silence of `subject`; `key` is the place in
/// feedctl.yml that named the service.
pub(super) async fn of_service(
    docker: Option<&Docker>,
    service: &str,
    port: u16,
    subject: &Subject,
    key: &str,
) -> Result<Place, ProbeError> {
    let docker = docker.ok_or_else(|| not_configured("docker"))?;
    let containers = &docker.engine().await?.containers;
    let mut running =
        containers.iter().filter(|placed| placed.container.service == service && runs(placed.container.state));
    let placed = running.next().ok_or_else(|| silent(subject, service, "no container of it runs"))?;
    of_container(placed, port, docker.remote()).ok_or_else(|| match docker.remote() {
        Some(machine) => unpublished(service, port, machine, key),
        None => silent(subject, service, "its container has no address"),
    })
}

fn silent(subject: &Subject, service: &str, reason: &str) -> ProbeError {
    let place = format!("service {service}");
    ProbeError::Silent(Silence { subject: subject.clone(), place, reason: reason.to_owned() })
}

fn unpublished(service: &str, port: u16, machine: &str, key: &str) -> ProbeError {
    let problem = format!("port {port} of service {service} is not published beyond {machine}, where the engine is");
    ProbeError::Misconfigured { problem, key: key.to_owned(), source: None }
}

fn runs(state: State) -> bool {
    matches!(state, State::Running | State::Paused)
}

/// None: it has no address that this machine reaches. Of a remote engine, neither the loopback nor the networks of its
/// containers are ours, and the same address may be another server's here.
fn of_container(placed: &Placed, port: u16, remote: Option<&str>) -> Option<Place> {
    let machine = remote.unwrap_or("127.0.0.1");
    if placed.on_host_network {
        return Some(Place { host: machine.to_owned(), port });
    }
    let published = placed.published.iter().filter(|(inside, _, _)| *inside == port);
    let mut reached = published.filter(|(_, address, _)| remote.is_none() || !is_loopback(address));
    let published = reached.next().map(|(_, address, outside)| {
        let any = address.is_empty() || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
        Place { host: if any { machine.to_owned() } else { address.clone() }, port: *outside }
    });
    let own = placed.addresses.first().filter(|_| remote.is_none());
    published.or_else(|| own.map(|address| Place { host: address.to_string(), port }))
}

pub(super) fn is_loopback(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
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

    fn check(case: Case, here: Option<&str>, remote: Option<&str>) {
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
        let place = |engine| of_container(&placed, 6379, engine).map(|place| place.to_string());
        assert_eq!((place(None).as_deref(), place(Some("engine.host")).as_deref()), (here, remote));
    }

    #[test]
    fn the_published_port_comes_first_then_the_containers_own_address_if_it_is_here() {
        let at = |address, published| Case { on_host_network: false, address, published };
        let (own, any) = (Some("172.18.0.2:6379"), Some("engine.host:7000"));
        check(at(Some("172.18.0.2"), None), own, None);
        check(at(Some("172.18.0.2"), Some((6379, "127.0.0.1", 7000))), Some("127.0.0.1:7000"), None);
        check(at(Some("172.18.0.2"), Some((6379, "::1", 7000))), Some("::1:7000"), None);
        check(at(Some("172.18.0.2"), Some((6379, "0.0.0.0", 7000))), Some("127.0.0.1:7000"), any);
        check(at(Some("172.18.0.2"), Some((6379, "::", 7000))), Some("127.0.0.1:7000"), any);
        check(at(Some("172.18.0.2"), Some((6379, "10.0.0.2", 7000))), Some("10.0.0.2:7000"), Some("10.0.0.2:7000"));
        check(at(Some("172.18.0.2"), Some((8080, "127.0.0.1", 7000))), own, None);
        check(at(None, None), None, None);
        let on_host_network = Case { on_host_network: true, address: None, published: None };
        check(on_host_network, Some("127.0.0.1:6379"), Some("engine.host:6379"));
    }

    #[test]
    fn a_port_that_a_remote_engine_keeps_to_itself_is_our_configuration() {
        let error = unpublished("redis", 6379, "engine.host", "redis.service");
        let expected = "port 6379 of service redis is not published beyond engine.host, where the engine is";
        assert_eq!((error.to_string().as_str(), error.key()), (expected, Some("redis.service")));
    }
}
