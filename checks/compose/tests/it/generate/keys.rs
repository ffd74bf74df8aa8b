//! The keys of a service and what may stand under each: `KEYS`, one row per key, the heavier the likelier.

use super::super::dice::Dice;
use super::yaml::Yaml;

mod data;
mod lifecycle;
mod other;
mod wiring;

/// What a value may refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scene {
    /// Services that stand before this one, so that no circle comes about by itself.
    pub earlier: Vec<String>,
    pub volumes: Vec<String>,
    pub networks: Vec<String>,
    pub secrets: Vec<String>,
    pub configs: Vec<String>,
    pub profiles: Vec<String>,
    /// Files with variables that lie in the project.
    pub env_files: Vec<String>,
}

pub(crate) struct Key {
    pub name: &'static str,
    pub weight: u32,
    pub value: fn(&mut Dice, &Scene) -> Yaml,
}

const fn key(weight: u32, name: &'static str, value: fn(&mut Dice, &Scene) -> Yaml) -> Key {
    Key { name, weight, value }
}

/// What is compared weighs most; the others show that it is accepted and refused alike.
pub(crate) const KEYS: &[Key] = &[
    key(60, "restart", lifecycle::restart),
    key(35, "deploy", lifecycle::deploy),
    key(40, "depends_on", lifecycle::depends_on),
    key(20, "profiles", lifecycle::profiles),
    key(40, "healthcheck", lifecycle::healthcheck),
    key(20, "stop_grace_period", lifecycle::duration),
    key(20, "init", lifecycle::init),
    key(40, "ports", wiring::ports),
    key(50, "volumes", wiring::volumes),
    key(15, "networks", wiring::networks),
    key(8, "secrets", wiring::secrets),
    key(8, "configs", wiring::configs),
    key(4, "links", wiring::links),
    key(4, "network_mode", wiring::mode),
    key(2, "ipc", wiring::mode),
    key(2, "pid", wiring::mode),
    key(3, "volumes_from", wiring::volumes_from),
    key(35, "logging", data::logging),
    key(35, "labels", data::labels),
    key(50, "environment", data::environment),
    key(20, "env_file", data::env_file),
    key(15, "command", data::command),
    key(6, "entrypoint", data::command),
    key(3, "annotations", data::labels),
    key(3, "build", other::build),
    key(3, "ulimits", other::ulimits),
    key(3, "sysctls", other::sysctls),
    key(3, "extra_hosts", other::extra_hosts),
    key(3, "dns", other::dns),
    key(2, "dns_search", other::dns),
    key(3, "tmpfs", other::tmpfs),
    key(2, "cap_add", other::capabilities),
    key(2, "cap_drop", other::capabilities),
    key(3, "devices", other::devices),
    key(3, "expose", other::expose),
    key(2, "security_opt", other::security_opt),
    key(3, "mem_limit", other::bytes),
    key(2, "memswap_limit", other::bytes),
    key(2, "shm_size", other::bytes),
    key(2, "cpus", other::number),
    key(1, "cpu_shares", other::number),
    key(1, "pids_limit", other::number),
    key(1, "oom_score_adj", other::number),
    key(2, "scale", other::number),
    key(3, "container_name", other::name),
    key(2, "hostname", other::name),
    key(1, "domainname", other::name),
    key(2, "user", other::user),
    key(1, "working_dir", other::folder),
    key(2, "pull_policy", other::pull_policy),
    key(1, "stop_signal", other::signal),
    key(1, "platform", other::platform),
    key(2, "read_only", lifecycle::init),
    key(2, "tty", lifecycle::init),
    key(2, "stdin_open", lifecycle::init),
    key(2, "privileged", lifecycle::init),
    key(1, "oom_kill_disable", lifecycle::init),
    key(1, "attach", lifecycle::init),
    key(1, "group_add", other::groups),
    key(1, "cgroup", other::cgroup),
    key(1, "external_links", other::external_links),
    key(1, "gpus", other::gpus),
    key(1, "develop", other::develop),
    key(1, "post_start", other::hooks),
    key(1, "blkio_config", other::blkio),
    key(1, "device_cgroup_rules", other::device_rules),
    key(1, "storage_opt", other::options),
    key(2, "x-desk", other::anything),
];
