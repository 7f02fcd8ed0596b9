//! What happened in the two months before the screen opened: who asked, and what was decided.

use super::cast;
use super::dice::Dice;
use super::people::{CAST, MadeUp, SAMPLE};
use super::play::{Act, Deed, Fate, Visit};
use super::scene::Scene;
use crate::domain::ReasonCode;

pub(super) const DAY: u64 = 24 * 3_600;
pub(super) const HOUR: u64 = 3_600;

/// Labels of the cards of the person at the screen. Their first card has none.
pub(super) const BOOTH_4: &str = "booth 4";
pub(super) const BOOTH_5: &str = "booth 5";
pub(super) const DESK: &str = "desk QR";
pub(super) const MAIL: &str = "mail link";

/// How many visitors came, and what became of them: to the person at the screen, and to all others.
struct Counts {
    waiting: (u64, u64),
    contacts: (u64, u64),
    rejected: (u64, u64),
    withdrawn: (u64, u64),
}

const fn counts(scene: Scene) -> Counts {
    let plain = Counts { waiting: (90, 88), contacts: (128, 172), rejected: (14, 10), withdrawn: (4, 4) };
    match scene {
        Scene::Plain => plain,
        Scene::FirstDay => {
            Counts { waiting: (2, 88), contacts: (0, 172), rejected: (0, 10), withdrawn: (0, 4) }
        }
        // Whoever waits there is on a list of its own.
        Scene::Busy => Counts { waiting: (0, 0), contacts: (1_200, 172), ..plain },
        Scene::Flood => Counts { waiting: (FLOOD, 88), ..plain },
    }
}

/// So many visitors wait in the flood; with what waits in every world they are 10,000.
const FLOOD: u64 = 9_993;

/// Writes what visitors do.
pub(super) fn write(dice: &mut Dice, home: &MadeUp, scene: Scene) -> Vec<Act> {
    let counts = counts(scene);
    let others = others(home);
    // Where the list of those who wait is fixed, all others came before its first.
    let newest = if scene == Scene::Busy { 31 * DAY } else { HOUR };
    // Of how many in a hundred contacts something is noted.
    let noted = if scene == Scene::Busy { 3 } else { 20 };
    let mut acts = Vec::new();
    let mut number = 0;
    let mut add = |dice: &mut Dice, count: (u64, u64), oldest: u64, fate: &dyn Fn(&mut Dice) -> Fate| {
        for n in 0..count.0 + count.1 {
            number += 1;
            let mine = n < count.0;
            let (target, label) = if mine { (SAMPLE, any_label(dice)) } else { (dice.word(&others), None) };
            let ago = newest + dice.below(oldest - newest);
            let visitor = cast::visitor(dice, number);
            let visit = Visit { target: target.to_owned(), label, visitor, fate: fate(dice) };
            acts.push(Act { ago, deed: Deed::Visits(visit) });
        }
    };
    // What waits came within a request's life; the oldest are due in some days.
    add(dice, counts.waiting, 27 * DAY, &|_| Fate::Waits);
    add(dice, counts.contacts, 58 * DAY, &|dice| Fate::Approved {
        after: 60 + dice.below(DAY),
        remark: dice.chance(noted),
    });
    add(dice, counts.rejected, 50 * DAY, &|dice| {
        let reason = [ReasonCode::NotKnown, ReasonCode::NoBusinessReason, ReasonCode::PersonalAccount];
        let at = usize::try_from(dice.below(3)).unwrap_or(0);
        Fate::Rejected {
            after: 60 + dice.below(DAY),
            reason: reason.get(at).copied().unwrap_or(ReasonCode::NotKnown),
        }
    });
    add(dice, counts.withdrawn, 40 * DAY, &|dice| Fate::Withdrawn { after: 60 + dice.below(DAY) });
    if scene == Scene::Plain {
        let waits = |ago, visitor, label| {
            let visit = Visit { target: SAMPLE.to_owned(), label, visitor, fate: Fate::Waits };
            Act { ago, deed: Deed::Visits(visit) }
        };
        for visitor in cast::special() {
            acts.push(waits(DAY + dice.below(20 * DAY), visitor, None));
        }
        let visitor = cast::visitor(dice, 9_500);
        let deed = Deed::Elsewhere { target: SAMPLE, label: BOOTH_4, visitor };
        acts.push(Act { ago: 8 * DAY, deed });
        // Two are due today.
        for ago in [30 * DAY - 3 * HOUR, 30 * DAY - 5 * HOUR] {
            acts.push(waits(ago, cast::visitor(dice, 9_000 + ago % 97), Some(DESK)));
        }
    }
    acts
}

/// Every hundredth member, more or less, is somebody whom outsiders know.
fn others(home: &MadeUp) -> Vec<&str> {
    let is_cast = |id: &&str| CAST.iter().any(|(cast, _)| cast == id);
    home.open().filter(|id| !is_cast(id)).step_by(97).take(18).collect()
}

fn any_label(dice: &mut Dice) -> Option<&'static str> {
    match dice.below(10) {
        0..4 => Some(BOOTH_4),
        4..6 => Some(BOOTH_5),
        6..8 => Some(DESK),
        8 => Some(MAIL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Deed, Dice, Fate, SAMPLE, Scene, write};
    use crate::demo::people::home;

    #[test]
    fn some_hundred_wait_for_the_sample_employee() {
        for seed in 0..20 {
            let mut dice = Dice::new(seed);
            let company = home(&mut dice, Scene::Plain);
            let acts = write(&mut dice, &company, Scene::Plain);
            let visits = acts.iter().filter_map(|act| match &act.deed {
                Deed::Visits(visit) => Some(visit),
                _ => None,
            });
            let waiting = visits.clone().filter(|visit| visit.fate == Fate::Waits);
            let mine = waiting.clone().filter(|visit| visit.target == SAMPLE).count();
            assert!((100..=115).contains(&mine), "seed {seed}: {mine}");
            assert!((180..=220).contains(&waiting.count()), "seed {seed}");
            for visit in visits {
                assert!(company.open().any(|id| id == visit.target), "{}", visit.target);
            }
        }
    }
}
