//! From what somebody gave to whom they mean and the policy's answer: the same for the screen and the
//! commands.

use std::time::Duration;

use super::calls::Client;
use super::look;
use crate::api;
use crate::domain::{
    Aim, Aimed, CANDIDATES, Candidate, Explained, Fault, Introduction, MeantPerson, Place, Said, ScanFault,
    Scanned, VerdictCode,
};
use crate::panics;
use crate::search::{Field, Index, Keys, Query, fold, rank};
use crate::text::Untrusted;

/// Longest text that the server takes for somebody, in bytes.
const MAX_TO: usize = 256;
/// Looking into a file is given up after this.
const LOOK_TIME: Duration = Duration::from_secs(6);

impl Client {
    /// Whom a text means, or a file that it names, and whether one may ask them.
    pub async fn aim(&self, text: &str) -> Aim {
        let text = text.trim();
        let aim = match look::named_file(text) {
            Some(_) => return self.aim_at_path(text).await,
            None if text.contains("://") => self.aim_at_link(text).await,
            None => self.aim_at_words(text).await,
        };
        aim.unwrap_or_else(Aim::Failed)
    }

    /// Whom a file means, whatever its name; or a link.
    pub async fn aim_at_path(&self, text: &str) -> Aim {
        if text.contains("://") {
            return self.aim_at_link(text.trim()).await.unwrap_or_else(Aim::Failed);
        }
        let path = look::path_of(text);
        match blocking(move || look::read_file(&path)).await {
            Ok(file) => self.aim_at_file(file).await,
            Err(fault) => Aim::Unread(fault),
        }
    }

    /// Whom the content of a file means.
    pub async fn aim_at_file(&self, file: Vec<u8>) -> Aim {
        let own = match self.own_link().await {
            Ok(link) => link,
            Err(fault) => return Aim::Failed(fault),
        };
        match blocking(move || look::look_into(&file, &own)).await {
            Ok(scanned) => self.aim_at(scanned).await.unwrap_or_else(Aim::Failed),
            Err(fault) => Aim::Unread(fault),
        }
    }

    /// A link of one's own: which others are card links of this server is known by it.
    async fn own_link(&self) -> Result<String, Fault> {
        match self.cards().await?.into_iter().next() {
            Some(card) => Ok(card.link),
            None => Ok(self.card().await?.link),
        }
    }

    async fn aim_at_link(&self, text: &str) -> Result<Aim, Fault> {
        let said = look::what(text, &self.own_link().await?);
        self.aim_at(Scanned { said: vec![said], pass: None }).await
    }

    async fn aim_at(&self, scanned: Scanned) -> Result<Aim, Fault> {
        let ways: Vec<Untrusted> = scanned.ways().into_iter().cloned().collect();
        match ways.as_slice() {
            [] => Ok(Aim::Nowhere(scanned)),
            [only] => {
                let mut aimed = self.aimed(only).await?;
                // A vCard names whom nobody here knows.
                let named = scanned.said.iter().find_map(|said| match said {
                    Said::Person(person) if !person.name.is_empty() => Some(person.name.clone()),
                    _ => None,
                });
                aimed.name = aimed.name.or(named);
                aimed.scanned = Some(scanned);
                Ok(Aim::One(Box::new(aimed)))
            }
            several => {
                let mut candidates = Vec::new();
                for way in several.iter().take(CANDIDATES) {
                    let aimed = self.aimed(way).await?;
                    let (company, title) = match aimed.explained.meant {
                        MeantPerson::Outside { company, title, .. } => (Some(company), title),
                        _ => (None, None),
                    };
                    let name = aimed.name.unwrap_or_else(|| way.clone());
                    candidates.push(Candidate { to: way.clone(), name, company, title, place: Place::Card });
                }
                Ok(Aim::Several(candidates, Some(scanned)))
            }
        }
    }

    async fn aim_at_words(&self, text: &str) -> Result<Aim, Fault> {
        if text.len() > MAX_TO {
            return Err(Fault::Invalid { field: Some("to".into()), code: "too_long".into() });
        }
        let aimed = self.aimed(&text.into()).await?;
        if !nobody_meant(&aimed.explained) || !is_name(text) {
            return Ok(Aim::One(Box::new(aimed)));
        }
        let candidates = self.candidates(text).await?;
        let same = |name: &Untrusted| fold(name.as_data()) == fold(text);
        match candidates.as_slice() {
            [] => Ok(Aim::One(Box::new(aimed))),
            [only] if same(&only.name) => Ok(Aim::One(Box::new(self.aimed(&only.to).await?))),
            _ => Ok(Aim::Several(candidates, None)),
        }
    }

    /// The answer about one person, with their name where it is known.
    async fn aimed(&self, to: &Untrusted) -> Result<Aimed, Fault> {
        let explained = self.why(to).await?;
        let name = match &explained.meant {
            MeantPerson::Outside { name, .. } => Some(name.clone()),
            MeantPerson::Colleague { id } => Some(self.member(id).await?.name),
            MeantPerson::Contact { id } => Some(self.contact(id).await?.contact.name),
            MeantPerson::Nobody | MeantPerson::Unknown => None,
        };
        Ok(Aimed { to: to.clone(), name, explained, scanned: None })
    }

    /// Who may be meant by a name: colleagues, contacts, people of linked companies and those whom
    /// colleagues passed on.
    async fn candidates(&self, text: &str) -> Result<Vec<Candidate>, Fault> {
        let most = u32::try_from(CANDIDATES).unwrap_or(u32::MAX);
        let found = self.search(text, "all", most).await?.items.into_iter();
        let mut candidates: Vec<Candidate> = found
            .filter(|found| matches!(found.why, api::Why::Name | api::Why::Pinyin | api::Why::Alias))
            .map(|found| Candidate {
                to: found.id.into(),
                name: found.name,
                company: found.company,
                title: found.title,
                place: match found.place {
                    api::Place::Directory => Place::Directory,
                    api::Place::External => Place::External,
                    api::Place::Linked => Place::Linked,
                },
            })
            .collect();
        let introduced = self.introductions().await?.items.into_iter().map(of_introduction);
        candidates.extend(matching(&introduced.collect::<Vec<_>>(), text));
        candidates.truncate(CANDIDATES);
        Ok(candidates)
    }
}

fn of_introduction(introduction: Introduction) -> Candidate {
    Candidate {
        to: introduction.id.as_str().into(),
        name: introduction.name,
        company: Some(introduction.company),
        title: introduction.title,
        place: Place::Introduced,
    }
}

/// Those whose name matches, best first.
fn matching(people: &[Candidate], text: &str) -> Vec<Candidate> {
    let mut index = Index::new();
    for person in people {
        let mut keys = Keys::new();
        keys.add(Field::Name, person.name.as_data());
        index.add(&keys);
    }
    let ranked = rank(&index, &Query::parse(text), CANDIDATES);
    ranked.hits.iter().filter_map(|hit| people.get(hit.record as usize).cloned()).collect()
}

/// Whether nobody is known behind what was asked, so that it may be a name.
fn nobody_meant(explained: &Explained) -> bool {
    matches!(explained.meant, MeantPerson::Nobody | MeantPerson::Unknown)
        && !matches!(
            explained.verdict.code,
            VerdictCode::CardUnknown | VerdictCode::CardRevoked | VerdictCode::CardExpired
        )
}

/// Whether a text can be a name: neither an address nor a number.
fn is_name(text: &str) -> bool {
    !text.contains('@') && text.chars().any(char::is_alphabetic)
}

/// Does what blocks on a thread of its own, and gives up on it after a while.
async fn blocking<T: Send + 'static>(
    doing: impl FnOnce() -> Result<T, ScanFault> + Send + 'static,
) -> Result<T, ScanFault> {
    let doing = tokio::task::spawn_blocking(|| panics::contained_call(doing));
    match tokio::time::timeout(LOOK_TIME, doing).await {
        Ok(Ok(result)) => result,
        // A decoder that panics on a picture is not to end the program.
        Ok(Err(_)) => Err(ScanFault::Broken),
        Err(_) => Err(ScanFault::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_name, matching};
    use crate::domain::{Candidate, CompanyId, ContactId, LinkedPerson};

    fn linked(n: u128, name: &str) -> Candidate {
        Candidate::from(&LinkedPerson {
            id: ContactId::from_bits(n),
            name: name.into(),
            title: None,
            department: None,
            company: "Northgrid".into(),
            company_id: CompanyId::new("northgrid").unwrap(),
        })
    }

    #[test]
    fn a_name_matches_as_in_the_directory() {
        let people = [linked(1, "Dana Kern"), linked(2, "单雄信"), linked(3, "Ann Poe")];
        let names = |text: &str| -> Vec<String> {
            matching(&people, text).iter().map(|found| found.name.as_data().to_owned()).collect()
        };
        assert_eq!(names("kern"), ["Dana Kern"]);
        assert_eq!(names("shanxx"), ["单雄信"]);
        assert_eq!(names("zzz"), [""; 0]);
        assert!(is_name("Dana") && is_name("单") && !is_name("+86 1") && !is_name("a@b.example"));
    }
}
