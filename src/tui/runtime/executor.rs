//! Does what updates ask for, and answers each with exactly one message.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

use super::latest::Latest;
use super::opener::{self, ChatCommand};
use crate::client::sync::Refresh;
use crate::client::{Client, LinkedPeople};
use crate::domain::{Card, Fault, Request, RequestId};
use crate::qr::{self, Blocks};
use crate::search::{Index, Keys, Query, rank};
use crate::text::SafeText;
use crate::tui::model::{AimBy, Answer, Converse, Effect, Msg, Past, Rankable, Shared};
use crate::tui::view::{Theme, draw_code, read_cells};

/// How many hits a list gets.
const HITS: usize = 500;
/// So many decisions are taken back at the same time.
const AT_ONCE: usize = 8;
/// A contact that the cursor only passes is not asked for.
const REST: Duration = Duration::from_millis(60);

/// Whoever types goes on within this; nobody is asked before.
const TYPING: Duration = Duration::from_millis(200);

/// Does effects. Returns at once; answers come as messages.
pub trait Executor {
    /// Begins an effect.
    fn start(&self, effect: Effect);

    /// Waits for writes that must not be cut off.
    fn finish(&self) -> impl Future<Output = ()> + Send;
}

/// The network questions of which only the newest counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Slot {
    Contact,
    Card,
    Aim,
    Why,
    Request,
    Past(Past),
}

/// Does effects over the network and on this computer.
pub struct Doer {
    client: Client,
    answers: mpsc::UnboundedSender<Msg>,
    refresh: Arc<Refresh>,
    theme: Theme,
    chat: ChatCommand,
    slots: Mutex<HashMap<Slot, AbortHandle>>,
    ranking: Latest,
    indexing: Latest,
    proving: Latest,
    writes: TaskTracker,
}

impl Doer {
    /// Does effects by `client`; answers go to `answers`.
    pub fn new(
        client: Client,
        answers: mpsc::UnboundedSender<Msg>,
        refresh: Arc<Refresh>,
        theme: Theme,
        chat: ChatCommand,
    ) -> Self {
        Self {
            client,
            answers,
            refresh,
            theme,
            chat,
            slots: Mutex::default(),
            ranking: Latest::default(),
            indexing: Latest::default(),
            proving: Latest::default(),
            writes: TaskTracker::new(),
        }
    }

    /// Asks over the network; the answer before it, if it has not come, does not come any more.
    fn latest(&self, slot: Slot, question: impl Future<Output = Answer> + Send + 'static) {
        let answers = self.answers.clone();
        let task = tokio::spawn(async move {
            // Whoever reads answers ends before this: then nobody wants it.
            let _ = answers.send(Msg::Answer(question.await));
        });
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = slots.insert(slot, task.abort_handle()) {
            before.abort();
        }
    }

    /// Writes: never aborted, waited for at the end.
    fn write(&self, doing: impl Future<Output = Answer> + Send + 'static) {
        let answers = self.answers.clone();
        self.writes.spawn(async move {
            let _ = answers.send(Msg::Answer(doing.await));
        });
    }

    /// Uses the processor, of which only the newest question of its kind counts.
    fn compute(&self, place: &Latest, effect: Effect) {
        let answers = self.answers.clone();
        let theme = self.theme;
        place.submit(move || {
            if let Some(answer) = computed(effect, &theme) {
                let _ = answers.send(Msg::Answer(answer));
            }
        });
    }
}

impl Executor for Doer {
    fn start(&self, effect: Effect) {
        let client = self.client.clone();
        match effect {
            Effect::Decide { id, revision, decision, key } => self.write(async move {
                let result = client.decide(&id, revision, &decision, &key).await;
                Answer::Decided(id, result.map(Box::new))
            }),
            Effect::Undo { id, revision, key } => self.write(async move {
                let result = client.undo(&id, revision, &key).await;
                Answer::Undone(id, result.map(Box::new))
            }),
            Effect::DecideMany(ticket, items) => self.write(async move {
                let result = client.decide_many(&items).await;
                let sent = items.into_iter().map(|item| item.id).collect();
                Answer::DecidedMany(ticket, sent, result)
            }),
            Effect::UndoMany(items) => self.write(async move {
                let undone = items.into_iter().map(|(id, revision, key)| {
                    let client = client.clone();
                    async move {
                        let result = client.undo(&id, revision, &key).await;
                        (id, result.map(Box::new))
                    }
                });
                Answer::UndoneMany(stream::iter(undone).buffered(AT_ONCE).collect().await)
            }),
            Effect::Converse { id, revision, what, key } => self.write(async move {
                let result = converse(&client, &id, revision, &what, &key).await;
                Answer::Conversed(id, what, result.map(Box::new))
            }),
            Effect::ReadRequestDetail(id) => self.latest(Slot::Request, async move {
                tokio::time::sleep(REST).await;
                let result = client.request_detail(&id).await;
                Answer::RequestDetailRead(id, result.map(Box::new))
            }),
            Effect::ReadPast(which, after) => self.latest(Slot::Past(which), async move {
                let name = match which {
                    Past::Decided => "incoming",
                    Past::Sent => "outgoing",
                };
                let result = client.requests(name, None, &after).await;
                Answer::PastRead(which, after, result.map(|page| (page.items, page.next)))
            }),
            Effect::ReadRequest(id) => self.write(async move {
                let result = client.request(&id).await;
                Answer::RequestRead(id, result.map(Box::new))
            }),
            Effect::SetRemark { id, revision, remark, key } => self.write(async move {
                let result = client.set_remark(&id, revision, &remark, &key).await;
                Answer::RemarkSet(id, remark, result)
            }),
            Effect::RemoveContact { id, revision, key } => self.write(async move {
                let result = client.remove_contact(&id, revision, &key).await;
                Answer::ContactRemoved(id, result)
            }),
            Effect::RotateCard { id, revision, leaked, key } => self.write(async move {
                Answer::Card(client.rotate_card(&id, revision, leaked, &key).await.map(Box::new))
            }),
            Effect::Aim { ticket, text, linked, by } => {
                let slot = if by == AimBy::Why { Slot::Why } else { Slot::Aim };
                self.latest(slot, async move {
                    if matches!(by, AimBy::Typing | AimBy::TypingFile) {
                        tokio::time::sleep(TYPING).await;
                    }
                    let aim = if by == AimBy::TypingFile {
                        client.aim_at_path(&text).await
                    } else {
                        client.aim(&text, LinkedPeople::Known(linked.0.to_vec())).await
                    };
                    Answer::Aimed(ticket, Box::new(aim))
                });
            }
            Effect::Ask { request, key } => self.write(async move {
                Answer::Asked(client.request_connection(&request, &key).await.map(Box::new))
            }),
            Effect::AskPermission { purpose, key } => self.write(async move {
                Answer::PermissionAsked(client.ask_permission(purpose, &key).await.map(Box::new))
            }),
            Effect::Withdraw { id, key } => self.write(async move {
                let result = client.withdraw(&id, &key).await;
                Answer::Withdrawn(id, result.map(Box::new))
            }),
            Effect::ReadContact(id) => self.latest(Slot::Contact, async move {
                tokio::time::sleep(REST).await;
                let result = client.contact(&id).await;
                Answer::ContactRead(id, result.map(Box::new))
            }),
            Effect::RevokeCard { id, revision, key } => {
                self.write(async move { Answer::CardRevoked(client.revoke_card(&id, revision, &key).await) });
            }
            Effect::ReadCards => self.latest(Slot::Card, async move { Answer::Cards(cards(&client).await) }),
            Effect::Index(..) => self.compute(&self.indexing, effect),
            Effect::Rank { .. } => self.compute(&self.ranking, effect),
            Effect::ProveCode(..) => self.compute(&self.proving, effect),
            Effect::OpenChat { member, link } => {
                let own = self.chat.clone();
                self.write(async move {
                    let opened = opener::open_chat(&own, member.as_str(), &link).await;
                    Answer::ChatOpened(SafeText::clean(&link), opened)
                });
            }
            Effect::OpenLink(link) => self.write(async move {
                let opened = opener::open_link(&link).await;
                Answer::LinkOpened(SafeText::clean(&link), opened)
            }),
            Effect::Refresh => self.refresh.ask(),
            // The loop does these itself: they are about the terminal.
            Effect::Copy(_) | Effect::Redraw | Effect::Suspend | Effect::Quit => {}
        }
    }

    async fn finish(&self) {
        self.writes.close();
        self.writes.wait().await;
    }
}

/// Does something on a request besides deciding.
async fn converse(
    client: &Client,
    id: &RequestId,
    revision: i64,
    what: &Converse,
    key: &str,
) -> Result<Request, Fault> {
    match what {
        Converse::Ask(text) => client.ask_requester(id, revision, text, key).await,
        Converse::Answer(text) => client.answer(id, text, key).await,
        Converse::Pass(member) => client.pass(id, revision, member, key).await,
        Converse::Assign(member) => client.assign(id, revision, member, key).await,
        Converse::Snooze(until) => client.snooze(id, Some(*until), key).await,
        Converse::Withdraw => client.withdraw(id, key).await,
    }
}

/// The answer to an effect that takes nothing but the processor; none for the others.
pub fn computed(effect: Effect, theme: &Theme) -> Option<Answer> {
    Some(match effect {
        Effect::Index(places, ticket, people) => Answer::Indexed(places, ticket, index(&people)),
        Effect::Rank { places, ticket, query, index } => {
            let ranked = rank(&index.0, &Query::parse(&query), HITS);
            Answer::Ranked(places, ticket, ranked.hits, ranked.total)
        }
        Effect::ProveCode(ticket, blocks, link) => Answer::Proved(ticket, reads_back(theme, &blocks, &link)),
        _ => return None,
    })
}

fn index(people: &Shared<Rankable>) -> Shared<Index> {
    let mut index = Index::new();
    match &*people.0 {
        Rankable::Members(members) => {
            for (member, path) in members {
                index.add(&Keys::of_member(member, path));
            }
        }
        Rankable::Contacts(contacts) => {
            for contact in contacts {
                index.add(&Keys::of_contact(contact));
            }
        }
    }
    Shared::new(index)
}

/// Draws a code as the screen will, and reads the drawn cells back.
fn reads_back(theme: &Theme, blocks: &Blocks, link: &str) -> bool {
    let (Ok(wide), Ok(high)) = (u16::try_from(blocks.columns()), u16::try_from(blocks.rows())) else {
        return false;
    };
    let mut buffer = Buffer::empty(Rect::new(0, 0, wide, high));
    draw_code(&mut buffer, theme, blocks, 0, 0);
    qr::read(&read_cells(&buffer, theme)).is_ok_and(|read| read == link)
}
/// One's cards, the printed one first: it is made when there is none.
async fn cards(client: &Client) -> Result<Vec<Card>, Fault> {
    let printed = client.card().await?;
    let mut all = client.cards().await?;
    all.retain(|card| card.id != printed.id);
    all.insert(0, printed);
    Ok(all)
}
