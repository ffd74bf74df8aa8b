//! The simulator's frames through the decoder of the path, which shares no code with it: both must mean the same.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use feed::kis::frame::{decode, tick_count};
use feed_simulator::{How, KeySent, Sent, Settings, Width};

use crate::client::{Client, rate, start};

async fn check(width: Width) {
    let keys = ["H0STCNT0:005930", "H0NXCNT0:005930", "H0UNCNT0:Q500001", "HDFSCNT0:DNASAAPL", "HDFSCNT0:RHKS00003"];
    let began = Utc::now() - TimeDelta::seconds(1);
    let simulator = start(Settings { rate: rate(20_000), width, ..Settings::default() }).await;
    let mut client = Client::join_with(&simulator, "A", &keys).await;
    let mut frames = Vec::new();
    while frames.len() < 1_000 {
        frames.push(client.frame().await.expect("data flows"));
    }
    let (rest, _) = tokio::join!(client.rest(), simulator.drop_sessions(None, How::Close));
    frames.extend(rest);

    let mut by_key = BTreeMap::<String, KeySent>::new();
    let mut ticks = 0;
    for frame in &frames {
        let records = decode(frame.as_bytes()).unwrap_or_else(|error| panic!("{error}: {frame}"));
        ticks += tick_count(frame.as_bytes());
        for tick in records {
            let tick = tick.unwrap_or_else(|error| panic!("{error}: {frame}"));
            assert!((began..Utc::now()).contains(&tick.time), "{tick:?}");
            let tr = tick.feed.trim_start_matches("kis.");
            let name = keys.iter().find(|key| key.starts_with(tr) && key.ends_with(tick.symbol.as_str()));
            let of_key = by_key.entry((*name.expect("only registered keys trade")).to_owned()).or_default();
            of_key.ticks += 1;
            of_key.volume += tick.volume.0;
            of_key.last_cum_volume = tick.cum_volume.0;
        }
    }
    assert_eq!(Sent { by_key, ticks }, simulator.sent());
}

#[tokio::test]
async fn what_is_sent_is_what_is_decoded() {
    check(Width::Fields46).await;
    check(Width::Fields47).await;
}
