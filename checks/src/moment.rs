//! When a report was judged. Taken once by the caller, after the observations; nothing in this crate reads a clock.

use chrono::{DateTime, FixedOffset, Utc};
use feed::market::{Market, Phase};

use crate::target::Target;

#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    pub now: DateTime<Utc>,
    /// The zone in which instants are told. `always` has no zone of its own: the caller gives the machine's.
    pub zone: FixedOffset,
    /// Of each market that a feed of the target trades on.
    pub phases: Vec<(Market, Phase)>,
}

impl Moment {
    pub fn new(now: DateTime<Utc>, zone: FixedOffset, target: &Target) -> Self {
        let mut phases: Vec<(Market, Phase)> = Vec::new();
        for market in target.feeds.values().map(|feed| feed.market) {
            if phases.iter().all(|(known, _)| *known != market) {
                phases.push((market, market.phase_at(now)));
            }
        }
        Moment { now, zone, phases }
    }

    /// `14:08:31 +09:00`, with the date in front when it is another day.
    pub fn tell(&self, instant: DateTime<Utc>) -> String {
        let (there, today) = (instant.with_timezone(&self.zone), self.now.with_timezone(&self.zone));
        let form = if there.date_naive() == today.date_naive() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
        let zone = if self.zone.local_minus_utc() == 0 { "UTC".to_owned() } else { self.zone.to_string() };
        format!("{} {zone}", there.format(form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(instant: &str, offset_hours: i32, expected: &str) {
        let utc = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let zone = FixedOffset::east_opt(offset_hours * 3600).expect("a zone");
        let moment = Moment { now: utc("2026-01-15T05:21:10Z"), zone, phases: vec![] };
        assert_eq!(moment.tell(utc(instant)), expected);
    }

    #[test]
    fn an_instant_is_told_in_the_zone_and_with_its_date_when_it_is_another_day() {
        check("2026-01-15T05:08:31.9Z", 0, "05:08:31 UTC");
        check("2026-01-15T05:08:31Z", 9, "14:08:31 +09:00");
        check("2026-01-14T15:00:00Z", 9, "00:00:00 +09:00");
        check("2026-01-14T14:59:59Z", 9, "2026-01-14 23:59:59 +09:00");
    }
}
