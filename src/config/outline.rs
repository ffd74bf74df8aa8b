//! What the audit of compose files needs of feedctl.yml: which files, and what each service is for. It needs no secret, no variable
//! and no engine, so it works in CI, where none of them is there. The rest of the file is `verify`'s to judge.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use feedctl_checks::target::Role;
use serde::Deserialize;

use super::mistake::Source;
use super::{ConfigError, find};

#[derive(Default, Deserialize)]
pub(crate) struct Outline {
    /// Relative to the file's own folder as it is written; made relative to the working folder on reading.
    #[serde(default)]
    pub(crate) compose: Vec<PathBuf>,
    #[serde(default)]
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    role: Option<Role>,
}

impl Outline {
    /// Of `path`, or of the nearest feedctl.yml in `folder` and above; empty where there is none.
    pub(crate) fn load(path: Option<&Path>, folder: &Path) -> Result<Self, ConfigError> {
        let Some(path) = path.map(Path::to_owned).or_else(|| find(folder)) else { return Ok(Self::default()) };
        let text =
            std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        let source = Source { path, text };
        let outline: Self = serde_saphyr::from_str(&source.text).map_err(|error| source.refused(&error))?;
        let home = source.path.parent().unwrap_or(Path::new(""));
        Ok(Self { compose: outline.compose.iter().map(|file| home.join(file)).collect(), ..outline })
    }

    /// The services whose role is written there.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (&str, Role)> {
        self.services.iter().filter_map(|(name, service)| Some((name.as_str(), service.role?)))
    }
}
