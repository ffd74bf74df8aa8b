//! Every key of the format, with a value of any kind: most are refused, some are not, and it is not always plain which.

use super::mistake::any_kind;
use super::yaml::{Yaml, list, map, text};
use crate::dice::Dice;

/// Where a mapping stands, and the keys that it has; `0` is the first entry of a list.
const MAPPINGS: &[(&str, &str)] = &[
    (
        "services.redis",
        "annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count \
         cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy \
         develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends \
         external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links logging \
         mac_address mem_limit mem_reservation mem_swappiness memswap_limit network_mode networks oom_kill_disable oom_score_adj \
         pid pids_limit platform ports post_start pre_start pre_stop privileged profiles provider pull_policy read_only restart \
         runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty \
         ulimits use_api_socket user userns_mode uts volumes volumes_from working_dir x-any",
    ),
    (
        "services.redis.build",
        "additional_contexts args cache_from cache_to context dockerfile dockerfile_inline entitlements extra_hosts isolation \
         labels network no_cache platforms privileged pull secrets shm_size ssh tags target ulimits",
    ),
    (
        "services.redis.blkio_config",
        "device_read_bps device_read_iops device_write_bps device_write_iops weight weight_device",
    ),
    ("services.redis.blkio_config.weight_device.0", "path weight rate"),
    ("services.redis.blkio_config.device_read_iops.0", "path rate weight"),
    ("services.redis.credential_spec", "config file registry"),
    ("services.redis.depends_on.redis", "condition required restart"),
    (
        "services.redis.deploy",
        "endpoint_mode labels mode placement replicas resources restart_policy rollback_config update_config",
    ),
    ("services.redis.deploy.placement", "constraints max_replicas_per_node preferences"),
    ("services.redis.deploy.placement.preferences.0", "spread"),
    ("services.redis.deploy.resources", "limits reservations"),
    ("services.redis.deploy.resources.limits", "cpus memory pids"),
    ("services.redis.deploy.resources.reservations", "cpus devices generic_resources memory pids"),
    ("services.redis.deploy.resources.reservations.devices.0", "capabilities count device_ids driver options"),
    ("services.redis.deploy.resources.reservations.generic_resources.0", "discrete_resource_spec"),
    ("services.redis.deploy.resources.reservations.generic_resources.0.discrete_resource_spec", "kind value"),
    ("services.redis.deploy.restart_policy", "condition delay max_attempts window"),
    ("services.redis.deploy.update_config", "delay failure_action max_failure_ratio monitor order parallelism"),
    ("services.redis.develop", "watch"),
    ("services.redis.develop.watch.0", "action exec ignore path target"),
    ("services.redis.devices.0", "permissions source target"),
    ("services.redis.env_file.0", "format path required"),
    ("services.redis.gpus.0", "capabilities count device_ids driver options"),
    ("services.redis.healthcheck", "disable interval retries start_interval start_period test timeout"),
    ("services.redis.logging", "driver options"),
    ("services.redis.logging.options", "max-file max-size"),
    (
        "services.redis.networks.default",
        "aliases driver_opts gw_priority interface_name ipv4_address ipv6_address link_local_ips mac_address priority",
    ),
    ("services.redis.ports.0", "app_protocol host_ip mode name protocol published target"),
    ("services.redis.post_start.0", "command environment privileged user working_dir"),
    ("services.redis.pre_stop.0", "command environment privileged user working_dir"),
    ("services.redis.secrets.0", "gid mode source target uid"),
    ("services.redis.ulimits", "nofile nproc NOFILE"),
    ("services.redis.ulimits.nofile", "hard soft"),
    ("services.redis.volumes.0", "bind consistency image read_only source target tmpfs type volume"),
    ("services.redis.volumes.0.bind", "create_host_path propagation recursive selinux"),
    ("services.redis.volumes.0.tmpfs", "mode size"),
    ("services.redis.volumes.0.volume", "nocopy subpath"),
    ("", "configs include models name networks secrets services version volumes x-any"),
    ("include.0", "env_file path project_directory"),
    ("configs.rare", "content driver environment external file labels name template_driver"),
    ("networks.rare", "attachable driver driver_opts enable_ipv4 enable_ipv6 external internal ipam labels name"),
    ("networks.rare.ipam", "config driver options"),
    ("networks.rare.ipam.config.0", "aux_addresses gateway ip_range subnet"),
    ("secrets.rare", "driver driver_opts environment external file labels name template_driver"),
    ("volumes.rare", "driver driver_opts external labels name"),
    ("volumes.rare.external", "name"),
];

pub(crate) fn add(file: &mut Yaml, dice: &mut Dice) {
    // A mapping with many keys is drawn as often as it has keys.
    let keys: Vec<(&str, &str)> =
        MAPPINGS.iter().flat_map(|(place, keys)| keys.split_whitespace().map(move |key| (*place, key))).collect();
    let (place, key) = dice.pick(&keys);
    let mut here = file;
    for step in place.split('.').filter(|step| !step.is_empty()) {
        here = below(here, step);
    }
    if !matches!(here, Yaml::Map(_)) {
        *here = map::<&str>([]);
    }
    let value = if dice.chance(70) { any_kind(dice) } else { fitting(dice) };
    here.set(key, value);
}

fn below<'a>(here: &'a mut Yaml, step: &str) -> &'a mut Yaml {
    if step != "0" {
        if !matches!(here, Yaml::Map(_)) {
            *here = map::<&str>([]);
        }
        return here.entry(step);
    }
    let whole = map([("target", text("/x")), ("source", text("data")), ("type", text("bind"))]);
    if !matches!(here, Yaml::List(items) if matches!(items.first(), Some(Yaml::Map(_)))) {
        *here = list([whole]);
    }
    match here {
        Yaml::List(items) => &mut items[0],
        _ => unreachable!("made a list just now"),
    }
}

/// What is wanted in one place or another.
fn fitting(dice: &mut Dice) -> Yaml {
    let words = [
        "64m",
        "1gb",
        "0.5",
        "50%",
        "10s",
        "1m",
        "tcp",
        "host",
        "all",
        "replicated",
        "global",
        "vip",
        "dnsrr",
        "start-first",
        "pause",
        "continue",
        "rollback",
        "sync",
        "rebuild",
        "sync+restart",
        "shared",
        "rshared",
        "z",
        "enabled",
        "disabled",
        "02:42:ac:11:00:02",
        "10.5.0.7",
        "2001:db8::1",
        "10.5.0.0/16",
        "linux/arm64",
        "service:redis",
        "always",
        "/srv",
        "./here",
        "A=1",
        "a:b",
        "0-3",
        "no",
        "yes",
        "network.host",
        "default",
        "docker-image://x",
        "0440",
        "-1",
        "1e3",
        "key",
        "${RARE:-3}",
        "${RARE:-true}",
        "raw",
    ];
    let word = text(dice.pick(&words));
    match dice.between(0, 3) {
        0..=1 => word,
        2 => list([word]),
        _ => map([(dice.pick(&["a", "name", "x-a"]), word)]),
    }
}
