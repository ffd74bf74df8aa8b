//! What each loader run has of its own: its variables, and from where its relative paths count. Compose keeps three folders, which are
//! one in the top project and differ in included ones.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

pub(super) struct Scope {
    /// Paths in the values count from here: volumes, build contexts, `env_file` of a service, …
    pub(super) directory: PathBuf,
    /// `include` and the `file` of `extends` count from here.
    pub(super) files: PathBuf,
    /// The `project_directory` and `env_file` of an `include` count from here. In included files Compose forgets what such a path is
    /// relative to, so that it counts from the folder in which the command runs.
    pub(super) options: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    /// The files that led here by `include`, the outermost first.
    pub(super) including: Vec<PathBuf>,
}

impl Scope {
    pub(super) fn top(directory: PathBuf, environment: BTreeMap<String, String>) -> Self {
        let [files, options] = [&directory, &directory].map(PathBuf::clone);
        Self { directory, files, options, environment, including: Vec::new() }
    }

    /// That of a project whose first file is `first`.
    pub(super) fn included(
        &self,
        first: &Path,
        project_directory: Option<&Path>,
        working_folder: &Path,
        environment: BTreeMap<String, String>,
        including: Vec<PathBuf>,
    ) -> Self {
        let files = self.folder(first, project_directory);
        let below = match project_directory {
            Some(own) if own.is_absolute() => own.to_owned(),
            Some(own) => {
                let own = join(&self.files, own);
                // Compose takes what is no folder for a file in one.
                way(&self.files, if own.is_dir() { &own } else { parent(&own) })
            }
            None => way(&self.files, parent(first)),
        };
        let directory = join(&self.directory, &below);
        Self { directory, files, options: join(working_folder, &below), environment, including }
    }

    /// The project directory of an included project.
    pub(super) fn folder(&self, first: &Path, project_directory: Option<&Path>) -> PathBuf {
        match project_directory {
            Some(own) => join(&self.options, own),
            None => parent(first).to_owned(),
        }
    }

    /// The folder of a file that a service extends, relative as the project's own paths are: Compose compares them so.
    pub(super) fn way_to(&self, file: &Path) -> PathBuf {
        let way = way(&self.files, parent(file));
        if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// The way from one folder to another path, both absolute.
pub fn way(from: &Path, to: &Path) -> PathBuf {
    let (from, to) = (cleaned(from), cleaned(to));
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

/// By the letter, as Compose joins: what lies before a `..` need not be there, and a symbolic link keeps its own name.
pub(super) fn join(folder: &Path, path: impl AsRef<Path>) -> PathBuf {
    cleaned(&folder.join(path))
}

fn cleaned(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = cleaned.pop(),
            Component::CurDir => {}
            other => cleaned.push(other),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_one_folder_to_another() {
        let check = |from: &str, to: &str, expected: &str| {
            assert_eq!(way(Path::new(from), Path::new(to)), Path::new(expected));
        };
        check("/a/b", "/a/b/c/d", "c/d");
        check("/a/b", "/a/b", "");
        check("/a/b", "/a/c/./x/../d", "../c/d");
        check("/a/b/c", "/", "../../..");
    }

    /// The folders of a project that a file in `/srv/project` includes, when the command runs in `/srv`.
    fn included(first: &str, project_directory: Option<&str>) -> Scope {
        let top = Scope::top("/srv/project".into(), BTreeMap::new());
        let own = project_directory.map(Path::new);
        top.included(Path::new(first), own, Path::new("/srv"), BTreeMap::new(), Vec::new())
    }

    #[test]
    fn an_included_project_counts_from_its_own_folder() {
        let scope = included("/srv/project/part/compose.yaml", None);
        assert_eq!(scope.directory, Path::new("/srv/project/part"));
        assert_eq!(scope.files, Path::new("/srv/project/part"));
        assert_eq!(scope.options, Path::new("/srv/part"));
    }

    #[test]
    fn a_project_directory_that_is_not_there_counts_as_its_parent() {
        let scope = included("/srv/project/part/compose.yaml", Some("none"));
        assert_eq!(scope.directory, Path::new("/srv/project"));
        assert_eq!(scope.files, Path::new("/srv/project/none"));
    }
}
