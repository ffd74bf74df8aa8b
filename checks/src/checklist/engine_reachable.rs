//! `engine-reachable`: the Docker engine answers. It is our instrument: silent, it makes the report unknown, not failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::Finding;
use crate::limits::NoLimits;
use crate::moment::Moment;
use crate::sight::Sight;
use crate::site::{ProbeError, Site};
use crate::target::Target;

const EXPLAIN: &str = "\
What it checks
  The Docker engine of `docker:` in feedctl.yml answers: its version, its clock
  and the containers of the project.

Why it matters
  Without the engine nobody can say which containers run, nor at which address
  Redis and the database are. What cannot be looked at is neither good nor bad:
  the verdict is UNKNOWN and the exit code 3.

Seen when it fails
  The engine is stopped, the user may not open its socket, or DOCKER_HOST points
  elsewhere.

What to do
  `docker version` says what is wrong. On the host: `systemctl status docker`.
  A user needs the group `docker`. Where there is no engine, write
  `docker: none`: the container checks are then skipped.

Source
  https://docs.docker.com/reference/api/engine/ (GET /version, /info)";

pub struct EngineReachable;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub version: String,
    pub api_version: String,
    /// Containers of the project, in any state.
    pub containers: u64,
}

impl Check for EngineReachable {
    type Limits = NoLimits;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "engine-reachable",
        title: "the Docker engine answers",
        explain: EXPLAIN,
        hop: Hop::Broker,
        layer: Layer::Engine,
        when: When::Always,
        budget: Duration::from_secs(5),
    };

    async fn observe(site: &Site, _want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        let engine = site.engine().await?;
        Ok(Evidence {
            version: engine.version.clone(),
            api_version: engine.api_version.clone(),
            containers: engine.containers.len() as u64,
        }
        .into())
    }

    fn judge(_seen: &Evidence, _want: &Target, _limits: &NoLimits, _at: &Moment) -> Vec<Finding> {
        Vec::new()
    }

    fn sum_up(seen: &Evidence, want: &Target, _limits: &NoLimits, _at: &Moment) -> String {
        let containers = crate::speech::counted(seen.containers, "container");
        format!("Docker {}, {containers} of project {}", seen.version, want.project)
    }
}
