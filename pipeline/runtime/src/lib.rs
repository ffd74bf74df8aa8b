//! What every feed daemon needs to run, and nothing of what it does: logging, secrets, shutdown, backoff, connections,
//! and the HTTP side that answers for it.

pub mod backoff;
pub mod http;
pub mod logging;
pub mod pulse;
pub mod redis;
pub mod secret;
pub mod shutdown;
