//! What the broker says on the socket beside data. Codes and texts as in the portal's table; shapes as captured.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::market::KST;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Subscribed,
    Unsubscribed,
    AlreadySubscribed,
    NotSubscribed,
    TooMany,
    UnknownApproval,
    InvalidTrId,
    InvalidTrKey,
    InUse,
    InvalidTrType,
    InvalidCusttype,
    TrKeyMissing,
    InputMissing,
    BodyMissing,
    AppkeyMissing,
    CusttypeMissing,
    HeaderMissing,
    InvalidJson,
}

impl Code {
    /// `msg_cd` and `msg1`.
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Code::Subscribed => ("OPSP0000", "SUBSCRIBE SUCCESS"),
            Code::Unsubscribed => ("OPSP0001", "UNSUBSCRIBE SUCCESS"),
            Code::AlreadySubscribed => ("OPSP0002", "ALREADY IN SUBSCRIBE"),
            Code::NotSubscribed => ("OPSP0003", "UNSUBSCRIBE ERROR(not found!)"),
            Code::TooMany => ("OPSP0008", "MAX SUBSCRIBE OVER"),
            Code::UnknownApproval => ("OPSP0011", "invalid approval(appkey) : NOT FOUND"),
            Code::InvalidTrId => ("OPSP8991", "invalid tr_id"),
            Code::InvalidTrKey => ("OPSP8992", "invalid tr_key"),
            Code::InUse => ("OPSP8996", "ALREADY IN USE appkey"),
            Code::InvalidTrType => ("OPSP8997", "invalid tr_type"),
            Code::InvalidCusttype => ("OPSP8998", "invalid custtype"),
            Code::TrKeyMissing => ("OPSP9990", "tr_key not found"),
            Code::InputMissing => ("OPSP9991", "input not found"),
            Code::BodyMissing => ("OPSP9992", "body not found"),
            Code::AppkeyMissing => ("OPSP9996", "appkey not found"),
            Code::CusttypeMissing => ("OPSP9997", "custtype not found"),
            Code::HeaderMissing => ("OPSP9998", "header not found"),
            Code::InvalidJson => ("OPSP9999", "invalid JSON format"),
        }
    }

    /// About one registration; `output` carries the AES values of success although market data is never encrypted.
    pub(crate) fn reply(self, tr_id: &str, tr_key: &str) -> String {
        let done = matches!(self, Code::Subscribed | Code::Unsubscribed);
        let output = done.then_some(Output { iv: "0123456789abcdef", key: "abcdefghijklmnopabcdefghijklmnop" });
        self.write(Header { tr_id, tr_key, encrypt: "N" }, if done { "0" } else { "1" }, output)
    }

    /// About the whole session.
    pub(crate) fn session_reply(self) -> String {
        self.write(Header { tr_id: "(null)", tr_key: "", encrypt: "N" }, "9", None)
    }

    fn write(self, header: Header<'_>, rt_cd: &'static str, output: Option<Output>) -> String {
        let (msg_cd, msg1) = self.row();
        let body = Body { rt_cd, msg_cd, msg1, output };
        serde_json::to_string(&Reply { header, body }).expect("a reply is plain text")
    }
}

/// The heartbeat of an idle session; its time is Korea's.
pub(crate) fn pingpong(now: DateTime<Utc>) -> String {
    let datetime = now.with_timezone(&KST).format("%Y%m%d%H%M%S");
    format!(r#"{{"header":{{"tr_id":"PINGPONG","datetime":"{datetime}"}}}}"#)
}

#[derive(Serialize)]
struct Reply<'a> {
    header: Header<'a>,
    body: Body,
}

#[derive(Serialize)]
struct Header<'a> {
    tr_id: &'a str,
    tr_key: &'a str,
    encrypt: &'static str,
}

#[derive(Serialize)]
struct Body {
    rt_cd: &'static str,
    msg_cd: &'static str,
    msg1: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Output>,
}

#[derive(Serialize)]
struct Output {
    iv: &'static str,
    key: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reply: &str, captured: &str) {
        assert_eq!(reply, captured);
    }

    #[test]
    fn replies_are_byte_for_byte_the_captured_ones() {
        check(
            &Code::Subscribed.reply("H0STCNT0", "005930"),
            r#"{"header":{"tr_id":"H0STCNT0","tr_key":"005930","encrypt":"N"},"body":{"rt_cd":"0","msg_cd":"OPSP0000","msg1":"SUBSCRIBE SUCCESS","output":{"iv":"0123456789abcdef","key":"abcdefghijklmnopabcdefghijklmnop"}}}"#,
        );
        check(
            &Code::InUse.session_reply(),
            r#"{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},"body":{"rt_cd":"9","msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey"}}"#,
        );
        check(
            &pingpong(DateTime::from_timestamp(1_683_033_564, 0).expect("in range")),
            r#"{"header":{"tr_id":"PINGPONG","datetime":"20230502221924"}}"#,
        );
    }
}
