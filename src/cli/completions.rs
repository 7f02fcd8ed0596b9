//! `namecard completions`: what a shell completes, made from the tree that the program parses with.

use super::Context;
use super::args::{CompletionsArgs, command};
use super::failure::Failure;

pub(super) fn run(context: &Context, args: &CompletionsArgs) -> Result<u8, Failure> {
    let mut script = Vec::new();
    let mut whole = command(&context.words);
    let name = whole.get_name().to_owned();
    clap_complete::generate(args.shell, &mut whole, name, &mut script);
    context.out.bytes(&script)?;
    Ok(0)
}
