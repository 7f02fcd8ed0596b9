//! What a picture or a file says, and whom somebody means by what they give.

use serde::{Deserialize, Serialize};

use super::request::words;
use super::{Explained, Fault, LinkedPerson};
use crate::text::Untrusted;

/// Candidates that are offered for a name: as many as there are digits to choose them by.
pub const CANDIDATES: usize = 9;

words! {
    /// What was done to a picture before the code in it could be read.
    Pass {
        /// Nothing.
        AsIs = "as_is",
        /// Light became dark.
        Inverted = "inverted",
        /// Thin dark lines across it were closed, as between the rows of a terminal.
        Closed = "closed",
        /// It was smoothed, and every pixel made light or dark.
        Smoothed = "smoothed",
    }
}

/// What a code or a file says. Nothing of it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A card link of the server that one is signed in to.
    Card(Untrusted),
    /// An address of somewhere else.
    Elsewhere {
        /// The whole address.
        link: Untrusted,
        /// Its host, as the network is asked for it.
        host: Untrusted,
    },
    /// A person, as a vCard tells of them.
    Person(SaidPerson),
    /// Something else.
    Text(Untrusted),
}

/// A person, as a vCard tells of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidPerson {
    /// Name.
    pub name: Untrusted,
    /// Company.
    pub company: Option<Untrusted>,
    /// Title.
    pub title: Option<Untrusted>,
    /// Mail addresses.
    pub emails: Vec<Untrusted>,
    /// Telephone numbers.
    pub phones: Vec<Untrusted>,
    /// The card link of the server that one is signed in to, if it holds one. Without it the card is a name
    /// and an address, and no way to anybody.
    pub card: Option<Untrusted>,
}

impl SaidPerson {
    /// By what to ask for them: the card link, else the first address, number or name.
    pub fn ask_for(&self) -> &Untrusted {
        self.card.as_ref().or(self.emails.first()).or(self.phones.first()).unwrap_or(&self.name)
    }
}

/// What was found in a file or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// What it says, the codes one after another.
    pub said: Vec<Said>,
    /// What was done to a picture to read it; none for what is no picture.
    pub pass: Option<Pass>,
}

impl Scanned {
    /// By what to ask for whoever is meant: the card links, else what a vCard says.
    pub fn ways(&self) -> Vec<&Untrusted> {
        let cards = self.said.iter().filter_map(|said| match said {
            Said::Card(link) => Some(link),
            Said::Person(person) => person.card.as_ref(),
            Said::Elsewhere { .. } | Said::Text(_) => None,
        });
        let mut ways: Vec<&Untrusted> = Vec::new();
        for link in cards {
            if !ways.contains(&link) {
                ways.push(link);
            }
        }
        if ways.is_empty() {
            ways.extend(self.said.iter().filter_map(|said| match said {
                Said::Person(person) => Some(person.ask_for()),
                _ => None,
            }));
        }
        ways.retain(|way| !way.is_empty());
        ways
    }
}

/// Why nothing was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanFault {
    /// The operating system refuses it.
    #[error("the file cannot be read")]
    Unreadable(Untrusted),
    /// A directory, a device, a pipe or a link.
    #[error("not a plain file")]
    NotAFile,
    /// More bytes than are read.
    #[error("the file is too long")]
    TooLong,
    /// Neither a picture that is read nor a vCard.
    #[error("neither a picture nor a vCard")]
    Unknown,
    /// More pixels than are looked at.
    #[error("the picture is too large")]
    TooManyPixels,
    /// It begins like a picture and is not a whole one.
    #[error("the picture is damaged")]
    Broken,
    /// A vCard that cannot be read, or one beyond the limits.
    #[error("the vCard cannot be read")]
    BadCard,
    /// No code was read.
    #[error("no QR code could be read")]
    NoCode {
        /// Whether one was seen.
        seen: bool,
    },
    /// It took too long.
    #[error("it took too long")]
    TimedOut,
}

/// Where somebody who may be meant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the directory.
    Directory,
    /// Among the caller's contacts.
    External,
    /// Among the people whom a linked company shows.
    Linked,
    /// A colleague passed them on.
    Introduced,
    /// A card in a picture.
    Card,
}

/// Somebody who may be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// By what to ask for them.
    pub to: Untrusted,
    /// Name; of a card that was not opened, its link.
    pub name: Untrusted,
    /// Company, of somebody outside.
    pub company: Option<Untrusted>,
    /// Title.
    pub title: Option<Untrusted>,
    /// Where they stand.
    pub place: Place,
}

impl From<&LinkedPerson> for Candidate {
    fn from(person: &LinkedPerson) -> Self {
        Self {
            to: person.id.as_str().into(),
            name: person.name.clone(),
            company: Some(person.company.clone()),
            title: person.title.clone(),
            place: Place::Linked,
        }
    }
}

/// What came of what somebody gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Aim {
    /// One is meant, and this is the policy's answer.
    One(Box<Aimed>),
    /// Several may be meant.
    Several(Vec<Candidate>, Option<Scanned>),
    /// It leads to nobody: a code or a link of somewhere else.
    Nowhere(Scanned),
    /// The file gave nothing.
    Unread(ScanFault),
    /// The server gave nothing.
    Failed(Fault),
}

/// Whom somebody means, and the policy's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Aimed {
    /// By what they are asked.
    pub to: Untrusted,
    /// Their name, when it is known.
    pub name: Option<Untrusted>,
    /// The answer.
    pub explained: Explained,
    /// What a file or a link said.
    pub scanned: Option<Scanned>,
}
