//! What feedctl.yml leaves to the compose files: the project's name, and what they declare of each service's restart.
//!
//! A project that Compose refuses, or that is not here, declares nothing: `audit-compose` is the command that says why.

use std::path::PathBuf;

use feedctl_checks::site::docker::container::RestartPolicy;
use feedctl_checks::target::Declared;
use feedctl_compose::model::{self, Model};
use feedctl_compose::project::{self, Gap, Part, Project, Request};
use feedctl_compose::refusal::Refusal;
use feedctl_compose::source::Sources;

use super::Reader;
use super::mistake::{Mistake, Source};

pub(super) struct Compose {
    name: Result<String, Refusal>,
    project: Option<Project>,
    /// As far as they are known.
    pub(super) files: Vec<PathBuf>,
    sources: Sources,
}

impl Compose {
    /// Of these files, or of those that Compose finds in the folder of feedctl.yml.
    pub(super) fn load(reader: &Reader<'_>, files: Vec<PathBuf>) -> Self {
        let mut sources = Sources::default();
        let environment = reader.environment.to_properties().into_iter().collect();
        let request = Request { files, working_folder: reader.folder.clone(), environment, ..Request::default() };
        let project = project::load(&request, &mut sources).ok();
        let files = project.as_ref().map_or(&request.files, |project| &project.files);
        let files = files.iter().map(|file| reader.folder.join(file)).collect();
        let name = match &project {
            Some(project) => Ok(project.name.clone()),
            None => project::name(&request, &mut sources),
        };
        Self { name, project, files, sources }
    }

    /// The name that the containers carry.
    pub(super) fn name(&self, reader: &Reader<'_>) -> Result<String, Box<Mistake>> {
        self.name.clone().map_err(|refusal| {
            let hint = refusal.hint.unwrap_or_default();
            let Some(at) = refusal.at else {
                return reader.source.mistake(0..0, refusal.message, "write `project: …`, as Compose is told it");
            };
            let source = self.sources.get(at.file);
            let source = Source { path: source.path.clone(), text: source.text.clone() };
            source.mistake(at.start as usize..at.end as usize, refusal.message, hint)
        })
    }

    /// What the engine would get for `service` from the next `docker compose up`; none where that cannot be known.
    pub(super) fn declared(&self, service: &str) -> Option<Declared> {
        let project = self.project.as_ref()?;
        let model = Model::new(project, &Default::default());
        let service = model.services.get(service)?;
        let node = service.restart.declared.map(model::Declared::node);
        let reaches = |gap: &Gap| match gap.part {
            Part::Project => true,
            Part::Service => gap.services.iter().any(|reached| reached == service.name),
            Part::Environment => false,
        };
        let is_unknown = node.is_some_and(|node| node.lacks_a_variable())
            || service.node.unknown(&["deploy", "restart_policy", "max_attempts"]).is_some();
        if is_unknown || project.gaps.iter().any(reaches) {
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
