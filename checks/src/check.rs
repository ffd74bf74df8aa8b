//! What a check is: it observes, which may wait and fail, and it judges, which is pure and instant. One implementor per
//! file under `checklist/`; the runner erases the types into a [`Row`] and knows no check by name.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use feed::market::Phase;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::checklist::Limits;
use crate::finding::Finding;
use crate::moment::Moment;
use crate::sight::{Missed, Sight};
use crate::site::{ProbeError, Silence, Site};
use crate::target::Target;

pub trait Check {
    /// Thresholds: the section `checks.<id>` of feedctl.yml.
    type Limits: DeserializeOwned + Default + Send + Sync;
    /// What was seen, with units; kept verbatim in the report.
    type Evidence: Serialize + DeserializeOwned + Send;
    const META: Meta;

    fn observe(site: &Site, want: &Target) -> impl Future<Output = Result<Sight<Self::Evidence>, ProbeError>> + Send;

    /// What is wrong with what was seen; nothing when all is well.
    fn judge(seen: &Self::Evidence, want: &Target, limits: &Self::Limits, at: &Moment) -> Vec<Finding>;

    /// What was seen, in one line for the row of a check that passed.
    fn sum_up(seen: &Self::Evidence, want: &Target, limits: &Self::Limits, at: &Moment) -> String;
}

/// What a check says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// What users type and read; the name of the check's file with hyphens.
    pub id: &'static str,
    /// The good state, as a sentence without a full stop.
    pub title: &'static str,
    /// Under five headings: What it checks · Why it matters · Seen when it fails · What to do · Source.
    pub explain: &'static str,
    /// The link of the path that a failure points at, where its subject does not say it.
    pub hop: Hop,
    pub layer: Layer,
    pub when: When,
    /// How long the look may take. Probes give up earlier, so that a silent server is evidence and not an overrun.
    pub budget: Duration,
}

/// A link of the path, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hop {
    Broker,
    Collector,
    Redis,
    Archiver,
    Database,
}

/// How deep the cause lies that a failure points at: what lies deeper leads the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    Engine,
    /// The container: present, running.
    Container,
    /// The server inside it answers.
    Server,
    /// Data moves through the link.
    Flow,
    /// Data has arrived at the end.
    Rows,
    /// The container would come back by itself.
    Recovery,
}

/// The phases of a market in which a check can say something. The runner skips; no check asks for the phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    Always,
    BeforeOpen,
    WhileOpen,
    AfterClose,
}

impl When {
    /// Whether a check is due while the markets of the feeds are in `phases`; where there is no feed, none is closed.
    pub fn is_due(self, phases: &[Phase]) -> bool {
        match self {
            When::Always => true,
            When::WhileOpen => phases.is_empty() || phases.contains(&Phase::Continuous),
            // The only market is never closed.
            When::BeforeOpen | When::AfterClose => false,
        }
    }
}

/// A check in the table, its types erased to JSON at the border of the report.
pub struct Row {
    pub meta: Meta,
    pub look: Look,
    pub judge: Judge,
    pub sum_up: fn(&Value, &Target, &Limits, &Moment) -> Result<String, ProbeError>,
}

/// [`Check::observe`], its evidence as JSON.
pub type Look =
    for<'a> fn(&'a Site, &'a Target) -> Pin<Box<dyn Future<Output = Result<Value, ProbeError>> + Send + 'a>>;

/// [`Check::judge`] of evidence in JSON; an error where it does not read as this check's.
pub type Judge = fn(&Value, &Target, &Limits, &Moment) -> Result<Judgement, ProbeError>;

#[derive(Debug, Default)]
pub struct Judgement {
    pub findings: Vec<Finding>,
    /// Why a part could not be looked at.
    pub unknown: Vec<ProbeError>,
}

/// What stands in the report as evidence: what the check saw, or that the thing it looks at did not answer. Silence of
/// Redis, database or endpoint is evidence of a failure, for each check alike, so that no check deals with it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Seen<Evidence> {
    Silent { silent: Silence },
    Answered(Sight<Evidence>),
}

pub(crate) async fn look<C: Check>(site: &Site, want: &Target) -> Result<Value, ProbeError> {
    let seen = match C::observe(site, want).await {
        Ok(sight) => Seen::Answered(sight),
        Err(ProbeError::Silent(silent)) => Seen::Silent { silent },
        Err(error) => return Err(error),
    };
    Ok(serde_json::to_value(seen).expect("evidence is plain data with text keys"))
}

pub(crate) fn judge<C: Check>(
    seen: &Value,
    want: &Target,
    limits: &C::Limits,
    at: &Moment,
) -> Result<Judgement, ProbeError> {
    let (mut judgement, missed) = match read::<C>(seen)? {
        Seen::Silent { silent } => (Judgement::default(), vec![Missed::Silent(silent)]),
        Seen::Answered(Sight { evidence, missed }) => {
            (Judgement { findings: C::judge(&evidence, want, limits, at), unknown: Vec::new() }, missed)
        }
    };
    for missed in missed {
        match missed {
            Missed::Silent(silence) => judgement.findings.push(silence.finding(want)),
            Missed::Unknown(unknown) => judgement.unknown.push(ProbeError::Unknown(unknown)),
        }
    }
    Ok(judgement)
}

pub(crate) fn sum_up<C: Check>(
    seen: &Value,
    want: &Target,
    limits: &C::Limits,
    at: &Moment,
) -> Result<String, ProbeError> {
    Ok(match read::<C>(seen)? {
        Seen::Silent { silent } => silent.to_string(),
        Seen::Answered(sight) => C::sum_up(&sight.evidence, want, limits, at),
    })
}

/// What no longer reads as this check's evidence is unknown.
fn read<C: Check>(seen: &Value) -> Result<Seen<C::Evidence>, ProbeError> {
    Seen::deserialize(seen).map_err(|source| ProbeError::OlderEvidence { source: Arc::new(source) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(phases: &[Phase], due: [When; 2]) {
        let all = [When::Always, When::BeforeOpen, When::WhileOpen, When::AfterClose];
        assert_eq!(all.into_iter().filter(|when| when.is_due(phases)).collect::<Vec<_>>(), due);
    }

    #[test]
    fn a_market_that_is_never_closed_is_always_open() {
        check(&[Phase::Continuous], [When::Always, When::WhileOpen]);
        check(&[], [When::Always, When::WhileOpen]);
    }
}
