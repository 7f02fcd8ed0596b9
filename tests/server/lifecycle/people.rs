//! Who takes part: eight members of three companies, and two visitors.

use std::fmt;

/// A company of the test.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Company {
    Acme,
    Northgrid,
    Zenith,
}

/// A member. Mia leads the department of ann, who reports to her; olu reports to nia; the others report to
/// nobody. Dan, dov, nia, noa and zoe are admins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    Ann,
    Mia,
    Dan,
    Dov,
    Olu,
    Nia,
    Noa,
    Zoe,
}

/// Somebody who asks: a member, or one of two visitors.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Person {
    Member(Member),
    Visitor(u8),
}

impl Company {
    pub const ALL: [Self; 3] = [Self::Acme, Self::Northgrid, Self::Zenith];

    pub fn id(self) -> &'static str {
        match self {
            Self::Acme => "acme",
            Self::Northgrid => "northgrid",
            Self::Zenith => "zenith",
        }
    }
}

impl Member {
    pub const ALL: [Self; 8] =
        [Self::Ann, Self::Mia, Self::Dan, Self::Dov, Self::Olu, Self::Nia, Self::Noa, Self::Zoe];

    pub fn id(self) -> &'static str {
        match self {
            Self::Ann => "ann",
            Self::Mia => "mia",
            Self::Dan => "dan",
            Self::Dov => "dov",
            Self::Olu => "olu",
            Self::Nia => "nia",
            Self::Noa => "noa",
            Self::Zoe => "zoe",
        }
    }

    pub fn named(id: &str) -> Self {
        Self::ALL.into_iter().find(|member| member.id() == id).unwrap()
    }

    pub fn company(self) -> Company {
        match self {
            Self::Ann | Self::Mia | Self::Dan | Self::Dov => Company::Acme,
            Self::Olu | Self::Nia | Self::Noa => Company::Northgrid,
            Self::Zoe => Company::Zenith,
        }
    }

    pub fn is_admin(self) -> bool {
        matches!(self, Self::Dan | Self::Dov | Self::Nia | Self::Noa | Self::Zoe)
    }

    /// The direct manager.
    pub fn manager(self) -> Option<Self> {
        match self {
            Self::Ann => Some(Self::Mia),
            Self::Olu => Some(Self::Nia),
            _ => None,
        }
    }

    /// Leaders of the departments above, the nearest first.
    pub fn leaders(self) -> &'static [Self] {
        match self {
            Self::Ann | Self::Mia => &[Self::Mia],
            _ => &[],
        }
    }

    pub fn email(self) -> String {
        format!("{}@{}.example", self.id(), self.company().id())
    }
}

impl fmt::Debug for Company {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(member) => write!(f, "{member:?}"),
            Self::Visitor(n) => write!(f, "visitor{n}"),
        }
    }
}
