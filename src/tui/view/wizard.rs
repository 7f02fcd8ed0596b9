//! The wizard: whom, the policy's answer, what for.

use super::canvas::{Canvas, cells};
use super::{Caret, why};
use crate::i18n::Text;
use crate::text::SafeText;
use crate::tui::model::answer::wizard_rows;
use crate::tui::model::{Env, Field, Pane, Stage, State, WizardLayer, layer_area};

/// Narrower than this, labels stand alone and what belongs to them below.
const WIDE: u16 = 56;

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &WizardLayer) -> Option<Caret> {
    let heading = env.words.get(if layer.scan { Text::AddScanTitle } else { Text::AddTitle });
    let inside = canvas.framed(layer_area(state.size, why::ANSWER, u16::MAX), &heading);
    let labels = [Text::AddWho, Text::AddAllowed, Text::AddPurpose, Text::AddMessage];
    let labels = labels.map(|label| env.words.get(label));
    let wide = inside.columns >= WIDE;
    let label = cells(labels.iter().map(SafeText::width).max().unwrap_or(0)) + 4;
    let [who, allowed, purpose, message] = labels;
    let mut form = Form { canvas, inside, label, caret: None };
    let in_who = layer.stage == Stage::Who;
    form.field(0, 1, &who, &layer.who, in_who);
    // What for is asked only when one may ask.
    let asks = matches!(layer.stage, Stage::Purpose | Stage::Message);
    let below: u16 = if asks { 4 } else { 0 };
    let roomy = inside.rows >= 12;
    let top = if roomy { 2 } else { 1 };
    let indent = if wide { label } else { 2 };
    let room = inside.rows.saturating_sub(top + below);
    let answer = Pane {
        x: inside.x + indent,
        y: inside.y + top,
        columns: inside.columns.saturating_sub(indent),
        rows: room,
    };
    let rows = wizard_rows(env, layer, answer.columns.into());
    let chosen = Some(layer.at).filter(|_| layer.stage == Stage::Choose);
    if wide && layer.aim.is_some() {
        form.label(top, 2, &allowed, layer.stage == Stage::Choose);
    }
    let used = cells(rows.len()).min(room);
    let caret = why::put(form.canvas, Pane { rows: used, ..answer }, &rows, chosen);
    form.caret = form.caret.or(caret);
    if asks {
        let y = (top + used + u16::from(roomy)).min(inside.rows.saturating_sub(3));
        form.field(y, 3, &purpose, &layer.purpose, layer.stage == Stage::Purpose);
        form.field(y + 1, 4, &message, &layer.message, layer.stage == Stage::Message);
        let hint = if layer.sending { Text::AddSending } else { Text::AddSendHint };
        form.hint(y + 2, &env.words.get(hint));
    }
    form.caret
}

struct Form<'c, 'b> {
    canvas: &'c mut Canvas<'b>,
    inside: Pane,
    /// Columns of the labels.
    label: u16,
    caret: Option<Caret>,
}

impl Form<'_, '_> {
    fn label(&mut self, row: u16, number: u8, label: &SafeText, here: bool) {
        let y = self.inside.y + row;
        let theme = self.canvas.theme;
        let style = if here { theme.strong() } else { theme.quiet() };
        if here {
            self.canvas.sign(self.inside.x, y, '>', style);
        }
        let mut text = SafeText::number(number);
        text.push_constant(" ");
        text.push(label);
        self.canvas.put(self.inside.x + 1, y, self.label, &text, style);
    }

    fn field(&mut self, row: u16, number: u8, label: &SafeText, field: &Field, here: bool) {
        if row >= self.inside.rows {
            return;
        }
        self.label(row, number, label, here);
        let (x, y) = (self.inside.x + self.label, self.inside.y + row);
        let room = self.inside.columns.saturating_sub(self.label);
        let (shown, caret) = field.shown(room.into());
        self.canvas.put(x, y, room, &shown, self.canvas.theme.plain());
        if here {
            self.caret = Some(Caret { x: x + cells(caret), y });
        }
    }

    fn hint(&mut self, row: u16, text: &SafeText) {
        if row >= self.inside.rows {
            return;
        }
        let (x, y) = (self.inside.x + self.label, self.inside.y + row);
        let room = self.inside.columns.saturating_sub(self.label);
        self.canvas.put(x, y, room, text, self.canvas.theme.quiet());
    }
}
