//! Faults and the account of what was sent, through the endpoints that scripts use.

use std::io::ErrorKind;
use std::time::Duration;

use feed_simulator::{Ended, Sent, Settings, Simulator};
use futures_util::StreamExt;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Error;

use crate::client::{Client, http, rate, records, soon, start};

const KEYS: [&str; 2] = ["H0STCNT0:005930", "HDFSCNT0:DNASAAPL"];

async fn command(simulator: &Simulator, path: &str) -> Value {
    let (status, body) = http(simulator, "POST", path, "").await;
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).expect("the answer is JSON")
}

async fn sent(simulator: &Simulator) -> Sent {
    let (_, body) = http(simulator, "GET", "/control/sent", "").await;
    serde_json::from_str(&body).expect("the answer is the documented one")
}

#[tokio::test]
async fn nothing_trades_in_a_pause() {
    let simulator = start(Settings { rate: rate(5_000), ..Settings::default() }).await;
    let mut client = Client::join_with(&simulator, "A", &KEYS).await;
    let mut ticks = records(&client.frame().await.expect("data flows")).len() as u64;
    command(&simulator, "/control/rate?ticks_per_second=0").await;
    let at_pause = sent(&simulator).await;
    let (rest, dropped) = tokio::join!(client.rest(), command(&simulator, "/control/drop"));
    ticks += rest.iter().map(|frame| records(frame).len() as u64).sum::<u64>();
    assert_eq!((sent(&simulator).await.ticks, at_pause.ticks, dropped["dropped"].as_u64()), (ticks, ticks, Some(1)));
    let mut client = Client::join_with(&simulator, "A", &KEYS).await;
    command(&simulator, "/control/rate?ticks_per_second=5000").await;
    client.frame().await.expect("data flows again");
}

#[tokio::test]
async fn the_log_holds_every_frame_in_order() {
    let simulator = start(Settings { rate: rate(5_000), keep_log: true, ..Settings::default() }).await;
    let mut received = Vec::new();
    for session in 1..=2 {
        let mut client = Client::join_with(&simulator, "A", &KEYS).await;
        let mut frames = vec![client.frame().await.expect("data flows")];
        let (rest, _) = tokio::join!(client.rest(), command(&simulator, "/control/drop?appkey=A"));
        frames.extend(rest);
        received.extend((1..).zip(frames).map(|(sequence, frame)| format!("{session} {sequence} {frame}")));
    }
    let (_, log) = http(&simulator, "GET", "/control/log", "").await;
    assert!(log.lines().eq(&received), "{log}");
    let (_, tail) = http(&simulator, "GET", &format!("/control/log?from={}", received.len() - 1), "").await;
    assert_eq!(tail.lines().collect::<Vec<_>>(), [received.last().expect("frames came")]);
    let ticks = received.iter().map(|line| records(line.splitn(3, ' ').last().expect("three words")).len() as u64);
    assert_eq!(sent(&simulator).await.ticks, ticks.sum::<u64>());
    let (_, sessions) = http(&simulator, "GET", "/control/sessions", "").await;
    let sessions = serde_json::from_str::<Value>(&sessions).expect("the answer is JSON");
    let frames = |at: usize| sessions["sessions"][at]["frames"].as_u64().expect("a number");
    assert_eq!(frames(0) + frames(1), received.len() as u64);
    assert_eq!(sessions["sessions"][1]["ended"], "dropped");
}

#[tokio::test]
async fn a_muted_key_is_silent_until_unmuted() {
    let simulator = start(Settings { rate: rate(2_000), ..Settings::default() }).await;
    let mut client = Client::join_with(&simulator, "A", &KEYS).await;
    while simulator.sent().by_key.len() < 2 {
        client.frame().await.expect("data flows");
    }
    command(&simulator, "/control/mute?key=H0STCNT0:005930").await;
    let before = sent(&simulator).await;
    while sent(&simulator).await.by_key[KEYS[1]].ticks < before.by_key[KEYS[1]].ticks + 100 {
        client.frame().await.expect("the other key goes on");
    }
    assert_eq!(sent(&simulator).await.by_key[KEYS[0]], before.by_key[KEYS[0]]);
    command(&simulator, "/control/mute").await;
    let silent = sent(&simulator).await;
    assert_eq!(client.ask("2", KEYS[1]).await, "OPSP0001", "a mute session still answers");
    assert_eq!(sent(&simulator).await, silent);
    command(&simulator, "/control/unmute").await;
    while sent(&simulator).await.by_key[KEYS[0]].ticks == silent.by_key[KEYS[0]].ticks {
        client.frame().await.expect("data flows again");
    }
}

#[tokio::test]
async fn an_aborted_session_is_reset_and_lingers() {
    let settings = Settings { rate: rate(100), linger: Duration::from_secs(3600), ..Settings::default() };
    let simulator = start(settings).await;
    let mut client = Client::join_with(&simulator, "A", &KEYS).await;
    command(&simulator, "/control/drop?how=abort").await;
    let end = loop {
        if let Err(end) = soon("the end", client.socket.next()).await.expect("an error comes first") {
            break end;
        }
    };
    assert!(matches!(&end, Error::Io(error) if error.kind() == ErrorKind::ConnectionReset), "{end}");
    let mut second = Client::join(&simulator, "A").await;
    assert_eq!(second.ask("1", KEYS[0]).await, "OPSP8996");
    assert_eq!(simulator.sessions()[0].ended, Some(Ended::Aborted));
}

/// A session whose socket and outbox are full, because nobody reads.
async fn full() -> (Simulator, Client) {
    let simulator = start(Settings { rate: rate(100_000), ..Settings::default() }).await;
    let client = Client::join_with(&simulator, "A", &KEYS).await;
    let (mut before, mut still) = (0, 0);
    while before == 0 || still < 100 {
        let now = sent(&simulator).await.ticks;
        still = if now == before { still + 1 } else { 0 };
        before = now;
    }
    (simulator, client)
}

#[tokio::test]
async fn a_session_that_does_not_read_can_be_aborted() {
    let (simulator, _client) = full().await;
    assert_eq!(command(&simulator, "/control/drop?how=abort").await["dropped"], 1);
    assert_eq!(simulator.sessions()[0].ended, Some(Ended::Aborted));
}

/// What a command says was sent is what the client gets, also where much was still under way.
async fn check_settled(path: &str) {
    let (simulator, mut client) = full().await;
    let settled = async {
        let settled = command(&simulator, path).await["ticks"].as_u64();
        command(&simulator, "/control/drop").await;
        settled
    };
    let (frames, settled) = tokio::join!(client.rest(), settled);
    let received = frames.iter().map(|frame| records(frame).len() as u64).sum::<u64>();
    assert_eq!((received, settled), (sent(&simulator).await.ticks, Some(received)), "{path}");
}

#[tokio::test]
async fn commands_answer_when_all_is_written() {
    check_settled("/control/rate?ticks_per_second=0").await;
    check_settled("/control/mute").await;
}

#[tokio::test]
async fn a_drop_delivers_what_is_under_way() {
    let (simulator, mut client) = full().await;
    let (frames, _) = tokio::join!(client.rest(), command(&simulator, "/control/drop"));
    let received = frames.iter().map(|frame| records(frame).len() as u64).sum::<u64>();
    assert_eq!(received, sent(&simulator).await.ticks);
    let mut client = Client::join_with(&simulator, "A", &KEYS).await;
    let next = records(&client.frame().await.expect("data flows")).swap_remove(0);
    let (volume, cum_volume) = if next.len() == 26 { (19, 20) } else { (12, 13) };
    let number = |at: usize| next[at].parse::<u64>().expect("a number");
    let before = frames.iter().rev().flat_map(|frame| records(frame).into_iter().rev()).find(|last| last[0] == next[0]);
    let before = before.expect("both keys have traded")[cum_volume].parse::<u64>().expect("a number");
    assert_eq!(before + number(volume), number(cum_volume), "not one trade was left behind");
}

#[tokio::test]
async fn a_command_that_is_not_understood_is_refused() {
    let simulator = start(Settings::default()).await;
    for (method, path, status) in [
        ("POST", "/control/rate?ticks_per_second=fast", 400),
        ("POST", "/control/rate?ticks_per_second=100001", 400),
        ("POST", "/control/mute?kez=H0STCNT0:005930", 400),
        ("POST", "/control/mute?key=005930", 400),
        ("POST", "/control/drop?how=gently", 400),
        ("GET", "/control/drop", 405),
        ("GET", "/control/log", 404),
    ] {
        assert_eq!(http(&simulator, method, path, "").await.0, status, "{path}");
    }
}
