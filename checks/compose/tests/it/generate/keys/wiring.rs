//! What joins a container with others and with the machine.

use super::super::super::dice::Dice;
use super::super::yaml::{Yaml, list, map, raw, text};
use super::Scene;
use super::lifecycle::init;

pub(crate) fn ports(dice: &mut Dice, scene: &Scene) -> Yaml {
    let count = dice.between(1, 3);
    list((0..count).map(|_| if dice.chance(70) { short_port(dice) } else { long_port(dice, scene) }))
}

fn short_port(dice: &mut Dice) -> Yaml {
    let usual = ["80", "8080:80", "127.0.0.1:5432:5432", "6379:6379/tcp", "53:53/udp", "9000-9002:9000-9002", "443"];
    let odd = [
        "[::1]:8080:80",
        "3000-3002",
        "8000-8010:80",
        "127.0.0.1::80",
        "${PORT:-8080}:80",
        "8080:80/sctp",
        "08080:80",
        "10.0.0.1:8000-8001:80-81/udp",
    ];
    let refused = [
        "::1:8080:80",
        "0.0.0.0::80",
        "9000-9001:9000-9002",
        "8080:80/TCP",
        ":80",
        "80:",
        "70000:80",
        "host:80:80",
        "80/tcp/udp",
        "a-b",
        "9-8",
        "1-2-3:4",
    ];
    match dice.between(0, 9) {
        0 => raw(dice.pick(&["80", "8080", "8080:80", "3306", "443", "8080", "9000", "0x50"])),
        1 => text(dice.pick(&odd)),
        2 if dice.one_in(12) => text(dice.pick(&refused)),
        _ => text(dice.pick(&usual)),
    }
}

fn long_port(dice: &mut Dice, _: &Scene) -> Yaml {
    let mut port = map([("target", raw(dice.pick(&["80", "80", "6379", "\"443\"", "${TARGET:-80}"])))]);
    if dice.chance(70) {
        port.set(
            "published",
            raw(dice.pick(&["8080", "\"8080\"", "\"8000-8010\"", "6379", "${PORT:-8080}", "\"\"", "0"])),
        );
    }
    if dice.chance(30) {
        port.set("host_ip", text(dice.pick(&["127.0.0.1", "0.0.0.0", "::1", "10.0.0.1"])));
    }
    if dice.chance(30) {
        port.set("protocol", text(dice.pick(&["tcp", "udp", "TCP"])));
    }
    if dice.chance(30) {
        port.set("mode", text(dice.pick(&["host", "ingress"])));
    }
    if dice.chance(10) {
        port.set("name", text("web"));
    }
    if dice.chance(10) {
        port.set("app_protocol", text("http"));
    }
    port
}

pub(crate) fn volumes(dice: &mut Dice, scene: &Scene) -> Yaml {
    let count = dice.between(1, 3);
    list((0..count).map(|_| if dice.chance(70) { short_volume(dice, scene) } else { long_volume(dice, scene) }))
}

fn target(dice: &mut Dice) -> &'static str {
    const TARGETS: &[&str] =
        &["/data", "/data", "/var/lib/spool", "/etc/app.conf", "/data/", "/a/../data", "/cache", "/tmp/x y"];
    dice.pick(TARGETS)
}

fn short_volume(dice: &mut Dice, scene: &Scene) -> Yaml {
    let target = target(dice);
    let mode = dice.pick(&["", "", "", ":ro", ":rw", ":z", ":ro,z", ":nocopy", ":cached", ":rslave", ":Z,ro"]);
    if dice.one_in(60) {
        return text(dice.pick(&["", ":/data", "data:", "data:/x:odd", "a:b:c:d", "::", "./a:"]));
    }
    let source = match dice.between(0, 9) {
        0..=4 if !scene.volumes.is_empty() => dice.pick(&scene.volumes),
        5 => return text(dice.pick(&["/data", "/cache", "data", "/data:ro", "v", "ab", "C:\\data", "/a/b/"])),
        6 => return text(format!("{}:{target}{mode}", dice.pick(&["v", "C:\\a", "${FOLDER:-./spool}", "\\\\pipe"]))),
        _ => (dice.pick(&[
            "./conf",
            ".",
            "..",
            "~/keys",
            "~",
            "/etc/localtime",
            "./a b",
            "../up",
            "./conf/",
            ".hidden/x",
        ]))
        .to_owned(),
    };
    text(format!("{source}:{target}{mode}"))
}

fn long_volume(dice: &mut Dice, scene: &Scene) -> Yaml {
    let kind =
        if scene.volumes.is_empty() { "bind" } else { dice.pick(&["volume", "bind", "volume", "bind", "tmpfs"]) };
    let mut volume = map([("type", text(kind)), ("target", text(target(dice)))]);
    match kind {
        "volume" if dice.chance(85) => volume.set("source", text(dice.pick(&scene.volumes))),
        "bind" => {
            volume.set("source", text(dice.pick(&["./conf", "/srv/x", "~/keys", "conf", "..", "${FOLDER:-./spool}"])))
        }
        _ => {}
    }
    if dice.chance(25) {
        volume.set("read_only", init(dice, scene));
    }
    if dice.chance(10) {
        volume.set("consistency", text(dice.pick(&["cached", "delegated"])));
    }
    if dice.chance(35) {
        let options = match kind {
            "volume" => map([("nocopy", init(dice, scene))]),
            "bind" if dice.chance(50) => map([("create_host_path", init(dice, scene))]),
            "bind" => map([("propagation", text("rslave")), ("selinux", text("z"))]),
            _ => map([("size", raw(dice.pick(&["1000", "\"64m\"", "1gb", "0"])))]),
        };
        volume.set(kind, options);
    }
    volume
}

pub(crate) fn networks(dice: &mut Dice, scene: &Scene) -> Yaml {
    let names = dice.some(&scene.networks, 2);
    if dice.chance(50) {
        return list(names.into_iter().map(text));
    }
    map(names.into_iter().map(|name| {
        let how = match dice.between(0, 4) {
            0..=1 => raw(""),
            2 => map([("aliases", list([text("db"), text("store")]))]),
            3 => map([("ipv4_address", text("10.5.0.7")), ("priority", raw("10"))]),
            _ => map::<&str>([]),
        };
        (name, how)
    }))
}

pub(crate) fn secrets(dice: &mut Dice, scene: &Scene) -> Yaml {
    references(dice, &scene.secrets)
}

pub(crate) fn configs(dice: &mut Dice, scene: &Scene) -> Yaml {
    references(dice, &scene.configs)
}

fn references(dice: &mut Dice, names: &[String]) -> Yaml {
    let names = dice.some(names, 2);
    list(names.into_iter().map(|name| {
        if dice.chance(60) {
            return text(name);
        }
        let mut reference = map([("source", text(name))]);
        if dice.chance(60) {
            reference.set("target", text(dice.pick(&["/run/key", "key", "/etc/app.conf"])));
        }
        if dice.chance(30) {
            reference.set("mode", raw(dice.pick(&["0440", "\"0440\"", "288", "0o440"])));
            reference.set("uid", text("1000"));
        }
        reference
    }))
}

pub(crate) fn links(dice: &mut Dice, scene: &Scene) -> Yaml {
    let names = dice.some(&scene.earlier, 2);
    list(names.into_iter().map(|name| if dice.chance(50) { text(name) } else { text(format!("{name}:alias")) }))
}

/// Of the network, of processes, of shared memory: another service, the machine, or alone.
pub(crate) fn mode(dice: &mut Dice, scene: &Scene) -> Yaml {
    if !scene.earlier.is_empty() && dice.chance(60) {
        return text(format!("service:{}", dice.pick(&scene.earlier)));
    }
    text(dice.pick(&["host", "container:other", "private", "none", "bridge"]))
}

pub(crate) fn volumes_from(dice: &mut Dice, scene: &Scene) -> Yaml {
    let names = dice.some(&scene.earlier, 2);
    let ends = ["", ":ro", ":rw"];
    let mut items: Vec<Yaml> = names.into_iter().map(|name| text(format!("{name}{}", dice.pick(&ends)))).collect();
    if items.is_empty() || dice.chance(20) {
        items.push(text("container:other:ro"));
    }
    list(items)
}
