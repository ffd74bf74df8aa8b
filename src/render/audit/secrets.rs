//! Which values of a project are secrets, and which of its files hold nothing but variables.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use feedctl_compose::audit::Audit;
use feedctl_compose::node::Node;
use feedctl_compose::project::Request;
use feedctl_compose::variables::dotenv;
use feedctl_compose::{rules, secret};

use crate::mask::Masks;

/// Where a service hands out variables and labels.
const PARTS: [&[&str]; 3] = [&["environment"], &["labels"], &["build", "args"]];

/// From the environment, the files of variables (also those of a project that is refused), and what the services are given.
pub(crate) fn of(audit: &Audit, request: &Request) -> Masks {
    let mut masks = Masks::default();
    let environment = audit.project.as_ref().map(|project| &project.environment);
    for (name, value) in environment.into_iter().chain([&request.environment]).flatten() {
        masks.learn(name, value);
    }
    let is_variables = |path: &Path| is_variables(path, audit, &request.files);
    for (_, source) in audit.sources.iter().filter(|(_, source)| is_variables(&source.path)) {
        // A file that Compose refuses has lines all the same.
        let lines = source.text.lines().filter_map(|line| line.split_once('='));
        lines.for_each(|(name, value)| masks.learn(name.trim(), value.trim().trim_matches(['"', '\''])));
        for (name, value) in dotenv::parse(&source.text, &|_| None).unwrap_or_default() {
            masks.learn(&name, &value);
        }
    }
    let services = audit.project.as_ref().and_then(|project| project.root.get("services")?.as_map());
    for entry in services.into_iter().flat_map(|services| services.values()) {
        for (name, value) in PARTS.iter().filter_map(|part| entry.node.at(part).and_then(Node::as_map)).flatten() {
            if let Some(text) = value.node.as_text() {
                masks.learn(name, text);
            }
        }
    }
    for secret in audit.model().iter().flat_map(|model| model.services.values()).flat_map(rules::secrets_in_commands) {
        masks.learn("password", &secret);
    }
    let texts = audit.sources.iter().map(|(_, source)| source.text.as_str());
    for text in texts {
        secret::found(text).into_iter().for_each(|range| masks.learn("password", &text[range]));
    }
    for (name, default) in audit.sources.iter().flat_map(|(_, source)| defaults(&source.text)) {
        masks.learn(name, default);
    }
    // What stands open in the file: names of services, and the words of their images.
    for (name, entry) in services.into_iter().flatten() {
        masks.spare(name);
        let image = entry.node.get("image").filter(|image| image.origin.via.is_empty()).and_then(Node::as_text);
        image.into_iter().flat_map(|image| image.split(['/', ':', '@'])).for_each(|word| masks.spare(word));
    }
    masks
}

/// Each `${NAME:-default}` of a text, its default as far as no other variable is in it.
fn defaults(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("${").skip(1).filter_map(|behind| {
        let (name, default) = behind.split('}').next()?.split_once('-')?;
        Some((name.trim_end_matches(':'), default))
    })
}

/// Sources know no kind, so the name has to tell: what neither ends as YAML does nor was named as a compose file, in the
/// project or as one of `files`, is a file of variables.
pub(super) fn is_variables(path: &Path, audit: &Audit, files: &[PathBuf]) -> bool {
    let yaml = |extension: &OsStr| ["yml", "yaml", "json"].iter().any(|yaml| extension.eq_ignore_ascii_case(yaml));
    let files = audit.project.as_ref().map_or(files, |project| &project.files);
    !path.extension().is_some_and(yaml) && !files.iter().any(|file| file == path)
}
