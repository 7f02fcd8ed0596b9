//! Ids as people give them: whole, or their last characters; a revision behind `@`.

use super::failure::Failure;
use crate::client::Client;
use crate::domain::{ContactId, Fault, MemberId, RequestId};
use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// What an id names.
pub(super) enum Named {
    /// A colleague.
    Member(MemberId),
    /// An external contact.
    Contact(ContactId),
    /// A request.
    Request(RequestId),
}

/// Fewest characters of an id's end.
const TAIL: usize = 6;

/// Finds what an id names. A member's id is taken as it is; of the others the end will do, when exactly
/// one has it.
pub(super) async fn find(client: &Client, words: &Words, given: &str) -> Result<Named, Failure> {
    if let Some(named) = whole(given) {
        return Ok(named);
    }
    if let Ok(id) = MemberId::new(given) {
        match client.member(&id).await {
            Ok(_) => return Ok(Named::Member(id)),
            Err(Fault::NotFound) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    let shown = SafeText::clean(given).cut(40);
    if given.len() < TAIL || !given.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Failure::About(shown, Fault::NotFound));
    }
    let found = client.lookup(given).await?;
    match found.as_slice() {
        [] => Err(Failure::About(shown, Fault::NotFound)),
        [only] => whole(only).ok_or(Failure::About(shown, Fault::NotFound)),
        _ => Err(Failure::Said(words.fill(Text::IdAmbiguous, &[("id", shown)]))),
    }
}

fn whole(given: &str) -> Option<Named> {
    if let Ok(id) = RequestId::new(given) {
        return Some(Named::Request(id));
    }
    ContactId::new(given).ok().map(Named::Contact)
}

/// Finds a request; the revision that stands behind `@`, if one does.
pub(super) async fn request(
    client: &Client,
    words: &Words,
    given: &str,
) -> Result<(RequestId, Option<i64>), Failure> {
    let (id, revision) = match given.rsplit_once('@') {
        Some((id, revision)) => match revision.parse() {
            Ok(revision) => (id, Some(revision)),
            Err(_) => (given, None),
        },
        None => (given, None),
    };
    match find(client, words, id).await? {
        Named::Request(id) => Ok((id, revision)),
        _ => Err(Failure::About(SafeText::clean(given).cut(40), Fault::NotFound)),
    }
}
