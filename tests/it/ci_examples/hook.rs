//! The two ways to audit before a commit: the hook in a repository of git's own, and the entry for the framework pre-commit.

use std::fs;
use std::os::unix::fs::symlink;

use feed_testkit::checkout;
use serde::Deserialize;
use tempfile::TempDir;

use super::{BAD, GOOD, JOBS, Ran, UNRESOLVED, command, example, feedctl, project, run};

/// A repository with the hook as its head says to install it.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Repository {
        let repository = Repository { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        repository.git(&["init", "--quiet"]);
        let hook = repository.folder.path().join(".git/hooks/pre-commit");
        fs::create_dir_all(hook.parent().expect("a folder above the hook")).expect("the folder is writable");
        symlink(checkout().join("examples/ci/pre-commit"), hook).expect("the folder is writable");
        repository
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("the folder is writable");
        fs::write(path, text).expect("the folder is writable");
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.folder.path().join(name)).expect("the file is there");
    }

    fn git(&self, arguments: &[&str]) -> Ran {
        let ours = ["git", "-c", "user.name=test", "-c", "user.email=test@feed.test"];
        let mut git = command(self.folder.path(), feedctl(), &[ours.as_slice(), arguments].concat());
        run(git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1"))
    }

    /// Commits what is staged. `refusal` is what the hook says; without one the commit is made.
    fn check_commit(&self, refusal: Option<&str>) {
        let count = || self.git(&["rev-list", "--count", "--all"]).said;
        let before = count();
        let ran = self.git(&["commit", "--quiet", "--message", "a change"]);
        match refusal {
            None => assert_eq!(ran.code, 0, "{}", ran.said),
            Some(reason) => assert!(ran.code == 1 && ran.said.contains(reason), "{}", ran.said),
        }
        assert_eq!(count() == before, refusal.is_some(), "{}", ran.said);
    }
}

#[test]
fn the_hook_refuses_just_the_commits_that_would_leave_a_container_dead() {
    let repository = Repository::new();
    repository.write("compose.yaml", GOOD);
    repository.git(&["add", "--all"]);
    repository.check_commit(None);

    repository.write("compose.yaml", BAD);
    repository.git(&["add", "--all"]);
    repository.check_commit(Some("error[restart-missing]"));

    // What is not part of the commit is nobody's business.
    repository.git(&["reset", "--quiet"]);
    repository.write("notes.txt", "a note\n");
    repository.git(&["add", "notes.txt"]);
    repository.check_commit(None);

    repository.write("compose.yaml", UNRESOLVED);
    repository.write(".env", "POLICY=always\n");
    repository.git(&["add", "--all"]);
    repository.check_commit(None);
    repository.write(".env", "POLICY=no\n");
    repository.git(&["add", ".env"]);
    repository.check_commit(Some("error[restart-missing]"));
}

#[test]
fn the_hook_sees_what_the_project_takes_by_another_name() {
    for folder in ["", "the feed/"] {
        let repository = Repository::new();
        let feed = format!("{folder}feed.yml");
        repository.write("compose.yaml", &format!("include: ['{feed}']\n"));
        repository.write(&feed, UNRESOLVED);
        // Kept out of git, and read by Compose.
        repository.write(".gitignore", ".env\n");
        repository.write(&format!("{folder}.env"), "POLICY=always\n");
        repository.git(&["add", "--all"]);
        repository.check_commit(None);
        repository.write(&feed, BAD);
        repository.git(&["add", "--all"]);
        repository.check_commit(Some("feed.yml:2:3"));
    }
}

#[test]
fn the_hook_never_judges_another_text_than_the_one_that_is_committed() {
    let repository = Repository::new();
    repository.write("compose.yaml", BAD);
    repository.git(&["add", "--all"]);
    repository.write("compose.yaml", GOOD);
    repository.check_commit(Some("error[restart-missing]"));
    repository.git(&["add", "--all"]);
    repository.write("compose.yaml", BAD);
    repository.check_commit(None);

    repository.remove("compose.yaml");
    repository.git(&["add", "--all"]);
    repository.check_commit(None);
}

#[derive(Deserialize)]
struct Configuration {
    repos: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    hooks: Vec<Hook>,
}

#[derive(Deserialize)]
struct Hook {
    entry: String,
    files: String,
    pass_filenames: bool,
}

#[test]
fn the_framework_runs_the_audit_for_the_files_of_a_project() {
    let mut configuration: Configuration = example("pre-commit-config.yml");
    let hook = configuration.repos.remove(0).hooks.remove(0);
    assert!(!hook.pass_filenames);
    for (text, code, _) in JOBS {
        let folder = project(text);
        let ran = run(&mut command(folder.path(), feedctl(), &["sh", "-c", &hook.entry]));
        assert_eq!(ran.code, code, "{}", ran.said);
    }
    for (name, expected) in [
        ("compose.yaml", true),
        ("docker-compose.prod.yml", true),
        ("deploy/compose.override.yaml", true),
        (".env", true),
        ("deploy/feedctl.yml", true),
        ("composer.json", false),
        ("compose/notes.txt", false),
        ("my.env", true),
        (".env.production", true),
        ("services/redis.yaml", true),
        ("environment.txt", false),
    ] {
        let script = format!("printf '%s\\n' {name} | grep -qE '{}'", hook.files);
        let ran = run(&mut command(checkout(), feedctl(), &["sh", "-c", &script]));
        assert_eq!(ran.code == 0, expected, "{name}");
    }
}
