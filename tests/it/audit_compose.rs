//! `feedctl audit-compose` as CI and people run it.

use std::fs;
use std::process::{Command, Stdio};

use feed_testkit::{Feedctl, Run, checkout};
use serde_json::Value;
use tempfile::TempDir;

const INCIDENT: &str = "examples/incident/docker-compose.yml";

async fn audit(arguments: &[&str]) -> Run {
    Feedctl::new().run(&[&["audit-compose"], arguments].concat()).await
}

/// A folder with this compose file in it.
pub(crate) fn project(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("compose.yaml"), text).expect("the folder is writable");
    folder
}

pub(crate) async fn audit_in(folder: &TempDir, arguments: &[&str]) -> Run {
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
async fn colour_is_for_a_terminal_or_for_who_asks_for_it() {
    let folder = project("services:\n  app:\n    image: app:1.4.2\n");
    let coloured = async |color: &[&str]| {
        let run = audit_in(&folder, color).await;
        assert_eq!(run.code, 1, "{run:?}");
        run.stdout.contains('\u{1b}')
    };
    assert!(!coloured(&[]).await, "a pipe is no terminal");
    assert!(coloured(&["--color", "always"]).await);
    assert!(!coloured(&["--color", "never"]).await);
    for format in ["json", "sarif", "github", "junit", "markdown"] {
        assert!(!coloured(&["--color", "always", "--format", format]).await, "{format}");
    }
}

/// `script` gives the command a terminal of its own.
#[test]
fn a_terminal_gets_colour_unless_somebody_refuses_it() {
    let folder = project("services:\n  app:\n    image: app:1.4.2\n");
    let coloured = |refusal: Option<&str>| {
        let command = format!("{} audit-compose", env!("CARGO_BIN_EXE_feedctl"));
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]).current_dir(folder.path());
        script.env_remove("NO_COLOR").envs(refusal.map(|value| ("NO_COLOR", value))).stdin(Stdio::null());
        let output = script.output().expect("`script` is part of every Debian");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("restart-missing"), "{text}");
        text.contains("\u{1b}[")
    };
    assert!(coloured(None) && coloured(Some("")));
    assert!(!coloured(Some("1")));
}

#[tokio::test]
async fn a_variable_without_value_ends_no_audit() {
    let check = |service: &str, options: &'static [&'static str], code: i32, text: &'static str| {
        let folder = project(&format!("services:\n  app:\n    image: app:1.4.2\n{service}"));
        async move {
            let run = audit_in(&folder, options).await;
            assert!(run.code == code && run.stdout.contains(text), "{run:?}");
        }
    };
    let good = "    restart: always\n";
    // No rule asks for it: in CI there is rarely a `.env`.
    check(&format!("{good}    environment: ['PASSWORD=${{P:?set it}}']\n    tty: $T\n"), &[], 0, "`P`, `T`").await;
    check(&format!("{good}    mem_limit: $M\n"), &[], 0, "unresolved[memory-unlimited]").await;
    check(&format!("{good}    mem_limit: $M\n"), &["--fail-on", "warn"], 1, "unresolved[memory-unlimited]").await;
    check("    restart: ${R:?}\n", &[], 3, "unresolved[restart-unresolved]").await;
    check("    mem_limit: $M\n", &[], 1, "error[restart-missing]").await;
    check(&format!("{good}    tty: $T\n    stdin_open: maybe\n"), &[], 2, "neither true nor false").await;
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
    let roles =
        |names: &str| fs::write(&path, format!("version: 1\nservices: {names}\n")).expect("the folder is writable");
    roles("{migrate: {role: one-shot}}");
    let run = audit_in(&folder, &["--format", "json"]).await;
    let service = &json(&run)["services"][0];
    assert_eq!((run.code, &service["role"], &service["role_from"]), (0, &"one-shot".into(), &"feedctl.yml".into()));
    assert_eq!(run.stderr, "");

    roles("{migrat: {role: one-shot}, other: {required: false}}");
    let run = audit_in(&folder, &[]).await;
    let warning =
        "warning: feedctl.yml names the service `migrat`, which no compose file has: did you mean `migrate`?\n";
    assert_eq!((run.code, run.stderr.as_str()), (1, warning));
    // A file of the command line may be a part of the project only.
    assert_eq!(audit_in(&folder, &["-f", "compose.yaml"]).await.stderr, "");
}

pub(crate) const FORMATS: [&str; 6] = ["table", "json", "sarif", "github", "junit", "markdown"];

#[tokio::test]
async fn a_job_in_a_folder_of_the_checkout_annotates_the_files_of_the_checkout() {
    let checkout = project("services: {}\n");
    let folder = checkout.path().join("deploy");
    fs::create_dir(&folder).expect("the folder is writable");
    fs::write(folder.join("compose.yaml"), "services:\n  a:\n    image: app:1.4.2\n").expect("the folder is writable");
    let command = Feedctl::new().folder(&folder).env("GITHUB_WORKSPACE", checkout.path());
    let run = command.run(&["audit-compose", "--format", "github"]).await;
    assert!(run.stdout.starts_with("::error file=deploy/compose.yaml,line=2,"), "{}", run.stdout);
    let report = json(&command.run(&["audit-compose", "--format", "sarif"]).await);
    let place = &report["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "deploy/compose.yaml");
}

/// Whether a terminal would do something else with it than to show it, as Unicode and ECMA-48 have it.
fn deceives(c: char) -> bool {
    c != '\n' && c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// No format lets this project's texts out of their place.
async fn check_harmless(text: &str) {
    let folder = project(text);
    for format in FORMATS {
        let run = audit_in(&folder, &["--format", format, "--fail-on", "warn"]).await;
        let said = &run.stdout;
        assert!((1..=2).contains(&run.code), "{format}: {said}{}", run.stderr);
        let found: Vec<char> = said.chars().filter(|c| deceives(*c)).collect();
        assert!(found.is_empty(), "{format}: {found:?} in {said:?}");
        match format {
            "json" | "sarif" => _ = json(&run),
            "github" => assert!(said.lines().all(|line| line.starts_with("::")), "{said}"),
            "junit" => assert!(!said.contains("<img") && !said.contains("]]>") && !said.contains('\u{ffff}'), "{said}"),
            "markdown" => {
                for row in said.lines().filter(|line| line.starts_with('|')) {
                    assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
                    let outside = row.split('`').step_by(2).collect::<String>();
                    assert!(!outside.contains("<img") && !outside.contains("](") && !outside.contains("://"), "{row}");
                }
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_strangers_text_moves_nothing_and_breaks_out_of_nothing() {
    // As YAML writes them between double quotes.
    let nasty = r#""no\e[2J\a\r\n::error::x\u009b31m\u202e\u2066|`<img src=x>` [a](https://b) ]]> \uffff 한""#;
    let service = |keys: &str| format!("services:\n  a:\n    image: app:latest\n    {keys}\n");
    check_harmless(&service(&format!("restart: {nasty}"))).await;
    check_harmless(&service(&format!("stop_grace_period: {nasty}"))).await;
    check_harmless(&service(&format!("labels: {{feedctl.role: {nasty}}}"))).await;
    check_harmless(&service(&format!("profiles: [{nasty}]"))).await;
    check_harmless(&service(&format!("user: root\n    {nasty}: 1"))).await;
    check_harmless(&format!("services:\n  a:\n    image: {nasty}\n")).await;
    check_harmless(&format!("services:\n  {nasty}:\n    image: app:latest\n")).await;
    // As the file itself may hold them, beside what is shown of it.
    let comment = "# \u{202e}txe \u{2066} \u{9b}31m `|<img src=x>` [a](https://b)";
    check_harmless(&format!("services:\n  a: {comment}\n    image: app:latest {comment}\n")).await;
    let allowed = "# feedctl: allow image-unpinned: \u{202e}txe `|<img src=x>`";
    check_harmless(&format!("services:\n  a:\n    image: app:latest {allowed}\n")).await;
    check_harmless("services:\n  a:\n    image: app:latest # feedctl: allow \u{202e}|`<img src=x>`: it is\n").await;
}

#[tokio::test]
async fn a_caret_stands_below_its_value_whatever_stands_before_it() {
    let folder = project("services:\n  a: {x-\u{202e}\u{200b}b: '\u{202e}', image: 'app:1.4.2', restart: 'no'}\n");
    let run = audit_in(&folder, &[]).await;
    let lines: Vec<&str> = run.stdout.lines().collect();
    let caret = lines.iter().position(|line| line.contains(" ^")).expect("a caret below the value");
    let column = |line: &str, text: &str| line.split(text).next().map(|before| before.chars().count());
    assert_eq!(column(lines[caret], "^"), column(lines[caret - 1], "'no'"), "{}", run.stdout);
}

#[tokio::test]
async fn json_says_all_that_the_table_says() {
    let folder = project(
        "x-no: &no \"no\"\nservices:\n  a:\n    image: x:1\n    restart: *no\n    depends_on:\n      m: {condition: \
         service_completed_successfully}\n  m:\n    image: x:1\n    restart: ${R:-always}\n  u:\n    image: x:1\n    \
         restart: ${R}\n  n:\n    image: x:1\n",
    );
    let report = json(&audit_in(&folder, &["--format", "json"]).await);
    let outcomes = report["outcomes"].as_array().expect("a list of rules");
    let findings = |id: &str| outcomes.iter().find(|outcome| outcome["id"] == id).map(|outcome| &outcome["findings"]);
    let of = |id: &str, index: usize| findings(id).map(|findings| findings[index].clone()).unwrap_or_default();

    let once = of("one-shot-restarts", 0);
    assert_eq!((&once["certainty"], &once["fixable"]), (&"seen".into(), &false.into()), "{once}");
    assert_eq!(once["origin"]["via"], serde_json::json!(["default of R"]));
    assert_eq!((&once["related"][0]["line"], &once["related"][0]["column"]), (&7.into(), &22.into()), "{once}");
    assert_eq!(once["related"][0]["text"], "inferred: `a` waits here for its completion");
    assert_eq!(once["consequence"], "whoever waits for its completion never starts");

    let unknown = of("restart-unresolved", 0);
    assert_eq!(
        (&unknown["certainty"], &unknown["origin"]["via"][0]),
        (&"unresolved".into(), &"R, which is not set".into())
    );
    let missing: Vec<Value> = (0..2).map(|index| of("restart-missing", index)).collect();
    assert_eq!(missing[0]["origin"]["via"], serde_json::json!(["anchor at compose.yaml:5:14"]), "{missing:?}");
    assert_eq!((&missing[1]["fixable"], &missing[1]["origin"]["via"]), (&true.into(), &serde_json::json!([])));
    assert!(missing[1]["otherwise"].as_str().is_some_and(|text| text.contains("feedctl.role")), "{missing:?}");
    assert!(missing[1]["label"].as_str().is_some_and(|text| text.starts_with("no `restart:` here")), "{missing:?}");
}

#[tokio::test]
async fn a_finding_tells_the_profiles_of_its_service_and_how_its_role_is_known() {
    let folder = project(
        "services:\n  a:\n    image: x:1\n    restart: always\n    depends_on:\n      m: {condition: \
         service_completed_successfully}\n  m:\n    image: x:1\n    restart: always\n  t:\n    image: x:latest\n    \
         profiles: [tools, debug]\n",
    );
    let run = audit_in(&folder, &[]).await;
    let blocks: Vec<&str> = run.stdout.split("\n\n").collect();
    let block = |id: &str| *blocks.iter().find(|block| block.contains(id)).expect("the finding is told");
    let once = block("[one-shot-restarts]");
    assert!(once.contains("inferred: `a` waits here for its completion") && !once.contains("profile"), "{once}");
    assert!(block("[image-unpinned]").contains("= note: only with profile `tools` or `debug`"), "{}", run.stdout);
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
