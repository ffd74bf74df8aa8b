//! The broker's reply codes (`msg_cd`) in one table: portal text as of 2026-09, class by what working clients do.
//! A reply is judged by its code, not by `rt_cd`: OPSP0002 comes with the `rt_cd` of an error and is harmless.

use std::fmt;

/// What a code asks the session to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It is as asked.
    Ok,
    /// It already was as asked: go on, and do not ask again.
    Benign,
    /// Try again later, more slowly each time.
    Transient,
    /// The session is full: keep what is registered, add no more.
    Capacity,
    /// A new approval key may help once; then a person must act.
    Auth,
    /// This request never succeeds: a mistake in the configuration or in the client.
    Permanent,
    /// Another session holds the account's key: hang up and wait long.
    InUse,
}

macro_rules! codes {
    ($($Code:ident $msg_cd:literal $class:ident $text:literal),* $(,)?) => {
        /// A `msg_cd`.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $text] $Code,)*
            /// One that the portal's table does not know, as received.
            Unknown(Box<str>),
        }

        impl Code {
            pub fn as_str(&self) -> &str {
                match self {
                    $(Code::$Code => $msg_cd,)*
                    Code::Unknown(msg_cd) => msg_cd,
                }
            }

            /// The portal's words; the reply's own may differ.
            pub fn text(&self) -> &'static str {
                match self {
                    $(Code::$Code => $text,)*
                    Code::Unknown(_) => "unknown code",
                }
            }

            /// An unknown code may pass.
            pub fn class(&self) -> Class {
                match self {
                    $(Code::$Code => Class::$class,)*
                    Code::Unknown(_) => Class::Transient,
                }
            }
        }

        impl From<&str> for Code {
            fn from(msg_cd: &str) -> Self {
                match msg_cd {
                    $($msg_cd => Code::$Code,)*
                    _ => Code::Unknown(msg_cd.into()),
                }
            }
        }

        #[cfg(test)]
        const KNOWN: &[Code] = &[$(Code::$Code),*];
    };
}

codes! {
    Subscribed         "OPSP0000" Ok        "SUBSCRIBE SUCCESS",
    Unsubscribed       "OPSP0001" Ok        "UNSUBSCRIBE SUCCESS",
    AlreadySubscribed  "OPSP0002" Benign    "ALREADY IN SUBSCRIBE",
    NotSubscribed      "OPSP0003" Benign    "UNSUBSCRIBE ERROR (not found)",
    SubscribeInternal  "OPSP0007" Transient "SUBSCRIBE INTERNAL ERROR",
    TooMany            "OPSP0008" Capacity  "MAX SUBSCRIBE OVER",
    SubscribeSend      "OPSP0009" Transient "SUBSCRIBE ERROR: mci send failed",
    SubscribeAppkey    "OPSP0010" Auth      "SUBSCRIBE WARNING: invalid appkey",
    UnknownApproval    "OPSP0011" Auth      "invalid approval(appkey): NOT FOUND",
    InvalidTrId        "OPSP8991" Permanent "invalid tr_id",
    InvalidTrKey       "OPSP8992" Permanent "invalid tr_key",
    InvalidTrKeyJson   "OPSP8993" Permanent "JSON: invalid tr_key",
    PersonalKeyMissing "OPSP8994" Permanent "personalseckey not found",
    AppsecretMissing   "OPSP8995" Permanent "appsecret not found",
    InUse              "OPSP8996" InUse     "ALREADY IN USE appkey",
    InvalidTrType      "OPSP8997" Permanent "invalid tr_type",
    InvalidCusttype    "OPSP8998" Permanent "invalid custtype",
    NoResourceAlloc    "OPSP8999" Transient "resource not available (ALLOC_CALL_PARAM)",
    TrKeyMissing       "OPSP9990" Permanent "tr_key not found",
    InputMissing       "OPSP9991" Permanent "input not found",
    BodyMissing        "OPSP9992" Permanent "body not found",
    Internal           "OPSP9993" Transient "internal error",
    InvalidAppkey      "OPSP9994" Auth      "INVALID appkey",
    NoResource         "OPSP9995" Transient "resource not available",
    AppkeyMissing      "OPSP9996" Auth      "appkey (missing/invalid)",
    CusttypeMissing    "OPSP9997" Permanent "custtype not found",
    HeaderMissing      "OPSP9998" Permanent "header not found",
    InvalidJson        "OPSP9999" Permanent "invalid JSON format",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check(msg_cd: &str, code: Code, class: Class) {
        let read = Code::from(msg_cd);
        assert_eq!((read.class(), read.to_string().as_str(), read), (class, msg_cd, code));
    }

    #[test]
    fn codes_read_back_and_have_a_class() {
        check("OPSP0000", Code::Subscribed, Class::Ok);
        check("OPSP0002", Code::AlreadySubscribed, Class::Benign);
        check("OPSP0003", Code::NotSubscribed, Class::Benign);
        check("OPSP0007", Code::SubscribeInternal, Class::Transient);
        check("OPSP0008", Code::TooMany, Class::Capacity);
        check("OPSP0011", Code::UnknownApproval, Class::Auth);
        check("OPSP8992", Code::InvalidTrKey, Class::Permanent);
        check("OPSP8996", Code::InUse, Class::InUse);
        check("OPSP1234", Code::Unknown("OPSP1234".into()), Class::Transient);
        check("", Code::Unknown("".into()), Class::Transient);
    }

    /// By the table of the portal, and not by the one above.
    #[test]
    fn each_of_the_28_is_of_its_class() {
        let check = |class: Class, codes: &str| {
            for code in codes.split(' ') {
                assert_eq!(Code::from(format!("OPSP{code}").as_str()).class(), class, "{code}");
            }
        };
        check(Class::Ok, "0000 0001");
        check(Class::Benign, "0002 0003");
        check(Class::Transient, "0007 0009 8999 9993 9995");
        check(Class::Capacity, "0008");
        check(Class::Auth, "0010 0011 9994 9996");
        check(Class::InUse, "8996");
        check(Class::Permanent, "8991 8992 8993 8994 8995 8997 8998 9990 9991 9992 9997 9998 9999");
    }

    #[test]
    fn the_portal_knows_28() {
        let read_back = KNOWN.iter().filter(|code| Code::from(code.as_str()) == **code);
        assert_eq!(read_back.map(Code::as_str).collect::<BTreeSet<_>>().len(), 28);
    }
}
