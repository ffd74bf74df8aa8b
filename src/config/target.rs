//! From the mirror to the [`Target`]: values that must make sense, and the defaults of our own stack.

use std::collections::BTreeMap;

use feedctl_checks::target::{Declared, Feed, Flow, Role, Rows, Service, Target, TimeColumn};
use feedctl_compose::project::selection;
use serde_saphyr::Spanned;

use super::Reader;
use super::compose::Compose;
use super::file::{self, File};
use super::mistake::Mistake;

/// What should be there. `file` is what `reader` read.
pub(super) fn target(reader: &Reader<'_>, file: &File) -> Result<Target, Box<Mistake>> {
    let files = file.compose.iter().map(|written| reader.folder.join(&written.value)).collect();
    let compose = Compose::load(reader, files);
    let services = file.services.iter();
    let services = services.map(|(name, written)| (name.clone(), service(written, compose.declared(name))));
    let services = services.collect();
    let mut feeds = BTreeMap::new();
    for (name, written) in &file.feeds {
        feeds.insert(name.clone(), feed(reader, written)?);
    }
    let mut health = BTreeMap::new();
    for (name, url) in &file.health {
        health.insert(name.clone(), endpoint(reader, name, url)?);
    }
    let project = project_name(reader, file, &compose)?;
    let programs = reader.caller.programs(&compose.files, &project);
    Ok(Target { project, services, feeds, health, programs })
}

fn project_name(reader: &Reader<'_>, file: &File, compose: &Compose) -> Result<String, Box<Mistake>> {
    let Some(written) = &file.project else {
        return readable(reader, file).and_then(|()| compose.name(reader));
    };
    let normalised = selection::normalised(&written.value);
    if normalised != written.value || normalised.is_empty() {
        let hint = format!("Compose allows a-z, 0-9, _ and -: `{normalised}`");
        return Err(reader.source.mistake(written.referenced, "not the name of a Compose project", hint));
    }
    Ok(normalised)
}

/// A file of `compose:` that is not there could give the project another name.
fn readable(reader: &Reader<'_>, file: &File) -> Result<(), Box<Mistake>> {
    file.compose.iter().try_for_each(|written| {
        let read = std::fs::read_to_string(reader.folder.join(&written.value));
        read.map(drop).map_err(|error| {
            let hint = "a compose file, relative to the folder of feedctl.yml";
            reader.source.mistake(written.referenced, format!("cannot read `{}`: {error}", written.value), hint)
        })
    })
}

/// Endpoints are asked without a login, and shown: a URL with one is refused. A password may hold a slash, so that an @
/// anywhere is taken for the end of a login.
fn endpoint(reader: &Reader<'_>, name: &str, url: &Spanned<String>) -> Result<String, Box<Mistake>> {
    let refused = |title: String, hint| Err(reader.source.mistake(url.referenced, title, hint));
    match url.value.strip_prefix("http://").or_else(|| url.value.strip_prefix("https://")) {
        None => {
            refused(format!("`health.{name}` is not a URL"), "write it like http://127.0.0.1:9101/health/collector")
        }
        Some(rest) if rest.contains('@') => {
            refused(format!("`health.{name}` holds a login"), "remove what stands before the @; in a path, write %40")
        }
        Some(_) => Ok(url.value.clone()),
    }
}

fn service(written: &file::Service, declared: Option<Declared>) -> Service {
    let role = written.role.unwrap_or(Role::Service);
    Service { role, hop: written.hop, required: written.required, declared }
}

fn feed(reader: &Reader<'_>, written: &file::Feed) -> Result<Feed, Box<Mistake>> {
    let market = written.market.value.parse().map_err(|error: feed::market::UnknownMarket| {
        let hint = "its calendar is not in this version; `always` is never closed";
        reader.source.mistake(written.market.referenced, error.to_string(), hint)
    })?;
    Ok(Feed {
        market,
        symbols: written.symbols.clone(),
        flow: written.flow.as_ref().map(|written| flow(reader, written)).transpose()?,
        rows: written.rows.as_ref().map(rows),
        heartbeat: written.heartbeat,
    })
}

fn flow(reader: &Reader<'_>, written: &Spanned<file::Flow>) -> Result<Flow, Box<Mistake>> {
    match &written.value {
        file::Flow { stream: Some(stream), channel: None, window: None } => Ok(Flow::Stream(stream.clone())),
        file::Flow { channel: Some(_), .. } | file::Flow { window: Some(_), .. } => {
            let title = "a feed that only publishes to a channel cannot be watched by this version";
            Err(reader.source.mistake(written.referenced, title, "only `{stream: …}` is supported"))
        }
        _ => Err(reader.source.mistake(written.referenced, "a flow has no stream", "add `stream: …`")),
    }
}

fn rows(written: &file::Rows) -> Rows {
    let name = |given: &Option<String>, ours: &str| given.clone().unwrap_or_else(|| ours.to_owned());
    let time = match &written.time {
        None => TimeColumn { column: "time".to_owned(), zone: None },
        Some(file::Time::Column(column)) => TimeColumn { column: column.clone(), zone: None },
        Some(file::Time::Zoned(zoned)) => TimeColumn { column: zoned.column.clone(), zone: Some(zoned.zone.clone()) },
    };
    Rows {
        table: name(&written.table, "market_ticks"),
        time,
        symbol: name(&written.symbol, "symbol"),
        volume: written.volume.clone(),
        cumulative_volume: written.cumulative_volume.clone(),
    }
}
