//! What a session registers: `H0STCNT0:005930`. Read from the collector's configuration, echoed in the broker's replies.

use std::fmt;
use std::str::FromStr;

use crate::kis::{Tr, UnknownTr};
use crate::tick::Venue;
use crate::tick::word::word;

/// The broker refuses the 42nd registration of a session, counted over all streams (OPSP0008, measured 2026-09-08).
pub const MAX_SUBSCRIPTIONS: usize = 41;

/// One registration of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subscription {
    pub tr: Tr,
    pub key: TrKey,
}

/// All registrations of a session: 1 to 41, each once. Written as a comma list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriptions(Vec<Subscription>);

word! {
    /// What a registration asks for: an issue code, or overseas the realtime key `DNASAAPL`.
    TrKey, "tr_key", 1..=16
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    #[error("not written TR:KEY, like H0STCNT0:005930")]
    Form,
    #[error("unknown stream")]
    Tr(#[source] UnknownTr),
    #[error("not an issue code: six digits or capitals, an ETN's behind a Q")]
    IssueCode,
    #[error("not a realtime key: D (free) or R (paid), three letters of the exchange, the symbol, like DNASAAPL")]
    RealtimeKey,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionsError {
    #[error("cannot read subscription {item:?}")]
    Item { item: String, source: SubscriptionError },
    #[error("subscription {0} stands there twice")]
    Twice(Subscription),
    #[error("{0} subscriptions: a session takes {MAX_SUBSCRIPTIONS}")]
    TooMany(usize),
}

impl Subscription {
    /// Refuses a key that the broker would refuse, or (overseas) acknowledge and then send nothing for.
    pub fn new(tr: Tr, key: &str) -> Result<Self, SubscriptionError> {
        let (fits, refusal) = match tr.venue() {
            Some(_) => (is_issue_code(key), SubscriptionError::IssueCode),
            None => (exchange(key).is_some(), SubscriptionError::RealtimeKey),
        };
        match key.parse() {
            Ok(key) if fits => Ok(Subscription { tr, key }),
            _ => Err(refusal),
        }
    }
}

fn is_issue_code(key: &str) -> bool {
    let code = if key.len() == 7 { key.strip_prefix('Q') } else { Some(key) };
    code.is_some_and(|code| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()))
}

/// The exchange inside a realtime key, `DNASAAPL` → `NAS`: D for the free feed or R for the paid one, three letters of
/// the exchange, the symbol.
pub(super) fn exchange(realtime_key: &str) -> Option<Venue> {
    let (exchange, symbol) = realtime_key.strip_prefix(['D', 'R'])?.split_at_checked(3)?;
    let letters = exchange.bytes().all(|byte| byte.is_ascii_uppercase());
    if letters && !symbol.is_empty() { exchange.parse().ok() } else { None }
}

impl Subscriptions {
    pub fn as_slice(&self) -> &[Subscription] {
        &self.0
    }
}

impl FromStr for Subscription {
    type Err = SubscriptionError;

    fn from_str(text: &str) -> Result<Self, SubscriptionError> {
        let (tr, key) = text.split_once(':').ok_or(SubscriptionError::Form)?;
        Subscription::new(tr.parse().map_err(SubscriptionError::Tr)?, key)
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.tr, self.key)
    }
}

impl FromStr for Subscriptions {
    type Err = SubscriptionsError;

    fn from_str(text: &str) -> Result<Self, SubscriptionsError> {
        let mut subscriptions = Vec::new();
        for item in text.split(',').map(str::trim) {
            let read = item.parse::<Subscription>();
            let subscription = read.map_err(|source| SubscriptionsError::Item { item: item.to_owned(), source })?;
            if subscriptions.contains(&subscription) {
                return Err(SubscriptionsError::Twice(subscription));
            }
            subscriptions.push(subscription);
        }
        match subscriptions.len() {
            ..=MAX_SUBSCRIPTIONS => Ok(Subscriptions(subscriptions)),
            count => Err(SubscriptionsError::TooMany(count)),
        }
    }
}

impl fmt::Display for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<String> = self.0.iter().map(Subscription::to_string).collect();
        f.write_str(&items.join(","))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<(), SubscriptionError>) {
        let read_back = text.parse::<Subscription>().map(|subscription| subscription.to_string());
        assert_eq!(read_back, expected.map(|()| text.to_owned()), "{text:?}");
    }

    #[test]
    fn a_subscription_is_a_stream_and_a_key() {
        check("H0STCNT0:005930", Ok(()));
        check("H0NXCNT0:00104K", Ok(()));
        check("H0UNCNT0:Q500001", Ok(()));
        check("HDFSCNT0:DNASAAPL", Ok(()));
        check("HDFSCNT0:RBAQAAPL", Ok(()));
        check("005930", Err(SubscriptionError::Form));
        check("H0STASP0:005930", Err(SubscriptionError::Tr(UnknownTr)));
        for issue in ["", "5930", "0059300", "Q005930 ", "00593O:", "005-30"] {
            check(&format!("H0STCNT0:{issue}"), Err(SubscriptionError::IssueCode));
        }
        for key in ["", "AAPL", "NASAAPL", "DNAS", "dNASAAPL", "DNAS AAPL", "DNASAAPLAAPLAAPLA"] {
            check(&format!("HDFSCNT0:{key}"), Err(SubscriptionError::RealtimeKey));
        }
    }

    /// The list as it prints, or the error with its cause.
    fn check_list(text: &str, expected: Result<&str, &str>) {
        let read = text.parse::<Subscriptions>();
        let shown = read.map(|list| list.to_string()).map_err(|error| match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        });
        assert_eq!(shown, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn a_list_names_the_item_that_is_wrong() {
        check_list("H0STCNT0:005930, HDFSCNT0:DNASAAPL\n", Ok("H0STCNT0:005930,HDFSCNT0:DNASAAPL"));
        check_list(
            "H0STCNT0:005930,HDFSCNT0:AAPL",
            Err(
                r#"cannot read subscription "HDFSCNT0:AAPL": not a realtime key: D (free) or R (paid), three letters of the exchange, the symbol, like DNASAAPL"#,
            ),
        );
        check_list("", Err(r#"cannot read subscription "": not written TR:KEY, like H0STCNT0:005930"#));
        check_list("H0STCNT0:005930,H0STCNT0:005930", Err("subscription H0STCNT0:005930 stands there twice"));
    }

    #[test]
    fn a_session_takes_41() {
        let list = |count: u32| (0..count).map(|code| format!("H0STCNT0:{code:06}")).collect::<Vec<_>>().join(",");
        check_list(&list(41), Ok(&list(41)));
        check_list(&list(42), Err("42 subscriptions: a session takes 41"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*|HDFSCNT0:\\PC{0,9}|H0STCNT0:\\PC{0,9}") {
            let _ = text.parse::<Subscriptions>();
        }
    }
}
