//! Short words that a tick carries in place: copied like numbers, ordered as text, never an allocation.

/// Why a text is not such a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {what}: {shortest} to {longest} printable characters without blanks")]
pub struct WordError {
    pub(crate) what: &'static str,
    pub(crate) shortest: usize,
    pub(crate) longest: usize,
}

/// A type that holds `shortest..=longest` printable ASCII characters without blanks.
macro_rules! word {
    ($(#[$doc:meta])* $Name:ident, $what:literal, $shortest:literal..=$longest:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(arrayvec::ArrayString<$longest>);

        impl $Name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $Name {
            type Err = $crate::tick::WordError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let word = arrayvec::ArrayString::from(text).ok();
                word.filter(|word| ($shortest..=$longest).contains(&word.len()))
                    .filter(|word| word.bytes().all(|byte| byte.is_ascii_graphic()))
                    .map($Name)
                    .ok_or($crate::tick::WordError { what: $what, shortest: $shortest, longest: $longest })
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl serde::Serialize for $Name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

pub(crate) use word;
