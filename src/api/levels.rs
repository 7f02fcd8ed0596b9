//! Levels of the interface: whether a client and a server of different versions understand each other.

use std::fmt;
use std::str::FromStr;

/// The header of every answer that says which levels the server serves: `1-3`.
pub const LEVELS_HEADER: &str = "namecard-api";

/// The levels that a server serves. A level rises when something that a client relies on goes away or changes
/// its meaning; what is only added leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// The oldest.
    pub oldest: u32,
    /// Its own.
    pub newest: u32,
}

impl Levels {
    /// What this program serves; as a client it speaks the newest.
    pub const OURS: Self = Self { oldest: 1, newest: 1 };
}

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.oldest, self.newest)
    }
}

impl FromStr for Levels {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (oldest, newest) = text.split_once('-').unwrap_or((text, text));
        Ok(Self { oldest: oldest.parse()?, newest: newest.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::Levels;

    #[test]
    fn levels_are_read_as_they_are_written() {
        assert_eq!(Levels::OURS.to_string().parse(), Ok(Levels::OURS));
        assert_eq!("2-5".parse(), Ok(Levels { oldest: 2, newest: 5 }));
        assert!("a".parse::<Levels>().is_err());
    }
}
