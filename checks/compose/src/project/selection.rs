//! Which files, folder, environment and profiles: Compose's own rules of discovery. Called by the loader before it reads a
//! compose file.
//!
//! Compose selects twice: what the `.env` of the first pass says counts as the shell's in the second, so that
//! `COMPOSE_FILE` in it leads to other files, and these to another folder and its `.env`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::project::{Request, scope};
use crate::refusal::Refusal;
use crate::source::Sources;
use crate::variables::dotenv::{self, Parse};

mod environment;
mod name;
mod reading;

pub(super) use name::substituted;
pub use name::{normalised, project_name};
pub use reading::{read, read_variables};

/// In Compose's order of preference.
const FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The compose files, in the order in which they lie over each other; relative ones to the working folder.
    pub files: Vec<PathBuf>,
    /// Relative paths of the project count from here.
    pub directory: PathBuf,
    /// Shell over `--env-file` or `.env`.
    pub environment: BTreeMap<String, String>,
    /// `COMPOSE_PROFILES`.
    pub profiles: BTreeSet<String>,
}

pub fn select(request: &Request, sources: &mut Sources) -> Result<Selection, Refusal> {
    let mut files = environment::Files::new(request, sources);
    let first = pass(request, &request.environment, &mut files, dotenv::parse_process)?;
    let second = pass(request, &first.environment, &mut files, dotenv::parse)?;
    if second.files.is_empty() {
        let start = second.directory.display();
        return Err(Refusal::nowhere(format!("no compose file in {start} or a folder above it"))
            .hint(format!("name one with -f, or write {}", FILES[0])));
    }
    Ok(second)
}

/// One pass with `shell` as the process environment.
fn pass(
    request: &Request,
    shell: &BTreeMap<String, String>,
    env_files: &mut environment::Files,
    parse: Parse,
) -> Result<Selection, Refusal> {
    let files = named(request, shell)?.unwrap_or_else(|| discovered(&folder(request, &[])));
    let directory = folder(request, &files);
    let environment = env_files.under(shell, &directory, parse)?;
    let profiles = environment.get("COMPOSE_PROFILES").map(String::as_str).unwrap_or_default();
    let profiles =
        profiles.split(',').map(str::trim).filter(|profile| !profile.is_empty()).map(str::to_owned).collect();
    let files = files.iter().map(|file| shown(file, &request.working_folder)).collect();
    Ok(Selection { files, directory, environment, profiles })
}

/// The files of `-f`, else of `COMPOSE_FILE`; None where neither is given.
fn named(request: &Request, shell: &BTreeMap<String, String>) -> Result<Option<Vec<PathBuf>>, Refusal> {
    let files = match shell.get("COMPOSE_FILE") {
        _ if !request.files.is_empty() => request.files.clone(),
        None => return Ok(None),
        Some(files) => {
            let separator = shell.get("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty());
            files.split(separator.map_or(":", String::as_str)).map(PathBuf::from).collect()
        }
    };
    if files.iter().any(|file| file.as_os_str() == "-") {
        return Err(Refusal::nowhere("the project is to be read from standard input, where no file has a place")
            .hint("write it to a file and name that"));
    }
    Ok(Some(files))
}

/// The first folder with a compose file, from `start` upwards, and the override beside it.
fn discovered(start: &Path) -> Vec<PathBuf> {
    let first = |names: [&str; 4], folder: &Path| {
        // A folder of such a name is taken too, and refused when it is read.
        names.iter().map(|name| folder.join(name)).find(|path| fs::metadata(path).is_ok())
    };
    let found = start.ancestors().find_map(|folder| Some((first(FILES, folder)?, folder)));
    found.map_or_else(Vec::new, |(file, folder)| std::iter::once(file).chain(first(OVERRIDES, folder)).collect())
}

/// `--project-directory`, else the folder of the first file, else the working folder.
fn folder(request: &Request, files: &[PathBuf]) -> PathBuf {
    let own = request.project_directory.as_deref().filter(|path| !path.as_os_str().is_empty());
    let absolute = |path: &Path| scope::join(&request.working_folder, path);
    match (own, files.first()) {
        (Some(own), _) => absolute(own),
        (None, Some(file)) => absolute(file).parent().map_or_else(|| PathBuf::from("/"), Path::to_owned),
        (None, None) => absolute(Path::new("")),
    }
}

/// A path as people would write it in the working folder.
fn shown(path: &Path, working_folder: &Path) -> PathBuf {
    path.strip_prefix(working_folder).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of `files` (path and text) in which the commands of a test run.
    fn layout(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("the folder is writable");
            fs::write(path, text).expect("the folder is writable");
        }
        root
    }

    /// What is selected in `folder` of the layout: files, directory and variables, relative to the root.
    fn selected(
        root: &Path,
        folder: &str,
        options: Request,
        shell: &[(&str, &str)],
    ) -> Result<(Vec<String>, String, String), String> {
        let environment = shell.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request { working_folder: root.join(folder), environment, ..options };
        let selection = select(&request, &mut Sources::default()).map_err(|refusal| refusal.message)?;
        let relative = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
        let variables = selection.environment.iter().map(|(name, value)| format!("{name}={value}"));
        let files = selection.files.iter().map(|path| relative(path)).collect();
        Ok((files, relative(&selection.directory), variables.collect::<Vec<_>>().join(" ")))
    }

    const TREE: [(&str, &str); 8] = [
        ("compose.yml", ""),
        ("compose.override.yaml", ""),
        ("docker-compose.override.yml", ""),
        (".env", "A=top"),
        ("sub/deep/.env", "A=deep"),
        ("other/docker-compose.yml", ""),
        ("other/.env", "A=other"),
        ("other/compose.env", "B=$A-\nCOMPOSE_FILE=other/docker-compose.yml"),
    ];

    fn check(folder: &str, options: Request, shell: &[(&str, &str)], expected: (&[&str], &str, &str)) {
        let root = layout(&TREE);
        let (files, directory, variables) = selected(root.path(), folder, options, shell).expect("a selection");
        assert_eq!(
            (files, directory.as_str(), variables.as_str()),
            (expected.0.iter().map(|file| (*file).to_owned()).collect(), expected.1, expected.2)
        );
    }

    fn files(files: &[&str]) -> Request {
        Request { files: files.iter().map(PathBuf::from).collect(), ..Request::default() }
    }

    #[test]
    fn files_are_found_in_the_folder_or_above_with_the_first_override_and_the_variables_beside_them() {
        let found: &[&str] = &["compose.yml", "compose.override.yaml"];
        check("", Request::default(), &[], (found, "", "A=top"));
        check("sub/deep", Request::default(), &[], (found, "", "A=top"));
        check("other", Request::default(), &[("A", "shell")], (&["docker-compose.yml"], "other", "A=shell"));
    }

    #[test]
    fn named_files_have_no_override_and_the_first_one_tells_the_folder() {
        check(
            "sub",
            files(&["../other/docker-compose.yml", "../compose.yml"]),
            &[],
            (&["../other/docker-compose.yml", "../compose.yml"], "other", "A=other"),
        );
        check(
            "",
            files(&["compose.yml"]),
            &[("COMPOSE_FILE", "no.yml")],
            (&["compose.yml"], "", "A=top COMPOSE_FILE=no.yml"),
        );
        let shell = [("COMPOSE_FILE", "a|b"), ("COMPOSE_PATH_SEPARATOR", "|")];
        check(
            "other",
            Request::default(),
            &shell,
            (&["a", "b"], "other", "A=other COMPOSE_FILE=a|b COMPOSE_PATH_SEPARATOR=|"),
        );
    }

    #[test]
    fn a_file_of_variables_may_name_the_compose_files() {
        let options = Request { env_files: vec!["other/compose.env".into()], ..Request::default() };
        let file = "other/docker-compose.yml";
        check("", options, &[("A", "1")], (&[file], "other", &format!("A=1 B=1- COMPOSE_FILE={file}")));
    }

    #[test]
    fn the_project_directory_is_where_all_is_looked_for() {
        let options = || Request { project_directory: Some("other".into()), ..Request::default() };
        check("", options(), &[], (&["other/docker-compose.yml"], "other", "A=other"));
        check(
            "",
            Request { files: vec!["compose.yml".into()], ..options() },
            &[],
            (&["compose.yml"], "other", "A=other"),
        );
    }

    #[test]
    fn the_shell_chooses_the_files_of_variables() {
        let found: &[&str] = &["compose.yml", "compose.override.yaml"];
        check(
            "",
            Request::default(),
            &[("COMPOSE_DISABLE_ENV_FILE", "true")],
            (found, "", "COMPOSE_DISABLE_ENV_FILE=true"),
        );
        let two = "other/.env,sub/deep/.env";
        check(
            "",
            Request::default(),
            &[("COMPOSE_ENV_FILES", two)],
            (found, "", &format!("A=deep COMPOSE_ENV_FILES={two}")),
        );
    }

    #[test]
    fn what_compose_refuses_is_refused() {
        let refused = |tree: &[(&str, &str)], options: Request, shell: &[(&str, &str)], part: &str| {
            let message = selected(layout(tree).path(), "", options, shell).expect_err("a refusal");
            assert!(message.contains(part), "{message}");
        };
        refused(&[], Request::default(), &[], "no compose file in ");
        refused(&TREE, files(&["-"]), &[], "standard input");
        refused(&TREE, Request::default(), &[("COMPOSE_DISABLE_ENV_FILE", "yes")], "neither true nor false");
        refused(&TREE, Request::default(), &[("COMPOSE_ENV_FILES", "other/.env,")], " is a folder, not a file");
        refused(&TREE, Request { env_files: vec!["no".into()], ..Request::default() }, &[], "no does not exist");
        refused(&[("compose.yml", ""), (".env", "word")], Request::default(), &[], "stands without a name");
    }

    #[test]
    fn profiles_are_trimmed_words() {
        let request = Request {
            files: vec!["/compose.yml".into()],
            environment: [("COMPOSE_PROFILES".to_owned(), " a,, b c ".to_owned())].into(),
            ..Request::default()
        };
        let selection = select(&request, &mut Sources::default()).expect("a selection");
        assert_eq!(selection.profiles, ["a".to_owned(), "b c".to_owned()].into());
    }
}
