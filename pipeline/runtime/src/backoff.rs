//! Growing, jittered delays between tries. One value per connection; it is reset by proof of life, not by a handshake.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Delays from `first`, doubled up to `longest`, each stretched at random by up to its own length.
#[derive(Debug)]
pub struct Backoff {
    delays: ExponentialBackoff,
    first: Duration,
    longest: Duration,
    seed: u64,
}

impl Backoff {
    /// The same `seed` gives the same delays.
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Backoff { delays: delays(first, longest, seed), first, longest, seed }
    }

    pub fn next_delay(&mut self) -> Duration {
        self.delays.next().expect("the number of delays is unlimited")
    }

    pub fn reset(&mut self) {
        self.seed = self.seed.wrapping_add(1);
        self.delays = delays(self.first, self.longest, self.seed);
    }
}

fn delays(first: Duration, longest: Duration, seed: u64) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay(longest)
        .without_max_times()
        .with_jitter()
        .with_jitter_seed(seed)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_cap_and_start_again_after_a_reset() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, 8 * second, 1);
        for expected in [1, 2, 4, 8, 8] {
            let delay = backoff.next_delay();
            assert!((expected * second..=2 * expected * second).contains(&delay), "{expected} s, got {delay:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= 2 * second);
    }
}
