//! One trading day of one issue: what its trades so far add up to. Prices are in the ladder's unit.

/// Who took the initiative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Buy,
    Sell,
}

/// Executions and quantity of one side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub trades: u64,
    pub volume: u64,
}

/// A price and the time (HHMMSS as a number) at which it was first reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub price: i64,
    pub time: u32,
}

#[derive(Debug)]
pub(super) struct Day {
    /// YYYYMMDD as a number, in the exchange's own zone.
    pub date: u32,
    pub previous_close: i64,
    pub open: Mark,
    pub high: Mark,
    pub low: Mark,
    /// The last trade: its side, price and quantity.
    pub side: Side,
    pub price: i64,
    pub quantity: u64,
    /// Running sums.
    pub volume: u64,
    pub value: u64,
    pub buys: Flow,
    pub sells: Flow,
}

impl Day {
    pub(super) fn new(date: u32, previous_close: i64) -> Day {
        let mark = Mark { price: previous_close, time: 0 };
        Day {
            date,
            previous_close,
            open: mark,
            high: mark,
            low: mark,
            side: Side::Buy,
            price: previous_close,
            quantity: 0,
            volume: 0,
            value: 0,
            buys: Flow::default(),
            sells: Flow::default(),
        }
    }

    pub(super) fn trade(&mut self, time: u32, side: Side, price: i64, quantity: u64) {
        let mark = Mark { price, time };
        if self.volume == 0 {
            (self.open, self.high, self.low) = (mark, mark, mark);
        }
        if price > self.high.price {
            self.high = mark;
        }
        if price < self.low.price {
            self.low = mark;
        }
        (self.side, self.price, self.quantity) = (side, price, quantity);
        self.volume += quantity;
        self.value += price.unsigned_abs() * quantity;
        let flow = match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        flow.trades += 1;
        flow.volume += quantity;
    }

    /// Bought per sold, in hundredths of a percent; zero until something was sold.
    pub(super) fn strength(&self) -> i64 {
        super::record::percent(self.buys.volume, self.sells.volume)
    }
}
