//! `namecard man`: the manual page, made from the tree that the program parses with.

use std::io;

use clap_mangen::Man;

use super::Context;
use super::args::command;
use super::failure::Failure;
use crate::i18n::{Text, Words};

pub(super) fn run(context: &Context) -> Result<u8, Failure> {
    context.out.bytes(manual(&context.words)?.as_bytes())?;
    Ok(0)
}

/// The manual page: the program and every command below it, on one page.
pub fn manual(words: &Words) -> io::Result<String> {
    let mut whole = command(words);
    whole.build();
    let page = Man::new(whole.clone());
    let mut out = rendered(|to| page.render_title(to))?;
    out.push_str(&body(&rendered(|to| page.render_name_section(to))?, Heading::Keep));
    out.push_str(&body(&rendered(|to| page.render_synopsis_section(to))?, Heading::Keep));
    out.push_str(&body(&rendered(|to| page.render_options_section(to))?, Heading::Keep));
    out.push_str(".SH COMMANDS\n");
    describe(&whole, &mut out)?;
    out.push_str(&format!(".SH \"EXIT STATUS\"\n{}\n", words.get(Text::ManExitStatus)));
    Ok(out)
}

/// What stands above a part of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heading {
    Keep,
    Drop,
}

fn rendered(part: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<String> {
    let mut bytes = Vec::new();
    part(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// A part without the definitions that each part begins with: the title has them.
fn body(part: &str, heading: Heading) -> String {
    part.lines()
        .filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "))
        .filter(|line| heading == Heading::Keep || !line.starts_with(".SH "))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The commands below one, each with what it does, its synopsis and its own options.
fn describe(command: &clap::Command, out: &mut String) -> io::Result<()> {
    for below in command.get_subcommands() {
        let name = below.get_bin_name().unwrap_or(below.get_name());
        out.push_str(&format!(".SS \"{name}\"\n"));
        // What holds for every command stands once, above.
        let own = below.clone().mut_args(|arg| {
            let everywhere = arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version");
            arg.hide(everywhere)
        });
        let options = own.get_arguments().any(|arg| !arg.is_hide_set());
        let page = Man::new(own);
        out.push_str(&body(&rendered(|to| page.render_description_section(to))?, Heading::Drop));
        out.push_str(".PP\n");
        out.push_str(&body(&rendered(|to| page.render_synopsis_section(to))?, Heading::Drop));
        if options {
            out.push_str(&body(&rendered(|to| page.render_options_section(to))?, Heading::Drop));
        }
        describe(below, out)?;
    }
    Ok(())
}
