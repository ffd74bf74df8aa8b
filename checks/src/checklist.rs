//! The checklist: one row per check, in the order of CHECKLIST.md and of every report. Adding a check is its file under
//! `checklist/`, its `mod` line and its row.

use serde::Deserialize;

use crate::check::{Check, Row, judge, look, sum_up};

pub mod collector_ready;
pub mod database_reachable;
pub mod engine_reachable;
pub mod path_heartbeat;
pub mod redis_reachable;
pub mod restart_policy;
pub mod rows_fresh;
pub mod services_running;
pub mod stream_drained;
pub mod ticks_flowing;

macro_rules! checklist { ($($module:ident::$Check:ident),* $(,)?) => {
    /// The section `checks:` of feedctl.yml: the limits of each check by its id.
    #[derive(Debug, Clone, Default, Deserialize)]
    #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
    pub struct Limits {
        $(pub $module: <$module::$Check as Check>::Limits),*
    }

    pub const CHECKLIST: &[Row] = &[$(Row {
        meta: $module::$Check::META,
        look: |site, want| Box::pin(look::<$module::$Check>(site, want)),
        judge: |seen, want, limits, at| judge::<$module::$Check>(seen, want, &limits.$module, at),
        sum_up: |seen, want, limits, at| sum_up::<$module::$Check>(seen, want, &limits.$module, at),
    }),*];
} }

checklist! {
    engine_reachable::EngineReachable,
    services_running::ServicesRunning,
    restart_policy::RestartPolicy,
    collector_ready::CollectorReady,
    redis_reachable::RedisReachable,
    ticks_flowing::TicksFlowing,
    stream_drained::StreamDrained,
    database_reachable::DatabaseReachable,
    rows_fresh::RowsFresh,
    path_heartbeat::PathHeartbeat,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADINGS: [&str; 5] = ["What it checks", "Why it matters", "Seen when it fails", "What to do", "Source"];

    #[test]
    fn every_check_explains_itself_under_the_same_headings() {
        for Row { meta, .. } in CHECKLIST {
            let lines = || meta.explain.lines();
            let headings: Vec<&str> = lines().filter(|line| HEADINGS.contains(line)).collect();
            assert_eq!(headings, HEADINGS, "{}", meta.id);
            assert!(lines().all(|line| line.chars().count() <= 80), "{}: a line is too wide for a terminal", meta.id);
        }
    }
}
