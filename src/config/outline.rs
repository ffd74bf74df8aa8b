//! What the audit of compose files needs of feedctl.yml: which files, and what each service is for. It needs no secret, no variable
//! and no engine, so it works in CI, where none of them is there. The rest of the file is `verify`'s to judge.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use feedctl_checks::target::Role;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::file::Service;
use super::mistake::Source;
use super::{ConfigError, find};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the other keys are known, so that a misspelt one is told, and not read")]
pub(crate) struct Outline {
    /// Relative to the file's own folder as it is written; made relative to the working folder on reading.
    #[serde(default)]
    pub(crate) compose: Vec<PathBuf>,
    #[serde(default)]
    services: BTreeMap<String, Service>,
    version: Option<IgnoredAny>,
    project: Option<IgnoredAny>,
    docker: Option<IgnoredAny>,
    env_file: Option<IgnoredAny>,
    redis: Option<IgnoredAny>,
    database: Option<IgnoredAny>,
    feeds: Option<IgnoredAny>,
    health: Option<IgnoredAny>,
    checks: Option<IgnoredAny>,
    optional: Option<IgnoredAny>,
    state: Option<IgnoredAny>,
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

    /// The services that must be there.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        self.services.iter().filter(|(_, service)| service.required).map(|(name, _)| name.as_str())
    }

    /// The services whose role is written there.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (&str, Role)> {
        self.services.iter().filter_map(|(name, service)| Some((name.as_str(), service.role?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_every_key_of_the_file() {
        let reference = include_str!("reference.yml");
        let outline: Outline = serde_saphyr::from_str(reference).expect("the complete file");
        assert!(outline.roles().next().is_some());
        for mistake in ["servicez: {}", "services: {migrate: {rol: one-shot}}"] {
            assert!(serde_saphyr::from_str::<Outline>(mistake).is_err(), "{mistake}");
        }
    }
}
