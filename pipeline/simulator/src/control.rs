//! The scripted side under `/control/`: faults by POST, what was sent by GET. Each command answers when it has taken effect
//! on the sockets, so that a script can go on without waiting.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::broker::{Broker, How};
use crate::key::{Key, KeyError};
use crate::ledger::Sent;
use crate::sessions::AppKey;
use crate::settings::Rate;

/// Lines of the log in one answer; ask again from behind them.
const PAGE: usize = 50_000;

pub(crate) fn routes() -> Router<Arc<Broker>> {
    Router::new()
        .route("/control/sent", get(|State(broker): State<Arc<Broker>>| async move { Json(broker.sent()) }))
        .route("/control/sessions", get(sessions))
        .route("/control/log", get(log))
        .route("/control/drop", post(drop_sessions))
        .route("/control/mute", post(mute))
        .route("/control/unmute", post(unmute))
        .route("/control/rate", post(rate))
}

async fn sessions(State(broker): State<Arc<Broker>>) -> Json<Value> {
    Json(json!({ "sessions": broker.sessions() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    #[serde(default)]
    from: usize,
}

/// Lines `session sequence frame`, from the one with number `from`, counted from 0 over all sessions.
async fn log(State(broker): State<Arc<Broker>>, Query(query): Query<From>) -> Response {
    let Some(lines) = broker.log(query.from, PAGE) else {
        return (StatusCode::NOT_FOUND, "the log is kept with --keep-log only\n").into_response();
    };
    let mut text = String::new();
    for line in lines {
        let written = writeln!(text, "{} {} {}", line.session.0, line.sequence, line.frame);
        written.expect("writing into a string cannot fail");
    }
    text.into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drop {
    appkey: Option<String>,
    #[serde(default)]
    how: How,
}

async fn drop_sessions(State(broker): State<Arc<Broker>>, Query(query): Query<Drop>) -> Json<Value> {
    let dropped = broker.drop_sessions(query.appkey.map(AppKey).as_ref(), query.how).await;
    Json(json!({ "dropped": dropped }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfKey {
    key: Option<String>,
}

impl OfKey {
    fn parse(self) -> Result<Option<Key>, (StatusCode, String)> {
        let key = self.key.map(|key| key.parse()).transpose();
        key.map_err(|error: KeyError| (StatusCode::BAD_REQUEST, format!("{error}\n")))
    }
}

async fn mute(
    State(broker): State<Arc<Broker>>,
    Query(query): Query<OfKey>,
) -> Result<Json<Sent>, (StatusCode, String)> {
    broker.mute(query.parse()?.as_ref()).await;
    Ok(Json(broker.sent()))
}

async fn unmute(
    State(broker): State<Arc<Broker>>,
    Query(query): Query<OfKey>,
) -> Result<Json<Sent>, (StatusCode, String)> {
    broker.unmute(query.parse()?.as_ref());
    Ok(Json(broker.sent()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AtRate {
    ticks_per_second: Rate,
}

async fn rate(State(broker): State<Arc<Broker>>, Query(query): Query<AtRate>) -> Json<Sent> {
    broker.set_rate(query.ticks_per_second).await;
    Json(broker.sent())
}
