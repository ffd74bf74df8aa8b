//! feedctl.yml as it is written: a mirror of the file, read by serde, judged by `config`.
//!
//! Unknown keys are refused. Every value that can be wrong in itself carries its place. Nothing outside `config` sees
//! these types.

use std::collections::BTreeMap;

use feedctl_checks::check::Hop;
use feedctl_checks::checklist::Limits;
use feedctl_checks::target::Role;
use feedctl_checks::timespan::Timespan;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// The whole file, version 1.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[expect(dead_code, reason = "`Preamble` judges it before the rest")]
    pub(super) version: u32,
    pub(super) project: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) compose: Vec<Spanned<String>>,
    pub(super) docker: Option<Spanned<String>>,
    #[expect(dead_code, reason = "`Preamble` reads it before the rest")]
    pub(super) env_file: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) services: BTreeMap<String, Service>,
    pub(super) redis: Option<Spanned<Redis>>,
    pub(super) database: Option<Spanned<Database>>,
    #[serde(default)]
    pub(super) feeds: BTreeMap<String, Feed>,
    #[serde(default)]
    pub(super) health: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) checks: Limits,
    #[serde(default)]
    pub(super) optional: Vec<Spanned<String>>,
    /// Nothing is kept there.
    #[expect(dead_code, reason = "fixed in the format, so that a file stays valid")]
    pub(super) state: Option<String>,
}

/// A Compose service that belongs to the feed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) role: Option<Role>,
    pub(super) hop: Option<Hop>,
    #[serde(default = "yes")]
    pub(super) required: bool,
}

/// Reached through a service's container, or by a URL that holds the password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redis {
    pub(super) service: Option<Spanned<String>>,
    pub(super) port: Option<u16>,
    pub(super) url_env: Option<Spanned<String>>,
    pub(super) url_file: Option<Spanned<String>>,
}

/// As [`Redis`], with the names that PostgreSQL asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    pub(super) service: Option<Spanned<String>>,
    pub(super) port: Option<u16>,
    pub(super) name: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password_env: Option<Spanned<String>>,
    pub(super) password_file: Option<Spanned<String>>,
    pub(super) url_env: Option<Spanned<String>>,
    pub(super) url_file: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    pub(super) market: Spanned<String>,
    #[serde(default)]
    pub(super) symbols: Vec<String>,
    pub(super) flow: Option<Spanned<Flow>>,
    pub(super) rows: Option<Rows>,
    #[serde(default = "yes")]
    pub(super) heartbeat: bool,
}

/// `stream` is what this version watches; `channel` and `window` are read so that their refusal can say so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flow {
    pub(super) stream: Option<String>,
    pub(super) channel: Option<String>,
    pub(super) window: Option<Timespan>,
}

/// Absent names are those of the archiver's own schema.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rows {
    pub(super) table: Option<String>,
    pub(super) time: Option<Time>,
    pub(super) symbol: Option<String>,
    pub(super) volume: Option<String>,
    pub(super) cumulative_volume: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a column, or {column: …, zone: …}")]
pub(super) enum Time {
    Column(String),
    Zoned(Zoned),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zoned {
    pub(super) column: String,
    pub(super) zone: String,
}

fn yes() -> bool {
    true
}
