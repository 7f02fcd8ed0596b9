//! Pages that are made from the program itself. A stale one fails here; `UPDATE_GENERATED=1` writes
//! them anew.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use namecard::i18n::{Lang, Words};
use namecard::tui::keys::BINDINGS;
use namecard::{cli, server, tui};

#[track_caller]
fn is_current(name: &str, made: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let made = format!("{}\n", made.trim_end());
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    let line = differs.unwrap_or_else(|| kept.lines().count().min(made.lines().count())) + 1;
    assert!(
        kept == made,
        "docs/{name} is stale from line {line} on: run `UPDATE_GENERATED=1 cargo test --test generated`"
    );
}

#[test]
fn the_description_of_the_api_is_current() {
    is_current("openapi.json", &server::openapi());
}

#[test]
fn the_page_of_keys_is_current() {
    let page = tui::keys::page(&[Words::of(Lang::En), Words::of(Lang::ZhCn)]);
    for binding in BINDINGS {
        assert!(page.contains(binding.action.name()), "{binding:?} is on the page");
    }
    is_current("keys.md", &page);
}

#[test]
fn the_manual_page_is_current() {
    let words = Words::of(Lang::En);
    let page = cli::manual(&words).unwrap();
    let mut tree = cli::command(&words);
    tree.build();
    for command in tree.get_subcommands() {
        assert!(
            page.contains(&format!("\n.SS \"namecard {}\"\n", command.get_name())),
            "{}",
            command.get_name()
        );
    }
    is_current("namecard.1", &page);
}

#[test]
fn the_page_of_commands_is_current() {
    let words = Words::of(Lang::En);
    let page = cli::reference(&words);
    let mut tree = cli::command(&words);
    tree.build();
    for command in tree.get_subcommands() {
        assert!(page.contains(&format!("## namecard {}\n", command.get_name())), "{}", command.get_name());
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{argument} of {} says what it is", command.get_name());
        }
    }
    assert!(page.lines().all(|line| line.chars().count() <= 100));
    is_current("cli.md", &page);
}
