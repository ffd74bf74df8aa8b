//! Every choice of the generator, from one seed.

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.0.random_ratio(percent.min(100), 100)
    }

    pub(crate) fn one_in(&mut self, times: u32) -> bool {
        self.0.random_ratio(1, times)
    }

    /// From `low` to `high`, both possible.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        self.0.random_range(low..=high)
    }

    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices.choose(&mut self.0).expect("choices are never empty").clone()
    }

    /// A place in something of this length, which is never 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }

    /// Up to `most` different ones, at least one where there is one, in any order.
    pub(crate) fn some<T: Clone>(&mut self, choices: &[T], most: usize) -> Vec<T> {
        let mut all = choices.to_vec();
        self.shuffle(&mut all);
        let most = most.min(all.len());
        all.truncate(if most == 0 { 0 } else { self.between(1, most) });
        all
    }
}
