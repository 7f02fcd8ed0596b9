//! `namecard qr`

use super::Context;
use super::args::{CodeContentName, CodeForm, QrArgs};
use super::failure::Failure;
use crate::client::Client;
use crate::config::write_private;
use crate::domain::Card;
use crate::formats::{Vcard, VcardVersion};
use crate::i18n::Text;
use crate::qr::{self, Blocks, Code, Form, Level, Shade};
use crate::text::SafeText;

/// Quiet zone of printed codes.
const QUIET: usize = 4;

pub(super) async fn run(context: &Context, client: &Client, args: &QrArgs) -> Result<u8, Failure> {
    let card = client.card().await?;
    let content = match args.content {
        CodeContentName::Link => card.link.clone(),
        CodeContentName::Vcard => vcard(&card),
    };
    let code = Code::new(&content, Level::M)
        .or_else(|_| Code::new(&content, Level::L))
        .map_err(|_| Failure::Said(context.words.get(Text::CodeTooLong)))?;
    let form = args.form.unwrap_or(if context.out.is_terminal { CodeForm::Ansi } else { CodeForm::Text });
    let blocks = Blocks { code, quiet: QUIET, form: Form::Half };
    let bytes = match form {
        CodeForm::Text => text(&blocks, &card.link).into_bytes(),
        CodeForm::Ansi => ansi(&blocks, &card.link).into_bytes(),
        CodeForm::Png => {
            qr::png(&blocks.code).map_err(|error| Failure::Said(SafeText::clean(&error.to_string())))?
        }
        CodeForm::Svg => qr::svg(&blocks.code).into_bytes(),
    };
    match &args.out {
        Some(path) => write_private(path, &bytes)
            .map_err(|error| Failure::of_file(&context.words, Text::CannotWrite, path, &error))?,
        // A picture on a terminal is noise.
        None if form == CodeForm::Png && context.out.is_terminal => {
            return Err(Failure::Usage(context.words.get(Text::PictureNeedsFile)));
        }
        None => context.out.bytes(&bytes)?,
    }
    Ok(0)
}

/// What the card shows, to be read without a network.
fn vcard(card: &Card) -> String {
    let (name, company) = (card.owner.name.whole(), card.company.whole());
    let title = card.title.as_ref().map(|title| title.whole());
    Vcard {
        name: name.as_str(),
        company: Some(company.as_str()),
        title: title.as_ref().map(|title| title.as_str()),
        url: Some(&card.link),
        ..Vcard::default()
    }
    .write(VcardVersion::V3)
}

/// With both colours on every cell.
fn ansi(blocks: &Blocks, link: &str) -> String {
    let mut out = String::new();
    let colour = |shade: Shade| if shade == Shade::Dark { 232 } else { 231 };
    for row in 0..blocks.rows() {
        for column in 0..blocks.columns() {
            let cell = blocks.cell(column, row);
            let (upper, lower) = (colour(cell.upper), colour(cell.lower));
            out.push_str(&format!("\x1b[38;5;{upper};48;5;{lower}m{}", cell.symbol()));
        }
        out.push_str("\x1b[0m\n");
    }
    out.push_str(link);
    out.push('\n');
    out
}

/// Without colours nobody knows whether ink is light or dark: the link first, then both polarities.
fn text(blocks: &Blocks, link: &str) -> String {
    let mut out = format!("{link}\n");
    for ink in [Shade::Light, Shade::Dark] {
        out.push('\n');
        for row in 0..blocks.rows() {
            for column in 0..blocks.columns() {
                let cell = blocks.cell(column, row);
                out.push(match (cell.upper == ink, cell.lower == ink) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{ansi, text};
    use crate::qr::{Blocks, Code, Form, Level};

    #[test]
    fn both_polarities_and_the_link_are_there() {
        let code = Code::new("HTTP://127.0.0.1:1/C/A", Level::M).unwrap();
        let blocks = Blocks { code, quiet: 4, form: Form::Half };
        let plain = text(&blocks, "LINK");
        assert!(plain.starts_with("LINK\n"));
        assert_eq!(plain.lines().count(), 1 + 2 * (blocks.rows() + 1));
        let coloured = ansi(&blocks, "LINK");
        assert_eq!(coloured.matches("\x1b[38;5;").count(), blocks.rows() * blocks.columns());
    }
}
