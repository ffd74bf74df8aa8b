//! The variables of `--env-file` or `.env` under those of the shell. Each file is read once, however often Compose does it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{read_variables, shown};
use crate::project::{Request, scope};
use crate::refusal::Refusal;
use crate::source::{FileId, Sources};
use crate::variables::dotenv::Parse;

pub(super) struct Files<'a> {
    request: &'a Request,
    sources: &'a mut Sources,
    /// Filled as the files are read.
    read: Vec<(PathBuf, FileId)>,
}

impl<'a> Files<'a> {
    pub(super) fn new(request: &'a Request, sources: &'a mut Sources) -> Self {
        Self { request, sources, read: Vec::new() }
    }

    /// The environment in which `shell` wins over the files that are named, or over the one in `directory`.
    pub(super) fn under(
        &mut self,
        shell: &BTreeMap<String, String>,
        directory: &Path,
        parse: Parse,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let mut variables = BTreeMap::new();
        for path in self.paths(shell, directory)? {
            let file = self.file(&path)?;
            let text = &self.sources.get(file).text;
            let value_of = |name: &str| shell.get(name).or_else(|| variables.get(name)).cloned();
            let own = parse(text, &value_of).map_err(|bad| bad.refusal(file, text))?;
            variables.extend(own);
        }
        variables.extend(shell.clone());
        Ok(variables)
    }

    fn paths(&self, shell: &BTreeMap<String, String>, directory: &Path) -> Result<Vec<PathBuf>, Refusal> {
        let request = self.request;
        if !request.env_files.is_empty() {
            return Ok(request.env_files.clone());
        }
        // Only the shell's own: Compose reads it before it reads any file.
        if let Some(files) = request.environment.get("COMPOSE_ENV_FILES").filter(|files| !files.is_empty()) {
            return Ok(files.split(',').map(PathBuf::from).collect());
        }
        if let Some(switch) = shell.get("COMPOSE_DISABLE_ENV_FILE") {
            match switch.as_str() {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => return Ok(Vec::new()),
                "0" | "f" | "F" | "false" | "FALSE" | "False" => {}
                _ => {
                    return Err(Refusal::nowhere(format!(
                        "COMPOSE_DISABLE_ENV_FILE is neither true nor false: {switch:?}"
                    )));
                }
            }
        }
        let path = directory.join(".env");
        let absent = match fs::metadata(&path) {
            Ok(metadata) => metadata.is_dir(),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        Ok(if absent { Vec::new() } else { vec![path] })
    }

    fn file(&mut self, path: &Path) -> Result<FileId, Refusal> {
        let path = scope::join(&self.request.working_folder, path);
        if let Some((_, file)) = self.read.iter().find(|(known, _)| *known == path) {
            return Ok(*file);
        }
        let text = read_variables(&path)?;
        let file = self.sources.add(shown(&path, &self.request.working_folder), text);
        self.read.push((path, file));
        Ok(file)
    }
}
