//! What the collector sends: the approval request over REST, registrations over the socket. One pair of stream and key
//! per message; the broker has no bulk form.

mod approval;

use secrecy::ExposeSecret;
use serde::Serialize;

use crate::kis::Subscription;

pub use self::approval::{AppKey, AppSecret, ApprovalError, ApprovalKey, approval, read_approval};

/// What a registration message asks for. The portal says `2` for unregister; the samples' docstrings say `0`, wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Register,
    Unregister,
}

/// The text frame that starts `subscription`. It contains the approval key: never log it.
pub fn register(key: &ApprovalKey, subscription: &Subscription) -> String {
    message(Action::Register, key, subscription)
}

/// The text frame that ends `subscription`. It contains the approval key: never log it.
pub fn unregister(key: &ApprovalKey, subscription: &Subscription) -> String {
    message(Action::Unregister, key, subscription)
}

fn message(action: Action, key: &ApprovalKey, subscription: &Subscription) -> String {
    let header = Header {
        approval_key: key.0.expose_secret(),
        custtype: "P",
        tr_type: match action {
            Action::Register => "1",
            Action::Unregister => "2",
        },
        content_type: "utf-8",
    };
    let input = Input { tr_id: subscription.tr.as_str(), tr_key: subscription.key.as_str() };
    serde_json::to_string(&Message { header, body: Body { input } }).expect("a message is plain text")
}

#[derive(Serialize)]
struct Message<'a> {
    header: Header<'a>,
    body: Body<'a>,
}

#[derive(Serialize)]
struct Header<'a> {
    approval_key: &'a str,
    /// `P`: an individual. A corporation's `B` needs more headers.
    custtype: &'static str,
    tr_type: &'static str,
    #[serde(rename = "content-type")]
    content_type: &'static str,
}

#[derive(Serialize)]
struct Body<'a> {
    input: Input<'a>,
}

#[derive(Serialize)]
struct Input<'a> {
    tr_id: &'static str,
    tr_key: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: fn(&ApprovalKey, &Subscription) -> String, expected: &str) {
        let subscription = "H0STCNT0:005930".parse().expect("a subscription");
        assert_eq!(write(&ApprovalKey::new("K".into()), &subscription), expected);
    }

    #[test]
    fn messages_are_the_portals() {
        check(
            register,
            r#"{"header":{"approval_key":"K","custtype":"P","tr_type":"1","content-type":"utf-8"},"body":{"input":{"tr_id":"H0STCNT0","tr_key":"005930"}}}"#,
        );
        check(
            unregister,
            r#"{"header":{"approval_key":"K","custtype":"P","tr_type":"2","content-type":"utf-8"},"body":{"input":{"tr_id":"H0STCNT0","tr_key":"005930"}}}"#,
        );
    }
}
