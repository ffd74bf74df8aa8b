//! What the integration tests stand on: private servers, the built binaries as processes, whole stacks, and one way to
//! wait. Used by tests only; whatever it starts ends with its value, also when the test panics.
//!
//! Containers carry the label `feed.test`, so that those of a run that was killed can be found and removed.

mod container;
mod daemon;
mod database;
mod engine;
mod eventually;
mod feedctl;
mod http;
mod place;
mod redis;
mod simulator;
mod stack;

pub use daemon::Daemon;
pub use database::Database;
pub use engine::Engine;
pub use eventually::eventually;
pub use feedctl::{Feedctl, Run};
pub use place::checkout;
pub use redis::Redis;
pub use simulator::{Logged, Session, Simulator};
pub use stack::Stack;
