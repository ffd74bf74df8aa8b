//! No format of `feedctl audit-compose` shows a secret, and none hides what is none.

use std::fs;

use feed_testkit::Feedctl;

use crate::audit_compose::{FORMATS, audit_in, project};

/// `files` beside a compose file with this text: no format shows the secret `hunter2`, whatever becomes of the project.
async fn check_no_secret(text: &str, files: &[(&str, &str)]) {
    let folder = project(text);
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("the folder is writable");
    }
    for format in FORMATS {
        let run = audit_in(&folder, &["--format", format, "--fail-on", "warn"]).await;
        assert_ne!(run.code, 0, "{format} of {text}: {}{}", run.stdout, run.stderr);
        let said = run.stdout + &run.stderr;
        assert!(!said.contains("hunter2"), "{format} shows a secret: {said}");
    }
    let shown = audit_in(&folder, &["--fix", "--diff"]).await;
    assert!(!shown.stdout.contains("hunter2"), "the diff shows a secret: {}", shown.stdout);
}

#[tokio::test]
async fn no_secret_is_shown() {
    let env = [(".env", "DB_PASSWORD=hunter2\nKIS_TOKEN='hunter2'\nURL=redis://:hunter2@there\n")];
    let of = |keys: &str| format!("services:\n  archiver:\n    image: app:latest\n    {keys}\n");
    for keys in [
        "environment:\n      DB_PASSWORD: hunter2\n      URL: postgres://me:hunter2@db/feed\n      KEY_TOKEN: ${KIS_TOKEN}",
        "restart: ${DB_PASSWORD}",
        "network_mode: ${KIS_TOKEN}",
        "ports: ['${DB_PASSWORD}']",
        "ports: ['${DB_PASSWORD:-x}:80']",
        "stop_grace_period: ${KIS_TOKEN}",
        "labels: {feedctl.role: '${KIS_TOKEN}'}",
        "volumes: ['${DB_PASSWORD}:/var/lib/postgresql/data', '/var/run/docker.sock:/${DB_PASSWORD}']",
        "profiles: ['x${DB_PASSWORD}']",
        "hostname: ${URL}\n    restart: ${URL}",
        "environment: ['API_TOKEN=hunter2']\n    restart: hunter2",
        "build: {context: ., args: {API_TOKEN: hunter2}}\n    restart: hunter2",
        "env_file: a.env\n    restart: hunter2",
        "logging: {driver: splunk, options: {splunk-token: hunter2}}",
        "healthcheck:\n      test: mysqladmin ping -phunter2 && curl -u a:hunter2 x\n      disable: true",
        "environment: {\"PASSWOR\\x44\": hunter2}",
        "healthcheck: {test: [CMD, redis-cli, -a, hunter2, ping]}",
        "healthcheck: {test: [CMD, redis-cli, -ahunter2, ping]}",
        "healthcheck: {test: [CMD, app, --pass, hunter2]}",
        "command: [mysqladmin, -phunter2, ping]\n    labels: {a: hunter2}",
        "restart: ${REDIS_PASSWORD:-hunter2}\n    environment: {REDIS: '${REDIS_PASSWORD:-hunter2}'}",
        "extends: {service: a, file: 'https://me:hunter2@there/a.yml'}",
        "extends: {service: a, file: 'https://there/a.yml?token=hunter2'}",
        "environment:\n      ? SECRET_KEY\n      : hunter2",
    ] {
        let text = of(keys);
        check_no_secret(&text, &[env[0], ("a.env", "API_TOKEN=hunter2\n")]).await;
    }
    check_no_secret("services:\n  a:\n    image: ${DB_PASSWORD}\n", &env).await;
    let token = of("environment: {GH: '${GH}'}");
    let folder = project(&token);
    let run = Feedctl::new()
        .folder(folder.path())
        .env("GH", "ghp_0123456789hunter2")
        .run(&["audit-compose", "--format", "json"])
        .await;
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    let include = "include: ['https://oauth2:hunter2@there/a.git']\nservices:\n  a:\n    image: app:latest\n";
    check_no_secret(include, &[]).await;
    check_no_secret("services:\n  a:\n    image: ${DB_PASSWORD:?hunter2}\n", &[(".env", "A_SECRET=hunter2\n")]).await;
    // A file of variables that is refused at the line of a value, and one of a service.
    let good = of("restart: always");
    check_no_secret(&good, &[(".env", "TLS_PEM=-----BEGIN\nhunter2 and more\n")]).await;
    let with_file = of("env_file: a.env");
    check_no_secret(&with_file, &[("a.env", "X=1\nhunter2 and more\n")]).await;
    check_no_secret(&with_file, &[("a.env", "X=\"hunter2\nY=hunter2\n")]).await;
}

#[tokio::test]
async fn no_secret_is_shown_that_only_its_form_or_its_option_tells() {
    for keys in [
        "command: [curl, -H, 'Authorization: Bearer hunter2']\n    restart: hunter2",
        "environment: {HEADERS: 'Authorization=Basic%20hunter2'}\n    restart: hunter2",
        "environment: {STORE: 'AccountName=me;AccountKey=hunter2'}\n    labels: {a: hunter2}",
        "environment: {DB: 'Server=there;User Id=sa;Pwd=hunter2', OTHER: 'me/hunter2@there:1521/x'}",
        "command:\n      - sqlcmd\n      - -P\n      - hunter2\n    labels: {a: hunter2}",
        "healthcheck: {test: /opt/mssql-tools18/bin/sqlcmd -U sa -Phunter2 -Q 'SELECT 1'}",
        "labels:\n      job.command: redis-cli -h there -a hunter2 ping\n      other: hunter2",
    ] {
        check_no_secret(&format!("services:\n  archiver:\n    image: app:latest\n    {keys}\n"), &[]).await;
    }
}

#[tokio::test]
async fn no_secret_of_the_environment_is_shown_of_a_refused_project() {
    let folder = project("services:\n  a:\n    image: app:1.4.2\n    ports: ['${DB_PASSWORD}']\n");
    for format in FORMATS {
        let command = Feedctl::new().folder(folder.path()).env("DB_PASSWORD", "hunter2");
        let run = command.run(&["audit-compose", "--format", format]).await;
        assert!(run.code == 2 && !(run.stdout.clone() + &run.stderr).contains("hunter2"), "{format}: {}", run.stdout);
    }
}

#[tokio::test]
async fn a_word_that_stands_open_in_the_file_is_not_hidden() {
    let folder = project("services:\n  redis:\n    image: app:1.4.2\n");
    fs::write(folder.path().join(".env"), "REDIS_PASSWORD=redis\nUSE_AUTH=always\n").expect("the folder is writable");
    let run = audit_in(&folder, &[]).await;
    assert!(run.stdout.contains("nothing will start `redis` again"), "{}", run.stdout);
}
