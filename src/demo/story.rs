//! What happened in the two months before the screen opened: who asked, and what was decided.

use std::collections::HashMap;
use std::time::Duration;

use super::cast::{self, Visitor};
use super::dice::Dice;
use super::people::{MadeUp, SAMPLE};
use super::web::Web;
use super::{BACK, DemoError};
use crate::domain::{Decision, ReasonCode, Time};
use crate::server::Clock;

const DAY: u64 = 24 * 3600;
const HOUR: u64 = 3600;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It waits.
    Waits,
    /// Approved so many seconds after it came; some get a remark.
    Approved { after: u64, remark: bool },
    /// Rejected.
    Rejected { after: u64, reason: ReasonCode },
    /// Taken back by the visitor.
    Withdrawn { after: u64 },
}

/// One request of the story.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// Seconds before now.
    ago: u64,
    target: String,
    visitor: Visitor,
    fate: Fate,
}

/// How many of each: for the sample employee, and for all others together.
const WAITING: (u64, u64) = (97, 88);
const CONTACTS: (u64, u64) = (128, 172);
const REJECTED: (u64, u64) = (14, 10);
const WITHDRAWN: (u64, u64) = (4, 4);

/// Writes the story, oldest first.
pub(super) fn write(dice: &mut Dice, home: &MadeUp) -> Vec<Scene> {
    // Every hundredth member, more or less, is somebody whom outsiders know.
    let others: Vec<&str> = home
        .ids
        .iter()
        .map(String::as_str)
        .filter(|id| *id != SAMPLE)
        .step_by(97)
        // Who is locked out neither has a card nor decides.
        .filter(|id| home.lets_in(id))
        .take(18)
        .collect();
    let mut scenes = Vec::new();
    let mut number = 0;
    let mut add = |dice: &mut Dice, count: (u64, u64), oldest: u64, fate: &dyn Fn(&mut Dice) -> Fate| {
        for n in 0..count.0 + count.1 {
            number += 1;
            let target = if n < count.0 { SAMPLE } else { dice.word(&others) };
            let ago = HOUR + dice.below(oldest - HOUR);
            let visitor = cast::visitor(dice, number);
            scenes.push(Scene { ago, target: target.to_owned(), visitor, fate: fate(dice) });
        }
    };
    // What waits came within a request's life; the oldest are due in some days.
    add(dice, WAITING, 27 * DAY, &|_| Fate::Waits);
    add(dice, CONTACTS, 58 * DAY, &|dice| Fate::Approved {
        after: 60 + dice.below(DAY),
        remark: dice.chance(20),
    });
    add(dice, REJECTED, 50 * DAY, &|dice| {
        let reason = [ReasonCode::NotKnown, ReasonCode::NoBusinessReason, ReasonCode::PersonalAccount];
        let at = usize::try_from(dice.below(3)).unwrap_or(0);
        Fate::Rejected {
            after: 60 + dice.below(DAY),
            reason: reason.get(at).copied().unwrap_or(ReasonCode::NotKnown),
        }
    });
    add(dice, WITHDRAWN, 40 * DAY, &|dice| Fate::Withdrawn { after: 60 + dice.below(DAY) });
    for visitor in cast::special() {
        let ago = DAY + dice.below(20 * DAY);
        scenes.push(Scene { ago, target: SAMPLE.to_owned(), visitor, fate: Fate::Waits });
    }
    // Two are due today.
    for ago in [30 * DAY - 3 * HOUR, 30 * DAY - 5 * HOUR] {
        let visitor = cast::visitor(dice, 9_000 + ago % 97);
        scenes.push(Scene { ago, target: SAMPLE.to_owned(), visitor, fate: Fate::Waits });
    }
    scenes.sort_by_key(|scene| std::cmp::Reverse(scene.ago));
    scenes
}

/// What is still to come, at its moment.
enum Step {
    Asks(Scene),
    Decides { target: String, path: String, visitor: Box<Visitor>, fate: Fate },
    Remarks { target: String },
}

/// Plays the story on the server's own clock.
pub(super) async fn play(
    web: &Web,
    clock: &Clock,
    now: Time,
    home: &MadeUp,
    scenes: Vec<Scene>,
) -> Result<(), DemoError> {
    let begun = now.before(BACK);
    let mut steps: Vec<(Time, Step)> = scenes
        .into_iter()
        .map(|scene| (now.before(Duration::from_secs(scene.ago)).max(begun), Step::Asks(scene)))
        .collect();
    // Taken from the end: the earliest step stands last.
    steps.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut sessions = Sessions::default();
    let mut cards: HashMap<String, String> = HashMap::new();
    while let Some((at, step)) = steps.pop() {
        clock.set(at);
        let mut later: Option<(Time, Step)> = None;
        match step {
            Step::Asks(scene) => {
                let token = sessions.of(web, home, &scene.target, at).await?;
                let card = match cards.get(&scene.target) {
                    Some(card) => card.clone(),
                    None => {
                        let card = web.card(&token).await?;
                        cards.insert(scene.target.clone(), card.clone());
                        card
                    }
                };
                let path = web.ask(&card, &scene.visitor).await?;
                let after = match scene.fate {
                    Fate::Waits => None,
                    Fate::Approved { after, .. }
                    | Fate::Rejected { after, .. }
                    | Fate::Withdrawn { after } => Some(after),
                };
                later = after.map(|after| {
                    let at = at.after(Duration::from_secs(after)).min(now.before(Duration::from_secs(60)));
                    (
                        at,
                        Step::Decides {
                            target: scene.target,
                            path,
                            visitor: Box::new(scene.visitor),
                            fate: scene.fate,
                        },
                    )
                });
            }
            Step::Decides { target, path, visitor, fate } => {
                let token = sessions.of(web, home, &target, at).await?;
                match fate {
                    Fate::Waits => {}
                    Fate::Withdrawn { .. } => web.withdraw(&path).await?,
                    Fate::Approved { remark, .. } => {
                        web.decide(&token, &path, &visitor, &Decision::approve()).await?;
                        later = remark.then(|| (at.after(Duration::from_secs(30)), Step::Remarks { target }));
                    }
                    Fate::Rejected { reason, .. } => {
                        web.decide(&token, &path, &visitor, &Decision::reject(reason)).await?;
                    }
                }
            }
            Step::Remarks { target } => {
                let token = sessions.of(web, home, &target, at).await?;
                web.remark_newest(&token).await?;
            }
        }
        if let Some((at, step)) = later {
            let place = steps.partition_point(|(other, _)| *other > at);
            steps.insert(place, (at, step));
        }
    }
    Ok(())
}

/// Sessions of those who decide, made anew before they would be idle for too long.
#[derive(Default)]
struct Sessions(HashMap<String, (String, Time)>);

impl Sessions {
    async fn of(&mut self, web: &Web, home: &MadeUp, member: &str, at: Time) -> Result<String, DemoError> {
        if let Some((token, made)) = self.0.get(member)
            && at.since(*made) < Duration::from_secs(7 * DAY)
        {
            return Ok(token.clone());
        }
        let token = web.sign_in(home.id, member).await?;
        self.0.insert(member.to_owned(), (token.clone(), at));
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::{Dice, Fate, SAMPLE, write};
    use crate::demo::people::home;

    #[test]
    fn at_most_120_wait_for_the_sample_employee() {
        for seed in 0..20 {
            let mut dice = Dice::new(seed);
            let company = home(&mut dice);
            let scenes = write(&mut dice, &company);
            let waiting = scenes.iter().filter(|scene| scene.fate == Fate::Waits);
            let mine = waiting.clone().filter(|scene| scene.target == SAMPLE).count();
            assert!((100..=120).contains(&mine), "seed {seed}: {mine}");
            assert!((180..=220).contains(&waiting.count()), "seed {seed}");
            assert!(scenes.iter().all(|scene| company.ids.contains(&scene.target)));
            assert!(scenes.iter().all(|scene| company.lets_in(&scene.target)));
        }
    }
}
