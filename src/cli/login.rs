//! `namecard login`, `namecard logout`

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::Context;
use super::args::LoginArgs;
use super::failure::Failure;
use super::remote::{self, Remote};
use crate::client::{Client, Method};
use crate::config::{Account, Accounts, LOCAL, create_private_dir};
use crate::domain::Fault;
use crate::i18n::Text;
use crate::text::SafeText;

pub(super) async fn login(context: &Context, args: &LoginArgs) -> Result<u8, Failure> {
    let words = &context.words;
    let dir = &context.paths.data;
    let mut accounts = Accounts::read(dir)?;
    if args.url == LOCAL {
        accounts.use_local();
        keep(&accounts, context)?;
        context.out.line(&words.get(Text::UsingLocal))?;
        return Ok(0);
    }
    let origin = remote::origin(&args.url);
    let given = remote::given_token(words, context.token_file.as_ref())?;
    // Asked before anything is typed: a server that is not there, or is no namecard, says so first.
    let nobody = Remote::new(origin.clone(), String::new()).client(words)?;
    let _: crate::api::Health = nobody.call(Method::Get, "/v1/health", None, None::<&()>).await?;
    let known = given.or_else(|| accounts.on(&origin).map(|known| known.token().to_owned()));
    let (token, account) = match signed_in(context, &origin, known).await? {
        Some(found) => found,
        None => {
            let token = ask_token(context)?;
            let found = signed_in(context, &origin, Some(token)).await?;
            found.ok_or(Fault::NotSignedIn)?
        }
    };
    let (company, member) =
        (account.company.id.as_str().to_owned(), account.me.member.id.as_str().to_owned());
    accounts.use_account(Account::new(origin.clone(), company, member, token));
    keep(&accounts, context)?;
    context.out.line(&words.fill(
        Text::SignedIn,
        &[
            ("name", account.me.member.name.line(40)),
            ("company", account.company.name.line(40)),
            ("server", SafeText::clean(&origin)),
        ],
    ))?;
    let file = SafeText::clean(&dir.join("accounts.json").display().to_string());
    writeln!(io::stderr(), "{}", words.fill(Text::TokenInFile, &[("file", file)]))?;
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
    match Remote::new(origin.to_owned(), token.clone()).client(&context.words)?.account().await {
        Ok(account) => Ok(Some((token, account))),
        Err(Fault::NotSignedIn) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Reads a token from standard input; on a terminal it is not shown.
fn ask_token(context: &Context) -> Result<String, Failure> {
    let stdin = io::stdin();
    let hidden = if stdin.is_terminal() {
        write!(io::stderr(), "{} ", context.words.get(Text::AskToken))?;
        io::stderr().flush()?;
        Some(Hidden::begin()?)
    } else {
        None
    };
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    if hidden.is_some() {
        drop(hidden);
        writeln!(io::stderr())?;
    }
    let token = line.trim().to_owned();
    if token.is_empty() { Err(Fault::NotSignedIn.into()) } else { Ok(token) }
}

/// What is typed is not shown while this lives.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing to bring back.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Ends the token on the server and forgets it here.
pub(super) async fn logout(context: &Context) -> Result<u8, Failure> {
    let words = &context.words;
    let mut accounts = Accounts::read(&context.paths.data)?;
    let Some(account) = accounts.current().cloned() else {
        return Err(Failure::Said(words.get(Text::NotSignedInAnywhere)));
    };
    let client: Client = Remote::new(account.server.clone(), account.token().to_owned()).client(words)?;
    let ended = client.sign_out().await;
    match ended {
        Ok(()) | Err(Fault::NotSignedIn) => {}
        // Forgotten here only, it would stay good in whoever's hands it is.
        Err(fault) => return Err(fault.into()),
    }
    accounts.forget(&account);
    keep(&accounts, context)?;
    context.out.line(&words.fill(Text::SignedOut, &[("server", SafeText::clean(&account.server))]))?;
    Ok(0)
}
