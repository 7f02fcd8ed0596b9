//! What each action does.

use super::{
    TWICE, approvals, ask, clipboard, contact, converse, earlier, edit, external, go_to, layers, lists,
    marks, moves, namecard, past, queue, quit, say, search, sharing, why, wizard,
};
use crate::domain::chat_link;
use crate::i18n::Text;
use crate::tui::keys::{Action, Chord};
use crate::tui::model::{Ask, Effect, Env, Layer, Order, Past, Selected, State, Step, Tab, Voice, WhenWhat};

/// Does an action that is possible now.
pub(super) fn act(state: &mut State, env: &Env, action: Action, chord: Chord) -> Step {
    match action {
        Action::Cancel => cancel(state, env),
        Action::Close => quit(state, env),
        Action::Back => layers::back(state, env),
        Action::Help => help(state),
        Action::Refresh => {
            say(state, env, Voice::Good, env.words.get(Text::Refreshing)).and(Step::run(Effect::Refresh))
        }
        Action::Redraw => Step::run(Effect::Redraw),
        Action::Suspend => Step::run(Effect::Suspend),
        Action::TabDirectory => go_to(state, env, Tab::Directory),
        Action::TabExternal => go_to(state, env, Tab::External),
        Action::TabApprovals => go_to(state, env, Tab::Approvals),
        Action::NextTab => turn_tab(state, env, 1),
        Action::PreviousTab => turn_tab(state, env, Tab::ALL.len() - 1),
        Action::NextPane | Action::PreviousPane => moves::other_pane(state),
        Action::NextField => wizard::turn(state, env, false),
        Action::PreviousField => wizard::turn(state, env, true),
        Action::Add => wizard::open(state, false),
        Action::Linked => external::turn_linked(state, env),
        Action::Scan => wizard::open(state, true),
        Action::Why => why::open(state),
        Action::CopyAnswer => why::copy_answer(state, env),
        Action::Down => moves::by_rows(state, env, 1),
        Action::Up => moves::by_rows(state, env, -1),
        Action::HalfDown => moves::by_pages(state, env, 1, 2),
        Action::HalfUp => moves::by_pages(state, env, -1, 2),
        Action::PageDown => moves::by_pages(state, env, 1, 1),
        Action::PageUp => moves::by_pages(state, env, -1, 1),
        Action::First => moves::to_end(state, env, false),
        Action::Last => moves::to_end(state, env, true),
        Action::Fold if state.tab == Tab::Approvals => queue::fold_row(state, env),
        Action::Unfold if state.tab == Tab::Approvals => {
            queue::turn_group(state, env, Some(true)).unwrap_or_default()
        }
        Action::Fold => moves::fold(state),
        Action::Unfold => moves::unfold(state),
        Action::Open => moves::open(state, env),
        Action::Search => search::open(state),
        Action::Chat => chat(state, env),
        Action::Below => {
            state.directory.below = !state.directory.below;
            lists::directory(state);
            Step::draw()
        }
        Action::Parent => moves::parent(state),
        Action::Namecard => namecard::open(state),
        Action::CopyName | Action::CopyPhone | Action::CopyEmail | Action::CopyId | Action::CopyLink => {
            clipboard::copy(state, env, action)
        }
        Action::SortRecent => external::sort(state, Order::Recent),
        Action::SortCompany => external::sort(state, Order::Company),
        Action::SortTag => external::sort(state, Order::Tag),
        Action::Remark => external::edit_remark(state),
        Action::Tags => contact::open_tags(state, env),
        Action::HandOver => converse::choose_colleague(state),
        Action::Introduce => converse::choose_introduced(state),
        Action::RefuseOwner => match state.selected() {
            Selected::Contact(contact) => {
                let revision = contact.revision;
                ask(state, env, Ask::Refuse { revision })
            }
            _ => Step::none(),
        },
        Action::Remove => external::ask_remove(state),
        Action::Approve => approvals::approve(state, env),
        Action::Reject => approvals::open_reasons(state, env, false),
        Action::Undo => approvals::undo(state, env),
        Action::Redo => approvals::redo(state, env),
        Action::Repeat => approvals::repeat(state, env),
        Action::ApproveWith => approvals::approve_with(state, env),
        Action::ApproveTagged => converse::open_tags(state),
        Action::ApproveDoubted => approvals::approve_doubted(state, env),
        Action::Block => approvals::open_reasons(state, env, true),
        Action::AskBack => converse::open_words(state),
        Action::PassOn => converse::choose_colleague(state),
        Action::Snooze => converse::choose_when(state, WhenWhat::Snooze),
        Action::Withdraw => match state.selected() {
            Selected::Request(request) => {
                let revision = request.revision;
                ask(state, env, Ask::Withdraw { revision })
            }
            _ => Step::none(),
        },
        Action::Earlier => earlier::open(state),
        Action::Decided => past::open(state, Past::Decided),
        Action::Sent => past::open(state, Past::Sent),
        Action::Mark => marks::toggle(state, env),
        Action::MarkRange => marks::range(state, env),
        Action::MarkAll
        | Action::MarkNone
        | Action::MarkInvert
        | Action::MarkCompany
        | Action::MarkCard
        | Action::MarkFlagged
        | Action::MarkOld => marks::by(state, env, action),
        Action::FilterMine
        | Action::FilterFlagged
        | Action::FilterCompany
        | Action::FilterCard
        | Action::FilterKind
        | Action::FilterDue
        | Action::FilterNone => queue::filter(state, env, action),
        Action::SortDue
        | Action::SortAge
        | Action::SortName
        | Action::GroupCompany
        | Action::GroupCard
        | Action::GroupKind
        | Action::GroupDue => queue::sort(state, env, action),
        Action::TickBlock => layers::tick_block(state),
        Action::Rotate => match namecard::revision(state) {
            Some(revision) => ask(state, env, Ask::Rotate { revision }),
            None => Step::none(),
        },
        Action::RevokeCard => match namecard::revision(state) {
            Some(revision) => ask(state, env, Ask::Revoke { revision }),
            None => Step::none(),
        },
        Action::Sharing => sharing::open(state),
        Action::OutsideView => namecard::turn_outside(state),
        Action::NextCard => namecard::turn_to(state, 1),
        Action::PreviousCard => namecard::turn_to(state, -1),
        Action::Blocks => namecard::turn_form(state),
        Action::Confirm => layers::confirm(state, env),
        Action::Pick => layers::pick(state, env, chord),
        Action::Tick => layers::tick(state),
        Action::LineStart
        | Action::LineEnd
        | Action::LetterLeft
        | Action::LetterRight
        | Action::WordLeft
        | Action::WordRight
        | Action::DeleteBefore
        | Action::DeleteBehind
        | Action::DeleteWord
        | Action::DeleteToStart => edit::edit(state, env, action),
    }
}

/// Out of the innermost thing; with nothing to leave, twice ends the program.
fn cancel(state: &mut State, env: &Env) -> Step {
    if !state.layers.is_empty() || state.search_box().is_some() {
        return layers::back(state, env);
    }
    if state.cancelled.is_some_and(|at| env.now.since(at) < TWICE) {
        return quit(state, env);
    }
    state.cancelled = Some(env.now);
    say(state, env, Voice::Good, env.words.get(Text::CancelTwice))
}

fn help(state: &mut State) -> Step {
    if matches!(state.layers.last(), Some(Layer::Help { .. })) {
        return Step::none();
    }
    let scopes = state.scopes();
    // From the page outwards; what holds everywhere stands last.
    let scopes = scopes.iter().skip(1).chain(scopes.first()).copied().collect();
    state.layers.push(Layer::Help { scopes, top: 0 });
    Step::draw()
}

fn turn_tab(state: &mut State, env: &Env, by: usize) -> Step {
    let at = Tab::ALL.iter().position(|tab| *tab == state.tab).unwrap_or(0);
    match Tab::ALL.get((at + by) % Tab::ALL.len()) {
        Some(tab) => go_to(state, env, *tab),
        None => Step::none(),
    }
}

/// Opens a chat by the company's link; what comes of it is said when the opener has ended.
fn chat(state: &mut State, env: &Env) -> Step {
    let Selected::Member(member) = state.selected() else { return Step::none() };
    let id = member.id.clone();
    let template = state.data.company.as_ref().and_then(|company| company.chat_link.clone());
    let Some(template) = template else {
        return say(state, env, Voice::Bad, env.words.get(Text::NoChatLink));
    };
    match chat_link(&template, &id) {
        Ok(link) => Step::run(Effect::OpenChat { member: id, link }),
        Err(_) => say(state, env, Voice::Bad, env.words.get(Text::BadChatLink)),
    }
}
