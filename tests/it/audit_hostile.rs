//! `feedctl audit-compose` on files that hang or kill other readers: each gets one clear answer within 1 GiB of memory.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use feed_testkit::Feedctl;
use tempfile::TempDir;

/// Far more than it takes, far less than for ever.
const BOUND: Duration = Duration::from_secs(60);

/// What is in the folder before feedctl runs: compose.yaml and what it refers to.
type Prepare<'a> = &'a dyn Fn(&Path);

/// Runs the audit with the address space of the whole process limited to 1 GiB; gives exit code and output.
async fn audit(format: &str, prepare: Prepare<'_>) -> (i32, String) {
    let folder: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
    prepare(folder.path());
    let command = Feedctl::new().folder(folder.path()).limited("ulimit -v 1048576");
    let run = tokio::time::timeout(BOUND, command.run(&["audit-compose", "--format", format])).await;
    let run = run.unwrap_or_else(|_| panic!("no answer within {BOUND:?}"));
    (run.code, run.stdout + &run.stderr)
}

/// `expected` are texts that the answer holds, a place among them where one can be given.
async fn check(name: &str, prepare: Prepare<'_>, code: i32, expected: &[&str]) {
    check_as("table", name, prepare, code, expected).await;
}

async fn check_as(format: &str, name: &str, prepare: Prepare<'_>, code: i32, expected: &[&str]) {
    let (found, said) = audit(format, prepare).await;
    let start = said.chars().take(2000).collect::<String>();
    assert_eq!(found, code, "{name}: {start}");
    for text in expected {
        assert!(said.contains(text), "{name}: no `{text}` in\n{start}");
    }
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    fs::write(folder.join(name), text).expect("the folder is writable");
}

/// A compose file of one good service, with `extra` behind it.
fn with(extra: &str) -> String {
    format!("services:\n  a:\n    image: x:1\n    restart: always\n{extra}")
}

#[tokio::test]
async fn aliases_that_multiply_are_refused() {
    let mut bomb = with("x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("x-{level}: &a{level} [{aliases}]\n");
    }
    check("alias bomb", &|folder| write(folder, "compose.yaml", &bomb), 2, &["compose.yaml:"]).await;

    let mut bomb = with("x-0: &m0 {a: 1}\n");
    for level in 1..40 {
        let before = level - 1;
        bomb += &format!("x-{level}: &m{level} {{a: *m{before}, b: *m{before}, <<: [*m{before}, *m{before}]}}\n");
    }
    check("merge bomb", &|folder| write(folder, "compose.yaml", &bomb), 2, &["compose.yaml:"]).await;

    let own = with("x-a: &a\n  <<: *a\n");
    check("an anchor in itself", &|folder| write(folder, "compose.yaml", &own), 2, &["compose.yaml:6:"]).await;
}

#[tokio::test]
async fn circles_are_named() {
    let itself = with("include: [compose.yaml]\n");
    check("include of itself", &|folder| write(folder, "compose.yaml", &itself), 2, &["compose.yaml:5:"]).await;
    let include = |folder: &Path| {
        write(folder, "compose.yaml", with("include: [b.yaml]\n"));
        write(folder, "b.yaml", "include: [c.yaml]\n");
        write(folder, "c.yaml", "include: [b.yaml]\n");
    };
    check("include in a circle", &include, 2, &["c.yaml:1:"]).await;
    let extends = "services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n";
    check("extends in a circle", &|folder| write(folder, "compose.yaml", extends), 2, &["compose.yaml:"]).await;
    let extends = |folder: &Path| {
        write(folder, "compose.yaml", "services:\n  a: {extends: {file: b.yaml, service: a}}\n");
        write(folder, "b.yaml", "services:\n  a: {extends: {file: compose.yaml, service: a}}\n");
    };
    check("extends in a circle of files", &extends, 2, &[".yaml:2:"]).await;
}

#[tokio::test]
async fn what_is_no_compose_file_is_refused_with_the_place() {
    let huge = |folder: &Path| {
        let file = fs::File::create(folder.join("compose.yaml")).expect("the folder is writable");
        file.set_len(100 << 20).expect("a file may be 100 MiB long");
    };
    check("100 MiB", &huge, 2, &["compose.yaml", "MiB"]).await;
    let text = [b"services:\n  a: {image: \"".as_slice(), &[0xff, 0xfe, 0xfd], b"\"}\n"].concat();
    check("no UTF-8", &|folder| write(folder, "compose.yaml", &text), 2, &["compose.yaml", "UTF-8"]).await;
    let deep = format!("services: {}", "[".repeat(100_000));
    check("100,000 brackets", &|folder| write(folder, "compose.yaml", &deep), 2, &["compose.yaml:1:"]).await;
    let deep: String = (0..20_000).map(|level| format!("{}a:\n", " ".repeat(level % 900))).collect();
    check("steps", &|folder| write(folder, "compose.yaml", &deep), 2, &["compose.yaml:"]).await;
    let twice = with("  a: {image: y:1}\n");
    check("a key twice", &|folder| write(folder, "compose.yaml", &twice), 2, &["compose.yaml:5:3"]).await;
    check("nothing", &|folder| write(folder, "compose.yaml", ""), 2, &["nothing is in compose.yaml"]).await;
}

#[tokio::test]
async fn what_is_no_file_is_never_opened() {
    let fifo = |folder: &Path| {
        let made = Command::new("mkfifo").arg(folder.join("compose.yaml")).stdin(Stdio::null()).status();
        assert!(made.is_ok_and(|status| status.success()), "a FIFO can be made");
    };
    check("a FIFO", &fifo, 2, &["compose.yaml"]).await;
    let directory = |folder: &Path| fs::create_dir(folder.join("compose.yaml")).expect("the folder is writable");
    check("a folder", &directory, 2, &["compose.yaml"]).await;
    let device = |folder: &Path| {
        std::os::unix::fs::symlink("/dev/zero", folder.join("compose.yaml")).expect("the folder is writable");
    };
    check("a device", &device, 2, &["compose.yaml"]).await;
    let include = with("include: [/dev/zero]\n");
    check("a device included", &|folder| write(folder, "compose.yaml", &include), 2, &["/dev/zero"]).await;
}

#[tokio::test]
async fn variables_that_double_are_refused() {
    let doubling = |folder: &Path| {
        let lines = (1..64).map(|level| format!("A{level}=${{A{0}}}${{A{0}}}\n", level - 1));
        write(folder, ".env", format!("A0=aaaaaaaaaaaaaaaa\n{}", lines.collect::<String>()));
        write(folder, "compose.yaml", with("    hostname: ${A63}\n"));
    };
    check("doubling variables", &doubling, 2, &[".env"]).await;
}

#[tokio::test]
async fn a_line_of_secrets_is_masked_at_once() {
    let words: Vec<String> = (0..20_000).map(|number| format!("P{number}_PASSWORD=x")).collect();
    let text = format!("services:\n  a: {{image: x, environment: [{}]}}\n", words.join(", "));
    check("20,000 secrets", &|folder| write(folder, "compose.yaml", &text), 1, &["compose.yaml:2:"]).await;
}

#[tokio::test]
async fn each_of_many_findings_costs_the_same() {
    let secrets: String = (0..100_000).map(|number| format!("      P{number}_PASSWORD: abcdefgh{number}\n")).collect();
    let text = with(&format!("    environment:\n{secrets}"));
    let prepare: Prepare<'_> = &|folder| write(folder, "compose.yaml", &text);
    check_as("json", "100,000 secrets", prepare, 0, &["compose.yaml", "\"line\": 100005"]).await;

    let needs: String = (0..8_000).map(|number| format!("      - s{number}\n")).collect();
    let service = |number| format!("  s{number}: {{image: 'x:1', restart: always, healthcheck: {{test: x}}}}\n");
    let text = with(&format!("    depends_on:\n{needs}{}", (0..8_000).map(service).collect::<String>()));
    let prepare: Prepare<'_> = &|folder| write(folder, "compose.yaml", &text);
    check_as("json", "8,000 dependencies", prepare, 0, &["`a` starts before `s7999` is ready"]).await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    prepare(folder.path());
    let fix = Feedctl::new().folder(folder.path());
    let fix = fix.run(&["audit-compose", "--fix"]);
    let fixed = tokio::time::timeout(BOUND, fix).await.unwrap_or_else(|_| panic!("no answer within {BOUND:?}"));
    assert_eq!(fixed.stderr, "changed compose.yaml\n");
    let text = fs::read_to_string(folder.path().join("compose.yaml")).expect("the file is there");
    assert_eq!(text.matches("{condition: service_healthy}").count(), 8_000);
}

#[tokio::test]
async fn more_than_a_report_can_hold_is_refused_with_the_place() {
    let refused = async |name: &str, text: String, expected: [&str; 2]| {
        check_as("json", name, &|folder| write(folder, "compose.yaml", &text), 2, &expected).await;
    };
    let many = |text: &str| text.repeat((30 << 20) / text.len());
    let comments = "more than 200000 times a comment allows something";
    for comment in ["# feedctl: allow restart-missing: it is so\n", "#feedctl:allow\n"] {
        refused("30 MiB of comments", with(&many(comment)), [comments, "\"line\": 200005"]).await;
    }
    let rules = format!("# feedctl: allow {}: it is so\n", many("a,"));
    refused("a comment of 30 MiB", with(&rules), [comments, "\"line\": 5"]).await;
    let services = |count, service: &str| {
        format!("services:\n{}", (0..count).map(|n| format!("  s{n}: {service}\n")).collect::<String>())
    };
    let text = services(100_000, "{image: x}");
    refused("500,000 findings", text, ["more than 200000 findings", "\"line\": "]).await;
    refused("a million services", services(1_000_000, "{}"), ["more than 100000 services", "\"line\": "]).await;
    let volumes: String = (0..1_000_000).map(|n| format!("/{n},")).collect();
    let text = with(&format!("    volumes: [{volumes}]\n"));
    refused("a million volumes", text, ["more than 300,000 ports, volumes and the like", "\"line\": 5"]).await;
}

#[tokio::test]
async fn many_services_are_all_audited() {
    let services: String = (0..20_000)
        .map(|number| format!("  s{number}:\n    image: x:1\n    depends_on: [s{}]\n", number + 1))
        .collect();
    let text = format!("services:\n{services}  s20000: {{image: 'x:1', restart: always}}\n");
    let prepare: Prepare<'_> = &|folder| write(folder, "compose.yaml", &text);
    for (format, expected) in [
        ("table", ["20,000 errors", "20,001 services"]),
        ("json", ["\"exit_code\": 1", "\"name\": \"s20000\""]),
        ("sarif", ["restart-missing:compose.yaml:s0:1", "restart-missing:compose.yaml:s19999:1"]),
        ("github", ["::error file=compose.yaml,line=2,", "of them not shown here"]),
        ("junit", ["failures=\"20000\"", "`s19999`"]),
        ("markdown", ["20,000 errors", "`s19999`"]),
    ] {
        check_as(format, "20,000 services", prepare, 1, &expected).await;
    }
}
