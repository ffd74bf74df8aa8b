//! The figures of a run: what became of the frames.

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) frames: usize,
    /// Lost, and recorded as such: their spool was destroyed, or a full disk kept them out.
    pub(super) recorded: usize,
    /// Recorded as lost although a spool still holds them.
    pub(super) given_up: usize,
    pub(super) lost: usize,
    /// In the table more than once, or both in the table and recorded as lost.
    pub(super) doubled: usize,
}

impl Tally {
    pub(super) fn is_right(self) -> bool {
        self.lost + self.doubled + self.given_up == 0
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.frames += other.frames;
        self.recorded += other.recorded;
        self.given_up += other.given_up;
        self.lost += other.lost;
        self.doubled += other.doubled;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { frames, recorded, given_up, lost, doubled } = self;
        write!(f, "{frames:>7} frames, {lost:>6} lost without a record, {doubled:>5} doubled, ")?;
        write!(f, "{given_up:>5} given up, {recorded:>5} lost with a record")
    }
}
