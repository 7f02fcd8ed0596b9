//! What a JSON body may look like, whatever it holds: so many levels deep, and no name twice. Readers differ
//! in what they make of the rest.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Most levels of a body.
const MAX_DEPTH: usize = 32;

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Not JSON.
    Malformed,
    /// Too many levels.
    Deep,
    /// One name twice in one object.
    Twice,
}

impl Flaw {
    /// The stable word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Deep => "too_deep",
            Self::Twice => "duplicate_field",
        }
    }
}

/// Reads a body for its form alone.
pub(crate) fn check(body: &[u8]) -> Result<(), Flaw> {
    let mut found = Flaw::Malformed;
    let mut reader = serde_json::Deserializer::from_slice(body);
    let level = Level { left: MAX_DEPTH, found: &mut found };
    match level.deserialize(&mut reader).and_then(|()| reader.end()) {
        Ok(()) => Ok(()),
        Err(_) => Err(found),
    }
}

/// Any value, with so many levels left.
struct Level<'a> {
    left: usize,
    found: &'a mut Flaw,
}

impl Level<'_> {
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        if self.left == 0 {
            return Err(self.flaw(Flaw::Deep));
        }
        self.left -= 1;
        Ok(())
    }

    fn flaw<E: Error>(&mut self, flaw: Flaw) -> E {
        *self.found = flaw;
        E::custom(flaw.as_str())
    }

    fn below(&mut self) -> Level<'_> {
        Level { left: self.left, found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A name, borrowed where it stands as it is.
#[derive(PartialEq, Eq, Hash)]
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Any)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.enter()?;
        while items.next_element_seed(self.below())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        self.enter()?;
        let mut names = HashSet::new();
        while let Some(name) = fields.next_key::<Name<'de>>()? {
            if !names.insert(name) {
                return Err(self.flaw(Flaw::Twice));
            }
            fields.next_value_seed(self.below())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Flaw, MAX_DEPTH, check};

    #[test]
    fn a_body_has_so_many_levels_and_no_name_twice() {
        for good in [
            "{}",
            " [1, -1, 1.5, \"\\u00e9\", true, null, {\"a\": {\"a\": 1}, \"b\": 1}] ",
            "{\"a\":1,\"A\":1,\"\":1}",
            &("[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH)),
        ] {
            assert_eq!(check(good.as_bytes()), Ok(()), "{good}");
        }
        let deep = |n: usize| "{\"a\":".repeat(n) + "1" + &"}".repeat(n);
        assert_eq!(check(deep(MAX_DEPTH).as_bytes()), Ok(()));
        for (bad, flaw) in [
            ("{\"a\":1,\"a\":1}", Flaw::Twice),
            ("{\"a\":1,\"b\":1,\"\\u0061\":1}", Flaw::Twice),
            ("{\"x\":[{\"a\":{},\"a\":[]}]}", Flaw::Twice),
            (&deep(MAX_DEPTH + 1), Flaw::Deep),
            // Long before its end is reached, or the stack's.
            (&"[".repeat(200_000), Flaw::Deep),
            ("", Flaw::Malformed),
            ("{", Flaw::Malformed),
            ("{} {}", Flaw::Malformed),
            ("{\"a\":1e999}", Flaw::Malformed),
            ("{1:1}", Flaw::Malformed),
            ("[1,]", Flaw::Malformed),
            ("'a'", Flaw::Malformed),
            ("\"\\ud800\"", Flaw::Malformed),
        ] {
            assert_eq!(check(bad.as_bytes()), Err(flaw), "{bad:.40}");
        }
        assert_eq!(check(b"\"\xff\""), Err(Flaw::Malformed));
    }
}
