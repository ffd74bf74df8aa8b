//! How the user calls the two programs from where he is, so that a command of the report runs as it is printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use feedctl_checks::target::Programs;
use feedctl_compose::project::{self, Request, selection, way};
use feedctl_compose::source::Sources;

/// Who called feedctl.
pub(super) struct Caller<'a> {
    /// The working folder.
    pub(super) folder: &'a Path,
    /// The feedctl.yml that was named, by the option or its variable.
    pub(super) named: Option<&'a Path>,
    /// The process's, without the `env_file` of feedctl.yml: Compose does not read that.
    pub(super) environment: BTreeMap<String, String>,
}

impl Caller<'_> {
    /// For a project of these compose files.
    pub(super) fn programs(&self, files: &[PathBuf], project: &str) -> Programs {
        Programs { compose: self.compose(files, project), feedctl: self.feedctl() }
    }

    fn feedctl(&self) -> String {
        let variable = self.environment.get("FEEDCTL_CONFIG").map(Path::new);
        match self.named.filter(|named| Some(*named) != variable) {
            Some(file) => format!("feedctl -c {}", quoted(file)),
            None => "feedctl".to_owned(),
        }
    }

    /// Without an option where Compose finds the same files by itself, and gives the project the same name.
    fn compose(&self, files: &[PathBuf], project: &str) -> String {
        let request = |files| Request {
            files,
            working_folder: self.folder.to_owned(),
            environment: self.environment.clone(),
            ..Request::default()
        };
        let ways =
            |files: &[PathBuf]| files.iter().map(|file| way(self.folder, &self.folder.join(file))).collect::<Vec<_>>();
        let found = selection::select(&request(Vec::new()), &mut Sources::default());
        let found = found.map_or_else(|_| Vec::new(), |selected| ways(&selected.files));
        let ours = ways(files);
        let named = if found == ours { Vec::new() } else { ours };
        let mut command = "docker compose".to_owned();
        for file in &named {
            command += &format!(" -f {}", quoted(file));
        }
        let name = project::name(&request(named), &mut Sources::default());
        if name.is_ok_and(|name| name == project) { command } else { format!("{command} -p {project}") }
    }
}

/// As one word of a shell.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@%,:=".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two programs as they are called in `folder` of a tree that holds the stack of /srv/feed.
    fn check(folder: &str, named: Option<&str>, variables: &[(&str, &str)], files: &[&str], expected: [&str; 2]) {
        let root = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in [("feed/compose.yml", "{}"), ("feed/sub/x", ""), ("my stack/compose.yml", "name: other")] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder is writable");
            std::fs::write(path, text).expect("the folder is writable");
        }
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let folder = root.path().join(folder);
        let caller = Caller { folder: &folder, named: named.map(Path::new), environment };
        let files: Vec<PathBuf> = files.iter().map(|file| root.path().join(file)).collect();
        let Programs { compose, feedctl } = caller.programs(&files, "feed");
        assert_eq!([compose.as_str(), &feedctl], expected);
    }

    #[test]
    fn in_the_folder_of_the_stack_and_below_no_option_is_needed() {
        let ours = ["feed/compose.yml"];
        check("feed", None, &[], &ours, ["docker compose", "feedctl"]);
        check("feed/sub", None, &[], &ours, ["docker compose", "feedctl"]);
        check("feed", None, &[], &["feed/sub/../compose.yml"], ["docker compose", "feedctl"]);
    }

    #[test]
    fn elsewhere_the_files_and_the_configuration_are_named() {
        let config = Some("feed/feedctl.yml");
        let command = ["docker compose -f feed/compose.yml", "feedctl -c feed/feedctl.yml"];
        check("", config, &[], &["feed/compose.yml"], command);
        let up = ["docker compose -f ../feed/compose.yml", "feedctl -c '../my config.yml'"];
        check("my stack", Some("../my config.yml"), &[], &["feed/compose.yml"], up);
        let other = ["docker compose -f 'my stack/compose.yml' -p feed", "feedctl"];
        check("", None, &[], &["my stack/compose.yml"], other);
    }

    #[test]
    fn what_the_environment_says_is_not_said_again() {
        let variables =
            [("FEEDCTL_CONFIG", "c.yml"), ("COMPOSE_FILE", "my stack/compose.yml"), ("COMPOSE_PROJECT_NAME", "feed")];
        check("", Some("c.yml"), &variables, &["my stack/compose.yml"], ["docker compose", "feedctl"]);
        check(
            "feed",
            None,
            &[("COMPOSE_PROJECT_NAME", "x")],
            &["feed/compose.yml"],
            ["docker compose -p feed", "feedctl"],
        );
    }

    #[test]
    fn without_a_compose_file_the_name_says_which_project() {
        check("", None, &[], &[], ["docker compose -p feed", "feedctl"]);
    }
}
