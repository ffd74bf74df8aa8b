//! The prices that orders may have.

use rand::RngExt;
use rand::rngs::StdRng;

#[derive(Debug, Clone, Copy)]
pub(super) enum Ladder {
    /// Won, in the steps of the Korea Exchange since 2023-01-25.
    Krx,
    /// Ten-thousandths of the currency, in steps of a cent.
    Cent,
}

impl Ladder {
    pub(super) fn up(self, price: i64) -> i64 {
        price + self.step(price)
    }

    pub(super) fn down(self, price: i64) -> i64 {
        price - self.step(price - 1)
    }

    /// A price to begin with: cheap and dear issues alike, far enough from zero to walk.
    pub(super) fn start(self, rng: &mut StdRng) -> i64 {
        let magnitude = match self {
            Ladder::Krx => [1_000, 5_000, 20_000, 50_000, 200_000, 500_000][rng.random_range(0..6)],
            Ladder::Cent => [100_000, 500_000, 1_500_000][rng.random_range(0..3)],
        };
        let price = rng.random_range(magnitude..magnitude * 2);
        price - price % self.step(price)
    }

    fn step(self, price: i64) -> i64 {
        match self {
            Ladder::Cent => 100,
            Ladder::Krx => match price {
                ..2_000 => 1,
                2_000..5_000 => 5,
                5_000..20_000 => 10,
                20_000..50_000 => 50,
                50_000..200_000 => 100,
                200_000..500_000 => 500,
                500_000.. => 1_000,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ladder: Ladder, lower: i64, upper: i64) {
        assert_eq!((ladder.up(lower), ladder.down(upper)), (upper, lower));
    }

    #[test]
    fn steps_change_at_the_borders_of_the_table() {
        check(Ladder::Krx, 1_999, 2_000);
        check(Ladder::Krx, 2_000, 2_005);
        check(Ladder::Krx, 4_995, 5_000);
        check(Ladder::Krx, 19_990, 20_000);
        check(Ladder::Krx, 49_950, 50_000);
        check(Ladder::Krx, 199_900, 200_000);
        check(Ladder::Krx, 277_500, 278_000);
        check(Ladder::Krx, 500_000, 501_000);
        check(Ladder::Cent, 1_697_800, 1_697_900);
    }
}
