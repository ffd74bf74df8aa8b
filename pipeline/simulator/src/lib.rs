//! A look-alike of the KIS Open API for tests, demos and drills: WebSocket and REST on one port, a seeded market, faults
//! on demand, and an exact account of what was sent. Real clients connect to it unchanged but for the address.
//!
//! From the outside in: [`Simulator`] starts it all; `socket` accepts, `connection` speaks to one client, `rest` issues
//! keys, `control` scripts faults; [`Broker`] is the state they share, a `floor` behind a lock, made of the `exchange` (its
//! `market`s and who hears them), the `sessions`, and the `ledger`. It never decodes what it sends, and shares no code with
//! the decoder.

mod broker;
mod connection;
mod control;
mod exchange;
mod floor;
mod frame;
mod key;
mod ledger;
mod market;
mod outbox;
mod replay;
mod reply;
mod request;
mod rest;
mod sessions;
mod settings;
mod simulator;
mod socket;

pub use broker::{Broker, How};
pub use key::{Key, KeyError, Tr};
pub use ledger::{KeySent, LogLine, Sent};
pub use market::{UnknownWidth, Width};
pub use replay::ReplayError;
pub use sessions::{AppKey, Ended, SessionId, SessionReport};
pub use settings::{Rate, RateError, Replay, Settings};
pub use simulator::Simulator;
