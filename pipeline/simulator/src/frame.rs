//! A data frame on its way to its hearers, with what it adds to the counts. Made by a market or read from a capture.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::ws::Utf8Bytes;

use crate::key::Key;

#[derive(Debug)]
pub(crate) struct Frame {
    pub key: Key,
    pub text: Utf8Bytes,
    pub ticks: u64,
    /// Traded in this frame, and on this day up to its end.
    pub volume: u64,
    pub cum_volume: u64,
    /// Set by the first session that has written it, so that several hearers of one key count it once.
    counted: AtomicBool,
}

impl Frame {
    pub(crate) fn new(key: Key, text: String, ticks: u64, volume: u64, cum_volume: u64) -> Frame {
        Frame { key, text: text.into(), ticks, volume, cum_volume, counted: AtomicBool::new(false) }
    }

    /// True for the first caller only.
    pub(crate) fn count(&self) -> bool {
        !self.counted.swap(true, Ordering::Relaxed)
    }
}
