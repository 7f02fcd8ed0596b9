//! Which server answers, and how the two get on.

use super::Finding;
use crate::api::{Account, Health};
use crate::cli::Context;
use crate::cli::backend::Backend;
use crate::cli::failure::Failure;
use crate::cli::login::why;
use crate::cli::remote::{self, Remote};
use crate::client::{Client, understood};
use crate::config::{Accounts, Store};
use crate::domain::Fault;
use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// Clocks that differ by more make times misleading.
const MOST_APART: i64 = 120;

pub(super) async fn look(context: &Context) -> Vec<Finding> {
    let words = &context.words;
    let mut findings = Vec::new();
    findings.extend(keyring(context).await);
    let remote = match remote::choose(context) {
        Ok(remote) => remote,
        Err(failure) => {
            findings.push(wrong(words, "server", &failure));
            return findings;
        }
    };
    match remote {
        Some(remote) => findings.extend(of_server(context, remote).await),
        None => findings.extend(of_own(context).await),
    }
    findings
}

fn wrong(words: &Words, check: &'static str, failure: &Failure) -> Finding {
    Finding::bad(check, SafeText::join(&failure.lines(words), " "))
}

/// Whether tokens find their place.
async fn keyring(context: &Context) -> Option<Finding> {
    let words = &context.words;
    let accounts = Accounts::read(&context.paths.data).unwrap_or_default();
    let lies_there = accounts.current().filter(|account| account.store() == Store::Keyring);
    if context.settings.store != Store::Keyring && lies_there.is_none() {
        return None;
    }
    let answer = match lies_there {
        Some(account) => context.tokens.read(account).await.map(|_| ()),
        None => context.tokens.keyring_answers().await,
    };
    Some(match answer {
        Ok(()) => Finding::good("keyring", words.get(Text::DoctorKeyring)),
        Err(error) => {
            let says = words.fill(Text::DoctorNoKeyring, &[("why", why(words, error))]);
            if lies_there.is_some() {
                Finding::bad("keyring", says).mend(words.get(Text::FaultKeyringSilent))
            } else {
                Finding::note("keyring", says)
            }
        }
    })
}

/// A server that was named, or signed in to.
async fn of_server(context: &Context, remote: Remote) -> Vec<Finding> {
    let words = &context.words;
    let origin = remote.origin.clone();
    // What it says of itself takes no token.
    let nobody = Remote::new(origin.clone(), String::new()).client(context);
    let (nobody, client) = match (nobody, remote.client(context)) {
        (Ok(nobody), Ok(client)) => (nobody, client),
        (Err(failure), _) | (_, Err(failure)) => return vec![wrong(words, "server", &failure)],
    };
    let name = SafeText::clean(&origin);
    let mut findings = match nobody.health().await {
        Ok(health) => of_health(context, &name, &health),
        Err(fault) => {
            let says = SafeText::join([&name, &words.fault(&fault)], ": ");
            return vec![Finding::bad("server", says)];
        }
    };
    findings.push(tls(words, &origin));
    findings.extend(of_account(words, &client).await);
    findings
}

fn tls(words: &Words, origin: &str) -> Finding {
    if origin.starts_with("https://") {
        return Finding::good("tls", words.get(Text::DoctorTls));
    }
    let host = origin.trim_start_matches("http://");
    let here = ["127.", "localhost", "[::1]"].iter().any(|name| host.starts_with(name));
    if here {
        return Finding::good("tls", words.get(Text::DoctorTlsHere));
    }
    Finding::bad("tls", words.get(Text::DoctorTlsNone)).mend(words.get(Text::DoctorTlsMend))
}

/// This computer's own data. What is not there yet is not made.
async fn of_own(context: &Context) -> Vec<Finding> {
    let words = &context.words;
    let dir = SafeText::clean(&context.paths.data.display().to_string());
    let database = context.paths.data.join("namecard.db");
    if !std::fs::metadata(&database).is_ok_and(|found| found.len() > 0) {
        return vec![Finding::good("server", words.fill(Text::DoctorNoData, &[("dir", dir)]))];
    }
    let backend = match Backend::for_command(context) {
        Ok(backend) => backend,
        Err(failure) => return vec![wrong(words, "server", &failure)],
    };
    let client = backend.client();
    let name = words.fill(Text::DoctorOwnData, &[("dir", dir)]);
    let mut findings = match client.health().await {
        Ok(health) => of_health(context, &name, &health),
        Err(fault) => vec![Finding::bad("server", words.fault(&fault))],
    };
    if findings.len() > 1 {
        findings.extend(of_account(words, &client).await);
    }
    backend.stop().await;
    findings
}

/// Versions and clocks.
fn of_health(context: &Context, name: &SafeText, health: &Health) -> Vec<Finding> {
    let words = &context.words;
    let own = env!("CARGO_PKG_VERSION");
    let version = SafeText::clean(&health.version).cut(20);
    let values = [("server", name.clone()), ("version", version), ("own", SafeText::constant(own))];
    let text = match numbers(&health.version).cmp(&numbers(own)) {
        std::cmp::Ordering::Equal => Text::DoctorServer,
        std::cmp::Ordering::Less => Text::DoctorServerOlder,
        std::cmp::Ordering::Greater => Text::DoctorServerNewer,
    };
    let says = words.fill(text, &values);
    let server = match (understood(health), text) {
        (Err(fault), _) => Finding::bad("server", says).mend(words.fault(&fault)),
        (Ok(()), Text::DoctorServer) => Finding::good("server", says),
        (Ok(()), _) => Finding::note("server", says),
    };
    let apart = (jiff::Timestamp::now().as_microsecond() - health.now.as_micros()) / 1_000_000;
    let seconds = [("n", SafeText::number(apart.unsigned_abs()))];
    let clock = if apart.abs() <= MOST_APART {
        Finding::good("clock", words.fill(Text::DoctorClock, &seconds))
    } else {
        let text = if apart < 0 { Text::DoctorClockBehind } else { Text::DoctorClockAhead };
        Finding::bad("clock", words.fill(text, &seconds)).mend(words.get(Text::DoctorClockMend))
    };
    vec![server, clock]
}

/// A version's numbers, to be compared.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).take(3).map(|part| part.parse().unwrap_or(0)).collect()
}

/// Whether the token is good, and under which policy.
async fn of_account(words: &Words, client: &Client) -> Vec<Finding> {
    match client.account().await {
        Ok(Account { me, company, policy_version, .. }) => {
            let values = [
                ("name", me.member.name.line(40)),
                ("member", me.member.id.shown()),
                ("company", company.name.line(40)),
            ];
            let policy = [("version", SafeText::number(policy_version))];
            vec![
                Finding::good("token", words.fill(Text::DoctorToken, &values)),
                Finding::good("policy", words.fill(Text::PolicyVersion, &policy)),
            ]
        }
        // The operator's own token is nobody's.
        Err(Fault::Forbidden) => vec![Finding::good("token", words.get(Text::DoctorTokenOperator))],
        Err(fault @ Fault::NotSignedIn) => {
            vec![Finding::bad("token", words.fault(&fault)).mend(words.get(Text::DoctorTokenMend))]
        }
        Err(fault) => vec![Finding::bad("token", words.fault(&fault))],
    }
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("0.10.0") > numbers("0.9.9") && numbers("1.0.0-rc.1") == numbers("1.0.0"));
    }
}
