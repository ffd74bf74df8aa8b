//! Keys, tokens, refusals, keep-alive.

use feed_simulator::{AppKey, Settings, Simulator};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{http, soon, start};

async fn check(simulator: &Simulator, path: &str, body: &str, status: u16, field: &str, value: Option<&str>) {
    let (got, answer) = http(simulator, "POST", path, body).await;
    let answer = serde_json::from_str::<Value>(&answer).unwrap_or_else(|error| panic!("{answer}: {error}"));
    assert_eq!(got, status, "{path} {body} {answer}");
    assert!(!answer[field].is_null(), "{answer}");
    assert!(value.is_none_or(|value| answer[field] == value), "{answer}");
}

#[tokio::test]
async fn keys_and_tokens() {
    let simulator = start(Settings { appkeys: vec![AppKey("A".into())], ..Settings::default() }).await;
    let ask = |path, body, status, field, value| check(&simulator, path, body, status, field, value);
    let (approval, token, revoke) = ("/oauth2/Approval", "/oauth2/tokenP", "/oauth2/revokeP");
    ask(approval, r#"{"grant_type":"client_credentials","appkey":"A","secretkey":"s"}"#, 200, "approval_key", None)
        .await;
    ask(token, r#"{"grant_type":"client_credentials","appkey":"A","appsecret":"s"}"#, 200, "access_token", None).await;
    ask(revoke, r#"{"appkey":"A","appsecret":"s","token":"t"}"#, 200, "message", None).await;
    let wrong = r#"{"grant_type":"client_credentials","appkey":"B","secretkey":"s"}"#;
    ask(approval, wrong, 403, "error_code", Some("EGW00103")).await;
    let misnamed = r#"{"grant_type":"client_credentials","appkey":"A","appsecret":"s"}"#;
    ask(approval, misnamed, 403, "error_code", Some("EGW00105")).await;
    ask(approval, r#"{"appkey":"A","secretkey":"s"}"#, 403, "error_code", Some("EGW00101")).await;
    ask(approval, "appkey=A", 403, "error_code", Some("EGW00101")).await;
    ask(token, r#"{"grant_type":"client_credentials"}"#, 403, "error_code", Some("EGW00103")).await;
    ask(revoke, r#"{"appkey":"A","appsecret":"s"}"#, 403, "error_code", Some("EGW00121")).await;
    assert_eq!(http(&simulator, "GET", "/nowhere", "").await.0, 404);
}

#[tokio::test]
async fn a_connection_serves_more_than_one_request() {
    let simulator = start(Settings::default()).await;
    let mut socket = TcpStream::connect(simulator.address()).await.expect("it listens");
    for _ in 0..2 {
        socket.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it reads");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nok\n") {
            let read = soon("the rest of the answer", socket.read_buf(&mut answer)).await;
            assert_ne!(read.expect("the connection stays open"), 0);
        }
    }
    drop(socket);
    feed_runtime::http::ask_readyz(simulator.address()).await.expect("the health subcommand finds it well");
}
