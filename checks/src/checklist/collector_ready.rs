//! `collector-ready`: the collector says of itself that its broker session is live and every symbol is registered.

use std::time::Duration;

use feed::health::{Health, Session, SessionState, Status};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::NoLimits;
use crate::moment::Moment;
use crate::sight::{Sight, gather};
use crate::site::{ProbeError, Site, http};
use crate::speech;
use crate::target::Target;

const EXPLAIN: &str = "\
What it checks
  The health document of the collector, at the endpoint under `health:` that is
  named `collector` or like a service with `hop: collector`: its status, what it
  waits for, the state of its broker session, and how many of the wanted symbols
  the broker has registered. A document with nothing but `status` will do.

Why it matters
  A running container is not a collecting one. On 2026-01-14 the collector ran
  for hours while the broker refused each subscription
  (ALREADY_IN_SUBSCRIBE), and not one tick came.

Seen when it fails
  Nothing answers; the status is `fail`; the session is connecting, subscribing,
  waiting before the next try, or blocked because the broker refused the keys;
  or not every wanted symbol is registered. Status `warn` is a warning.

What to do
  `docker compose logs --tail 50 collector`. While the session is in backoff it
  heals by itself: `feedctl verify --within 60s` waits for it. Blocked needs a
  person: check the app key and secret.

Source
  The health document: docs/architecture.md; the broker's replies: KIS Open API,
  real-time WebSocket, seen 2026-01";

pub struct CollectorReady;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub endpoints: Vec<Endpoint>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Under `health:` of feedctl.yml.
    pub name: String,
    pub http_status: u16,
    /// None where a server error came without one.
    pub health: Option<Health>,
}

impl Check for CollectorReady {
    type Limits = NoLimits;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "collector-ready",
        title: "the collector's session is live and every symbol is registered",
        explain: EXPLAIN,
        hop: Hop::Collector,
        layer: Layer::Flow,
        when: When::WhileOpen,
        budget: Duration::from_secs(10),
    };

    async fn observe(_site: &Site, want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        let collectors: Vec<&str> = want.services_at(Hop::Collector).chain(["collector"]).collect();
        let endpoints = want.health.iter().filter(|(name, _)| collectors.contains(&name.as_str()));
        let looks = endpoints.map(async |(name, url)| {
            let answer = http::get(name, url).await?;
            read(name, answer.status, &answer.body)
        });
        Ok(gather(join_all(looks).await, "health.collector")?.map(|endpoints| Evidence { endpoints }))
    }

    fn judge(seen: &Evidence, want: &Target, _limits: &NoLimits, _at: &Moment) -> Vec<Finding> {
        let troubles = seen.endpoints.iter().filter_map(|endpoint| Some((endpoint, trouble(endpoint)?)));
        let findings = troubles.map(|(endpoint, (severity, message))| {
            let finding = Finding::new(severity, Subject::Endpoint(endpoint.name.clone()), message);
            finding.remedy(want.logs_of(Hop::Collector))
        });
        findings.collect()
    }

    fn sum_up(seen: &Evidence, _want: &Target, _limits: &NoLimits, _at: &Moment) -> String {
        let said = seen.endpoints.iter().map(|endpoint| {
            match endpoint.health.as_ref().and_then(|health| health.session.as_ref()) {
                Some(session) => said_of(session),
                None => format!("HTTP {}", endpoint.http_status),
            }
        });
        said.collect::<Vec<_>>().join("; ")
    }
}

/// An answer that is no health document comes from a server in trouble, or from the wrong address.
fn read(name: &str, http_status: u16, body: &[u8]) -> Result<Endpoint, ProbeError> {
    let health = match serde_json::from_slice(body) {
        Ok(health) => Some(health),
        Err(_) if http_status >= 500 => None,
        Err(error) => {
            return Err(ProbeError::Misconfigured {
                problem: format!("the health endpoint {name} answers HTTP {http_status} without a health document"),
                key: format!("health.{name}"),
                source: Some(std::sync::Arc::new(error)),
            });
        }
    };
    Ok(Endpoint { name: name.to_owned(), http_status, health })
}

fn trouble(endpoint: &Endpoint) -> Option<(Severity, String)> {
    let Some(health) = &endpoint.health else {
        return Some((Severity::Fail, format!("answers HTTP {}", endpoint.http_status)));
    };
    let session = health.session.as_ref();
    // That it waits for its session to be more than `backoff` is said by the session itself.
    let said = |what: &str| session.is_some_and(|session| what.contains(session.state.as_str()));
    let waiting = health.waiting_for.as_deref().filter(|what| !said(what));
    let waiting = waiting.map_or(String::new(), |what| format!(", waits for {what}"));
    match (health.status, session) {
        (_, Some(session)) if session.state == SessionState::Blocked => {
            Some((Severity::Fail, format!("the broker refused the keys{waiting}; only a person can help")))
        }
        (_, Some(session)) if session.state != SessionState::Live => {
            Some((Severity::Fail, format!("{}{waiting}", said_of(session))))
        }
        (_, Some(session)) if !session.refused.is_empty() => {
            let refused = session.refused.join(", ");
            Some((Severity::Fail, format!("{}; the broker refused {refused}", said_of(session))))
        }
        // A collector of somebody else's may be live without having heard of each symbol.
        (_, Some(session)) if session.registered < session.wanted => {
            Some((Severity::Fail, format!("{}{waiting}", said_of(session))))
        }
        (Status::Fail, _) => Some((Severity::Fail, format!("status fail{waiting}"))),
        (Status::Warn, _) => Some((Severity::Warn, format!("status warn{waiting}"))),
        (Status::Pass, _) => None,
    }
}

/// `live, 41 of 41 symbols registered`.
fn said_of(session: &Session) -> String {
    let (registered, wanted) = (session.registered as u64, session.wanted as u64);
    format!(
        "{}, {} of {} registered",
        session.state.as_str(),
        speech::count(registered),
        speech::counted(wanted, "symbol")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, expected: Option<(Severity, &str)>) {
        let endpoint = read("collector", status, body.as_bytes()).expect("a health document or a server error");
        assert_eq!(trouble(&endpoint), expected.map(|(severity, message)| (severity, message.to_owned())), "{body}");
    }

    fn session(state: &str, registered: usize, refused: &str) -> String {
        format!(
            r#"{{"status":"warn","waiting_for":"the broker","session":{{"state":"{state}","wanted":41,"registered":{registered},"refused":[{refused}]}}}}"#
        )
    }

    #[test]
    fn a_live_session_with_every_symbol_is_ready() {
        check(200, r#"{"status":"pass","session":{"state":"live","wanted":1,"registered":1,"refused":[]}}"#, None);
        check(200, r#"{"status":"pass"}"#, None);
    }

    #[test]
    fn anything_less_is_told() {
        let fail = |message| Some((Severity::Fail, message));
        check(200, &session("backoff", 0, ""), fail("backoff, 0 of 41 symbols registered, waits for the broker"));
        let stutter = session("backoff", 0, "").replace("the broker", "the broker: session is backoff");
        check(200, &stutter, fail("backoff, 0 of 41 symbols registered"));
        check(
            200,
            &session("subscribing", 7, ""),
            fail("subscribing, 7 of 41 symbols registered, waits for the broker"),
        );
        check(
            503,
            &session("blocked", 0, ""),
            fail("the broker refused the keys, waits for the broker; only a person can help"),
        );
        check(
            200,
            &session("live", 40, r#""H0STCNT0:000000 (invalid tr_key)""#),
            fail("live, 40 of 41 symbols registered; the broker refused H0STCNT0:000000 (invalid tr_key)"),
        );
        check(200, &session("live", 7, ""), fail("live, 7 of 41 symbols registered, waits for the broker"));
        let silently = r#"{"status":"pass","session":{"state":"live","wanted":41,"registered":7,"refused":[]}}"#;
        check(200, silently, fail("live, 7 of 41 symbols registered"));
        check(200, &session("live", 41, ""), Some((Severity::Warn, "status warn, waits for the broker")));
        check(503, r#"{"status":"fail","waiting_for":"disk space"}"#, fail("status fail, waits for disk space"));
        check(502, "Bad Gateway", fail("answers HTTP 502"));
    }

    #[test]
    fn an_answer_of_something_else_is_our_configuration() {
        for (status, body) in [(404, "not found"), (200, "<html>"), (200, r#"{"ok":true}"#)] {
            let error = read("collector", status, body.as_bytes()).expect_err("no health document");
            assert_eq!(error.key(), Some("health.collector"), "{body}");
        }
    }
}
