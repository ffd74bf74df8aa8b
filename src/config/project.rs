//! The Compose project that a feed runs as, by Compose's own rule: containers carry it as a label, and nothing else
//! tells ours from another stack's.

use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::environment::Environment;
use super::mistake::{Mistake, Source};
use super::options;

/// The files that Compose looks for, in its order of preference.
const COMPOSE_FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

#[derive(Deserialize)]
struct ComposeFile {
    name: Option<String>,
}

/// `COMPOSE_PROJECT_NAME` (also from the `.env` beside the first compose file), else the last top-level `name:` of the
/// compose files, else the name of the first one's folder. `compose` is empty where feedctl.yml names no file.
pub(super) fn name(folder: &Path, compose: &[PathBuf], environment: &Environment) -> Result<String, Box<Mistake>> {
    let discovered = || COMPOSE_FILES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let files = if compose.is_empty() { discovered().into_iter().collect() } else { compose.to_vec() };
    let folder = cleaned(files.first().and_then(|file| file.parent()).unwrap_or(folder));

    let mut variables: Environment = environment.to_properties().into_iter().collect();
    if let Ok(text) = fs::read_to_string(folder.join(".env")) {
        // Compose itself will object to a line that is wrong; the lines before it are already taken.
        let _ = variables.add_file(&text);
    }
    if let Some(name) = variables.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()) {
        return Ok(name.to_owned());
    }
    let mut named = None;
    for path in &files {
        let Ok(text) = fs::read_to_string(path) else { continue };
        let source = Source { path: path.clone(), text };
        let file: Option<ComposeFile> = serde_saphyr::from_str_with_options(&source.text, options(&variables))
            .map_err(|error| source.refused(&error))?;
        named = file.and_then(|file| file.name).or(named);
    }
    let by_folder = || normalised(&folder.file_name().unwrap_or_default().to_string_lossy());
    Ok(named.unwrap_or_else(by_folder))
}

/// Without `..`, by the letter: a symbolic link keeps its own name, as it does for Compose.
fn cleaned(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = cleaned.pop(),
            other => cleaned.push(other),
        }
    }
    cleaned
}

/// What Compose makes of a folder's name: lower case, only `a-z 0-9 _ -`, beginning with a letter or digit
/// (compose-go, `NormalizeProjectName`).
pub(super) fn normalised(name: &str) -> String {
    let kept = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    name.to_lowercase().chars().filter(kept).collect::<String>().trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(environment: &[(&str, &str)], dot_env: Option<&str>, compose: Option<&str>, expected: &str) {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join("My.Feed");
        fs::create_dir(&folder).expect("the temporary folder is writable");
        for (name, text) in [(".env", dot_env), ("docker-compose.yml", compose)] {
            if let Some(text) = text {
                fs::write(folder.join(name), text).expect("the temporary folder is writable");
            }
        }
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(name(&folder, &[], &environment).expect("a readable compose file"), expected);
    }

    #[test]
    fn the_name_is_the_one_that_compose_uses() {
        check(&[], None, None, "myfeed");
        check(&[], None, Some("services: {}"), "myfeed");
        check(&[], None, Some("name: ${TEAM:-kr}-feed\nservices: {a: !reset null}"), "kr-feed");
        check(&[], Some("COMPOSE_PROJECT_NAME=dotted"), Some("name: filed"), "dotted");
        check(&[("COMPOSE_PROJECT_NAME", "shell")], Some("COMPOSE_PROJECT_NAME=dotted"), None, "shell");
    }

    #[test]
    fn the_folder_is_that_of_the_first_compose_file() {
        let name =
            |compose: &str| name(Path::new("/srv/feed/examples"), &[compose.into()], &Environment::from_iter([]));
        assert_eq!(name("/srv/feed/examples/../compose.yml").expect("no file to read"), "feed");
        assert_eq!(name("/srv/other/compose.yml").expect("no file to read"), "other");
    }

    #[test]
    fn a_folder_name_is_normalised_as_compose_does_it() {
        assert_eq!(normalised("_-My Feed.2"), "myfeed2");
        assert_eq!(normalised("실시간"), "");
    }
}
