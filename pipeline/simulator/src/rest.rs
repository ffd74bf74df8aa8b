//! The broker's REST side, as far as a data client needs it: keys and tokens. A refusal is an object with `error_code` and
//! `error_description`, and status 403, as captured from the broker.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::broker::Broker;
use crate::market::KST;
use crate::sessions::AppKey;

/// An access token lives a day.
const TOKEN_SECONDS: i64 = 86_400;

pub(crate) fn routes() -> Router<Arc<Broker>> {
    Router::new()
        .route("/oauth2/Approval", post(approval))
        .route("/oauth2/tokenP", post(token))
        .route("/oauth2/revokeP", post(revoke))
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(|| async { "ok\n" }))
}

/// `secretkey` here, `appsecret` everywhere else: the broker's own inconsistency.
async fn approval(State(broker): State<Arc<Broker>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let appkey = customer(&broker, &grant(&body)?, "secretkey")?;
    let approval_key = random_key();
    broker.floor().sessions.approve(approval_key.clone(), appkey);
    Ok(Json(json!({ "approval_key": approval_key })))
}

async fn token(State(broker): State<Arc<Broker>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    customer(&broker, &grant(&body)?, "appsecret")?;
    let expires = (Utc::now() + TimeDelta::seconds(TOKEN_SECONDS)).with_timezone(&KST);
    Ok(Json(json!({
        "access_token": format!("simulated.{}", random_key()),
        "access_token_token_expired": expires.format("%Y-%m-%d %H:%M:%S").to_string(),
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
    })))
}

async fn revoke(State(broker): State<Arc<Broker>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let body = parse(&body)?;
    customer(&broker, &body, "appsecret")?;
    body.get("token").and_then(Value::as_str).ok_or(TOKEN)?;
    Ok(Json(json!({ "code": 200, "message": "접근토큰 폐기에 성공하였습니다" })))
}

fn parse(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|_| REQUEST)
}

fn grant(body: &[u8]) -> Result<Value, Refusal> {
    parse(body).and_then(|body| if body["grant_type"] == "client_credentials" { Ok(body) } else { Err(REQUEST) })
}

fn customer(broker: &Broker, body: &Value, secret: &str) -> Result<AppKey, Refusal> {
    let given = |name| body.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    let appkey = AppKey(given("appkey").ok_or(APPKEY)?.to_owned());
    given(secret).ok_or(SECRET)?;
    if broker.appkeys.is_empty() || broker.appkeys.contains(&appkey) { Ok(appkey) } else { Err(APPKEY) }
}

/// In the form of a UUID, as the broker's keys are.
fn random_key() -> String {
    let hex = format!("{:032x}", rand::random::<u128>());
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

struct Refusal {
    code: &'static str,
    description: &'static str,
}

const REQUEST: Refusal = Refusal { code: "EGW00101", description: "유효하지 않은 요청입니다." };
const APPKEY: Refusal = Refusal { code: "EGW00103", description: "유효하지 않은 AppKey입니다." };
const SECRET: Refusal = Refusal { code: "EGW00105", description: "유효하지 않은 AppSecret입니다." };
const TOKEN: Refusal = Refusal { code: "EGW00121", description: "유효하지 않은 token 입니다." };

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "error_code": self.code, "error_description": self.description });
        (StatusCode::FORBIDDEN, Json(body)).into_response()
    }
}
