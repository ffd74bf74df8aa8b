//! What feedctl.yml leaves to the compose files: the project's name, and what they declare of each service's restart.
//!
//! A project that Compose refuses, or that is not here, declares nothing: `audit-compose` is the command that says why.

use std::path::PathBuf;

use feedctl_checks::site::docker::container::RestartPolicy;
use feedctl_checks::target::Declared;
use feedctl_compose::model::{self, Model};
use feedctl_compose::project::{self, Project, Request};
use feedctl_compose::source::Sources;

use super::Reader;

pub(super) struct Compose {
    project: Project,
    sources: Sources,
}

impl Compose {
    /// Of these files, or of those that Compose finds in the folder of feedctl.yml.
    pub(super) fn load(reader: &Reader<'_>, files: Vec<PathBuf>) -> Option<Self> {
        let mut sources = Sources::default();
        let environment = reader.environment.to_properties().into_iter().collect();
        let request = Request { files, working_folder: reader.folder.clone(), environment, ..Request::default() };
        let project = project::load(&request, &mut sources).ok()?;
        Some(Self { project, sources })
    }

    pub(super) fn name(&self) -> &str {
        &self.project.name
    }

    /// What the engine would get for `service` from the next `docker compose up`; none where that cannot be known.
    pub(super) fn declared(&self, service: &str) -> Option<Declared> {
        let model = Model::new(&self.project, &Default::default());
        let service = model.services.get(service)?;
        let node = service.restart.declared.map(model::Declared::node);
        if node.is_some_and(|node| node.unset().next().is_some()) || !self.project.gaps.is_empty() {
            return None;
        }
        let policy = &service.restart.effective;
        let policy = match policy.name {
            "no" => RestartPolicy::No,
            "always" => RestartPolicy::Always,
            "unless-stopped" => RestartPolicy::UnlessStopped,
            "on-failure" => RestartPolicy::OnFailure(policy.maximum_retry_count),
            _ => return None,
        };
        let place = self.sources.place(node.map_or(service.key, |node| node.origin.span));
        let file = place.path.file_name().unwrap_or_default().to_string_lossy();
        Some(Declared { policy, place: format!("{file}:{}", place.line) })
    }
}
