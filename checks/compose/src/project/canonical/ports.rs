//! `ip:published:target/protocol`, with ranges, as Docker reads it. One short entry may become many long ones.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::{Room, Short, wrong};
use crate::node::{Node, Value};
use crate::refusal::Refusal;

pub(super) fn ports(node: &mut Node, room: &mut Room) -> Result<(), Refusal> {
    let Value::List(list) = &mut node.value else { return Err(wrong(node, "`ports`", "a list")) };
    let mut ports = Vec::with_capacity(list.len());
    for entry in list.drain(..) {
        match &entry.value {
            Value::Int(port) => expand(&port.to_string(), &entry, room, &mut ports)?,
            Value::Text(text) => expand(text, &entry, room, &mut ports)?,
            Value::Map(_) | Value::Unknown => ports.push(entry),
            _ => return Err(wrong(&entry, "a port", "a whole number, text or a mapping")),
        }
    }
    *list = ports;
    Ok(())
}

fn expand(text: &str, node: &Node, room: &mut Room, ports: &mut Vec<Node>) -> Result<(), Refusal> {
    let span = node.origin.span;
    let spec = parse(text).map_err(|what| {
        Refusal::at(span, what)
            .hint("`target`, `published:target` or `ip:published:target`, with `/udp` behind if need be")
    })?;
    // One short line of a file can stand for 65,536.
    room.take(spec.target.clone().count(), span)?;
    let mut targets: Vec<_> =
        spec.target.clone().map(|target| (target, format!("{target}/{}", spec.protocol))).collect();
    targets.sort_by(|(_, one), (_, other)| one.cmp(other));
    let short = Short(&node.origin);
    for (target, _) in targets {
        let mut entries = vec![("mode", short.text("ingress")), ("protocol", short.text(spec.protocol.clone()))];
        // A zero is as good as none to Compose, which then misses the target.
        entries.extend((target != 0).then(|| ("target", short.node(Value::Int(i64::from(target))))));
        entries.extend(spec.ip.map(|ip| ("host_ip", short.text(ip))));
        entries.extend(spec.published_for(target).map(|published| ("published", short.text(published))));
        ports.push(short.map(entries));
    }
    Ok(())
}

struct Spec<'a> {
    ip: Option<&'a str>,
    published: Option<RangeInclusive<u16>>,
    target: RangeInclusive<u16>,
    protocol: String,
}

impl Spec<'_> {
    fn published_for(&self, target: u16) -> Option<String> {
        let published = self.published.as_ref()?;
        let (first, last) = (*published.start(), *published.end());
        Some(match self.target.start() == self.target.end() && first != last {
            true => format!("{first}-{last}"),
            false => (first + (target - self.target.start())).to_string(),
        })
    }
}

fn parse(text: &str) -> Result<Spec<'_>, String> {
    let (rest, target) = text.rsplit_once(':').unwrap_or(("", text));
    let (ip, published) = rest.rsplit_once(':').unwrap_or(("", rest));
    let mut target = target.split('/');
    let port = target.next().unwrap_or_default();
    let protocol = target.next().filter(|protocol| !protocol.is_empty()).unwrap_or("tcp").to_lowercase();
    let ip = (!ip.is_empty()).then(|| address(ip)).transpose()?;
    if port.is_empty() {
        return Err("a port without its target".to_owned());
    }
    let target = range(port)?;
    let published = (!published.is_empty()).then(|| range(published)).transpose()?;
    let width = |range: &RangeInclusive<u16>| range.end() - range.start();
    if published.as_ref().is_some_and(|published| width(published) != width(&target)) && width(&target) != 0 {
        return Err("two port ranges of different length".to_owned());
    }
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("no protocol of a port: `{protocol}`"));
    }
    Ok(Spec { ip, published, target, protocol })
}

/// An IPv6 address only in brackets.
fn address(text: &str) -> Result<&str, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let fits = match bare {
        Some(inner) => inner.parse::<IpAddr>().is_ok(),
        None => text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()),
    };
    fits.then_some(bare.unwrap_or(text)).ok_or_else(|| format!("no IP address: `{text}`"))
}

fn range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let number = |digits: &str| {
        (digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse::<u16>().ok())
            .flatten()
            .ok_or_else(|| format!("no port and no range of ports: `{text}`"))
    };
    let mut ends = text.split('-');
    let first = number(ends.next().unwrap_or_default())?;
    let last = ends.next().map_or(Ok(first), number)?;
    if last < first {
        return Err(format!("a range that ends before it begins: `{text}`"));
    }
    Ok(first..=last)
}
