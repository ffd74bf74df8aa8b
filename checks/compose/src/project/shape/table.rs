//! The table of Compose 2.26.1 (compose-go 2.4.8, `schema/compose-spec.json`, seen 2026-11-24). A key of a later Compose
//! is unknown here, as it is there.

use super::Kind::{Flag, Nothing, Number, Text, Whole};
use super::Names::{Lowercase, Name, NotEmpty, OneLine};
use super::Others::{Extensions, Ignored, Refused};
use super::Shape::{Either, List, Of, Range, Set, Words};
use super::{Keys, Shape};

/// A mapping of known keys: what happens to others, which must be there, and each with its shape.
macro_rules! keys {
    ($others:ident $(needs $($needed:literal)+)?; $($key:literal: $shape:expr),* $(,)?) => {
        Shape::Keys(&Keys { known: &[$(($key, $shape)),*], free: None, others: $others, required: &[$($($needed),+)?] })
    };
}

/// A mapping of keys that the user chooses.
macro_rules! named {
    ($others:ident, $names:ident: $shape:expr) => {
        Shape::Keys(&Keys { known: &[], free: Some(($names, &$shape)), others: $others, required: &[] })
    };
}

pub(super) const ROOT: Shape = keys!(Extensions;
    "version": TEXT,
    "name": TEXT,
    "include": List(&INCLUDE),
    "services": named!(Refused, Name: SERVICE),
    "networks": named!(Ignored, Name: NETWORK),
    "volumes": named!(Refused, Name: VOLUME),
    "secrets": named!(Refused, Name: SECRET),
    "configs": named!(Refused, Name: CONFIG),
);

const TEXT: Shape = Of(&[Text]);
const FLAG: Shape = Of(&[Flag, Text]);
const WHOLE: Shape = Of(&[Whole, Text]);
const NUMBER: Shape = Of(&[Number, Text]);
const NOTHING: Shape = Of(&[Nothing]);
const TEXTS: Shape = List(&TEXT);
const DIFFERENT: Shape = Set(&TEXT);
const TEXT_OR_LIST: Shape = Either(&[TEXT, DIFFERENT]);
const FILES: Shape = Either(&[TEXT, TEXTS]);
const COMMAND: Shape = Either(&[NOTHING, TEXT, TEXTS]);
const PAIRS: Shape = Either(&[named!(Refused, NotEmpty: Of(&[Text, Number, Flag, Nothing])), DIFFERENT]);
const OPTIONS: Shape = named!(Ignored, OneLine: NUMBER);
const HOSTS: Shape = Either(&[named!(Refused, NotEmpty: FILES), DIFFERENT]);

const SERVICE: Shape = keys!(Extensions;
    "annotations": PAIRS,
    "attach": FLAG,
    "blkio_config": BLOCK_IO,
    "build": Either(&[TEXT, BUILD]),
    "cap_add": DIFFERENT,
    "cap_drop": DIFFERENT,
    "cgroup": Words(&["host", "private"]),
    "cgroup_parent": TEXT,
    "command": COMMAND,
    "configs": MOUNTED,
    "container_name": TEXT,
    "cpu_count": Either(&[Range(0.0, f64::INFINITY), TEXT]),
    "cpu_percent": Either(&[Range(0.0, 100.0), TEXT]),
    "cpu_period": NUMBER,
    "cpu_quota": NUMBER,
    "cpu_rt_period": NUMBER,
    "cpu_rt_runtime": NUMBER,
    "cpu_shares": NUMBER,
    "cpus": NUMBER,
    "cpuset": TEXT,
    "credential_spec": keys!(Extensions; "config": TEXT, "file": TEXT, "registry": TEXT),
    "depends_on": Either(&[DIFFERENT, named!(Refused, Name: DEPENDENCY)]),
    "deploy": Either(&[NOTHING, DEPLOY]),
    "develop": Either(&[NOTHING, keys!(Extensions; "watch": List(&WATCH))]),
    "device_cgroup_rules": DIFFERENT,
    "devices": List(&Either(&[TEXT, DEVICE])),
    "dns": TEXT_OR_LIST,
    "dns_opt": DIFFERENT,
    "dns_search": TEXT_OR_LIST,
    "domainname": TEXT,
    "entrypoint": COMMAND,
    "env_file": Either(&[TEXT, List(&Either(&[TEXT, ENV_FILE]))]),
    "environment": PAIRS,
    "expose": Set(&NUMBER),
    "extends": Either(&[TEXT, keys!(Refused needs "service"; "service": TEXT, "file": TEXT)]),
    "external_links": DIFFERENT,
    "extra_hosts": HOSTS,
    "gpus": Either(&[Words(&["all"]), List(&GPU)]),
    "group_add": Set(&NUMBER),
    "healthcheck": HEALTHCHECK,
    "hostname": TEXT,
    "image": TEXT,
    "init": FLAG,
    "ipc": TEXT,
    "isolation": TEXT,
    "label_file": FILES,
    "labels": PAIRS,
    "links": DIFFERENT,
    "logging": LOGGING,
    "mac_address": TEXT,
    "mem_limit": NUMBER,
    "mem_reservation": WHOLE,
    "mem_swappiness": WHOLE,
    "memswap_limit": NUMBER,
    "network_mode": TEXT,
    "networks": Either(&[DIFFERENT, named!(Refused, Name: Either(&[NOTHING, ATTACHMENT]))]),
    "oom_kill_disable": FLAG,
    "oom_score_adj": Either(&[Range(-1000.0, 1000.0), TEXT]),
    "pid": Of(&[Text, Nothing]),
    "pids_limit": NUMBER,
    "platform": TEXT,
    "ports": Set(&Either(&[NUMBER, PORT])),
    "post_start": List(&HOOK),
    "pre_stop": List(&HOOK),
    "privileged": FLAG,
    "profiles": DIFFERENT,
    "pull_policy": Words(&["always", "never", "if_not_present", "build", "missing"]),
    "read_only": FLAG,
    "restart": TEXT,
    "runtime": TEXT,
    "scale": WHOLE,
    "secrets": MOUNTED,
    "security_opt": DIFFERENT,
    "shm_size": NUMBER,
    "stdin_open": FLAG,
    "stop_grace_period": TEXT,
    "stop_signal": TEXT,
    "storage_opt": keys!(Ignored;),
    "sysctls": PAIRS,
    "tmpfs": TEXT_OR_LIST,
    "tty": FLAG,
    "ulimits": ULIMITS,
    "user": TEXT,
    "userns_mode": TEXT,
    "uts": TEXT,
    "volumes": Set(&Either(&[TEXT, MOUNT])),
    "volumes_from": DIFFERENT,
    "working_dir": TEXT,
);

const BUILD: Shape = keys!(Extensions;
    "additional_contexts": PAIRS,
    "args": PAIRS,
    "cache_from": TEXTS,
    "cache_to": TEXTS,
    "context": TEXT,
    "dockerfile": TEXT,
    "dockerfile_inline": TEXT,
    "entitlements": TEXTS,
    "extra_hosts": HOSTS,
    "isolation": TEXT,
    "labels": PAIRS,
    "network": TEXT,
    "no_cache": FLAG,
    "platforms": TEXTS,
    "privileged": FLAG,
    "pull": FLAG,
    "secrets": MOUNTED,
    "shm_size": WHOLE,
    "ssh": PAIRS,
    "tags": TEXTS,
    "target": TEXT,
    "ulimits": ULIMITS,
);

const BLOCK_IO: Shape = keys!(Refused;
    "device_read_bps": List(&RATE),
    "device_read_iops": List(&RATE),
    "device_write_bps": List(&RATE),
    "device_write_iops": List(&RATE),
    "weight": WHOLE,
    "weight_device": List(&keys!(Refused; "path": TEXT, "weight": WHOLE)),
);

const RATE: Shape = keys!(Refused; "path": TEXT, "rate": WHOLE);

const MOUNTED: Shape =
    List(&Either(&[TEXT, keys!(Extensions; "source": TEXT, "target": TEXT, "uid": TEXT, "gid": TEXT, "mode": NUMBER)]));

const DEPENDENCY: Shape = keys!(Extensions needs "condition";
    "condition": Words(&["service_started", "service_healthy", "service_completed_successfully"]),
    "required": Of(&[Flag]),
    "restart": FLAG,
);

const DEVICE: Shape = keys!(Extensions needs "source"; "source": TEXT, "target": TEXT, "permissions": TEXT);

const ENV_FILE: Shape = keys!(Refused needs "path"; "path": TEXT, "format": TEXT, "required": FLAG);

const GPU: Shape = keys!(Ignored;
    "capabilities": DIFFERENT,
    "count": WHOLE,
    "device_ids": DIFFERENT,
    "driver": TEXT,
    "options": PAIRS,
);

const HEALTHCHECK: Shape = keys!(Extensions;
    "disable": FLAG,
    "interval": TEXT,
    "retries": NUMBER,
    "start_interval": TEXT,
    "start_period": TEXT,
    "test": Either(&[TEXT, TEXTS]),
    "timeout": TEXT,
);

const LOGGING: Shape = keys!(Extensions;
    "driver": TEXT,
    "options": named!(Ignored, OneLine: Of(&[Text, Number, Nothing])),
);

const ATTACHMENT: Shape = keys!(Extensions;
    "aliases": DIFFERENT,
    "driver_opts": OPTIONS,
    "gw_priority": Of(&[Number]),
    "ipv4_address": TEXT,
    "ipv6_address": TEXT,
    "link_local_ips": DIFFERENT,
    "mac_address": TEXT,
    "priority": Of(&[Number]),
);

const PORT: Shape = keys!(Extensions;
    "app_protocol": TEXT,
    "host_ip": TEXT,
    "mode": TEXT,
    "name": TEXT,
    "protocol": TEXT,
    "published": WHOLE,
    "target": WHOLE,
);

const HOOK: Shape = keys!(Extensions;
    "command": COMMAND,
    "environment": PAIRS,
    "privileged": FLAG,
    "user": TEXT,
    "working_dir": TEXT,
);

const ULIMITS: Shape = named!(Ignored, Lowercase: Either(&[
    WHOLE,
    keys!(Extensions needs "soft" "hard"; "soft": WHOLE, "hard": WHOLE),
]));

const MOUNT: Shape = keys!(Extensions needs "type";
    "bind": keys!(Extensions;
        "create_host_path": FLAG,
        "propagation": TEXT,
        "recursive": Words(&["enabled", "disabled", "writable", "readonly"]),
        "selinux": Words(&["z", "Z"]),
    ),
    "consistency": TEXT,
    "read_only": FLAG,
    "source": TEXT,
    "target": TEXT,
    "tmpfs": keys!(Extensions; "mode": NUMBER, "size": Either(&[Range(0.0, f64::INFINITY), TEXT])),
    "type": TEXT,
    "volume": keys!(Extensions; "nocopy": FLAG, "subpath": TEXT),
);

const WATCH: Shape = keys!(Extensions needs "path" "action";
    "action": Words(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"]),
    "exec": HOOK,
    "ignore": TEXTS,
    "path": TEXT,
    "target": TEXT,
);

const DEPLOY: Shape = keys!(Extensions;
    "endpoint_mode": TEXT,
    "labels": PAIRS,
    "mode": TEXT,
    "placement": keys!(Extensions;
        "constraints": TEXTS,
        "max_replicas_per_node": WHOLE,
        "preferences": List(&keys!(Extensions; "spread": TEXT)),
    ),
    "replicas": WHOLE,
    "resources": keys!(Extensions;
        "limits": keys!(Extensions; "cpus": NUMBER, "memory": TEXT, "pids": WHOLE),
        "reservations": RESERVATIONS,
    ),
    "restart_policy": keys!(Extensions;
        "condition": TEXT,
        "delay": TEXT,
        "max_attempts": WHOLE,
        "window": TEXT,
    ),
    "rollback_config": UPDATE,
    "update_config": UPDATE,
);

const RESERVATIONS: Shape = keys!(Extensions;
    "cpus": NUMBER,
    "devices": List(&keys!(Extensions needs "capabilities";
        "capabilities": DIFFERENT,
        "count": WHOLE,
        "device_ids": DIFFERENT,
        "driver": TEXT,
        "options": PAIRS,
    )),
    "generic_resources": List(&keys!(Extensions;
        "discrete_resource_spec": keys!(Extensions; "kind": TEXT, "value": NUMBER),
    )),
    "memory": TEXT,
);

const UPDATE: Shape = keys!(Extensions;
    "delay": TEXT,
    "failure_action": TEXT,
    "max_failure_ratio": NUMBER,
    "monitor": TEXT,
    "order": Words(&["start-first", "stop-first"]),
    "parallelism": WHOLE,
);

const INCLUDE: Shape =
    Either(&[TEXT, keys!(Refused; "path": TEXT_OR_LIST, "env_file": TEXT_OR_LIST, "project_directory": TEXT)]);

const NETWORK: Shape = Either(&[
    NOTHING,
    keys!(Extensions;
        "attachable": FLAG,
        "driver": TEXT,
        "driver_opts": OPTIONS,
        "enable_ipv4": FLAG,
        "enable_ipv6": FLAG,
        "external": EXTERNAL,
        "internal": FLAG,
        "ipam": keys!(Extensions;
            "config": List(&SUBNET),
            "driver": TEXT,
            "options": named!(Refused, OneLine: TEXT),
        ),
        "labels": PAIRS,
        "name": TEXT,
    ),
]);

const SUBNET: Shape = keys!(Extensions;
    "aux_addresses": named!(Refused, OneLine: TEXT),
    "gateway": TEXT,
    "ip_range": TEXT,
    "subnet": TEXT,
);

const VOLUME: Shape = Either(&[
    NOTHING,
    keys!(Extensions;
        "driver": TEXT,
        "driver_opts": OPTIONS,
        "external": EXTERNAL,
        "labels": PAIRS,
        "name": TEXT,
    ),
]);

const EXTERNAL: Shape = Either(&[FLAG, keys!(Extensions; "name": TEXT)]);

const SECRET: Shape = keys!(Extensions;
    "driver": TEXT,
    "driver_opts": OPTIONS,
    "environment": TEXT,
    "external": Either(&[FLAG, keys!(Ignored; "name": TEXT)]),
    "file": TEXT,
    "labels": PAIRS,
    "name": TEXT,
    "template_driver": TEXT,
);

const CONFIG: Shape = keys!(Extensions;
    "content": TEXT,
    "environment": TEXT,
    "external": Either(&[FLAG, keys!(Ignored; "name": TEXT)]),
    "file": TEXT,
    "labels": PAIRS,
    "name": TEXT,
    "template_driver": TEXT,
);
