//! Reads what a client sends. Unknown fields are ignored, as the broker does; what is missing has its own code each.

use serde_json::Value;

use crate::reply::Code;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// The answer to a PINGPONG, or one sent unasked.
    Heartbeat,
    Request(Request),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub approval_key: String,
    pub action: Action,
    pub tr_id: String,
    pub tr_key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Register,
    Unregister,
}

pub(crate) fn parse(text: &str) -> Result<Message, Code> {
    let json = serde_json::from_str::<Value>(text).map_err(|_| Code::InvalidJson)?;
    let header = json.get("header").ok_or(Code::HeaderMissing)?;
    let text = |of: &Value, name| of.get(name).and_then(Value::as_str).map(str::to_owned);
    if text(header, "tr_id").as_deref() == Some("PINGPONG") {
        return Ok(Message::Heartbeat);
    }
    let approval_key = text(header, "approval_key").ok_or(Code::AppkeyMissing)?;
    match text(header, "custtype").ok_or(Code::CusttypeMissing)?.as_str() {
        "P" | "B" => {}
        _ => return Err(Code::InvalidCusttype),
    }
    let action = match text(header, "tr_type").as_deref() {
        Some("1") => Action::Register,
        Some("2") => Action::Unregister,
        _ => return Err(Code::InvalidTrType),
    };
    let input = json.get("body").ok_or(Code::BodyMissing)?.get("input").ok_or(Code::InputMissing)?;
    let tr_id = text(input, "tr_id").ok_or(Code::InvalidTrId)?;
    let tr_key = text(input, "tr_key").ok_or(Code::TrKeyMissing)?;
    Ok(Message::Request(Request { approval_key, action, tr_id, tr_key }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Message, Code>) {
        assert_eq!(parse(text), expected, "{text}");
    }

    fn request(action: Action) -> Result<Message, Code> {
        let (tr_id, tr_key) = ("H0STCNT0".into(), "005930".into());
        Ok(Message::Request(Request { approval_key: "K".into(), action, tr_id, tr_key }))
    }

    #[test]
    fn requests_are_read_as_clients_write_them() {
        check(
            r#"{"header":{"approval_key":"K","custtype":"P","tr_type":"1","content-type":"utf-8"},"body":{"input":{"tr_id":"H0STCNT0","tr_key":"005930"}}}"#,
            request(Action::Register),
        );
        check(
            r#"{"header":{"approval_key":"K","personalseckey":"1","custtype":"B","tr_type":"2"},"body":{"input":{"tr_id":"H0STCNT0","tr_key":"005930"}}}"#,
            request(Action::Unregister),
        );
        check(r#"{ "header": {"tr_id": "PINGPONG", "datetime": "20230502221924"} }"#, Ok(Message::Heartbeat));
    }

    #[test]
    fn each_fault_has_its_code() {
        check("0|H0STCNT0", Err(Code::InvalidJson));
        check("[]", Err(Code::HeaderMissing));
        check(r#"{"header":{}}"#, Err(Code::AppkeyMissing));
        check(r#"{"header":{"approval_key":"K"}}"#, Err(Code::CusttypeMissing));
        check(r#"{"header":{"approval_key":"K","custtype":"X"}}"#, Err(Code::InvalidCusttype));
        let header = |tr_type: &str| format!(r#""header":{{"approval_key":"K","custtype":"P","tr_type":"{tr_type}"}}"#);
        check(&format!("{{{}}}", header("0")), Err(Code::InvalidTrType));
        check(&format!("{{{}}}", header("1")), Err(Code::BodyMissing));
        check(&format!(r#"{{{},"body":{{}}}}"#, header("1")), Err(Code::InputMissing));
        check(&format!(r#"{{{},"body":{{"input":{{}}}}}}"#, header("1")), Err(Code::InvalidTrId));
        check(&format!(r#"{{{},"body":{{"input":{{"tr_id":"H0STCNT0"}}}}}}"#, header("1")), Err(Code::TrKeyMissing));
    }
}
