//! Colours and weights. Ordinary text has the terminal's own colours; nothing is said by colour alone.

use ratatui::style::{Color, Modifier, Style};

use crate::qr::Shade;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// No colours are wanted.
    Mono,
    /// Sixteen colours.
    #[default]
    Sixteen,
    /// 256 colours.
    Indexed,
    /// 24-bit colours.
    True,
}

/// Styles by role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// What the terminal can show.
    pub depth: Depth,
    /// Whether codes may have colours although text may not: colours in a code are its content.
    pub codes: Depth,
}

impl Theme {
    /// What a terminal can show, from its environment: `NO_COLOR`, `COLORTERM`, `TERM`.
    pub fn of_terminal(no_color: bool, colorterm: &str, term: &str) -> Self {
        let can = if term == "dumb" {
            Depth::Mono
        } else if matches!(colorterm, "truecolor" | "24bit") {
            Depth::True
        } else if term.contains("256color") || term.contains("direct") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        };
        Self { depth: if no_color { Depth::Mono } else { can }, codes: can }
    }

    fn colour(self, colour: Color) -> Style {
        if self.depth == Depth::Mono { Style::new() } else { Style::new().fg(colour) }
    }

    /// Ordinary text.
    pub fn plain(self) -> Style {
        Style::new()
    }

    /// Less important.
    pub fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// More important.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The selected row of the pane that has the keys.
    pub fn selected(self) -> Style {
        Style::new().fg(Color::Reset).remove_modifier(Modifier::DIM).add_modifier(Modifier::REVERSED)
    }

    /// The selected row of a pane that has not.
    pub fn selected_elsewhere(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Whatever somebody outside wrote. Nothing of ours looks like it. Without a colour: no colour of
    /// the sixteen can be read on every background.
    pub fn outside(self) -> Style {
        Style::new().add_modifier(Modifier::ITALIC)
    }

    /// The mark for inside.
    pub fn inside_mark(self) -> Style {
        self.colour(Color::Green).add_modifier(Modifier::BOLD)
    }

    /// The mark for outside.
    pub fn outside_mark(self) -> Style {
        self.colour(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    /// What matched a search.
    pub fn matched(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED)
    }

    /// Wants to be seen.
    pub fn notice(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// It worked.
    pub fn good(self) -> Style {
        self.colour(Color::Green)
    }

    /// It did not work.
    pub fn bad(self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Must not be overlooked, without colours either.
    pub fn alarm(self) -> Style {
        self.bad().add_modifier(Modifier::REVERSED)
    }

    /// A colour of a code. Not the colours that themes repaint.
    pub fn shade(self, shade: Shade) -> Color {
        match (self.codes, shade) {
            (Depth::True, Shade::Dark) => Color::Rgb(0, 0, 0),
            (Depth::True, Shade::Light) => Color::Rgb(255, 255, 255),
            (Depth::Indexed, Shade::Dark) => Color::Indexed(232),
            (Depth::Indexed, Shade::Light) => Color::Indexed(231),
            (_, Shade::Dark) => Color::Black,
            (_, Shade::Light) => Color::White,
        }
    }

    /// Text on the paper of a code.
    pub fn on_paper(self) -> Style {
        Style::new().fg(self.shade(Shade::Dark)).bg(self.shade(Shade::Light))
    }
}

#[cfg(test)]
mod tests {
    use super::{Depth, Theme};

    #[test]
    fn the_terminal_says_what_it_can() {
        for (no_color, colorterm, term, text, codes) in [
            (false, "truecolor", "xterm-256color", Depth::True, Depth::True),
            (false, "", "xterm-256color", Depth::Indexed, Depth::Indexed),
            (false, "", "xterm", Depth::Sixteen, Depth::Sixteen),
            (true, "truecolor", "xterm-256color", Depth::Mono, Depth::True),
            (false, "truecolor", "dumb", Depth::Mono, Depth::Mono),
        ] {
            let theme = Theme::of_terminal(no_color, colorterm, term);
            assert_eq!((theme.depth, theme.codes), (text, codes), "{no_color} {colorterm} {term}");
        }
    }
}
