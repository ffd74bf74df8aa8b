//! Relative paths count from a folder: that of the project, or of the file that an `extends` or `include` names.

use std::collections::BTreeMap;
use std::path::Path;

use super::{list, map, section, value_of};
use crate::node::{Map, Node, Value};
use crate::project::canonical::clean;
use crate::refusal::Refusal;

/// Where relative paths begin, and where `~` is.
pub(crate) struct Base {
    folder: String,
    home: Option<String>,
}

/// Makes the paths of a service absolute.
pub(crate) fn of_service(
    service: &mut Node,
    folder: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    Base::new(folder, environment).service(service)
}

impl Base {
    pub(super) fn new(folder: &Path, environment: &BTreeMap<String, String>) -> Self {
        let home = environment.get("HOME").filter(|home| !home.is_empty()).cloned();
        Self { folder: folder.to_string_lossy().into_owned(), home }
    }

    pub(super) fn service(&self, service: &mut Node) -> Result<(), Refusal> {
        if let Some(build) = value_of(service, "build") {
            value_of(build, "context").into_iter().for_each(|context| self.context(context));
            let more = value_of(build, "additional_contexts").and_then(map);
            for context in nodes(more) {
                if context.as_text().is_none() && context.value != Value::Unknown {
                    return Err(Refusal::at(context.origin.span, "a context must be text").hint("write it in quotes"));
                }
                self.context(context);
            }
            let keys = value_of(build, "ssh").and_then(map);
            nodes(keys).for_each(|key| self.absolute(key));
        }
        for file in value_of(service, "env_file").and_then(list).into_iter().flatten() {
            value_of(file, "path").into_iter().for_each(|path| self.absolute(path));
        }
        let labels = value_of(service, "label_file").and_then(list).into_iter().flatten();
        labels.for_each(|path| self.absolute(path));
        let watches = value_of(service, "develop").and_then(|develop| value_of(develop, "watch")).and_then(list);
        for path in watches.into_iter().flatten().filter_map(|watch| value_of(watch, "path")) {
            if path.as_text() == Some("") {
                return Err(Refusal::at(path.origin.span, "an empty path").hint("`.` is the folder of the project"));
            }
            self.absolute(path);
        }
        value_of(service, "volumes").and_then(list).into_iter().flatten().try_for_each(|mount| self.mount(mount))
    }

    pub(super) fn resources(&self, root: &mut Node) {
        for kind in ["configs", "secrets"] {
            for file in nodes(section(root, kind)) {
                value_of(file, "file").into_iter().for_each(|path| self.absolute(path));
            }
        }
        for volume in nodes(section(root, "volumes")) {
            let local = volume.get("driver").and_then(Node::as_text) == Some("local");
            let Some(options) = value_of(volume, "driver_opts").filter(|_| local) else { continue };
            if options.get("o").and_then(Node::as_text) == Some("bind") {
                value_of(options, "device").into_iter().for_each(|device| self.absolute(device));
            }
        }
    }

    fn mount(&self, mount: &mut Node) -> Result<(), Refusal> {
        if mount.get("type").and_then(Node::as_text) != Some("bind") {
            return Ok(());
        }
        let place = mount.origin.span;
        let source = value_of(mount, "source").ok_or_else(|| {
            Refusal::at(place, "a bind mount without its source").hint("add `source`, the path on the host")
        })?;
        self.absolute(source);
        Ok(())
    }

    /// Of a build: a URL, a repository or another service's is no path.
    fn context(&self, node: &mut Node) {
        let is_path = |text: &str| !is_remote(text) && !text.starts_with("service:");
        if node.as_text().is_some_and(is_path) {
            self.absolute(node);
        }
    }

    fn absolute(&self, node: &mut Node) {
        let Value::Text(path) = &mut node.value else { return };
        if let (Some(rest), Some(home)) = (path.strip_prefix('~'), &self.home) {
            *path = clean(&format!("{home}/{rest}"));
        }
        if !path.starts_with('/') && !is_absolute_on_windows(path) {
            *path = clean(&format!("{}/{path}", self.folder));
        }
    }
}

/// A URL, or a repository.
pub(in crate::project) fn is_remote(path: &str) -> bool {
    path.contains("://") || path.starts_with("github.com/") || path.starts_with("git@")
}

fn nodes(map: Option<&mut Map>) -> impl Iterator<Item = &mut Node> {
    map.into_iter().flatten().map(|(_, entry)| &mut entry.node)
}

/// `C:\…`, or `\\server\share\…`, with either slash.
fn is_absolute_on_windows(path: &str) -> bool {
    let slash = ['/', '\\'];
    let bytes = path.as_bytes();
    if bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':') {
        return path[2..].starts_with(slash);
    }
    let mut parts = path.splitn(5, slash);
    let named = |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && !part.starts_with('.'));
    let rooted = parts.next() == Some("") && parts.next() == Some("");
    rooted && named(parts.next()) && named(parts.next()) && parts.next().is_some()
}
