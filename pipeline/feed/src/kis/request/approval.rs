//! The approval key: `POST /oauth2/Approval` turns the account's app key and secret into the key that every
//! registration carries. Valid for 24 hours, checked when a session registers. Knows no HTTP.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;

use crate::kis::control::Class;

/// The account's app key, as issued.
#[derive(Debug, Clone)]
pub struct AppKey(SecretString);

/// The account's app secret, as issued.
#[derive(Debug, Clone)]
pub struct AppSecret(SecretString);

/// What registrations carry. Several per account are valid at once.
#[derive(Debug, Clone)]
pub struct ApprovalKey(pub(super) SecretString);

/// Why there is no approval key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The broker said no: `error_code` and `error_description`, or `code` and `message`.
    #[error("approval refused with code {code:?}: {text:?}")]
    Refused { code: String, text: String },
    #[error("approval answer holds neither a key nor an error")]
    Unreadable,
}

/// The JSON body of the request. It contains the secret: never log it. The secret's field is `secretkey` here and
/// `appsecret` everywhere else.
pub fn approval(key: &AppKey, secret: &AppSecret) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        grant_type: &'static str,
        appkey: &'a str,
        secretkey: &'a str,
    }
    let body =
        Body { grant_type: "client_credentials", appkey: key.0.expose_secret(), secretkey: secret.0.expose_secret() };
    serde_json::to_string(&body).expect("a body is plain text")
}

/// Reads the answer, whatever its HTTP status.
pub fn read_approval(body: &[u8]) -> Result<ApprovalKey, ApprovalError> {
    let json: Value = serde_json::from_slice(body).map_err(|_| ApprovalError::Unreadable)?;
    let text = |name| json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(key) = text("approval_key") {
        return Ok(ApprovalKey::new(key.into()));
    }
    let code = text("error_code").or(text("code")).ok_or(ApprovalError::Unreadable)?;
    let said = text("error_description").or(text("message")).unwrap_or_default();
    Err(ApprovalError::Refused { code: code.to_owned(), text: said.to_owned() })
}

impl ApprovalError {
    /// [`Class::Auth`]: the credentials are wrong and a person must act. Everything else may pass.
    pub fn class(&self) -> Class {
        match self {
            ApprovalError::Refused { code, .. } => match code.as_str() {
                "EGW00003" | "EGW00103" | "EGW00105" | "EGW00205" | "EGW00206" | "EGW00208" => Class::Auth,
                _ => Class::Transient,
            },
            ApprovalError::Unreadable => Class::Transient,
        }
    }
}

impl AppKey {
    pub fn new(key: SecretString) -> Self {
        AppKey(key)
    }
}

impl AppSecret {
    pub fn new(secret: SecretString) -> Self {
        AppSecret(secret)
    }
}

impl ApprovalKey {
    pub fn new(key: SecretString) -> Self {
        ApprovalKey(key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_body_is_the_portals() {
        let body = approval(&AppKey::new("KEY".into()), &AppSecret::new("SE\"CRET".into()));
        assert_eq!(body, r#"{"grant_type":"client_credentials","appkey":"KEY","secretkey":"SE\"CRET"}"#);
    }

    #[test]
    fn secrets_do_not_print() {
        let secrets = (AppKey::new("hush".into()), AppSecret::new("hush".into()), ApprovalKey::new("hush".into()));
        assert!(!format!("{secrets:?}").contains("hush"));
    }

    fn check(body: &str, expected: Result<&str, (&str, Class)>) {
        let read = read_approval(body.as_bytes());
        let shown =
            read.map(|key| key.0.expose_secret().to_owned()).map_err(|error| (error.to_string(), error.class()));
        let expected = expected.map(str::to_owned).map_err(|(text, class)| (text.to_owned(), class));
        assert_eq!(shown, expected, "{body}");
    }

    #[test]
    fn an_answer_is_a_key_or_one_of_two_errors() {
        check(r#"{"approval_key":"4c1d-77"}"#, Ok("4c1d-77"));
        check(
            r#"{"error_description":"invalid AppKey","error_code":"EGW00103"}"#,
            Err((r#"approval refused with code "EGW00103": "invalid AppKey""#, Class::Auth)),
        );
        check(
            r#"{"code":"EGW00002","message":"server error"}"#,
            Err((r#"approval refused with code "EGW00002": "server error""#, Class::Transient)),
        );
        let unreadable = Err(("approval answer holds neither a key nor an error", Class::Transient));
        check(r#"{"approval_key":""}"#, unreadable);
        check(r#"{"approval_key":null}"#, unreadable);
        check("<html>", unreadable);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = read_approval(&bytes);
        }
    }
}
