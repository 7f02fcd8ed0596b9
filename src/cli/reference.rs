//! The page of commands for the documentation, made from the tree that the program parses with.

use super::args::command;
use crate::i18n::Words;

/// Lines of the page are at most so long, whatever terminal it is made on.
const WIDTH: usize = 100;

/// The page in Markdown: the help of the program and of every command below it.
pub fn reference(words: &Words) -> String {
    let mut page = "# Commands\n\nMade from the program's own help.\n".to_owned();
    let mut whole = command(words).term_width(WIDTH).max_term_width(WIDTH);
    whole.build();
    describe(&mut whole, &mut page);
    page
}

fn describe(command: &mut clap::Command, page: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    for below in command.get_subcommands_mut() {
        describe(below, page);
    }
}
