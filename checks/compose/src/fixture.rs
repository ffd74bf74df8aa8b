//! A compose file in a folder of its own, audited. For tests.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tempfile::TempDir;

use crate::audit::{self, Audit};
use crate::finding::{Certainty, Severity};
use crate::project::Request;
use crate::rule::Meta;

/// The day on which the tests take place.
pub(crate) fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 16).expect("the day after the incident")
}

/// Audits `text` as the only file of a project, with an empty environment.
pub(crate) fn audit(text: &str) -> Audit {
    audit_files(&[("compose.yaml", text)])
}

/// How bad and how certain the first finding of a rule is, in a compose file that Compose takes.
pub(crate) fn found(rule: &Meta, text: &str) -> Option<(Severity, Certainty)> {
    let audit = audit(text);
    assert!(!audit.is_refused(), "{text}: {:?}", audit.findings);
    let finding = audit.findings.iter().find(|finding| finding.rule.id == rule.id)?;
    Some((finding.severity, finding.certainty))
}

/// Audits these files, each over the ones before; names with a folder are only there to be referred to.
pub(crate) fn audit_files(files: &[(&str, &str)]) -> Audit {
    audit_in_folder(files).0
}

/// The same, with what was asked for and the folder, which goes when it is dropped.
pub(crate) fn audit_in_folder(files: &[(&str, &str)]) -> (Audit, Request, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("the folder is writable");
        std::fs::write(path, text).expect("the folder is writable");
    }
    let top = files.iter().map(|(name, _)| *name).filter(|name| !name.contains('/') && name.contains("compose"));
    let request = Request {
        files: top.map(Into::into).collect(),
        working_folder: folder.path().to_owned(),
        ..Request::default()
    };
    (audit::audit(&request, &BTreeMap::new(), today()), request, folder)
}
