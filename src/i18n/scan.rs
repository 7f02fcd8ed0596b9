//! Files, codes and whom they lead to, in words.

use super::say::NAME_CELLS;
use super::{Text, Words};
use crate::domain::{Candidate, Explained, Pass, Place, Said, ScanFault, Scanned};
use crate::text::SafeText;

impl Words {
    /// What a file or a link says, before anything is done with it; at most `cells` cells a text.
    pub fn scanned(&self, scanned: &Scanned, cells: usize) -> Vec<SafeText> {
        let mut lines = Vec::new();
        for said in &scanned.said {
            match said {
                Said::Card(link) => {
                    lines.push(self.fill(Text::SaidCard, &[("link", link.line(cells))]));
                }
                Said::Elsewhere { link, host } => {
                    let values = [("host", host.line(cells)), ("link", link.line(cells))];
                    lines.push(self.fill(Text::SaidElsewhere, &values));
                }
                Said::Person(person) => {
                    let mut parts = vec![person.name.line(NAME_CELLS)];
                    let more = [&person.title, &person.company].into_iter().flatten();
                    parts.extend(more.map(|text| text.line(NAME_CELLS)));
                    parts.extend(person.emails.first().map(|email| email.line(NAME_CELLS)));
                    parts.extend(person.phones.first().map(|phone| phone.line(NAME_CELLS)));
                    let text = if person.card.is_some() { Text::SaidPersonCard } else { Text::SaidPerson };
                    lines.push(self.fill(text, &[("who", SafeText::join(&parts, " · "))]));
                }
                Said::Text(text) => {
                    lines.push(self.fill(Text::SaidText, &[("text", text.line(cells))]));
                }
            }
        }
        if scanned.ways().is_empty() {
            lines.push(self.get(Text::SaidNothingOpened));
        }
        lines.extend(scanned.pass.and_then(|pass| self.pass(pass)));
        lines
    }

    /// What was done to a picture before its code could be read; nothing when nothing was.
    fn pass(&self, pass: Pass) -> Option<SafeText> {
        Some(self.get(match pass {
            Pass::AsIs => return None,
            Pass::Inverted => Text::PassInverted,
            Pass::Closed => Text::PassClosed,
            Pass::Smoothed => Text::PassSmoothed,
        }))
    }

    /// Why a file gave nothing, and what helps.
    pub fn scan_fault(&self, fault: &ScanFault, file: &SafeText) -> Vec<SafeText> {
        let mut values = vec![("file", file.clone())];
        let text = match fault {
            ScanFault::Unreadable(why) => {
                values.push(("why", why.line(NAME_CELLS)));
                Text::CannotRead
            }
            ScanFault::NotAFile => Text::ScanNotAFile,
            ScanFault::TooLong => Text::ScanTooLong,
            ScanFault::Unknown => Text::ScanUnknown,
            ScanFault::TooManyPixels => Text::ScanTooManyPixels,
            ScanFault::Broken => Text::ScanBroken,
            ScanFault::BadCard => Text::ScanBadCard,
            ScanFault::NoCode { seen: false } => Text::ScanNoCode,
            ScanFault::NoCode { seen: true } => Text::ScanCodeSeen,
            ScanFault::TimedOut => Text::ScanTimedOut,
        };
        let mut lines = vec![self.fill(text, &values)];
        if let ScanFault::NoCode { .. } = fault {
            lines.push(self.get(Text::ScanTried));
        }
        lines
    }

    /// Somebody who may be meant, on a line.
    pub fn candidate(&self, candidate: &Candidate) -> SafeText {
        let mut parts = vec![candidate.name.line(NAME_CELLS)];
        parts.extend(candidate.title.as_ref().map(|title| title.line(NAME_CELLS)));
        parts.extend(candidate.company.as_ref().map(|company| company.line(NAME_CELLS)));
        parts.push(self.get(match candidate.place {
            Place::Directory => Text::PlaceDirectory,
            Place::External => Text::PlaceExternal,
            Place::Linked => Text::PlaceLinked,
            Place::Introduced => Text::PlaceIntroduced,
            Place::Card => Text::PlaceCard,
        }));
        SafeText::join(&parts, " · ")
    }

    /// What goes with an answer: who else approves, and how many requests of the day are used.
    pub fn limits(&self, explained: &Explained) -> Vec<SafeText> {
        let mut lines = Vec::new();
        if explained.verdict.code.is_yes() {
            if explained.automatic {
                lines.push(self.get(Text::LimitAutomatic));
            }
            if explained.manager_asking {
                lines.push(self.get(Text::LimitManager));
            }
        }
        let sent = SafeText::number(explained.sent_today);
        if let Some(most) = explained.sent_most {
            lines.push(self.fill(Text::LimitToday, &[("n", sent), ("most", SafeText::number(most))]));
        }
        lines
    }
}
