//! `namecard login`, `namecard logout`

use std::io::{self, Write as _};

use serde_json::json;

use super::Context;
use super::args::{Format, LoginArgs};
use super::failure::Failure;
use super::remote::{self, Remote};
use crate::client::understood;
use crate::config::keyring::KeyringError;
use crate::config::{Account, Accounts, LOCAL, Store, create_private_dir};
use crate::domain::Fault;
use crate::i18n::{Text, Words};
use crate::text::SafeText;

pub(super) async fn login(context: &Context, args: &LoginArgs) -> Result<u8, Failure> {
    let words = &context.words;
    let mut accounts = Accounts::read(&context.paths.data)?;
    let Some(url) = &args.url else { return list(context, &accounts, args.format) };
    if url == LOCAL {
        accounts.use_local();
        keep(&accounts, context)?;
        context.out.line(&words.get(Text::UsingLocal))?;
        return Ok(0);
    }
    let origin = remote::origin(url);
    let wanted = args.member.as_deref();
    let given = remote::given_token(words, context.token_file.as_ref())?;
    // Asked before anything is typed: a server that is not there, or is no namecard, says so first.
    let nobody = Remote::new(origin.clone(), String::new()).client(context)?;
    understood(&nobody.health().await?)?;
    let known = accounts.on(&origin, wanted).cloned();
    let known = match (given, &known) {
        (Some(token), _) => Some(token),
        // A keyring that does not answer has nothing for us: the token is asked for.
        (None, Some(account)) => context.tokens.read(account).await.ok().flatten(),
        (None, None) => None,
    };
    let (token, found) = match signed_in(context, &origin, known).await? {
        Some(found) => found,
        None => {
            let token = remote::ask_token(context)?;
            signed_in(context, &origin, Some(token)).await?.ok_or(Fault::NotSignedIn)?
        }
    };
    let (company, member) = (found.company.id.as_str().to_owned(), found.me.member.id.as_str().to_owned());
    if let Some(wanted) = wanted.filter(|wanted| !member.eq_ignore_ascii_case(wanted)) {
        let values = [("member", found.me.member.id.shown()), ("wanted", SafeText::clean(wanted).cut(64))];
        return Err(Failure::Said(words.fill(Text::TokenOfAnother, &values)));
    }
    let mut account = Account::new(origin.clone(), company, member);
    let before = accounts.all().iter().find(|known| known.is_same(&account)).cloned();
    let refused = context.tokens.keep(&mut account, context.settings.store, &token).await;
    let store = account.store();
    accounts.use_account(account);
    keep(&accounts, context)?;
    context.out.line(&words.fill(
        Text::SignedIn,
        &[
            ("name", found.me.member.name.line(40)),
            ("company", found.company.name.line(40)),
            ("server", SafeText::clean(&origin)),
        ],
    ))?;
    writeln!(io::stderr(), "{}", whereabouts(context, store, refused))?;
    // In its new place first, out of its old one then.
    if let Some(before) = before.filter(|before| before.store() != store)
        && let Err(error) = context.tokens.forget(&before).await
    {
        let why = [("why", why(words, error))];
        writeln!(io::stderr(), "{}", words.fill(Text::TokenStaysInKeyring, &why))?;
    }
    Ok(0)
}

/// Where the token lies now; why not in the keyring, if it was to lie there.
fn whereabouts(context: &Context, store: Store, refused: Option<KeyringError>) -> SafeText {
    let words = &context.words;
    let file = SafeText::clean(&context.paths.data.join("accounts.json").display().to_string());
    match (store, refused) {
        (Store::Keyring, _) => words.get(Text::TokenInKeyring),
        (Store::Memory, _) => words.get(Text::TokenNowhere),
        (Store::File, None) => words.fill(Text::TokenInFile, &[("file", file)]),
        (Store::File, Some(error)) => {
            words.fill(Text::TokenNotInKeyring, &[("why", why(words, error)), ("file", file)])
        }
    }
}

/// Why the keyring did not do it.
pub(super) fn why(words: &Words, error: KeyringError) -> SafeText {
    words.get(match error {
        KeyringError::Absent => Text::KeyringAbsent,
        KeyringError::Locked => Text::KeyringLocked,
        KeyringError::Silent => Text::KeyringMute,
        KeyringError::Refused => Text::KeyringRefuses,
    })
}

/// The accounts, the one in use marked.
fn list(context: &Context, accounts: &Accounts, format: Format) -> Result<u8, Failure> {
    let words = &context.words;
    let current = accounts.current();
    let in_use = |account: &Account| current.is_some_and(|current| current.is_same(account));
    if format == Format::Json {
        let mut rows: Vec<serde_json::Value> = accounts
            .all()
            .iter()
            .map(|account| {
                json!({
                    "server": account.server, "company": account.company, "member": account.member,
                    "token": account.store(), "in_use": in_use(account),
                })
            })
            .collect();
        rows.push(json!({
            "server": LOCAL, "company": null, "member": null, "token": null, "in_use": current.is_none(),
        }));
        context.out.json(&rows)?;
        return Ok(0);
    }
    let mark = |on: bool| SafeText::constant(if on { "*" } else { " " });
    let mut rows: Vec<Vec<SafeText>> = accounts
        .all()
        .iter()
        .map(|account| {
            let kept = match account.store() {
                Store::Keyring => Text::KeptKeyring,
                Store::File => Text::KeptFile,
                Store::Memory => Text::KeptMemory,
            };
            vec![
                mark(in_use(account)),
                SafeText::clean(&account.server),
                SafeText::clean(&account.company),
                SafeText::clean(&account.member),
                words.get(kept),
            ]
        })
        .collect();
    rows.push(vec![
        mark(current.is_none()),
        SafeText::constant(LOCAL),
        words.get(Text::OwnData),
        SafeText::default(),
        SafeText::default(),
    ]);
    let headings = [Text::ColumnServer, Text::ColumnCompany, Text::ColumnMember, Text::ColumnKept];
    let headings: Vec<SafeText> =
        std::iter::once(SafeText::default()).chain(headings.map(|text| words.get(text))).collect();
    context.out.table(&headings, &rows)?;
    if accounts.all().is_empty() {
        writeln!(io::stderr(), "{}", words.get(Text::NoAccounts))?;
    }
    Ok(0)
}

fn keep(accounts: &Accounts, context: &Context) -> Result<(), Failure> {
    create_private_dir(&context.paths.data)?;
    Ok(accounts.write(&context.paths.data)?)
}

/// Whose a token is on the server; none when it is nobody's, or there is none.
async fn signed_in(
    context: &Context,
    origin: &str,
    token: Option<String>,
) -> Result<Option<(String, crate::api::Account)>, Failure> {
    let Some(token) = token else { return Ok(None) };
    match Remote::new(origin.to_owned(), token.clone()).client(context)?.account().await {
        Ok(account) => Ok(Some((token, account))),
        Err(Fault::NotSignedIn) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Ends the token on the server and forgets it here.
pub(super) async fn logout(context: &Context) -> Result<u8, Failure> {
    let words = &context.words;
    let mut accounts = Accounts::read(&context.paths.data)?;
    let Some(account) = accounts.current().cloned() else {
        return Err(Failure::Said(words.get(Text::NotSignedInAnywhere)));
    };
    let given = remote::given_token(words, context.token_file.as_ref())?;
    let token = match given {
        Some(token) => Some(token),
        None => context.tokens.read(&account).await.map_err(|_| Fault::KeyringSilent)?,
    };
    let ended = token.is_some();
    if let Some(token) = token {
        match Remote::new(account.server.clone(), token).client(context)?.sign_out().await {
            Ok(()) | Err(Fault::NotSignedIn) => {}
            // Forgotten here only, it would stay good in whoever's hands it is.
            Err(fault) => return Err(fault.into()),
        }
    }
    context.tokens.forget(&account).await.map_err(|_| Fault::KeyringSilent)?;
    accounts.forget(&account);
    keep(&accounts, context)?;
    let text = if ended { Text::SignedOut } else { Text::SignedOutHere };
    context.out.line(&words.fill(text, &[("server", SafeText::clean(&account.server))]))?;
    Ok(0)
}
