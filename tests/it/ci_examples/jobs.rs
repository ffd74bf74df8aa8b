//! The jobs of GitHub and GitLab: they end as the audit does, with their reports written, and install feedctl where it is not.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{JOBS, REFUSED, Ran, command, example, feedctl, project, read, run};

#[derive(Deserialize)]
struct Workflow {
    jobs: BTreeMap<String, WorkflowJob>,
}

#[derive(Deserialize)]
struct WorkflowJob {
    permissions: BTreeMap<String, String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    uses: Option<String>,
    run: Option<String>,
    #[serde(default)]
    with: BTreeMap<String, String>,
    #[serde(rename = "if")]
    condition: Option<String>,
}

fn workflow() -> WorkflowJob {
    let mut workflow: Workflow = example("github-actions.yml");
    workflow.jobs.remove("audit-compose").expect("the job of the example")
}

/// As the runner does: each script in a shell of its own, none after a failed one but where it says so. Gives how the job
/// ends, and all that it said.
fn run_steps(folder: &Path, steps: &[Step]) -> Ran {
    let mut job = Ran { code: 0, said: String::new() };
    for step in steps {
        let Some(script) = step.run.as_deref() else { continue };
        assert!(!script.contains("${{"), "only GitHub could run this: {script}");
        if job.code != 0 && step.condition.is_none() {
            continue;
        }
        let shell = &mut command(folder, feedctl(), &["bash", "-e", "-c", script]);
        let ran = run(shell.env("GITHUB_STEP_SUMMARY", folder.join("summary.md")));
        job.said += &ran.said;
        job.code = if job.code == 0 { ran.code } else { job.code };
    }
    job
}

#[test]
fn the_github_job_ends_as_the_audit_does_and_has_all_its_reports() {
    let job = workflow();
    assert_eq!(job.permissions["security-events"], "write");
    let upload = |step: &Step| step.uses.as_deref().is_some_and(|action| action.contains("upload-sarif"));
    let upload = job.steps.iter().position(upload).expect("the report is uploaded");
    for (text, code, word) in JOBS {
        let folder = project(text);
        let before = run_steps(folder.path(), &job.steps[..upload]);
        assert_eq!(before.code, 0, "nothing fails before the upload: {}", before.said);
        let sarif: Value = serde_json::from_str(&read(folder.path(), &job.steps[upload].with["sarif_file"]))
            .expect("the file that is uploaded is JSON");
        let results = sarif["runs"][0]["results"].as_array().expect("a list of results");
        assert!(results.iter().any(|result| result["ruleId"] == word), "{word}: {results:?}");
        assert!(read(folder.path(), "summary.md").contains(&format!("| `{word}` | compose.yaml:")));

        let after = run_steps(folder.path(), &job.steps[upload..]);
        assert_eq!(after.code, code, "{}", after.said);
        assert!(after.said.contains(" file=compose.yaml,line=") && after.said.contains(word), "{}", after.said);
    }
    assert_eq!(run_steps(project(REFUSED).path(), &job.steps).code, 2);
}

#[derive(Deserialize)]
struct GitLab {
    #[serde(rename = "audit-compose")]
    job: GitLabJob,
}

#[derive(Deserialize)]
struct GitLabJob {
    before_script: Vec<String>,
    script: Vec<String>,
    artifacts: Artifacts,
}

#[derive(Deserialize)]
struct Artifacts {
    when: String,
    reports: BTreeMap<String, String>,
}

/// GitLab runs both lists as one script.
fn run_script(folder: &Path, job: &GitLabJob) -> Ran {
    let script = [job.before_script.as_slice(), &job.script].concat().join("\n");
    run(&mut command(folder, feedctl(), &["bash", "-e", "-o", "pipefail", "-c", &script]))
}

#[test]
fn the_gitlab_job_ends_as_the_audit_does_and_has_its_report() {
    let GitLab { job } = example("gitlab-ci.yml");
    assert_eq!(job.artifacts.when, "always");
    for (text, code, word) in JOBS {
        let folder = project(text);
        let ran = run_script(folder.path(), &job);
        assert_eq!(ran.code, code, "{}", ran.said);
        let report = read(folder.path(), &job.artifacts.reports["junit"]);
        let found = format!("<testcase classname=\"feedctl.audit-compose\" name=\"{word}\">\n      <");
        assert!(report.contains(&found), "{word}: {report}");
        assert!(ran.said.contains(&format!("[{word}]: ")), "{}", ran.said);
    }
    assert_eq!(run_script(project(REFUSED).path(), &job).code, 2);
}

/// Programs that only write down how they were called; a PATH of just these and the shell's own has no feedctl.
fn recorders(folder: &Path) {
    for name in ["cargo", "git", "rustup"] {
        let path = folder.join(name);
        fs::write(&path, "#!/bin/sh\necho \"${0##*/} $*\" >>calls\n").expect("the folder is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    }
}

fn check_install(script: &str, expected: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    recorders(folder.path());
    let mut shell = command(folder.path(), folder.path(), &["bash", "-e", "-c", script]);
    shell.env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()));
    shell.envs([("FEEDCTL_REF", "v1"), ("FEEDCTL_REPOSITORY", "ssh://git.test/feedctl")]);
    let ran = run(&mut shell);
    assert_eq!((ran.code, ran.said.as_str()), (0, ""));
    assert_eq!(read(folder.path(), "calls"), expected);
}

#[test]
fn a_machine_without_feedctl_compiles_it_from_its_source() {
    let job = workflow();
    let install = job.steps.iter().filter_map(|step| step.run.as_deref()).find(|script| script.contains("cargo"));
    let source = job.steps.iter().find(|step| step.with.contains_key("repository")).expect("the source is checked out");
    let path = &source.with["path"];
    let calls = format!("rustup update --no-self-update stable\ncargo +stable install --locked --path {path}\n");
    check_install(install.expect("a step that installs"), &calls);

    let GitLab { job } = example("gitlab-ci.yml");
    let calls = "git clone --quiet --depth 1 --branch v1 ssh://git.test/feedctl .feedctl/source\n\
                 cargo install --locked --path .feedctl/source --root .feedctl\n";
    check_install(&job.before_script.join("\n"), calls);
}
