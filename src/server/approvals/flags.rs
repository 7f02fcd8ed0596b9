//! Warnings beside a request, computed when it comes in.

use std::time::Duration;

use crate::domain::{Flag, LookAlike, Requester, Time};
use crate::search::fold;
use crate::server::looks::{has_link, is_mixed, look_of, looks_like};
use crate::server::policy::{domain_of, is_consumer};
use crate::server::store::{Conn, StoreError, known};
use crate::text::Untrusted;

/// So many requests of one sender …
const BURST: i64 = 3;
/// … within this time are a burst.
const BURST_WITHIN: Duration = Duration::from_secs(600);

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked<'a> {
    pub(super) company: i64,
    /// Whom it is for: of colleagues whom they do not see they are not told by a warning either.
    pub(super) target: i64,
    pub(super) requester: &'a Requester,
    /// Purpose and message.
    pub(super) texts: &'a [Option<&'a String>],
    pub(super) email_key: Option<&'a str>,
    pub(super) phone_key: Option<&'a str>,
}

/// The warnings that a request gives rise to.
pub(super) async fn find(conn: &mut Conn, looked: Looked<'_>, now: Time) -> Result<Vec<Flag>, StoreError> {
    let requester = looked.requester;
    let (company, target) = (looked.company, looked.target);
    let look_alikes = look_alikes(conn, company, target, requester).await?;
    let mut flags: Vec<Flag> = look_alikes.into_iter().map(|found| found.flag).collect();
    let name = requester.name.as_data();
    if known::has_colleague_named(conn, company, target, name).await? {
        flags.push(Flag::SameName);
    }
    let short = [Some(&requester.name), requester.company.as_ref(), requester.title.as_ref()];
    if short.into_iter().flatten().any(|text| is_mixed(text.as_data())) {
        flags.push(Flag::MixedScripts);
    }
    let texts: Vec<&str> = short
        .into_iter()
        .flatten()
        .map(Untrusted::as_data)
        .chain(looked.texts.iter().flatten().map(|text| text.as_str()))
        .collect();
    if texts.iter().any(|text| crate::text::has_hidden(text)) {
        flags.push(Flag::HiddenCharacters);
    }
    if texts.iter().any(|text| has_link(text)) {
        flags.push(Flag::Link);
    }
    let domain = requester.email.as_ref().and_then(|email| domain_of(email.as_data()));
    if domain.as_deref().is_some_and(is_consumer) {
        flags.push(Flag::PersonalAddress);
    }
    let sender = domain.as_deref().filter(|domain| !is_consumer(domain));
    let since = now.before(BURST_WITHIN);
    let before =
        known::sent_since(conn, company, sender, (looked.email_key, looked.phone_key), since).await?;
    if before + 1 >= BURST {
        flags.push(Flag::Burst);
    }
    flags.sort_unstable();
    flags.dedup();
    Ok(flags)
}

/// What the requester's name and domain look like without being it, of what a member of the company sees.
pub(crate) async fn look_alikes(
    conn: &mut Conn,
    company: i64,
    viewer: i64,
    requester: &Requester,
) -> Result<Vec<LookAlike>, StoreError> {
    let mut found = Vec::new();
    let name = requester.name.as_data();
    for known in known::names_that_look_like(conn, company, viewer, &look_of(name)).await? {
        if fold(known.as_data()) != fold(name) {
            found.push(LookAlike { flag: Flag::LookAlikeName, typed: name.into(), known });
            break;
        }
    }
    if let Some(domain) = requester.email.as_ref().and_then(|email| domain_of(email.as_data())) {
        let known = known::domains(conn, company).await?;
        if !known.contains(&domain)
            && let Some(meant) = known.iter().find(|known| looks_like(&domain, known))
        {
            let known = meant.as_str().into();
            found.push(LookAlike { flag: Flag::LookAlikeDomain, typed: domain.as_str().into(), known });
        }
    }
    Ok(found)
}
