//! Projects written by hand: one per fact of how Compose reads files, and the compose files of this repository. The name of
//! a folder in `tests/projects` that begins with `refused-` says that Compose refuses it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::comparison::{Comparison, compare};
use crate::known;
use crate::situation::{CommandLine, Situation};

/// How the compose files of this repository are meant to be read; any other is read alone.
const REPOSITORY: &[&str] = &[
    "docker compose -f docker-compose.yml",
    "docker compose --env-file examples/demo.env",
    "docker compose -f docker-compose.yml -f examples/demo-incident.yml",
];

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn read_all() -> Vec<(String, Situation)> {
    let entries = fs::read_dir(folder("tests/projects")).expect("tests/projects lies in the crate");
    let mut projects: Vec<(String, Situation)> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .map(|path| (name(&path), Situation::read(&path).expect("files that can be read")))
        .collect();
    projects.sort_by(|(left, _), (right, _)| left.cmp(right));
    projects
}

fn name(path: &Path) -> String {
    path.file_name().expect("an entry of a folder has a name").to_string_lossy().into_owned()
}

fn compare_all(projects: &[(String, Situation)]) -> Comparison {
    compare(projects.len(), |number| projects[number].clone())
}

#[test]
fn projects_by_hand_read_as_compose_reads_them() {
    let projects = read_all();
    assert!(!projects.is_empty());
    let comparison = compare_all(&projects);
    let named: BTreeSet<&String> =
        projects.iter().map(|(name, _)| name).filter(|name| name.starts_with("refused-")).collect();
    let refused: BTreeSet<&String> = comparison.refusals.keys().collect();
    let surprises: Vec<_> =
        named.symmetric_difference(&refused).map(|name| (name, comparison.refusals.get(*name))).collect();
    assert!(surprises.is_empty(), "named as refused and not, or the other way round: {surprises:#?}");
    comparison.must_agree();
    let argued: BTreeSet<&str> = known::DIFFERENCES.iter().map(|(name, _)| *name).collect();
    assert_eq!(comparison.known, argued, "each known difference is shown by a project");
}

#[test]
fn the_compose_files_of_this_repository_read_as_compose_reads_them() {
    let root = folder("../..");
    let examples = Situation::read(&root.join("examples")).expect("examples lie in the repository");
    let mut files: BTreeMap<String, Vec<u8>> =
        examples.files.into_iter().map(|(name, content)| (format!("examples/{name}"), content)).collect();
    let main = fs::read(root.join("docker-compose.yml")).expect("docker-compose.yml lies at the root");
    files.insert("docker-compose.yml".to_owned(), main);
    let is_compose = |content: &[u8]| content.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"services:"));
    let alone = files.iter().filter(|(name, content)| {
        // feedctl's own configuration has services too.
        let is_named = REPOSITORY.iter().any(|command| command.contains(name.as_str()));
        is_compose(content) && !is_named && !name.ends_with("feedctl.yml")
    });
    let lines = REPOSITORY.iter().map(|line| (*line).to_owned());
    let lines = lines.chain(alone.map(|(name, _)| format!("docker compose -f {name}")));
    let projects: Vec<_> = lines
        .map(|line| {
            let command = CommandLine::parse(&line);
            (line, Situation { files: files.clone(), command })
        })
        .collect();
    let comparison = compare_all(&projects);
    assert_eq!(comparison.accepted, projects.len(), "{:?}", comparison.refusals);
    comparison.must_agree();
}
