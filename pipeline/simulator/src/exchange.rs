//! All markets and who listens to them. Each turn it makes as many trades as are due and puts them into the hearers'
//! outboxes. Called by the market loop and, for registrations and mutes, by the floor; it never reads a clock.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::frame::Frame;
use crate::key::Key;
use crate::market::{Market, Width};
use crate::outbox::Outbox;
use crate::sessions::SessionId;
use crate::settings::Rate;

pub(crate) struct Exchange {
    seed: u64,
    width: Width,
    trade_unseen: bool,
    /// In the order of liquidity: those of the settings first, then as they were first registered.
    listings: Vec<Listing>,
    by_key: HashMap<Key, usize>,
    replaying: bool,
    all_muted: bool,
    rng: StdRng,
    pace: Pace,
    /// Weights added up over the listings that trade now; none after a change of who does.
    odds: Option<Vec<(u64, usize)>>,
}

struct Listing {
    source: Source,
    muted: bool,
    hearers: Vec<Outbox>,
}

enum Source {
    Market(Box<Market>),
    /// What is left of the capture, each with its place in the file.
    Replay(VecDeque<(usize, Arc<Frame>)>),
    /// Acknowledged, but nothing ever comes.
    Silent,
}

/// Turns elapsed time into ticks that are due.
struct Pace {
    rate: Rate,
    /// Nanosecond-ticks: 10⁹ are one tick. Negative after a frame of more records than were due.
    owed: i64,
}

impl Exchange {
    pub(crate) fn new(seed: u64, width: Width, rate: Rate, trade_unseen: bool) -> Exchange {
        Exchange {
            seed,
            width,
            trade_unseen,
            listings: Vec::new(),
            by_key: HashMap::new(),
            replaying: false,
            all_muted: false,
            rng: StdRng::seed_from_u64(seed),
            pace: Pace { rate, owed: 0 },
            odds: None,
        }
    }

    /// From now on captured frames instead of markets. Each frame goes out once, in the order of the file among the keys
    /// that are registered at the time; then all is quiet.
    pub(crate) fn replay(&mut self, frames: Vec<Frame>) {
        self.replaying = true;
        for (place, frame) in frames.into_iter().enumerate() {
            if let Source::Replay(left) = &mut self.listing(&frame.key).source {
                left.push_back((place, Arc::new(frame)));
            }
        }
    }

    /// Takes a key's place in the order of liquidity, unless it has one.
    pub(crate) fn list(&mut self, key: &Key) {
        self.listing(key);
    }

    fn listing(&mut self, key: &Key) -> &mut Listing {
        self.odds = None;
        let at = *self.by_key.entry(key.clone()).or_insert_with(|| {
            let source = if self.replaying {
                Source::Replay(VecDeque::new())
            } else {
                let market = Market::new(key, self.seed, self.width);
                market.map_or(Source::Silent, |market| Source::Market(Box::new(market)))
            };
            self.listings.push(Listing { source, muted: false, hearers: Vec::new() });
            self.listings.len() - 1
        });
        &mut self.listings[at]
    }

    pub(crate) fn subscribe(&mut self, key: &Key, outbox: Outbox) {
        self.listing(key).hearers.push(outbox);
    }

    pub(crate) fn unsubscribe(&mut self, key: &Key, session: SessionId) {
        self.listing(key).hearers.retain(|outbox| outbox.session() != session);
    }

    /// Registered keys stay registered, but nothing comes: one key, or all.
    pub(crate) fn mute(&mut self, key: Option<&Key>) {
        match key {
            Some(key) => self.listing(key).muted = true,
            None => self.all_muted = true,
        }
        self.odds = None;
    }

    /// Takes back the mute of one key, or every mute.
    pub(crate) fn unmute(&mut self, key: Option<&Key>) {
        match key {
            Some(key) => self.listing(key).muted = false,
            None => {
                self.all_muted = false;
                self.listings.iter_mut().for_each(|listing| listing.muted = false);
            }
        }
        self.odds = None;
    }

    pub(crate) fn set_rate(&mut self, rate: Rate) {
        self.pace = Pace { rate, owed: 0 };
    }

    /// Makes the trades of the time that has passed since the last turn.
    pub(crate) fn turn(&mut self, elapsed: Duration, now: DateTime<Utc>) {
        self.pace.pass(elapsed);
        while self.pace.is_due() {
            let Some(at) = self.pick() else { break };
            let listing = &mut self.listings[at];
            if !listing.hearers.iter().all(Outbox::has_room) {
                // The slowest hearer holds its keys back: a trade that cannot be sent does not happen.
                self.pace.spend(1);
                continue;
            }
            let frame = match &mut listing.source {
                Source::Market(market) => Arc::new(market.trade(now, records(&mut self.rng))),
                Source::Replay(left) => left.pop_front().expect("only a key with frames left is picked").1,
                Source::Silent => unreachable!("a silent key is never picked"),
            };
            self.pace.spend(frame.ticks);
            if !self.all_muted && !listing.muted {
                listing.hearers.iter().for_each(|outbox| outbox.put(Arc::clone(&frame)));
            }
        }
        self.pace.forgive();
    }

    /// The listing that trades next: by chance and weight, or the captured frame that is next in the file.
    fn pick(&mut self) -> Option<usize> {
        if self.replaying {
            let heard = self.listings.iter().enumerate().filter(|(_, listing)| self.is_heard(listing));
            let next = heard.filter_map(|(at, listing)| match &listing.source {
                Source::Replay(left) => left.front().map(|(place, _)| (*place, at)),
                _ => None,
            });
            return next.min().map(|(_, at)| at);
        }
        let odds = self.odds.take().unwrap_or_else(|| self.weigh());
        let total = odds.last().map(|(sum, _)| *sum);
        let drawn = total.map(|total| self.rng.random_range(0..total));
        let picked = drawn.map(|drawn| odds[odds.partition_point(|(sum, _)| *sum <= drawn)].1);
        self.odds = Some(odds);
        picked
    }

    /// Zipf's law: the second issue trades half as often as the first, the third a third.
    fn weigh(&self) -> Vec<(u64, usize)> {
        let trading = self.listings.iter().enumerate().filter(|(_, listing)| {
            matches!(listing.source, Source::Market(_)) && (self.trade_unseen || self.is_heard(listing))
        });
        let mut sum = 0;
        let add = |(at, _)| {
            sum += 1_000_000 / (at as u64 + 1);
            (sum, at)
        };
        trading.map(add).collect()
    }

    fn is_heard(&self, listing: &Listing) -> bool {
        !self.all_muted && !listing.muted && !listing.hearers.is_empty()
    }
}

/// One to six trades in a frame; of 1,027 captured frames 295 had several.
fn records(rng: &mut StdRng) -> u32 {
    if rng.random_ratio(71, 100) { 1 } else { rng.random_range(2..=6) }
}

impl Pace {
    const TICK: i64 = 1_000_000_000;
    /// A stalled machine does not make up for more than this.
    const LONGEST: Duration = Duration::from_millis(200);

    fn pass(&mut self, elapsed: Duration) {
        let nanos =
            i64::try_from(elapsed.min(Self::LONGEST).as_nanos()).expect("a fifth of a second is few nanoseconds");
        self.owed += nanos * i64::from(self.rate.ticks_per_second());
    }

    fn is_due(&self) -> bool {
        self.owed >= Self::TICK
    }

    fn spend(&mut self, ticks: u64) {
        self.owed -= i64::try_from(ticks.max(1)).unwrap_or(1) * Self::TICK;
    }

    /// What nobody was there to trade is not traded later.
    fn forgive(&mut self) {
        self.owed = self.owed.min(Self::TICK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::Inbox;

    const FIRST: &str = "H0STCNT0:000003";
    const SECOND: &str = "H0STCNT0:000001";
    const UNLISTED: &str = "H0STCNT0:000002";

    /// An exchange of two listed issues at 1,000 ticks a second, and one session that has registered these keys.
    fn exchange(trade_unseen: bool, keys: &[&str]) -> (Exchange, Inbox) {
        let mut exchange = Exchange::new(1, Width::default(), rate(1_000), trade_unseen);
        exchange.list(&key(FIRST));
        exchange.list(&key(SECOND));
        let (outbox, inbox) = Outbox::new(SessionId(1));
        keys.iter().for_each(|name| exchange.subscribe(&key(name), outbox.clone()));
        (exchange, inbox)
    }

    fn rate(ticks_per_second: u32) -> Rate {
        ticks_per_second.try_into().expect("the tests write good rates")
    }

    fn key(text: &str) -> Key {
        text.parse().expect("the tests write good keys")
    }

    /// Turns of 5 ms, and what they put into the inbox.
    fn run(exchange: &mut Exchange, turns: u32, inbox: &mut Inbox) -> Vec<Arc<Frame>> {
        for turn in 0..turns {
            let now = DateTime::UNIX_EPOCH + Duration::from_millis(5) * turn;
            exchange.turn(Duration::from_millis(5), now);
        }
        std::iter::from_fn(|| inbox.try_recv().ok()).collect()
    }

    fn ticks(frames: &[Arc<Frame>], of: &str) -> u64 {
        frames.iter().filter(|frame| frame.key == key(of)).map(|frame| frame.ticks).sum()
    }

    #[test]
    fn the_rate_is_kept_and_the_first_listed_issue_trades_most() {
        let (mut exchange, mut inbox) = exchange(false, &[UNLISTED, SECOND, FIRST]);
        let frames = run(&mut exchange, 2_000, &mut inbox);
        let [first, second, unlisted] = [FIRST, SECOND, UNLISTED].map(|name| ticks(&frames, name));
        assert!(first > second && second > unlisted && unlisted > 1_000, "{first} {second} {unlisted}");
        assert!((9_990..=10_006).contains(&(first + second + unlisted)), "{first} {second} {unlisted}");
        assert!(frames.iter().any(|frame| frame.ticks == 1) && frames.iter().any(|frame| frame.ticks == 6));
    }

    #[test]
    fn nothing_is_made_up_for_after_a_pause_or_a_silence() {
        let (mut exchange, mut inbox) = exchange(false, &[]);
        assert!(run(&mut exchange, 1_000, &mut inbox).is_empty());
        let (outbox, mut inbox) = Outbox::new(SessionId(2));
        exchange.subscribe(&key(FIRST), outbox);
        assert!(ticks(&run(&mut exchange, 1, &mut inbox), FIRST) <= 10);
        exchange.set_rate(Rate::PAUSE);
        assert!(run(&mut exchange, 1_000, &mut inbox).is_empty());
    }

    #[test]
    fn unseen_trades_happen_by_switch_only() {
        for (trade_unseen, muted_too) in [(false, false), (true, false), (true, true)] {
            let (mut exchange, mut inbox) = exchange(trade_unseen, &[]);
            if muted_too {
                exchange.mute(None);
            }
            run(&mut exchange, 100, &mut inbox);
            exchange.unmute(None);
            let (outbox, mut inbox) = Outbox::new(SessionId(2));
            exchange.subscribe(&key(FIRST), outbox);
            let frames = run(&mut exchange, 10, &mut inbox);
            assert_eq!(frames[0].cum_volume > frames[0].volume, trade_unseen);
        }
    }

    #[test]
    fn mutes_are_of_one_key_or_of_all() {
        let (mut exchange, mut inbox) = exchange(false, &[FIRST, SECOND]);
        exchange.mute(Some(&key(FIRST)));
        let frames = run(&mut exchange, 100, &mut inbox);
        assert!(ticks(&frames, FIRST) == 0 && ticks(&frames, SECOND) > 400);
        exchange.mute(None);
        exchange.unmute(Some(&key(FIRST)));
        assert!(run(&mut exchange, 100, &mut inbox).is_empty());
        exchange.unmute(None);
        assert!(ticks(&run(&mut exchange, 100, &mut inbox), FIRST) > 200);
    }

    #[test]
    fn a_hearer_that_does_not_read_holds_its_key_back_without_a_hole() {
        let (mut exchange, mut inbox) = exchange(false, &[FIRST]);
        let mut frames = run(&mut exchange, 10_000, &mut inbox);
        assert!(frames.len() == 8_192, "as many as the outbox takes");
        frames.extend(run(&mut exchange, 10, &mut inbox));
        let holes = frames.windows(2).filter(|pair| pair[0].cum_volume + pair[1].volume != pair[1].cum_volume);
        assert_eq!((holes.count(), frames.len() > 8_192), (0, true));
    }
}
