//! The state as cells. Drawing gets `&State` and can change nothing.

mod canvas;
mod code;
mod detail;
mod directory;
mod external;
mod frame;
mod layers;
mod namecard;
mod own_layers;
mod past;
mod queue;
mod queue_layers;
mod search;
mod theme;
mod why;
mod wizard;

pub use code::{draw_code, read_cells};
pub use theme::{Depth, Theme};

use ratatui::buffer::Buffer;

use super::model::{Env, Layer, Pane, Phase, State, Tab};
use crate::i18n::Text;
use canvas::Canvas;

/// Where the terminal's own cursor belongs: in a field at the caret, in a list on the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caret {
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
}

/// Draws the whole screen. Returns where the cursor belongs.
pub fn draw(state: &State, env: &Env, theme: &Theme, buffer: &mut Buffer) -> Option<Caret> {
    let mut canvas = Canvas::new(buffer, theme);
    let regions = state.regions();
    // The namecard has the window to itself, unless something lies above it.
    if let Some(Layer::Namecard(layer)) = state.layers.last() {
        return namecard::draw(&mut canvas, state, env, layer);
    }
    frame::tabs(&mut canvas, state, env, regions.tabs);
    frame::banner(&mut canvas, state, env, regions.banner);
    let mut caret = match &state.phase {
        Phase::Opening => sentence(&mut canvas, regions.body, env, Text::Opening),
        Phase::Seeding { long } => {
            let text = if *long { Text::SeedingFlood } else { Text::SeedingWorld };
            sentence(&mut canvas, regions.body, env, text)
        }
        Phase::Failed(fault) => {
            let words = [env.words.fault(fault), env.words.get(Text::FailedStart)];
            canvas.paragraphs(regions.body.inset(1), &words, canvas.theme.plain());
            None
        }
        Phase::Ready => match state.tab {
            Tab::Directory => directory::draw(&mut canvas, state, env, &regions),
            Tab::External => external::draw(&mut canvas, state, env, &regions),
            Tab::Approvals => queue::draw(&mut canvas, state, env, &regions),
        },
    };
    for layer in &state.layers {
        caret = layers::draw(&mut canvas, state, env, layer);
    }
    frame::toasts(&mut canvas, state, &regions);
    frame::foot(&mut canvas, state, env, &regions);
    caret.filter(|caret| caret.x < state.size.columns && caret.y < state.size.rows)
}

fn sentence(canvas: &mut Canvas<'_>, body: Pane, env: &Env, text: Text) -> Option<Caret> {
    canvas.paragraphs(body.inset(1), &[env.words.get(text)], canvas.theme.plain());
    None
}
