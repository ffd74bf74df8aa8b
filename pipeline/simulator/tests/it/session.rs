//! Sessions, registrations, heartbeats: the socket's own protocol.

use std::time::Duration;

use feed_simulator::{Ended, Rate, Settings};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::client::{Client, approve, rate, soon, start};

fn paused() -> Settings {
    Settings { rate: Rate::PAUSE, ..Settings::default() }
}

#[tokio::test]
async fn a_registration_is_acknowledged() {
    let simulator = start(paused()).await;
    let mut client = Client::join(&simulator, "A").await;
    client.say(client.request("1", "H0STCNT0:005930")).await;
    let ack = r#"{"header":{"tr_id":"H0STCNT0","tr_key":"005930","encrypt":"N"},"body":{"rt_cd":"0","msg_cd":"OPSP0000","msg1":"SUBSCRIBE SUCCESS","output":{"iv":"0123456789abcdef","key":"abcdefghijklmnopabcdefghijklmnop"}}}"#;
    assert_eq!(client.control().await, ack);
    assert_eq!(client.ask("1", "H0STCNT0:005930").await, "OPSP0002");
    assert_eq!(client.ask("2", "H0STCNT0:005930").await, "OPSP0001");
    assert_eq!(client.ask("2", "H0STCNT0:005930").await, "OPSP0003");
}

#[tokio::test]
async fn faults_have_their_codes_and_leave_the_session_open() {
    let simulator = start(paused()).await;
    let mut client = Client::join(&simulator, "A").await;
    assert_eq!(client.ask("0", "H0STCNT0:005930").await, "OPSP8997");
    assert_eq!(client.ask("1", "H0XXCNT0:005930").await, "OPSP8991");
    assert_eq!(client.ask("1", "H0STCNT0:5930").await, "OPSP8992");
    client.say("hello").await;
    assert_eq!(client.code().await, "OPSP9999");
    let valid = std::mem::replace(&mut client.approval_key, "never issued".into());
    assert_eq!(client.ask("1", "H0STCNT0:005930").await, "OPSP0011");
    client.approval_key = valid;
    assert_eq!(client.ask("1", "H0STCNT0:005930").await, "OPSP0000");
    client.approval_key = approve(&simulator, "A").await;
    assert_eq!(client.ask("1", "HDFSCNT0:DNASAAPL").await, "OPSP0000", "another valid key of the same appkey");
}

#[tokio::test]
async fn the_42nd_registration_is_refused_and_a_freed_place_taken() {
    let simulator = start(paused()).await;
    let mut client = Client::join(&simulator, "A").await;
    let keys = (1..=42).map(|number| format!("H0STCNT0:{number:06}")).collect::<Vec<_>>();
    for key in &keys {
        client.say(client.request("1", key)).await;
    }
    for key in &keys[..41] {
        let reply = client.control().await;
        assert!(reply.contains("OPSP0000") && reply.contains(&key[9..]), "pipelined replies keep their order: {reply}");
    }
    assert_eq!(client.code().await, "OPSP0008");
    assert_eq!(client.ask("2", &keys[0]).await, "OPSP0001");
    assert_eq!(client.ask("1", &keys[41]).await, "OPSP0000");
}

#[tokio::test]
async fn a_second_session_of_an_appkey_is_refused_and_closed() {
    let simulator = start(Settings::default()).await;
    let mut first = Client::join_with(&simulator, "A", &["H0STCNT0:005930"]).await;
    let mut second = Client::join(&simulator, "A").await;
    second.say(second.request("1", "H0STCNT0:005930")).await;
    let refusal = r#"{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},"body":{"rt_cd":"9","msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey"}}"#;
    assert_eq!(second.control().await, refusal);
    assert_eq!(second.rest().await, Vec::<String>::new());
    assert!(first.frame().await.is_some(), "the first session goes on");
    Client::join_with(&simulator, "B", &["H0STCNT0:005930"]).await;
    first.socket.close(None).await.expect("the first session is open");
    first.rest().await;
    Client::join_with(&simulator, "A", &["H0STCNT0:005930"]).await;
    let ends = simulator.sessions().iter().map(|report| report.ended).take(2).collect::<Vec<_>>();
    assert_eq!(ends, [Some(Ended::ClosedByClient), Some(Ended::InUse)]);
}

#[tokio::test]
async fn an_idle_session_hears_pingpong_whatever_it_answers() {
    let simulator = start(Settings { idle: Duration::from_millis(20), ..paused() }).await;
    let mut client = Client::join(&simulator, "A").await;
    let ping = client.control().await;
    assert!(ping.starts_with(r#"{"header":{"tr_id":"PINGPONG","datetime":"2"#) && ping.len() == 59, "{ping}");
    client.say(ping.clone()).await;
    assert_eq!(client.code().await, "", "another PINGPONG");
    client.socket.send(Message::Pong(ping.clone().into())).await.expect("the socket is open");
    assert_eq!(client.code().await, "");
    client.socket.send(Message::Ping(ping.clone().into())).await.expect("the socket is open");
    let pong = Message::Pong(ping.into());
    while soon("a pong", client.socket.next()).await.expect("the session lives").expect("the socket is whole") != pong {
    }
    assert_eq!(client.code().await, "");
}

#[tokio::test]
async fn deflate_is_declined() {
    let simulator = start(paused()).await;
    let mut request = format!("ws://{}", simulator.address()).into_client_request().expect("a good address");
    let offer = HeaderValue::from_static("permessage-deflate; client_max_window_bits");
    request.headers_mut().insert("sec-websocket-extensions", offer);
    let (_socket, response) = tokio_tungstenite::connect_async(request).await.expect("it upgrades");
    assert_eq!(response.headers().get("sec-websocket-extensions"), None);
}

#[tokio::test]
async fn stopping_delivers_and_closes() {
    let simulator = start(Settings { rate: rate(5_000), keep_log: true, ..Settings::default() }).await;
    let mut client = Client::join_with(&simulator, "A", &["H0STCNT0:005930"]).await;
    client.frame().await.expect("data flows");
    let (frames, ()) = tokio::join!(client.rest(), soon("the end of all tasks", simulator.stop()));
    assert!(!frames.is_empty(), "what was traded when the stop came is delivered");
}
