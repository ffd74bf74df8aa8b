//! What the data means, for every other crate: no I/O, no async, no clock.
//!
//! From the broker to the table: [`kis`] turns frames into ticks, [`entry`] is the form in which a frame crosses
//! Redis, [`health`] and [`metric`] are what the daemons say of themselves, [`market`] is when to expect data.

pub mod entry;
pub mod health;
pub mod kis;
pub mod market;
pub mod metric;
pub mod tick;
