//! Markets and their phases. The only market yet is `always`, which is never closed; a calendar is one file and one row.

use std::str::FromStr;

/// The markets by name, one row each.
const MARKETS: &[(&str, Market)] = &[("always", Market::Always)];

/// Whose phases gate the checks and the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Market {
    /// Never closed.
    Always,
}

/// What a market does at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Orders match continuously.
    Continuous,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no market named {name:?}; this version knows {known}", known = Market::names().join(", "))]
pub struct UnknownMarket {
    pub name: String,
}

impl Market {
    pub fn names() -> Vec<&'static str> {
        MARKETS.iter().map(|(name, _)| *name).collect()
    }

    pub fn phase_at(self, _instant: chrono::DateTime<chrono::Utc>) -> Phase {
        match self {
            Market::Always => Phase::Continuous,
        }
    }
}

impl FromStr for Market {
    type Err = UnknownMarket;

    fn from_str(name: &str) -> Result<Self, UnknownMarket> {
        let row = MARKETS.iter().find(|(known, _)| *known == name);
        row.map(|(_, market)| *market).ok_or_else(|| UnknownMarket { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_market_is_an_error_that_says_what_there_is() {
        assert_eq!("always".parse(), Ok(Market::Always));
        let error = "krx".parse::<Market>().expect_err("no calendar yet");
        assert_eq!(error.to_string(), r#"no market named "krx"; this version knows always"#);
    }
}
