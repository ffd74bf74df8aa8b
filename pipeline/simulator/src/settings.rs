//! What a simulator is started with. Read once.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::frame::Frame;
use crate::key::Key;
use crate::market::Width;
use crate::replay::{self, ReplayError};
use crate::sessions::AppKey;

#[derive(Debug)]
pub struct Settings {
    pub rate: Rate,
    /// The most liquid first. A key that is not listed follows in the order of first registration.
    pub symbols: Vec<Key>,
    pub seed: u64,
    /// Of domestic records.
    pub width: Width,
    /// Instead of the generated market.
    pub replay: Option<Replay>,
    /// Silence after which a PINGPONG goes out; observed at the broker: about 10 s.
    pub idle: Duration,
    /// How long a session that broke off still holds its appkey.
    pub linger: Duration,
    /// Keep every frame for `/control/log`: memory grows with all that is sent.
    pub keep_log: bool,
    /// Markets go on for keys that nobody hears, as a real one does: then more is traded than sent.
    pub trade_unseen: bool,
    /// The only customers; empty: everybody is one.
    pub appkeys: Vec<AppKey>,
}

/// Ticks per second over all registered keys, at most 100,000; 0 is a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Rate(u32);

#[derive(Debug, thiserror::Error)]
#[error("rate is not a number of ticks per second from 0 to {MOST}")]
pub struct RateError;

/// More was never measured.
const MOST: u32 = 100_000;

/// Captured frames, to be sent again byte for byte.
#[derive(Debug)]
pub struct Replay(pub(crate) Vec<Frame>);

impl Replay {
    /// One frame a line; blank lines and control messages are passed over.
    pub fn read(text: &str) -> Result<Replay, ReplayError> {
        replay::read(text).map(Replay)
    }
}

impl Rate {
    pub const PAUSE: Rate = Rate(0);

    pub fn ticks_per_second(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Rate {
    type Error = RateError;

    fn try_from(ticks_per_second: u32) -> Result<Rate, RateError> {
        if ticks_per_second <= MOST { Ok(Rate(ticks_per_second)) } else { Err(RateError) }
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Rate, RateError> {
        text.parse::<u32>().map_err(|_| RateError)?.try_into()
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            rate: Rate(25),
            symbols: Vec::new(),
            seed: 1,
            width: Width::default(),
            replay: None,
            idle: Duration::from_secs(10),
            linger: Duration::ZERO,
            keep_log: false,
            trade_unseen: false,
            appkeys: Vec::new(),
        }
    }
}
