//! CHECKLIST.md, the files of the checks and the table that lists them say the same.

use std::collections::BTreeSet;
use std::fs;

use feed_testkit::{Feedctl, checkout};
use feedctl_checks::checklist::CHECKLIST;

#[tokio::test]
async fn the_page_is_what_the_checks_say() {
    let run = Feedctl::new().run(&["checklist", "--check"]).await;
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[tokio::test]
async fn a_page_that_differs_is_noticed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let page = fs::read_to_string(checkout().join("CHECKLIST.md")).expect("the page can be read");
    fs::write(folder.path().join("CHECKLIST.md"), page.replace("rows", "files")).expect("the folder is writable");
    let run = Feedctl::new().folder(folder.path()).run(&["checklist", "--check"]).await;
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("feedctl checklist --write"), "{}", run.stderr);
}

#[test]
fn every_file_is_a_row_and_every_row_a_file() {
    let folder = checkout().join("checks/src/checklist");
    let files = fs::read_dir(folder).expect("the checks can be listed").map(|entry| entry.expect("an entry").path());
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let names: BTreeSet<String> = sources
        .map(|path| path.file_stem().and_then(|stem| stem.to_str()).expect("names are plain").replace('_', "-"))
        .collect();
    let ids: BTreeSet<String> = CHECKLIST.iter().map(|row| row.meta.id.to_owned()).collect();
    assert_eq!(names, ids);
}
