//! `extends`: a service laid over another one, of the same or another file (compose-go v2.4.8, `loader/extends.go`). Called by
//! the loader for each document, before the document is laid over the earlier ones: what those say cannot be extended.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use self::reference::{Reference, reference, unknown_reference};
use crate::node::{Entry, Map, Node, Value, Via};
use crate::project::edits::Edits;
use crate::project::layers::{Loader, missing};
use crate::project::normal::paths::of_service;
use crate::project::scope::{Scope, join, way};
use crate::project::{Gap, Part, Why, copy, merge};
use crate::refusal::Refusal;
use crate::source::Span;

mod reference;
#[cfg(test)]
mod tests;

/// One service after another; nobody reads longer chains.
const LEVELS: usize = 100;

/// Gives the edits of the document back.
pub(super) fn apply(
    loader: &mut Loader<'_>,
    scope: &Scope,
    path: &Path,
    root: &mut Node,
    edits: Edits,
) -> Result<Rc<Edits>, Refusal> {
    let edits = Rc::new(edits);
    let Value::Map(map) = &mut root.value else { return Ok(edits) };
    let Some(Entry { node, .. }) = map.get_mut("services") else { return Ok(edits) };
    let Value::Map(services) = &mut node.value else {
        return Err(Refusal::at(node.origin.span, "services must be a mapping"));
    };
    let names: Vec<String> = services.keys().cloned().collect();
    let mut extension = Extension {
        loader,
        scope,
        path,
        chain: Vec::new(),
        way: Vec::new(),
        edits: vec![Rc::clone(&edits)],
        files: HashMap::new(),
        opened: HashMap::new(),
        unknown: BTreeMap::new(),
    };
    for name in names {
        extension.resolve(&name, services)?;
    }
    extension.tell();
    Ok(edits)
}

/// The files through which we came to a service; empty for those of the document itself.
type Way = Vec<PathBuf>;

struct Extension<'a, 'b> {
    loader: &'a mut Loader<'b>,
    scope: &'a Scope,
    path: &'a Path,
    /// Which service extends another, from the outermost on, each with the file by which Compose tells circles.
    chain: Vec<(String, String)>,
    way: Way,
    /// Of the document, and of each file of the way.
    edits: Vec<Rc<Edits>>,
    /// Every file that was read for this document.
    files: HashMap<PathBuf, Rc<Extended>>,
    /// The services at the end of a way, each resolved at most once.
    opened: HashMap<Way, Map>,
    /// Services that extend what is not there, with the place of the gap.
    unknown: BTreeMap<(Way, String), usize>,
}

/// A file that a service extends.
struct Extended {
    services: Node,
    edits: Rc<Edits>,
}

impl Extension<'_, '_> {
    /// Lays the service over what it extends.
    fn resolve(&mut self, name: &str, services: &mut Map) -> Result<(), Refusal> {
        if let Some(at) = unknown_reference(name, services) {
            self.miss(name, at, format!("what `{name}` extends is not known"), Why::Unnamed, services);
            return Ok(());
        }
        let Some(reference) = reference(name, services)? else { return Ok(()) };
        let depth = self.edits.len();
        let (base, unknown) = match &reference.file {
            None => {
                self.enter(self.path.display().to_string(), name, &reference)?;
                let base = self.base(&reference, services)?;
                (base, self.unknown(&reference.service))
            }
            Some((file, at)) => {
                let path = join(&self.folder(), file);
                let Some(extended) = self.open(&path, *at)? else {
                    let (absent, why) = self.loader.absent(*at);
                    let message = format!("{absent}, so what `{name}` gets from it is not known");
                    self.miss(name, *at, message, why, services);
                    return Ok(());
                };
                let told_by = if self.way.is_empty() { file.into() } else { way(&self.scope.files, &path) };
                self.enter(told_by.display().to_string(), name, &reference)?;
                self.way.push(path);
                self.edits.push(Rc::clone(&extended.edits));
                let mut others = match self.opened.remove(&self.way) {
                    Some(others) => others,
                    None => mapping(self.loader.copy(&extended.services, *at)?),
                };
                let base = self.base(&reference, &mut others)?;
                let unknown = self.unknown(&reference.service);
                self.opened.insert(self.way.clone(), others);
                self.way.pop();
                (base, unknown)
            }
        };
        if let Some(gap) = unknown {
            self.unknown.insert((self.way.clone(), name.to_owned()), gap);
        }
        self.lay(name, base, services)?;
        self.edits.truncate(depth);
        self.chain.pop();
        Ok(())
    }

    /// Where a relative `file` counts from.
    fn folder(&self) -> PathBuf {
        let of_file = self.way.last().and_then(|path| path.parent());
        of_file.unwrap_or(&self.scope.files).to_owned()
    }

    fn enter(&mut self, file: String, name: &str, reference: &Reference) -> Result<(), Refusal> {
        let next = (file, name.to_owned());
        if self.chain.contains(&next) {
            let names: Vec<&str> = self.chain.iter().chain([&next]).map(|(_, name)| name.as_str()).collect();
            let message = format!("services extend each other in a circle: {}", names.join(" → "));
            return Err(Refusal::at(reference.key, message));
        }
        if self.chain.len() >= LEVELS {
            let message = format!("more than {LEVELS} services extend each other in a row");
            return Err(Refusal::limit(Some(reference.key), message));
        }
        self.chain.push(next);
        Ok(())
    }

    /// A copy of the named service, itself laid over what it extends. None where it is empty.
    fn base(&mut self, reference: &Reference, services: &mut Map) -> Result<Option<Node>, Refusal> {
        self.resolve(&reference.service, services)?;
        let Some(Entry { node, .. }) = services.get(&reference.service) else {
            let place = reference.file.as_ref().map_or("this file", |(file, _)| file.as_str());
            return Err(Refusal::at(reference.at, format!("there is no service `{}` in {place}", reference.service))
                .hint("what other files say under -f or include cannot be extended"));
        };
        if node.value == Value::Null {
            return Ok(None);
        }
        let mut base = self.loader.copy(node, reference.at)?;
        copy::mark(&mut base, &Via::Extends(reference.at));
        Ok(Some(base))
    }

    fn lay(&self, name: &str, base: Option<Node>, services: &mut Map) -> Result<(), Refusal> {
        let (Some(mut base), Some(Entry { node, .. })) = (base, services.get_mut(name)) else { return Ok(()) };
        for edits in &self.edits {
            edits.apply_to_service(name, &mut base);
        }
        let empty = Node::new(Value::Null, node.origin.span);
        *node = merge::merge_service(base, std::mem::replace(node, empty))?;
        if let Value::Map(service) = &mut node.value {
            service.remove("extends");
        }
        Ok(())
    }

    /// None where no such file is.
    fn open(&mut self, path: &Path, at: Span) -> Result<Option<Rc<Extended>>, Refusal> {
        if let Some(extended) = self.files.get(path) {
            return Ok(Some(Rc::clone(extended)));
        }
        if missing(path) {
            return Ok(None);
        }
        let file = self.loader.read(path, Some(at))?;
        let whole = self.loader.extended(self.scope, file)?;
        let (mut map, edits) = whole.map(|whole| (mapping(whole.root), whole.edits)).unwrap_or_default();
        let services = map.remove("services").map(|entry| entry.node).filter(|services| services.as_map().is_some());
        let mut services = services.ok_or_else(|| Refusal::at(at, "this file has no services"))?;
        if let Value::Map(services) = &mut services.value {
            let folder = self.scope.way_to(path);
            for Entry { node, .. } in services.values_mut() {
                of_service(node, &folder, &self.scope.environment)?;
            }
        }
        let extended = Rc::new(Extended { services, edits: Rc::new(edits) });
        self.files.insert(path.to_owned(), Rc::clone(&extended));
        Ok(Some(extended))
    }

    /// The service goes on without what it extends.
    fn miss(&mut self, name: &str, at: Span, message: String, why: Why, services: &mut Map) {
        self.unknown.insert((self.way.clone(), name.to_owned()), self.loader.gaps.len());
        self.loader.gaps.push(Gap { at, message, part: Part::Service, why, services: Vec::new() });
        if let Some(Value::Map(service)) = services.get_mut(name).map(|entry| &mut entry.node.value) {
            service.remove("extends");
        }
    }

    fn unknown(&self, service: &str) -> Option<usize> {
        self.unknown.get(&(self.way.clone(), service.to_owned())).copied()
    }

    /// Names the services of the document in the gaps that they reach into.
    fn tell(self) {
        for ((way, name), gap) in self.unknown {
            if way.is_empty() {
                self.loader.gaps[gap].services.push(name);
            }
        }
    }
}

fn mapping(node: Node) -> Map {
    match node.value {
        Value::Map(map) => map,
        _ => Map::new(),
    }
}
