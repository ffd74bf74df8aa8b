//! What a session registers: a TR and an issue, written `H0STCNT0:005930`. Read from requests, flags and captured frames.
//!
//! Deliberately not the decoder's type: the simulator shares no reading or writing of the broker's forms with it, so
//! that a mistake shared by both sides cannot hide.

use std::fmt;
use std::str::FromStr;

/// The trade streams that the simulator carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tr {
    /// KRX trades.
    H0stcnt0,
    /// NXT trades.
    H0nxcnt0,
    /// KRX and NXT trades in one stream.
    H0uncnt0,
    /// Overseas trades.
    Hdfscnt0,
}

/// One registration. Its `Display` is the name under which `/control/sent` counts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub tr: Tr,
    code: Box<str>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    #[error("key is not written TR:ISSUE")]
    Form,
    #[error("no such tr_id here; there are H0STCNT0, H0NXCNT0, H0UNCNT0 and HDFSCNT0")]
    Tr,
    #[error("tr_key has not the form of this tr_id's issues")]
    Code,
}

impl Key {
    /// Domestic: six digits or capitals, or an ETN's `Q` and six digits. Overseas: any printable word.
    pub fn new(tr: Tr, code: &str) -> Result<Key, KeyError> {
        let word = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        let well_formed = match tr {
            Tr::Hdfscnt0 => {
                (1..=16).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic() && !b"^|:,".contains(&b))
            }
            _ => code.bytes().all(word) && (code.len() == 6 || code.len() == 7 && code.starts_with('Q')),
        };
        if well_formed { Ok(Key { tr, code: code.into() }) } else { Err(KeyError::Code) }
    }

    /// The `tr_key` of the request, the first column of each record.
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl Tr {
    pub fn as_str(self) -> &'static str {
        match self {
            Tr::H0stcnt0 => "H0STCNT0",
            Tr::H0nxcnt0 => "H0NXCNT0",
            Tr::H0uncnt0 => "H0UNCNT0",
            Tr::Hdfscnt0 => "HDFSCNT0",
        }
    }
}

impl FromStr for Tr {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let all = [Tr::H0stcnt0, Tr::H0nxcnt0, Tr::H0uncnt0, Tr::Hdfscnt0];
        all.into_iter().find(|tr| tr.as_str() == text).ok_or(KeyError::Tr)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (tr, code) = text.split_once(':').ok_or(KeyError::Form)?;
        Key::new(tr.parse()?, code)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.tr.as_str(), self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), KeyError>) {
        let read_back = text.parse::<Key>().map(|key| key.to_string());
        assert_eq!(read_back, expected.map(|()| text.to_owned()), "{text:?}");
    }

    #[test]
    fn a_key_is_a_stream_and_an_issue() {
        check("H0STCNT0:005930", Ok(()));
        check("H0NXCNT0:00104K", Ok(()));
        check("H0UNCNT0:Q500001", Ok(()));
        check("HDFSCNT0:DNASAAPL", Ok(()));
        check("H0STASP0:005930", Err(KeyError::Tr));
        check("H0STCNT0:5930", Err(KeyError::Code));
        check("H0STCNT0:0059300", Err(KeyError::Code));
        check("H0STCNT0:", Err(KeyError::Code));
        check("HDFSCNT0:A^B", Err(KeyError::Code));
        check("005930", Err(KeyError::Form));
    }
}
