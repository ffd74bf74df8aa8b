//! `feedctl audit-compose` as CI and people run it.

use std::fs;

use feed_testkit::{Feedctl, Run, checkout};
use serde_json::Value;
use tempfile::TempDir;

const INCIDENT: &str = "examples/incident/docker-compose.yml";

async fn audit(arguments: &[&str]) -> Run {
    Feedctl::new().run(&[&["audit-compose"], arguments].concat()).await
}

/// A folder with this compose file in it.
fn project(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("compose.yaml"), text).expect("the folder is writable");
    folder
}

async fn audit_in(folder: &TempDir, arguments: &[&str]) -> Run {
    Feedctl::new().folder(folder.path()).run(&[&["audit-compose"], arguments].concat()).await
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}

/// The errors of the incident: rule, service and line.
const ERRORS: [(&str, &str, u64); 2] =
    [("restart-missing", "real-collector", 17), ("restart-missing", "timescale-archiver", 22)];

#[tokio::test]
async fn the_incidents_compose_file_has_just_the_errors_that_would_have_prevented_it() {
    let run = audit(&["-f", INCIDENT]).await;
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(
        run.headline(),
        "error[restart-missing]: nothing will start `real-collector` again after it exits or the host reboots"
    );

    let run = audit(&["-f", INCIDENT, "--format", "json"]).await;
    let report = json(&run);
    let outcomes = report["outcomes"].as_array().expect("a list of rules");
    let errors = outcomes.iter().flat_map(|outcome| {
        let findings = outcome["findings"].as_array().expect("a list of findings");
        let errors = findings.iter().filter(|finding| finding["severity"] == "error");
        errors.map(|finding| (outcome["id"].as_str(), finding["subject"].as_str(), finding["origin"]["line"].as_u64()))
    });
    let expected = ERRORS.map(|(rule, service, line)| (Some(rule), Some(service), Some(line)));
    assert_eq!(errors.collect::<Vec<_>>(), expected);
    assert_eq!((run.code, &report["verdict"], &report["exit_code"]), (1, &"fail".into(), &1.into()));
}

#[tokio::test]
async fn the_same_errors_reach_code_scanning_and_github() {
    let report = json(&audit(&["-f", INCIDENT, "--format", "sarif"]).await);
    let run = &report["runs"][0];
    let results = run["results"].as_array().expect("a list of results").iter();
    let errors: Vec<&Value> = results.filter(|result| result["level"] == "error").collect();
    for (result, (rule, service, line)) in errors.iter().zip(ERRORS) {
        let location = &result["locations"][0]["physicalLocation"];
        assert_eq!((&result["ruleId"], &location["region"]["startLine"]), (&rule.into(), &line.into()));
        assert_eq!(location["artifactLocation"]["uri"], INCIDENT);
        assert_eq!(result["partialFingerprints"]["feedctl/v1"], format!("{rule}:{INCIDENT}:{service}:1"));
        let index = result["ruleIndex"].as_u64().expect("an index of the rules");
        assert_eq!(run["tool"]["driver"]["rules"][usize::try_from(index).expect("a small index")]["id"], rule);
    }
    assert_eq!(errors.len(), ERRORS.len());

    let run = audit(&["-f", INCIDENT, "--format", "github"]).await;
    let errors: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("::error ")).collect();
    for (line, (rule, service, number)) in errors.iter().zip(ERRORS) {
        let place = format!("::error file={INCIDENT},line={number},endLine={number},col=3,");
        assert!(
            line.starts_with(&place) && line.contains(&format!("title={rule}::")) && line.contains(service),
            "{line}"
        );
    }
    assert_eq!(errors.len(), ERRORS.len());
    let warnings = run.stdout.lines().filter(|line| line.starts_with("::warning ")).count();
    assert!(warnings <= 10, "GitHub shows ten of a kind, not {warnings}");
}

#[tokio::test]
async fn a_fix_is_shown_first_and_the_second_one_changes_nothing() {
    let folder = project("services:\n  archiver: # ours\n    image: app:1.4.2\n");
    let path = folder.path().join("compose.yaml");
    let before = fs::read_to_string(&path).expect("the file is there");
    let shown = audit_in(&folder, &["--fix", "--diff"]).await;
    assert!(shown.stdout.contains("\n+    restart: unless-stopped\n"), "{}", shown.stdout);
    assert_eq!(fs::read_to_string(&path).expect("the file is there"), before);

    let fixed = audit_in(&folder, &["--fix"]).await;
    assert_eq!((fixed.code, fixed.stderr.as_str()), (0, "changed compose.yaml\n"), "{}", fixed.stdout);
    let after = fs::read_to_string(&path).expect("the file is there");
    assert!(
        after.starts_with("services:\n  archiver: # ours\n    image: app:1.4.2\n    restart: unless-stopped\n"),
        "{after}"
    );
    let again = audit_in(&folder, &["--fix"]).await;
    assert_eq!(again.stderr, "nothing to change by a program\n");
    assert_eq!(fs::read_to_string(&path).expect("the file is there"), after);
}

#[tokio::test]
async fn a_fix_writes_over_no_variable_adds_nothing_twice_and_stays_in_the_project() {
    let parent = project("");
    let folder = parent.path().join("feed");
    fs::create_dir(&folder).expect("the folder is writable");
    let texts = [
        (
            "feed/compose.yaml",
            "include: [../shared.yaml]\nservices:\n  archiver:\n    image: app:1.4.2\n    stop_grace_period: ${GRACE:-5s}\n",
        ),
        ("feed/compose.override.yaml", "services:\n  archiver:\n    restart: !reset null\n"),
        ("shared.yaml", "services:\n  redis:\n    image: redis:8\n"),
    ];
    for (name, text) in texts {
        fs::write(parent.path().join(name), text).expect("the folder is writable");
    }
    let read = |name: &str| fs::read_to_string(parent.path().join(name)).expect("the file is there");
    let fix = || async { Feedctl::new().folder(&folder).run(&["audit-compose", "--fix"]).await };
    assert_eq!(fix().await.stderr, "changed compose.yaml\n");
    let once = read("feed/compose.yaml");
    assert!(once.contains("    restart: unless-stopped\n") && once.contains("${GRACE:-5s}"), "{once}");
    fix().await;
    assert_eq!(read("feed/compose.yaml"), once);
    assert_eq!(read("shared.yaml"), texts[2].1);
}

#[tokio::test]
async fn profiles_of_the_command_line_are_active() {
    let folder = project(
        "services:\n  a:\n    image: x:1\n    restart: always\n    depends_on: [b]\n  b:\n    image: x:1\n    \
         restart: always\n    profiles: [debug]\n",
    );
    let inactive = audit_in(&folder, &[]).await;
    assert!(inactive.code == 1 && inactive.headline().contains("depends-on-inactive"), "{}", inactive.stdout);
    assert_eq!(audit_in(&folder, &["--profile", "debug"]).await.code, 0);
}

#[tokio::test]
async fn a_green_job_shows_no_red_test() {
    let folder = project("services:\n  a:\n    image: x:latest\n    restart: always\n");
    let run = audit_in(&folder, &["--format", "junit"]).await;
    assert!(
        run.code == 0 && run.stdout.contains("failures=\"0\"") && run.stdout.contains("<system-out>"),
        "{}",
        run.stdout
    );
    let run = audit_in(&folder, &["--format", "junit", "--fail-on", "warn"]).await;
    assert!(run.code == 1 && run.stdout.contains("<failure type=\"warning\""), "{}", run.stdout);
}

#[tokio::test]
async fn what_cannot_be_known_is_neither_a_pass_nor_a_failure() {
    let folder = project("services:\n  archiver:\n    image: app:1.4.2\n    restart: ${POLICY}\n");
    let run = audit_in(&folder, &[]).await;
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.headline().starts_with("unresolved[restart-unresolved]: "), "{}", run.stdout);

    let folder = project("services:\n  archiver:\n    image: app:1.4.2\n    extends: {file: gone.yaml, service: a}\n");
    let run = audit_in(&folder, &[]).await;
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(!run.stdout.contains("restart-missing"), "the missing file may have it: {}", run.stdout);

    // In CI there is rarely such a file, and no error hangs on it.
    let folder = project("services:\n  a:\n    image: app:1.4.2\n    restart: always\n    env_file: gone.env\n");
    let run = audit_in(&folder, &[]).await;
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("unresolved[file-missing]"), "{}", run.stdout);

    let folder = project("services:\n  archiver:\n    image: app:1.4.2\n    restrat: always\n");
    let run = audit_in(&folder, &[]).await;
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("compose.yaml:4:5") && run.stdout.contains("`restart`"), "{}", run.stdout);
}

#[tokio::test]
async fn roles_come_from_feedctl_yml_too() {
    let folder = project("services:\n  migrate:\n    image: app:1.4.2\n");
    assert_eq!(audit_in(&folder, &[]).await.code, 1);
    let path = folder.path().join("feedctl.yml");
    fs::write(path, "version: 1\nservices:\n  migrate: {role: one-shot}\n").expect("the folder is writable");
    let run = audit_in(&folder, &["--format", "json"]).await;
    let service = &json(&run)["services"][0];
    assert_eq!((run.code, &service["role"], &service["role_from"]), (0, &"one-shot".into(), &"feedctl.yml".into()));
}

#[tokio::test]
async fn no_secret_is_shown() {
    let folder = project(
        "services:\n  archiver:\n    image: app:latest\n    environment:\n      DB_PASSWORD: hunter2\n      \
         URL: postgres://me:hunter2@db/feed\n      KEY_TOKEN: ${TOKEN_VALUE}\n",
    );
    fs::write(folder.path().join(".env"), "TOKEN_VALUE=hunter2\n").expect("the folder is writable");
    for format in ["table", "json", "sarif", "github", "junit", "markdown"] {
        let run = audit_in(&folder, &["--format", format]).await;
        assert_eq!(run.code, 1, "{format}: {}", run.stderr);
        assert!(!(run.stdout + &run.stderr).contains("hunter2"), "{format} shows a secret");
    }
}

#[tokio::test]
async fn the_compose_files_of_this_repository_are_clean() {
    for files in [["docker-compose.yml"].as_slice(), &["docker-compose.yml", "examples/demo-incident.yml"]] {
        assert!(files.iter().all(|file| checkout().join(file).is_file()));
        let arguments: Vec<&str> = files.iter().flat_map(|file| ["-f", *file]).collect();
        let run = audit(&arguments).await;
        // The overlay of the demo brings the incident about: its one policy is the bad one.
        let expected = i32::from(files.len() > 1);
        assert_eq!(run.code, expected, "{}", run.stdout);
    }
}
