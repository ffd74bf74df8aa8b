//! Korea Investment & Securities, as values: what is sent to the broker and what comes back. Pure text in, values out;
//! the collector owns the sockets, the archiver decodes what was stored.
//!
//! Facts and their sources: the broker's portal, its sample repository `koreainvestment/open-trading-api`, and captured
//! frames, as of 2026-11. All KIS times are Korea's, +09:00 without daylight saving.

pub mod control;
pub mod frame;
pub mod request;
mod stream;
mod subscription;

pub use self::stream::{Tr, UnknownTr};
pub use self::subscription::{
    MAX_SUBSCRIPTIONS, Subscription, SubscriptionError, Subscriptions, SubscriptionsError, TrKey,
};
