//! Any bytes as a Compose project: up to three files, parted by a line of `=`: compose.yaml, its override, `.env`. Whatever
//! they are, the audit ends without a panic, and a project that it takes can be printed and mended.

#![no_main]

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fs;

use chrono::NaiveDate;
use feedctl_compose::project::Request;
use feedctl_compose::{audit, fix, resolved};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

const NAMES: [&str; 3] = ["compose.yaml", "compose.override.yaml", ".env"];

thread_local! {
    static FOLDER: LazyCell<TempDir> = LazyCell::new(|| tempfile::tempdir().expect("a temporary folder can be made"));
}

fuzz_target!(|bytes: &[u8]| FOLDER.with(|folder| {
    let mut parts = parts(bytes);
    for name in NAMES {
        let path = folder.path().join(name);
        match parts.next() {
            Some(part) => fs::write(path, part).expect("the folder is writable"),
            None => drop(fs::remove_file(path)),
        }
    }
    let request = Request { working_folder: folder.path().to_owned(), ..Request::default() };
    let today = NaiveDate::from_ymd_opt(2026, 1, 16).expect("a day");
    let audit = audit::audit(&request, &BTreeMap::new(), today);
    for at in audit.findings.iter().filter_map(|finding| finding.at) {
        audit.sources.place(at);
    }
    if let Some(project) = &audit.project {
        resolved::resolved(project);
        fix::fixed(&audit, &request, today);
    }
}));

/// What stands between lines of `=`.
fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(at) = text.windows(3).position(|window| window == b"\n=\n") else { return Some(text) };
        rest = Some(&text[at + 3..]);
        Some(&text[..=at])
    })
}
