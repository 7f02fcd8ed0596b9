//! Names of objects. Member and company ids come from a company's admin; the others are ours.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::SafeText;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing there.
    #[error("an id must not be empty")]
    Empty,
    /// More than 64 characters.
    #[error("an id has at most 64 characters")]
    Long,
    /// The first character is neither a letter nor a digit.
    #[error("an id begins with a letter or a digit")]
    Start,
    /// A character outside `A–Z a–z 0–9 _ - . @`.
    #[error("an id holds only the characters A-Z a-z 0-9 _ - . @")]
    Character,
    /// It has the form of the ids that the server gives to other objects.
    #[error("ids of the form of the server's own (d_, x_, r_ or c_ and 26 characters) are taken")]
    Reserved,
    /// It is not a prefix and 26 Crockford characters.
    #[error("not an id of this kind")]
    Form,
}

/// Crockford's base 32 digits, in the order of their values.
pub(crate) const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn is_own_form(text: &str) -> bool {
    let mut chars = text.bytes();
    matches!(chars.next(), Some(b'd' | b'x' | b'r' | b'c' | b'D' | b'X' | b'R' | b'C'))
        && chars.next() == Some(b'_')
        && text.len() == 28
        && chars.all(|c| CROCKFORD.contains(&c.to_ascii_uppercase()))
}

fn check_given(text: &str) -> Result<(), IdError> {
    let Some(first) = text.bytes().next() else { return Err(IdError::Empty) };
    if text.len() > 64 {
        return Err(if text.is_ascii() { IdError::Long } else { IdError::Character });
    }
    if !text.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-.@".contains(&c)) {
        return Err(IdError::Character);
    }
    if !first.is_ascii_alphanumeric() {
        return Err(IdError::Start);
    }
    if is_own_form(text) {
        return Err(IdError::Reserved);
    }
    Ok(())
}

macro_rules! given_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        ///
        /// 1–64 characters of `A–Z a–z 0–9 _ - . @`, beginning with a letter or digit. Shown as given,
        /// compared without regard to ASCII case.
        #[derive(Clone, Debug)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and takes an id as somebody gave it.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check_given(text).map(|()| Self(text.into()))
            }

            /// As it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The form by which ids are compared: ASCII lower case.
            pub fn key(&self) -> String {
                self.0.to_ascii_lowercase()
            }

            /// To show it; the characters of an id need no sanitising.
            pub fn shown(&self) -> SafeText {
                SafeText::clean(&self.0)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }
        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                let lower = |text: &str| text.bytes().map(|c| c.to_ascii_lowercase()).collect::<Vec<_>>();
                if self.0 == other.0 { std::cmp::Ordering::Equal } else { lower(&self.0).cmp(&lower(&other.0)) }
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                for c in self.0.bytes() {
                    state.write_u8(c.to_ascii_lowercase());
                }
                state.write_u8(0xff);
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::new(&text).map_err(de::Error::custom)
            }
        }
    };
}

given_id! {
    /// A person in a company's directory.
    MemberId
}
given_id! {
    /// A tenant of the server.
    CompanyId
}

macro_rules! own_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        ///
        #[doc = concat!("`", $prefix, "` and 26 characters of Crockford's base 32 of a UUIDv7.")]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The two characters every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Checks and takes an id.
            pub fn new(text: &str) -> Result<Self, IdError> {
                if is_own_form(text) && text.starts_with($prefix) {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError::Form)
                }
            }

            /// Makes an id from the 128 bits of a UUID.
            pub fn from_bits(bits: u128) -> Self {
                let mut text = String::with_capacity(28);
                text.push_str($prefix);
                for at in (0..26).rev() {
                    let digit = usize::try_from((bits >> (5 * at)) & 31).unwrap_or(0);
                    text.push(CROCKFORD.get(digit).copied().map_or('0', char::from));
                }
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// To show it; the characters of an id need no sanitising.
            pub fn shown(&self) -> SafeText {
                SafeText::clean(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::new(&text).map_err(de::Error::custom)
            }
        }
    };
}

own_id! {
    /// A node of a company's tree.
    DepartmentId, "d_"
}
own_id! {
    /// A person outside, as one member knows them.
    ContactId, "x_"
}
own_id! {
    /// Something that waits for a decision.
    RequestId, "r_"
}
own_id! {
    /// A namecard.
    CardId, "c_"
}

#[cfg(test)]
mod tests {
    use super::{IdError, MemberId, RequestId};

    #[test]
    fn member_ids_are_checked() {
        for good in ["a", "7", "Zhang.San@acme-corp", "u_1"] {
            assert!(MemberId::new(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", IdError::Empty),
            (".a", IdError::Start),
            ("a b", IdError::Character),
            ("张", IdError::Character),
            ("r_0123456789ABCDEFGHJKMNPQRS", IdError::Reserved),
        ] {
            assert_eq!(MemberId::new(bad), Err(why), "{bad}");
        }
        assert_eq!(MemberId::new(&"a".repeat(65)), Err(IdError::Long));
        assert_eq!(MemberId::new("Ann").unwrap(), MemberId::new("aNN").unwrap());
    }

    #[test]
    fn own_ids_carry_128_bits() {
        let id = RequestId::from_bits(u128::MAX);
        assert_eq!(id.as_str(), "r_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_eq!(RequestId::new(id.as_str()), Ok(id));
        assert_eq!(RequestId::new("x_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), Err(IdError::Form));
    }
}
