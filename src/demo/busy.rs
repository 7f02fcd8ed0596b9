//! Who waits after two fairs: 200 requests, of which the same number stands at every seed. Seven of them are
//! what waits in every world.

use std::collections::HashSet;

use super::cast::{self, COMPANIES, Visitor};
use super::dice::Dice;
use super::people::{GIVER, LI_NA, MadeUp, SAMPLE, STAND_IN};
use super::play::{Act, Deed, Fate, Visit};
use super::story::{BOOTH_4, BOOTH_5, DAY, DESK, HOUR, MAIL};

/// What waits comes from these days.
const SINCE: u64 = 27 * DAY;
/// Two requests of one company are further apart than this, so that they are no burst.
const APART: u64 = 1_200;

/// Writes it.
pub(super) fn write(dice: &mut Dice, home: &MadeUp) -> Vec<Act> {
    let mut crowd = Crowd { colleagues: home.names(), number: 30_000, rows: Vec::new() };
    let (bluewave, others) = COMPANIES.split_at(1);
    crowd.come(dice, 37, bluewave, (SAMPLE, BOOTH_4));
    crowd.come(dice, 77, others, (SAMPLE, BOOTH_4));
    crowd.come(dice, 40, COMPANIES, (LI_NA, BOOTH_5));
    crowd.come(dice, 19, COMPANIES, (SAMPLE, DESK));
    crowd.come(dice, 8, COMPANIES, (SAMPLE, MAIL));
    // Six have a warning: five here, and the burst.
    for label in [BOOTH_4, MAIL] {
        let visitor = crowd.somebody(dice, COMPANIES);
        let (company, title) = (String::new(), String::new());
        let email = format!("lucky{}@{}", crowd.number, dice.word(&["qq.com", "gmail.com", "163.com"]));
        crowd.wait(Visitor { company, title, email, ..visitor }, label);
    }
    crowd.wait(cast::look_alike(), BOOTH_4);
    crowd.wait(cast::hidden_marks(), MAIL);
    let visitor = crowd.somebody(dice, others);
    let name = super::people::CAST.iter().find(|(id, _)| *id == STAND_IN).map_or("", |(_, name)| name);
    crowd.wait(Visitor { name: name.to_owned(), ..visitor }, MAIL);

    let mut acts = crowd.spread(dice);
    // Two are due within four hours.
    for left in [2 * HOUR, 3 * HOUR + HOUR / 2] {
        let visitor = crowd.somebody(dice, COMPANIES);
        acts.push(waits(30 * DAY - left, SAMPLE, Some(DESK), visitor));
    }
    // Four can be decided in another system alone.
    for (ago, label) in [(2 * DAY, BOOTH_4), (11 * DAY, BOOTH_4), (7 * DAY, BOOTH_5), (16 * DAY, DESK)] {
        let visitor = crowd.somebody(dice, others);
        acts.push(Act { ago, deed: Deed::Elsewhere { target: SAMPLE, label, visitor } });
    }
    // One sender asks three of ours within some minutes: the last one is a burst.
    for (ago, target) in [(9 * DAY + 240, GIVER), (9 * DAY + 120, STAND_IN), (9 * DAY, SAMPLE)] {
        acts.push(waits(ago, target, None, cast::insistent()));
    }
    acts
}

fn waits(ago: u64, target: &str, label: Option<&'static str>, visitor: Visitor) -> Act {
    let visit = Visit { target: target.to_owned(), label, visitor, fate: Fate::Waits };
    Act { ago, deed: Deed::Visits(visit) }
}

/// Visitors, and whose card they hold.
struct Crowd {
    /// Names that would be a warning.
    colleagues: HashSet<String>,
    /// Tells visitors apart.
    number: u64,
    rows: Vec<(&'static str, &'static str, Visitor)>,
}

impl Crowd {
    fn somebody(&mut self, dice: &mut Dice, companies: &[(&str, &str)]) -> Visitor {
        self.number += 1;
        cast::stranger(dice, self.number, companies, &self.colleagues)
    }

    fn come(
        &mut self,
        dice: &mut Dice,
        count: u64,
        companies: &[(&str, &str)],
        (target, label): (&'static str, &'static str),
    ) {
        for _ in 0..count {
            let visitor = self.somebody(dice, companies);
            self.rows.push((target, label, visitor));
        }
    }

    fn wait(&mut self, visitor: Visitor, label: &'static str) {
        self.rows.push((SAMPLE, label, visitor));
    }

    /// Spreads them over the days, in any order.
    fn spread(&mut self, dice: &mut Dice) -> Vec<Act> {
        let mut rows = std::mem::take(&mut self.rows);
        let room = (SINCE - 4 * HOUR) / (rows.len() as u64).max(1);
        let mut acts = Vec::new();
        while !rows.is_empty() {
            let at = usize::try_from(dice.below(rows.len() as u64)).unwrap_or(0);
            let (target, label, visitor) = rows.swap_remove(at);
            let ago = 4 * HOUR + room * acts.len() as u64 + dice.below(room.saturating_sub(APART));
            acts.push(waits(ago, target, Some(label), visitor));
        }
        acts
    }
}
