//! Logs go to stderr, one line an event; stdout belongs to results.
//!
//! `FEED_LOG` filters (`info`, `feed_collector=debug`), `FEED_LOG_FORMAT=json` makes each line a JSON object.

use tracing_subscriber::EnvFilter;

/// Installs the process-wide logger. Called once, by a daemon's `main`.
pub fn init() {
    let filter = EnvFilter::try_from_env("FEED_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    if std::env::var("FEED_LOG_FORMAT").is_ok_and(|format| format == "json") {
        logger.json().init();
    } else {
        logger.init();
    }
}

/// An error with everything below it, on one line. What a library repeats of its own cause is said once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes
        .map(ToString::to_string)
        .fold(error.to_string(), |text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    #[test]
    fn each_cause_is_said_once() {
        let below = Layer("refused", None);
        let library = Layer("broken: refused", Some(Box::new(below)));
        assert_eq!(
            chain(&Layer("redis does not answer", Some(Box::new(library)))),
            "redis does not answer: broken: refused"
        );
    }
}
