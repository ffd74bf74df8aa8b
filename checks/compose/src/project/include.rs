//! `include`: projects of their own, added to this one (compose-go v2.4.8, `loader/include.go`). Each is a run of the loader
//! with its own folder and variables; only its services, volumes, networks, secrets and configs come in.

use std::path::{Path, PathBuf};

use self::entry::{Inclusion, inclusion};
use crate::node::{Entry, Map, Node, Value, Via};
use crate::project::layers::Loader;
use crate::project::scope::{Scope, join};
use crate::project::{Gap, Part, Why, copy, normal};
use crate::refusal::Refusal;
use crate::source::Span;

mod entry;
#[cfg(test)]
mod tests;

/// Includes inside includes.
const LEVELS: usize = 100;

const SECTIONS: [&str; 5] = ["services", "volumes", "networks", "secrets", "configs"];

/// Takes `include` out of the document and adds what it names.
pub(super) fn apply(loader: &mut Loader<'_>, scope: &Scope, path: &Path, root: &mut Node) -> Result<(), Refusal> {
    let Value::Map(map) = &mut root.value else { return Ok(()) };
    let Some(Entry { node, key }) = map.remove("include") else { return Ok(()) };
    let entries = match node.value {
        Value::Null => return Ok(()),
        Value::List(entries) => entries,
        _ => return Err(Refusal::at(node.origin.span, "a list of files must stand here")),
    };
    if scope.including.len() >= LEVELS {
        return Err(Refusal::limit(Some(key), format!("more than {LEVELS} files include each other in a row")));
    }
    for entry in entries {
        let at = entry.origin.span;
        if let Some(unknown) = entry::unknown(&entry) {
            let message = "the included file is not known, so its services are not".to_owned();
            loader.gaps.push(Gap {
                at: unknown,
                message,
                part: Part::Project,
                why: Why::Unnamed,
                services: Vec::new(),
            });
            continue;
        }
        if let Some(included) = load(loader, scope, path, &inclusion(&entry)?)? {
            add(map, included, at)?;
        }
    }
    Ok(())
}

/// The included project. None where there is none.
fn load(loader: &mut Loader<'_>, scope: &Scope, path: &Path, inclusion: &Inclusion) -> Result<Option<Node>, Refusal> {
    let paths = inclusion.paths.iter().map(|(path, at)| (join(&scope.files, path), *at));
    let paths: Vec<(PathBuf, Span)> = paths.collect();
    let own = inclusion.project_directory.as_deref().map(Path::new);
    let folder = paths.first().map(|(first, _)| scope.folder(first, own));
    let environment = inclusion.environment(loader, scope, folder.as_deref())?;
    // An entry without a path says nothing to Compose.
    let Some((first, at)) = paths.first() else { return Ok(None) };
    let mut including = scope.including.clone();
    including.push(path.to_owned());
    if including.contains(first) {
        let names: Vec<String> = including.iter().chain([first]).map(|path| path.display().to_string()).collect();
        return Err(Refusal::at(*at, format!("files include each other in a circle: {}", names.join(" → "))));
    }
    let mut files = Vec::new();
    for (path, at) in &paths {
        if !loader.there(path, *at, "its services are") {
            return Ok(None);
        }
        files.push(loader.read(path, Some(*at))?);
    }
    let scope = scope.included(first, own, loader.working_folder, environment, including);
    let mut root = loader.project(&scope, files)?;
    if let Some(root) = &mut root {
        normal::localize(root, &scope.directory, &scope.environment)?;
    }
    Ok(root)
}

/// What is there already may come in once more, word for word; anything else of that name is refused.
fn add(map: &mut Map, included: Node, at: Span) -> Result<(), Refusal> {
    let Value::Map(mut included) = included.value else { return Ok(()) };
    for section in SECTIONS {
        let Some(Entry { key, node }) = included.remove(section) else { continue };
        let Value::Map(resources) = node.value else { continue };
        let empty = Node { value: Value::Map(Map::new()), origin: node.origin };
        let own = &mut map.entry(section.to_owned()).or_insert(Entry { key, node: empty }).node;
        let place = own.origin.span;
        let Value::Map(own) = &mut own.value else {
            return Err(Refusal::at(place, format!("{section} must be a mapping, since an included file has some")));
        };
        for (name, mut entry) in resources {
            match own.get(&name) {
                Some(there) if there.node.says_what(&entry.node) => {}
                Some(there) => {
                    let message = format!("an included file has {section}.{name} too, and says something else there");
                    let hint = "rename one of them, or lay a file over the included one: `path` may be a list";
                    return Err(Refusal::at(there.key, message).hint(hint));
                }
                None => {
                    copy::mark(&mut entry.node, &Via::Include(at));
                    own.insert(name, entry);
                }
            }
        }
    }
    Ok(())
}
