//! The restart truth table, measured on a real engine and compared with the one that the rules use. What has changed is
//! printed as the rows to write into `checks/compose/src/model/truth.rs`.

use std::fs;
use std::process::Command;
use std::time::Duration;

use feed_testkit::{Engine, checkout, eventually};
use feedctl_compose::model::truth::{Answer, ENDINGS, EVENTS, Fate, SPELLINGS};

const BOUND: Duration = Duration::from_secs(60);

/// A container that was restarted this often will be restarted for ever.
const OFTEN: u8 = 4;

/// One container per event; those of the last two live until the engine restarts.
const ENDS: [&str; 6] = ["exit-0", "exit-1", "abort", "wait", "wait-and-exit-0", "wait"];

#[tokio::test]
async fn the_truth_table_is_what_the_engine_does() {
    let Some(mut engine) = Engine::start().await else { return };
    import(&engine);
    let answers: Vec<(&str, Option<(String, i64)>)> =
        SPELLINGS.iter().map(|spelling| (spelling.yaml, created(&engine, spelling.yaml))).collect();
    let known = SPELLINGS.iter().map(|spelling| match &spelling.engine {
        Answer::Policy(policy) => (spelling.yaml, Some((policy.name.to_owned(), policy.maximum_retry_count))),
        Answer::Refused => (spelling.yaml, None),
    });
    assert_eq!(answers, known.collect::<Vec<_>>(), "how Compose and the engine take a spelling");

    let mut policies: Vec<(&str, &(String, i64))> =
        answers.iter().filter_map(|(yaml, policy)| Some((*yaml, policy.as_ref()?))).collect();
    policies.sort_by_key(|(_, policy)| *policy);
    policies.dedup_by_key(|(_, policy)| *policy);
    let measured = fates(&mut engine, &policies).await;
    let known: Vec<String> = ENDINGS
        .iter()
        .map(|ending| row(ending.policy.name, ending.policy.maximum_retry_count, &ending.fates))
        .collect();
    assert!(measured == known, "ENDINGS is old; measured:\n{}", measured.join("\n"));
}

/// A row of ENDINGS, as it is written.
fn row(name: &str, maximum_retry_count: i64, fates: &[Fate]) -> String {
    format!("    Ending {{ policy: policy({name:?}, {maximum_retry_count}), fates: {fates:?} }},")
}

/// The image `ending`: one static program.
fn import(engine: &Engine) {
    let source = checkout().join("tests/it/restart_truth/ending.rs");
    let folder = engine.folder();
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-O", "-C", "target-feature=+crt-static", "-C", "panic=abort"]);
    rustc.args(["--target", "x86_64-unknown-linux-gnu"]).arg(source).arg("-o").arg(folder.join("ending"));
    run(&mut rustc);
    run(Command::new("tar").arg("-C").arg(&folder).arg("-cf").arg(folder.join("ending.tar")).arg("ending"));
    run(engine.docker(&["import", &folder.join("ending.tar").display().to_string(), "ending"]).current_dir(&folder));
}

/// What the engine has after `docker compose create`; none where the container was refused.
fn created(engine: &Engine, yaml: &str) -> Option<(String, i64)> {
    let project = project(engine, "created", yaml, &["exit-0"]);
    let created = compose(engine, &project, &["create"]).output().expect("docker can be run");
    let ids = String::from_utf8_lossy(&run(&mut compose(engine, &project, &["ps", "--all", "--quiet"]))).into_owned();
    let policy = created.status.success().then(|| policy(engine, ids.trim()));
    run(&mut compose(engine, &project, &["down", "--timeout", "0"]));
    policy
}

/// An empty name is `no` to the engine.
fn policy(engine: &Engine, id: &str) -> (String, i64) {
    let format = "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}";
    let text = inspect(engine, id, format);
    let (name, attempts) = text.split_once(' ').expect("the format has one blank");
    let name = if name.is_empty() { "no" } else { name };
    (name.to_owned(), attempts.parse().expect("a count"))
}

async fn fates(engine: &mut Engine, policies: &[(&str, &(String, i64))]) -> Vec<String> {
    let projects: Vec<String> = policies
        .iter()
        .enumerate()
        .map(|(number, (yaml, _))| {
            let project = project(engine, &format!("fate{number}"), yaml, &ENDS);
            run(&mut compose(engine, &project, &["up", "--detach"]));
            project
        })
        .collect();
    let mut fates: Vec<Vec<Fate>> = Vec::new();
    for project in &projects {
        let mut row = Vec::new();
        for container in 0..3 {
            row.push(settled(engine, &name(project, container)).await);
        }
        run(&mut engine.docker(&["stop", "--time", "0", &name(project, 3)]));
        row.push(settled(engine, &name(project, 3)).await);
        // What restarts for ever would only load the machine.
        run(&mut engine.docker(&["rm", "--force", &name(project, 0), &name(project, 1), &name(project, 2)]));
        fates.push(row);
    }
    engine.restart().await;
    for (project, row) in projects.iter().zip(&mut fates) {
        for container in 3..6 {
            row.push(alive(engine, &name(project, container)).await);
        }
    }
    policies.iter().zip(&fates).map(|((_, (name, attempts)), fates)| row(name, *attempts, fates)).collect()
}

/// Waits until the engine has given the container up, or restarted it often enough.
async fn settled(engine: &Engine, container: &str) -> Fate {
    eventually(BOUND, "the container settles", async || {
        let state = inspect(engine, container, "{{.State.Status}} {{.RestartCount}}");
        let (status, restarts) = state.split_once(' ').expect("the format has one blank");
        let restarts: u8 = restarts.parse().expect("a small count");
        match (status, restarts) {
            (_, OFTEN..) => Ok(Fate::Back),
            ("exited", 0) => Ok(Fate::Dead),
            ("exited", _) => Ok(Fate::GivesUp(restarts)),
            _ => Err(format!("{container}: {state}")),
        }
    })
    .await
}

/// After a restart of the engine.
async fn alive(engine: &Engine, container: &str) -> Fate {
    eventually(BOUND, "the container settles", async || {
        match inspect(engine, container, "{{.State.Status}}").as_str() {
            "running" => Ok(Fate::Back),
            "exited" => Ok(Fate::Dead),
            other => Err(format!("{container}: {other}")),
        }
    })
    .await
}

/// Writes a compose file with one service per ending, all with the policy of `yaml`; gives its project's name.
fn project(engine: &Engine, name: &str, yaml: &str, ends: &[&str]) -> String {
    let service = |(number, end): (usize, &&str)| {
        format!(
            "  s{number}: {{<<: {yaml}, image: ending, command: [/ending, {end}], network_mode: none, \
             stop_grace_period: 1s}}\n"
        )
    };
    let services: String = ends.iter().enumerate().map(service).collect();
    let path = engine.folder().join(format!("{name}.yml"));
    fs::write(path, format!("services:\n{services}")).expect("the temporary folder is writable");
    name.to_owned()
}

fn name(project: &str, service: usize) -> String {
    format!("{project}-s{service}-1")
}

fn compose(engine: &Engine, project: &str, arguments: &[&str]) -> Command {
    let file = engine.folder().join(format!("{project}.yml")).display().to_string();
    engine.docker(&[&["compose", "--project-name", project, "--file", &file], arguments].concat())
}

fn inspect(engine: &Engine, container: &str, format: &str) -> String {
    let said = run(&mut engine.docker(&["inspect", "--format", format, container]));
    String::from_utf8_lossy(&said).trim_end().to_owned()
}

/// What a command that must succeed wrote.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(output.status.success(), "{command:?} failed\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn the_page_prints_the_table() {
    let path = checkout().join("docs/restart-policies.md");
    let page = fs::read_to_string(path).expect("docs/restart-policies.md is in the repository");
    let spelling = |yaml: &str, engine: &Answer| match engine {
        Answer::Refused => format!("| `{yaml}` | refused |\n"),
        Answer::Policy(policy) => format!("| `{yaml}` | `{}`, {} |\n", policy.name, policy.maximum_retry_count),
    };
    let spellings: String = SPELLINGS.iter().map(|row| spelling(row.yaml, &row.engine)).collect();
    let header = |cells: &[&str]| format!("| {} |\n|{}\n", cells.join(" | "), "---|".repeat(cells.len()));
    let mut endings = header(&[&["a container with"], EVENTS.as_slice()].concat());
    for ending in ENDINGS {
        let fates: Vec<String> = ending.fates.iter().map(Fate::to_string).collect();
        let policy = &ending.policy;
        endings += &format!("| `{}`, {} | {} |\n", policy.name, policy.maximum_retry_count, fates.join(" | "));
    }
    for table in
        [header(&["in the compose file", "what the engine gets: name, maximum retry count"]) + &spellings, endings]
    {
        assert!(page.contains(&table), "docs/restart-policies.md is old; it should hold\n{table}");
    }
}
