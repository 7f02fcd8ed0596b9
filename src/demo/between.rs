//! What companies and colleagues do in every world: they agree, set rules, ask each other, hand over.

use super::cast;
use super::dice::Dice;
use super::people::{GIVER, KERN, LI_NA, MadeUp, NEWCOMER, SAMPLE, STAND_IN};
use super::play::{Act, Deed, Fate, Person, Visit};
use super::scene::Scene;
use super::story::{DAY, HOUR};

/// Rules of the company.
const RULES: &str = include_str!("rules/yunfan.toml");
/// One more, of today: personal accounts that wait came before it.
const PERSONAL: &str = include_str!("rules/personal.toml");
/// Rules of the first linked company.
const NORTHGRID: &str = include_str!("rules/northgrid.toml");

/// How many people the two linked companies show ours.
const NORTHGRID_SHOWS: usize = 12;
const BLUEWAVE_SHOWS: usize = 4;
/// How many people ours shows each of them, besides the person at the screen.
const WE_SHOW: usize = 5;
/// How many contacts are handed over.
const HANDED_OVER: u64 = 4;

/// Writes it. Of what waits for the person at the screen seven are of here, where they are an admin.
pub(super) fn write(dice: &mut Dice, home: &MadeUp, neighbours: &[MadeUp; 3], scene: Scene) -> Vec<Act> {
    let [northgrid, bluewave, arcadie] = neighbours;
    let admin = |company: &MadeUp| (company.id, company.admin.clone());
    let ours = |id: &str| (home.id, id.to_owned());
    let mut shown = home.first(WE_SHOW);
    shown.push(SAMPLE.to_owned());
    let names = home.names();
    let mut acts = Vec::new();
    let mut add = |ago, deed| acts.push(Act { ago, deed });

    add(59 * DAY, rules(admin(home), RULES.to_owned(), "开年制度 · rules of the year"));
    add(59 * DAY, rules(admin(northgrid), NORTHGRID.to_owned(), "partners first"));
    add(2 * HOUR, rules(admin(home), format!("{RULES}{PERSONAL}"), "个人邮箱 · personal addresses"));

    add(
        58 * DAY,
        Deed::Proposes {
            by: admin(home),
            to: northgrid.id,
            shows: shown.clone(),
            purpose: "联合研发运行时 · joint work on the runtime",
        },
    );
    let mut shows = vec![KERN.to_owned()];
    shows.extend(northgrid.first(NORTHGRID_SHOWS + 1).into_iter().filter(|id| id != KERN));
    shows.truncate(NORTHGRID_SHOWS);
    add(57 * DAY, Deed::Agrees { by: admin(northgrid), shows });
    add(
        56 * DAY,
        Deed::Proposes {
            by: admin(bluewave),
            to: home.id,
            shows: bluewave.first(BLUEWAVE_SHOWS),
            purpose: "数据产品供货 · supply of data products",
        },
    );
    add(55 * DAY, Deed::Agrees { by: admin(home), shows: shown });
    add(
        5 * DAY,
        Deed::Proposes {
            by: admin(arcadie),
            to: home.id,
            shows: arcadie.first(3),
            purpose: "欧洲区代理 · agency for Europe",
        },
    );

    add(
        3 * DAY + HOUR,
        Deed::Asks {
            by: (northgrid.id, northgrid.stranger(NORTHGRID_SHOWS, &names)),
            target: SAMPLE.to_owned(),
            by_card: false,
            purpose: "schedule of the joint tests",
        },
    );
    add(
        6 * DAY + HOUR,
        Deed::Asks {
            by: (arcadie.id, arcadie.stranger(WE_SHOW, &names)),
            target: SAMPLE.to_owned(),
            by_card: true,
            purpose: "we spoke after your talk in Lisbon",
        },
    );

    let askers = home.askers().into_iter().filter(|id| home.lets_in(id));
    let purposes = [
        ("年审期间与审计所往来 · the auditors, while they are here", Some(60)),
        ("供应商对账 · accounts with suppliers", None),
    ];
    for (n, (asker, (purpose, days))) in (1..).zip(askers.zip(purposes)) {
        add(n * DAY + 2 * HOUR, Deed::AsksPermission { by: (home.id, asker), purpose, days });
    }

    // Numbers behind those of all other visitors.
    for n in 0..HANDED_OVER {
        let fate = Fate::Approved { after: HOUR, remark: false };
        let visitor = cast::visitor(dice, 20_000 + n);
        let visit = Visit { target: GIVER.to_owned(), label: None, visitor, fate };
        add((50 - n) * DAY, Deed::Visits(visit));
    }
    let count = usize::try_from(HANDED_OVER).unwrap_or_default();
    add(2 * DAY, Deed::HandsOver { by: ours(GIVER), to: SAMPLE, count });

    // Their approval is the first of two.
    let fate = Fate::Approved { after: 20 * HOUR, remark: false };
    let visitor = cast::stranger(dice, 20_100, cast::COMPANIES, &names);
    let visit = Visit { target: NEWCOMER.to_owned(), label: None, visitor, fate };
    add(4 * DAY, Deed::Visits(visit));

    add(DAY, Deed::GoesAway { by: ours(NEWCOMER), days: 9, stand_in: STAND_IN });
    if scene == Scene::Busy {
        add(DAY, Deed::GoesAway { by: ours(LI_NA), days: 6, stand_in: SAMPLE });
    }
    acts
}

fn rules(by: Person, document: String, note: &'static str) -> Deed {
    Deed::Rules { by, document, note }
}
