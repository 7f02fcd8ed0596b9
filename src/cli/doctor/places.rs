//! Where things lie, whether others can get at them, and whether there is room.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{Finding, space};
use crate::cli::Context;
use crate::cli::settings::{self, Found};
use crate::config::{Accounts, free_space, state_of};
use crate::i18n::Text;
use crate::text::SafeText;

fn shown(path: &Path) -> SafeText {
    SafeText::clean(&path.display().to_string())
}

pub(super) fn look(context: &Context) -> Vec<Finding> {
    let paths = &context.paths;
    let mut findings = settings(context);
    findings.push(directory(context, "data", &paths.data, 0o077));
    if let Some(config) = paths.config.parent() {
        // Settings are no secret; that others could change them would be wrong.
        findings.push(directory(context, "config", config, 0o022));
    }
    findings.push(directory(context, "cache", &paths.cache, 0o077));
    findings.extend(accounts(context));
    findings.extend(free_space(&paths.data).ok().map(|free| space(context, free)));
    findings
}

fn settings(context: &Context) -> Vec<Finding> {
    let (words, file) = (&context.words, &context.config);
    let name = [("file", shown(file))];
    match settings::look(file, context.config_named) {
        Found::None => vec![Finding::good("settings", words.fill(Text::ConfigNone, &name))],
        Found::Unreadable(error) => {
            let why = ("why", SafeText::clean(&error.to_string()));
            let [file] = name;
            vec![Finding::bad("settings", words.fill(Text::CannotRead, &[file, why]))]
        }
        Found::Read(layers) if layers.errors().is_empty() => {
            vec![Finding::good("settings", words.fill(Text::ConfigGood, &name))]
        }
        Found::Read(layers) => layers
            .errors()
            .iter()
            .map(|error| Finding::bad("settings", settings::fault(words, file, error)))
            .collect(),
    }
}

/// A directory of this user's own. `forbidden` are the modes that it must not have.
fn directory(context: &Context, check: &'static str, dir: &Path, forbidden: u32) -> Finding {
    let words = &context.words;
    let name = || ("dir", shown(dir));
    let Ok(found) = std::fs::metadata(dir) else {
        return Finding::good(check, words.fill(Text::DoctorDirNone, &[name()]));
    };
    let (owner, me) = (found.uid(), rustix::process::geteuid().as_raw());
    if !found.is_dir() || owner != me {
        return Finding::bad(check, words.fill(Text::DoctorDirOther, &[name()]));
    }
    if found.mode() & forbidden != 0 {
        return Finding::bad(check, words.fill(Text::DoctorDirOpen, &[name()]))
            .mend(words.fill(Text::DoctorDirOpenMend, &[name()]));
    }
    if rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_err() {
        return Finding::bad(check, words.fill(Text::DoctorDirLocked, &[name()]))
            .mend(words.fill(Text::DoctorDirOpenMend, &[name()]));
    }
    Finding::good(check, words.fill(Text::DoctorDir, &[name()]))
}

/// The file of accounts: tokens may lie in it.
fn accounts(context: &Context) -> Option<Finding> {
    let words = &context.words;
    let file = context.paths.data.join("accounts.json");
    let state = state_of(&file);
    if !state.there {
        return None;
    }
    let name = || ("file", shown(&file));
    Some(match Accounts::read(&context.paths.data) {
        Err(error) => Finding::bad("accounts", SafeText::clean(&error.to_string())),
        Ok(_) if !state.private => Finding::bad("accounts", words.fill(Text::SecretOpen, &[name()])),
        Ok(accounts) => {
            let count = SafeText::number(accounts.all().len() as u64);
            Finding::good("accounts", words.fill(Text::DoctorAccounts, &[("n", count), name()]))
        }
    })
}
