//! The files that `--fix` changes: shown first as a diff, then written, all of them or none.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::Context;
use similar::TextDiff;
use tempfile::NamedTempFile;

use crate::mask::{Masks, masked};

pub(super) struct Change {
    /// As the user named it.
    pub(super) shown: PathBuf,
    pub(super) path: PathBuf,
    pub(super) before: String,
    pub(super) after: String,
}

/// A change that is on the disk already, beside the file whose place it takes.
struct Staged<'a> {
    change: &'a Change,
    beside: NamedTempFile,
    /// Where a symbolic link leads.
    path: PathBuf,
}

impl Change {
    pub(super) fn diff(&self, masks: &Masks) -> String {
        let name = self.shown.display().to_string();
        let shown = |text: &str| masks.hide_in_place(&masked(text));
        TextDiff::from_lines(&shown(&self.before), &shown(&self.after)).unified_diff().header(&name, &name).to_string()
    }

    /// Only where the file still is what was audited, and with its owner and rights.
    fn stage(&self) -> anyhow::Result<Staged<'_>> {
        let shown = self.shown.display();
        let now = fs::read_to_string(&self.path).with_context(|| format!("cannot read {shown}"))?;
        anyhow::ensure!(now == self.before, "{shown} was changed in the meantime: run the command again");
        let path = self.path.canonicalize().with_context(|| format!("cannot find {shown}"))?;
        let metadata = fs::metadata(&path).with_context(|| format!("cannot look at {shown}"))?;
        anyhow::ensure!(!metadata.permissions().readonly(), "{shown} is read-only: nothing was changed");
        let write = || {
            let mut beside = NamedTempFile::new_in(path.parent().unwrap_or(Path::new("/")))?;
            beside.write_all(self.after.as_bytes())?;
            fchown(beside.as_file(), Some(metadata.uid()), Some(metadata.gid()))?;
            beside.as_file().set_permissions(metadata.permissions())?;
            beside.as_file().sync_all()?;
            Ok::<_, std::io::Error>(beside)
        };
        let beside = write().with_context(|| format!("cannot write {shown}: nothing was changed"))?;
        Ok(Staged { change: self, beside, path })
    }
}

/// Each file is replaced at once, so that it is never half written; if one cannot be, those before it are put back.
pub(super) fn write(changes: &[Change]) -> anyhow::Result<()> {
    let staged = changes.iter().map(Change::stage).collect::<anyhow::Result<Vec<_>>>()?;
    let mut written: Vec<(&Change, PathBuf)> = Vec::new();
    for Staged { change, beside, path } in staged {
        if let Err(error) = beside.persist(&path) {
            for (change, path) in &written {
                let shown = change.shown.display();
                fs::write(path, &change.before).with_context(|| format!("cannot put back {shown}"))?;
            }
            return Err(error.error)
                .with_context(|| format!("cannot write {}: nothing was changed", change.shown.display()));
        }
        written.push((change, path));
    }
    Ok(())
}
