//! Control frames: the heartbeat and the broker's replies to registrations, as values. What to do about them is the
//! session's business.

mod code;

use serde_json::Value;

use crate::kis::Subscription;
use crate::kis::request::Action;

pub use self::code::{Class, Code};

/// A JSON text frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// The broker asks whether we are there: send the same text back.
    PingPong,
    Reply(Reply),
}

/// An answer about one registration, or about the whole session. It carries no request id; only `header.tr_id` is
/// always there, everything else may be missing and is then empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// None: the whole session (the broker writes `(null)`).
    pub tr_id: Option<Box<str>>,
    /// Empty where an error does not echo it.
    pub tr_key: Box<str>,
    /// Whether data frames of this stream come encrypted; market data never does.
    pub encrypt: bool,
    pub code: Code,
    /// The broker's own words, untrusted.
    pub text: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    #[error("control frame is not JSON")]
    Json,
    #[error("control frame has no header.tr_id")]
    TrId,
}

/// Reads a frame of [`Kind::Control`](crate::kis::frame::Kind).
pub fn parse(frame: &[u8]) -> Result<Control, ControlError> {
    let json: Value = serde_json::from_slice(frame).map_err(|_| ControlError::Json)?;
    let text = |path| json.pointer(path).and_then(Value::as_str);
    let tr_id = match text("/header/tr_id").ok_or(ControlError::TrId)? {
        "PINGPONG" => return Ok(Control::PingPong),
        "(null)" => None,
        tr_id => Some(tr_id.into()),
    };
    let said = |path| text(path).unwrap_or_default();
    Ok(Control::Reply(Reply {
        tr_id,
        tr_key: said("/header/tr_key").into(),
        encrypt: said("/header/encrypt") == "Y",
        code: Code::from(said("/body/msg_cd")),
        text: said("/body/msg1").into(),
    }))
}

impl Reply {
    /// Whether this answers about `subscription`.
    pub fn concerns(&self, subscription: &Subscription) -> bool {
        self.tr_id.as_deref() == Some(subscription.tr.as_str()) && *self.tr_key == *subscription.key.as_str()
    }

    /// Which request this answers, as far as its code or words tell; none for an error that either may have met.
    pub fn answers(&self) -> Option<Action> {
        match self.code {
            _ if self.text.starts_with("UNSUBSCRIBE") => Some(Action::Unregister),
            Code::Unsubscribed | Code::NotSubscribed => Some(Action::Unregister),
            Code::Subscribed
            | Code::AlreadySubscribed
            | Code::SubscribeInternal
            | Code::TooMany
            | Code::SubscribeSend
            | Code::SubscribeAppkey => Some(Action::Register),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(frame: &str, expected: &Result<Control, ControlError>) {
        assert_eq!(&parse(frame.as_bytes()), expected, "{frame}");
    }

    fn reply(tr_id: Option<&str>, tr_key: &str, code: Code, text: &str) -> Result<Control, ControlError> {
        let (tr_id, tr_key, text) = (tr_id.map(Into::into), tr_key.into(), text.into());
        Ok(Control::Reply(Reply { tr_id, tr_key, encrypt: false, code, text }))
    }

    #[test]
    fn the_heartbeat_is_known_by_its_tr_id() {
        check(r#"{"header":{"tr_id":"PINGPONG","datetime":"20230502221924"}}"#, &Ok(Control::PingPong));
        check(r#"{"header":{"tr_id":"PINGPONG","datetime":"20260511192459"}}"#, &Ok(Control::PingPong));
        check("{ \"header\" : { \"datetime\": 0, \"tr_id\" : \"PINGPONG\" } }\n", &Ok(Control::PingPong));
    }

    #[test]
    fn replies_as_captured() {
        check(
            r#"{"header":{"tr_id":"H0STCNT0","tr_key":"005930","encrypt":"N"},"body":{"rt_cd":"0","msg_cd":"OPSP0000","msg1":"SUBSCRIBE SUCCESS","output":{"iv":"0123456789abcdef","key":"abcdefghijklmnopabcdefghijklmnop"}}}"#,
            &reply(Some("H0STCNT0"), "005930", Code::Subscribed, "SUBSCRIBE SUCCESS"),
        );
        check(
            r#"{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},"body":{"rt_cd":"9","msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey"}}"#,
            &reply(None, "", Code::InUse, "ALREADY IN USE appkey"),
        );
    }

    #[test]
    fn only_the_tr_id_must_be_there() {
        check(r#"{"header":{"tr_id":"H0STCNT0"}}"#, &reply(Some("H0STCNT0"), "", Code::Unknown("".into()), ""));
        check(
            r#"{"header":{"tr_id":"X","tr_key":null,"encrypt":1},"body":{"msg_cd":"OPSP9999","msg1":{}}}"#,
            &reply(Some("X"), "", Code::InvalidJson, ""),
        );
        check(r#"{"header":{"tr_id":7}}"#, &Err(ControlError::TrId));
        check("{}", &Err(ControlError::TrId));
        check("{", &Err(ControlError::Json));
        check(&"[".repeat(100_000), &Err(ControlError::Json));
    }

    fn answers(msg_cd: &str, msg1: &str, expected: Option<Action>) {
        let frame = format!(r#"{{"header":{{"tr_id":"H0STCNT0"}},"body":{{"msg_cd":"{msg_cd}","msg1":"{msg1}"}}}}"#);
        let Ok(Control::Reply(reply)) = parse(frame.as_bytes()) else { panic!("{frame} is a reply") };
        assert_eq!(reply.answers(), expected, "{frame}");
    }

    #[test]
    fn the_code_or_the_words_tell_what_was_asked() {
        answers("OPSP0000", "SUBSCRIBE SUCCESS", Some(Action::Register));
        answers("OPSP0001", "", Some(Action::Unregister));
        answers("OPSP0000", "UNSUBSCRIBE SUCCESS", Some(Action::Unregister));
        answers("OPSP0002", "ALREADY IN SUBSCRIBE", Some(Action::Register));
        answers("OPSP0003", "", Some(Action::Unregister));
        answers("OPSP0008", "MAX SUBSCRIBE OVER", Some(Action::Register));
        answers("OPSP8992", "invalid tr_key", None);
        answers("OPSP7777", "UNSUBSCRIBE ERROR", Some(Action::Unregister));
    }

    fn concerns(tr_id: &str, tr_key: &str, expected: bool) {
        let frame = format!(r#"{{"header":{{"tr_id":"{tr_id}","tr_key":"{tr_key}"}}}}"#);
        let Ok(Control::Reply(reply)) = parse(frame.as_bytes()) else { panic!("{frame} is a reply") };
        let subscription = "H0STCNT0:005930".parse().expect("a subscription");
        assert_eq!(reply.concerns(&subscription), expected, "{frame}");
    }

    #[test]
    fn a_reply_is_matched_by_stream_and_key() {
        concerns("H0STCNT0", "005930", true);
        concerns("H0NXCNT0", "005930", false);
        concerns("H0STCNT0", "", false);
        concerns("(null)", "005930", false);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text in r#"\{"header":\{"tr_id":"\PC{0,9}"\}(,"body":\{"\PC{0,20}\})?\}"#) {
            let _ = (parse(&bytes), parse(text.as_bytes()));
        }
    }
}
