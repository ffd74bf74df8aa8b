//! What `--fix` writes, read by `docker compose config`: each project means what it meant, but for the keys that were mended.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;
use feedctl_compose::audit::audit;
use feedctl_compose::fix;
use serde_json::Value;

use crate::judge::Answer;
use crate::situation::Situation;
use crate::{corpus, generate, oracle};

/// What a fix may change of a service.
const MENDED: [&str; 4] = ["depends_on", "logging", "restart", "stop_grace_period"];

#[test]
fn a_fixed_project_means_what_it_meant_but_for_what_was_mended() {
    oracle::must_be_there();
    let generated = (1..=80).map(|seed| (format!("seed {seed}"), generate::situation(seed)));
    let projects: Vec<_> = corpus::read_all().into_iter().chain(generated).collect();
    let changed = AtomicUsize::new(0);
    let check_all = |projects: &[(String, Situation)]| {
        for (label, situation) in projects {
            changed.fetch_add(usize::from(check(label, situation)), Ordering::Relaxed);
        }
    };
    let (first, second) = projects.split_at(projects.len() / 2);
    std::thread::scope(|scope| {
        scope.spawn(|| check_all(first));
        check_all(second);
    });
    assert!(changed.into_inner() > 60, "too few projects had something to mend");
}

/// Whether something was mended.
fn check(label: &str, situation: &Situation) -> bool {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let root = temporary.path().join("desk");
    situation.write(&root).expect("the temporary folder takes files");
    let request = situation.command.request(&root);
    let today = NaiveDate::from_ymd_opt(2026, 1, 16).expect("a day");
    let fixed = || {
        let audit = audit(&request, &Default::default(), today);
        let texts = fix::fixed(&audit, &request, today);
        let path = |file| request.working_folder.join(&audit.sources.get(file).path);
        texts.into_iter().map(|(file, text)| (path(file), text)).collect::<Vec<_>>()
    };
    let changes = fixed();
    if changes.is_empty() {
        return false;
    }
    let meaning = || match oracle::answer(&root, &situation.command) {
        Answer::Accepted(project) => Answer::Accepted(without_what_was_mended(project)),
        refused => refused,
    };
    let before = meaning();
    for (path, text) in changes {
        fs::write(path, text).expect("the temporary folder takes files");
    }
    assert_eq!(meaning(), before, "{label}: another meaning of\n{situation}");
    assert_eq!(fixed(), [], "{label}: something is left to mend in\n{situation}");
    true
}

fn without_what_was_mended(mut project: Value) -> Value {
    let services = project["services"].as_object_mut();
    for service in services.into_iter().flat_map(|services| services.values_mut()) {
        let service = service.as_object_mut().expect("a service is an object");
        MENDED.iter().for_each(|key| drop(service.remove(*key)));
    }
    project
}
