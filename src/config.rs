//! feedctl.yml, read once by a subcommand and taken apart there: what should be there ([`Target`]), where to look
//! ([`Access`]), and how strict to be ([`Limits`]). Every mistake has a place in the file.
//!
//! Secrets come by `*_env` or `*_file` and are a type that cannot be printed. Only `cmd` uses this module.

use std::io;
use std::path::{Path, PathBuf};

use feedctl_checks::checklist::{CHECKLIST, Limits};
use feedctl_checks::site::Access;
use feedctl_checks::target::Target;
use serde::Deserialize;
use serde_saphyr::Spanned;

mod access;
mod compose;
mod environment;
mod file;
mod interpolate;
mod mistake;
mod outline;
mod programs;
mod secret;
mod target;

pub(crate) use environment::Environment;
pub(crate) use mistake::Mistake;
pub(crate) use outline::Outline;

use file::File;
use mistake::{Source, meant};
use programs::Caller;

/// The name that is looked for.
const FILE_NAME: &str = "feedctl.yml";

/// The version of the format that this feedctl reads.
const VERSION: u32 = 1;

pub(crate) struct Config {
    pub(crate) target: Target,
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    /// Check ids whose failure is a warning.
    pub(crate) optional: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("no {FILE_NAME} in {} or a folder above: write one, or name it with -c or FEEDCTL_CONFIG", folder.display())]
    Absent { folder: PathBuf },
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Mistake(#[from] Box<Mistake>),
}

/// A whole feedctl.yml with a comment beside each key, for `--help`.
pub(crate) fn reference() -> String {
    format!(
        "feedctl.yml, complete (a short one names services, redis, database and one feed):\n\n{}",
        include_str!("config/reference.yml")
    )
}

/// What the values of a file are judged with.
struct Reader<'a> {
    source: &'a Source,
    environment: &'a Environment,
    caller: &'a Caller<'a>,
    /// Paths in the file are relative to its own folder.
    folder: PathBuf,
}

impl Config {
    /// Reads `path`, or the nearest feedctl.yml in `folder` and above. `environment` is the process's.
    pub(crate) fn load(path: Option<&Path>, folder: &Path, environment: Environment) -> Result<Self, ConfigError> {
        let caller = Caller { folder, named: path, environment: environment.to_properties().into_iter().collect() };
        let path = match path {
            Some(path) => path.to_owned(),
            None => find(folder).ok_or_else(|| ConfigError::Absent { folder: folder.to_owned() })?,
        };
        let text =
            std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        let home = folder.join(&path).parent().map(Path::to_owned).unwrap_or_default();
        let path = path.strip_prefix(folder).map(Path::to_owned).unwrap_or(path);
        Ok(Self::read(&Source { path, text }, home, environment, &caller)?)
    }

    fn read(
        source: &Source,
        folder: PathBuf,
        mut environment: Environment,
        caller: &Caller<'_>,
    ) -> Result<Self, Box<Mistake>> {
        let preamble = Preamble::read(source);
        if let Some(version) = preamble.version.filter(|version| version.value != VERSION) {
            let title = format!("version {} is not one that this feedctl reads", version.value);
            return Err(source.mistake(version.referenced, title, format!("write `version: {VERSION}`")));
        }
        if let Some(path) = preamble.env_file {
            add_env_file(source, &folder, &path, &mut environment)?;
        }
        let reader = Reader { source, environment: &environment, caller, folder };
        let file = reader.file()?;
        let target = target::target(&reader, &file)?;
        let access = access::access(&reader, &file, &target.project)?;
        let optional = reader.check_ids(file.optional)?;
        Ok(Self { target, access, limits: file.checks, optional })
    }
}

/// What decides how the rest of the file is read.
#[derive(Default, Deserialize)]
struct Preamble {
    version: Option<Spanned<u32>>,
    env_file: Option<Spanned<String>>,
}

impl Preamble {
    /// No variable is replaced, because `env_file` may be the one that gives it. Empty where the file cannot be read:
    /// what is wrong with it is told by the reading of the whole.
    fn read(source: &Source) -> Self {
        serde_saphyr::from_str(&source.text).unwrap_or_default()
    }
}

impl Reader<'_> {
    /// The mirror of the file, its variables replaced.
    fn file(&self) -> Result<File, Box<Mistake>> {
        let is_set = |name: &str| self.environment.get(name).is_some();
        if let Some((name, place)) = interpolate::first_unset(&self.source.text, is_set) {
            let hint = format!("set it, or give a default: `${{{name}:-…}}`");
            return Err(self.source.mistake(place, format!("the variable `{name}` is not set"), hint));
        }
        serde_saphyr::from_str_with_options(&self.source.text, options(self.environment))
            .map_err(|error| self.source.refused(&error))
    }

    fn check_ids(&self, written: Vec<Spanned<String>>) -> Result<Vec<String>, Box<Mistake>> {
        let known: Vec<&str> = CHECKLIST.iter().map(|row| row.meta.id).collect();
        let judged = written.into_iter().map(|id| match known.contains(&id.value.as_str()) {
            true => Ok(id.value),
            false => {
                let title = format!("no check is named `{}`", id.value);
                Err(self.source.mistake(id.referenced, title, meant(&id.value, &known)))
            }
        });
        judged.collect()
    }
}

fn find(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
}

/// How every YAML file is read here: with Compose's `${VAR}`.
fn options(environment: &Environment) -> serde_saphyr::Options {
    serde_saphyr::options! { property_syntax: serde_saphyr::PropertySyntax::DockerCompose }
        .with_properties(environment.to_properties())
}

/// Adds the variables of `env_file`, which the rest of the file may already use.
fn add_env_file(
    source: &Source,
    folder: &Path,
    path: &Spanned<String>,
    environment: &mut Environment,
) -> Result<(), Box<Mistake>> {
    let scalar = serde_json::Value::from(path.value.as_str()).to_string();
    let shown: String = serde_saphyr::from_str_with_options(&scalar, options(environment)).map_err(|_| {
        let title = "`env_file` itself needs a variable that is not set";
        source.mistake(path.referenced, title, "set it in the environment of feedctl")
    })?;
    let text = std::fs::read_to_string(folder.join(&shown)).map_err(|error| {
        source.mistake(path.referenced, format!("cannot read `{shown}`: {error}"), "write it, or remove the key")
    })?;
    environment.add_file(&text).map_err(|line| {
        source.mistake(path.referenced, format!("line {line} of `{shown}` is not of the form NAME=value"), "this file")
    })
}

#[cfg(test)]
mod tests;
