//! The data itself: widths, running sums, clocks, replay.

use std::collections::HashMap;

use feed_simulator::{How, Rate, Replay, Settings, Width};

use crate::client::{Client, rate, records, start};

const KEYS: [&str; 4] = ["H0STCNT0:005930", "H0NXCNT0:005930", "H0UNCNT0:000660", "HDFSCNT0:DNASAAPL"];

/// Follows the running sums of each stream and issue.
#[derive(Default)]
struct Sums {
    so_far: HashMap<String, Sum>,
    ticks: u64,
}

/// Of one day. The value is in won or in ten-thousandths of a dollar.
#[derive(Default, Clone)]
struct Sum {
    day: String,
    volume: u64,
    value: u64,
    trades: u64,
}

impl Sums {
    fn follow(&mut self, frame: &str) {
        records(frame).iter().for_each(|record| self.follow_record(&frame[2..10], record));
    }

    fn follow_record(&mut self, tr: &str, record: &[String]) {
        let number = |column: usize| record[column].replace('.', "").parse::<u64>().expect("a number");
        let overseas = tr == "HDFSCNT0";
        assert_eq!(record.len(), if overseas { 26 } else { 47 }, "{record:?}");
        let (quantity, price, day) = if overseas { (19, 11, 3) } else { (12, 2, 33) };
        let sum = self.so_far.entry(format!("{tr} {}", record[0])).or_default();
        if sum.day != record[day] {
            *sum = Sum { day: record[day].clone(), ..Sum::default() };
        }
        assert!(number(quantity) >= 1);
        sum.volume += number(quantity);
        sum.value += number(quantity) * number(price);
        sum.trades += 1;
        if overseas {
            assert_eq!((sum.volume, sum.value / 10_000), (number(20), number(21)), "{record:?}");
            assert_eq!(sum.volume, number(22) + number(23), "{record:?}");
        } else {
            assert_eq!(
                (sum.volume, sum.value, sum.trades),
                (number(13), number(14), number(15) + number(16)),
                "{record:?}"
            );
            assert_eq!(sum.volume, number(19) + number(20), "{record:?}");
        }
        self.ticks += 1;
    }
}

#[tokio::test]
async fn running_sums_add_up_across_frames_and_sessions() {
    let simulator = start(Settings { rate: rate(20_000), ..Settings::default() }).await;
    let mut sums = Sums::default();
    for _ in 0..2 {
        let mut client = Client::join_with(&simulator, "A", &KEYS).await;
        let before = sums.ticks;
        while sums.ticks < before + 3_000 {
            sums.follow(&client.frame().await.expect("data flows"));
        }
        let (rest, dropped) = tokio::join!(client.rest(), simulator.drop_sessions(None, How::Close));
        rest.iter().for_each(|frame| sums.follow(frame));
        assert_eq!(dropped, 1);
        assert_eq!(simulator.sent().ticks, sums.ticks, "a drop delivers all that it counts");
    }
    assert_eq!(sums.so_far.len(), KEYS.len());
    for (key, sent) in simulator.sent().by_key {
        assert_eq!(sent.last_cum_volume, sums.so_far[&key.replace(':', " ")].volume, "{key}");
    }
}

#[tokio::test]
async fn domestic_records_have_46_fields_by_switch() {
    let simulator = start(Settings { width: Width::Fields46, rate: rate(1_000), ..Settings::default() }).await;
    let mut client = Client::join_with(&simulator, "A", &["H0STCNT0:005930"]).await;
    let frame = client.frame().await.expect("data flows");
    assert!(records(&frame).iter().all(|record| record.len() == 46), "{frame}");
}

#[tokio::test]
async fn an_overseas_key_without_its_feed_is_acknowledged_and_silent() {
    let simulator = start(Settings { rate: rate(1_000), ..Settings::default() }).await;
    let mut client = Client::join_with(&simulator, "A", &["HDFSCNT0:AAPL", "HDFSCNT0:DNASAAPL"]).await;
    while simulator.sent().ticks < 50 {
        assert!(client.frame().await.expect("data flows").contains("DNASAAPL"));
    }
    assert_eq!(simulator.sent().by_key.len(), 1);
}

#[tokio::test]
async fn two_sessions_hear_the_same_trades_and_count_them_once() {
    let simulator = start(Settings { rate: rate(2_000), keep_log: true, ..Settings::default() }).await;
    let mut clients =
        [Client::join_with(&simulator, "A", &KEYS[..1]).await, Client::join_with(&simulator, "B", &KEYS[..1]).await];
    clients[1].frame().await.expect("data flows");
    simulator.set_rate(Rate::PAUSE).await;
    let log = simulator.log(0, usize::MAX).expect("a log is kept");
    let of = |session| log.iter().filter(move |line| line.session.0 == session).map(|line| &line.frame);
    let (first, second) = (of(1).collect::<Vec<_>>(), of(2).collect::<Vec<_>>());
    assert!(!second.is_empty() && first.ends_with(&second));
    let ticks = first.iter().map(|frame| records(frame.as_str()).len() as u64).sum::<u64>();
    assert_eq!(simulator.sent().ticks, ticks);
}

#[tokio::test]
async fn a_capture_is_sent_once_byte_for_byte_then_all_is_quiet() {
    let capture = [
        "0|H0STCNT0|001|000660^1",
        "0|HDFSCNT0|001|DNASAAPL^AAPL^4^20230502^20230502^091913^20230502^221913^169.9200^170.1000^169.4200^169.8000^2^0.2100^+0.12^169.7700^169.7900^201^2^3^108470^18415181^24757^20519^82.88^1",
        "0|H0STCNT0|004|000660^too^few",
    ];
    let replay = Some(Replay::read(&capture.join("\n")).expect("three frames"));
    let idle = std::time::Duration::from_millis(20);
    let simulator = start(Settings { rate: rate(1_000), replay, idle, ..Settings::default() }).await;
    let mut client = Client::join_with(&simulator, "A", &["HDFSCNT0:DNASAAPL"]).await;
    assert_eq!(client.frame().await.as_deref(), Some(capture[1]));
    assert_eq!(client.ask("1", "H0STCNT0:000660").await, "OPSP0000");
    assert_eq!(client.frame().await.as_deref(), Some(capture[0]));
    assert_eq!(client.frame().await.as_deref(), Some(capture[2]));
    assert!(client.control().await.contains("PINGPONG"));
    assert_eq!(simulator.sent().by_key["HDFSCNT0:DNASAAPL"].last_cum_volume, 108_470);
}
