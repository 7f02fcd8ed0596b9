//! Follows the server: the start, the rest of the directory, then whatever changes, for ever.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::{Notify, mpsc};

use super::calls::Client;
use super::events::EventParser;
use super::retry;
use super::transport::Pieces;
use crate::api::{ChangeItem, EventData};
use crate::domain::{Change, Contact, Fault, Introduction, LinkedPerson, Member, Snapshot, Time};

/// A burst of events is answered by one read of the change feed after this time.
const BURST: Duration = Duration::from_millis(20);
/// Waits before looking for the server again.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What following brings.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The start: replaces everything.
    Snapshot(Box<Snapshot>),
    /// More of the directory; the last piece says so.
    Members(Vec<Member>, bool),
    /// More external contacts; the last piece says so.
    Contacts(Vec<Contact>, bool),
    /// More of the people whom linked companies show; the last piece says so.
    Linked(Vec<LinkedPerson>, bool),
    /// Those whom colleagues passed on, all of them.
    Introductions(Vec<Introduction>),
    /// What changed, and the server's clock.
    Changes(Vec<Change>, Time),
    /// Whether the server is there.
    Link(LinkState),
}

/// Whether the server is there.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkState {
    /// Connected, and told of every change.
    Online,
    /// Not connected, and why.
    Offline(Fault),
}

/// Asks the follower to load everything anew.
#[derive(Debug, Default)]
pub struct Refresh(Notify);

impl Refresh {
    /// Load everything anew.
    pub fn ask(&self) {
        self.0.notify_one();
    }
}

/// Why a round of following ended.
enum End {
    /// Nobody reads the news any more.
    Closed,
    /// Start again from the beginning.
    Again,
    /// The connection is gone; go on from this `seq`.
    Lost(i64, Fault),
}

/// Runs until nobody reads the news any more. The channel is bounded: a slow reader slows the network,
/// it does not fill the memory.
pub async fn follow(client: Client, news: mpsc::Sender<News>, refresh: std::sync::Arc<Refresh>) {
    let mut failures = 0_u32;
    loop {
        let begun = match client.start().await {
            Ok(snapshot) => snapshot,
            Err(fault) => {
                if !report_and_wait(&news, fault, &mut failures, &refresh).await {
                    return;
                }
                continue;
            }
        };
        failures = 0;
        let mut cursor = begun.as_of;
        if news.send(News::Snapshot(Box::new(begun))).await.is_err()
            || news.send(News::Link(LinkState::Online)).await.is_err()
        {
            return;
        }
        let rest = tokio::spawn(load_rest(client.clone(), news.clone()));
        loop {
            match listen(&client, &news, cursor, &mut failures, &refresh).await {
                End::Closed => {
                    rest.abort();
                    return;
                }
                End::Again => {
                    rest.abort();
                    break;
                }
                End::Lost(from, fault) => {
                    cursor = from;
                    if !report_and_wait(&news, fault, &mut failures, &refresh).await {
                        rest.abort();
                        return;
                    }
                }
            }
        }
    }
}

/// Says that the server is gone and waits: hardly at first, longer each time. False when nobody listens.
async fn report_and_wait(
    news: &mpsc::Sender<News>,
    fault: Fault,
    failures: &mut u32,
    refresh: &Refresh,
) -> bool {
    // A server that hands over is back at once: say something only when it is not.
    if *failures > 0 && news.send(News::Link(LinkState::Offline(fault))).await.is_err() {
        return false;
    }
    let most = SHORTEST_WAIT.saturating_mul(1 << (*failures).min(9)).min(LONGEST_WAIT);
    *failures = failures.saturating_add(1);
    tokio::select! {
        () = tokio::time::sleep(retry::jitter(most)) => {}
        () = refresh.0.notified() => {}
        () = news.closed() => return false,
    }
    true
}

/// What the start did not hold.
#[derive(Clone, Copy)]
enum Rest {
    Contacts,
    /// Requests that one has sent.
    Sent,
    Linked,
    Introductions,
    Members,
}

/// In the order in which it is looked at.
const REST: [Rest; 5] = [Rest::Contacts, Rest::Members, Rest::Sent, Rest::Linked, Rest::Introductions];

/// A page as news, and where the next one begins.
async fn page(client: &Client, rest: Rest, after: &str) -> Result<(News, Option<String>), Fault> {
    Ok(match rest {
        Rest::Contacts => {
            let page = client.contacts(after).await?;
            (News::Contacts(page.items, page.next.is_none()), page.next)
        }
        Rest::Sent => {
            let page = client.requests("outgoing", None, after).await?;
            let changes = page.items.into_iter().map(|request| Change::Request(Box::new(request)));
            (News::Changes(changes.collect(), page.now), page.next)
        }
        Rest::Linked => {
            let page = client.linked(after).await?;
            (News::Linked(page.items, page.next.is_none()), page.next)
        }
        Rest::Introductions => (News::Introductions(client.introductions().await?.items), None),
        Rest::Members => {
            let page = client.members(after).await?;
            (News::Members(page.items, page.next.is_none()), page.next)
        }
    })
}

/// Everything that the start did not hold, page by page. What fails is tried again: until then the screen
/// knows that it is not complete.
async fn load_rest(client: Client, news: mpsc::Sender<News>) {
    for rest in REST {
        let mut after = String::new();
        loop {
            match page(&client, rest, &after).await {
                Ok((told, next)) => {
                    if news.send(told).await.is_err() {
                        return;
                    }
                    match next {
                        Some(next) => after = next,
                        None => break,
                    }
                }
                Err(_) => tokio::time::sleep(retry::jitter(LONGEST_WAIT)).await,
            }
        }
    }
}

/// Listens to the event stream; each burst of events is one read of the change feed.
async fn listen(
    client: &Client,
    news: &mpsc::Sender<News>,
    from: i64,
    failures: &mut u32,
    refresh: &Refresh,
) -> End {
    let mut cursor = from;
    let mut stream = match client.events(cursor).await {
        Ok(stream) => stream,
        Err(Fault::NotSignedIn) => return End::Again,
        Err(fault) => return End::Lost(cursor, fault),
    };
    if *failures > 0 {
        *failures = 0;
        if news.send(News::Link(LinkState::Online)).await.is_err() {
            return End::Closed;
        }
    }
    let mut parser = EventParser::new();
    loop {
        let heard = tokio::select! {
            heard = hear(&mut stream, &mut parser) => heard,
            () = refresh.0.notified() => return End::Again,
            () = news.closed() => return End::Closed,
        };
        match heard {
            Heard::Nothing => {}
            Heard::Reset => return End::Again,
            Heard::Gone(fault) => return End::Lost(cursor, fault),
            Heard::Changed => {
                // More of the same burst may be on its way.
                let _ = tokio::time::timeout(BURST, drain(&mut stream, &mut parser)).await;
                loop {
                    let changes = match client.changes(cursor).await {
                        Ok(changes) => changes,
                        Err(Fault::NotSignedIn) => return End::Again,
                        Err(fault) => return End::Lost(cursor, fault),
                    };
                    if changes.reset {
                        return End::Again;
                    }
                    cursor = changes.as_of;
                    let more = changes.more;
                    let mut items: Vec<Change> = changes.changes.into_iter().map(of_item).collect();
                    items.push(Change::Room(changes.room));
                    if news.send(News::Changes(items, changes.now)).await.is_err() {
                        return End::Closed;
                    }
                    if !more {
                        break;
                    }
                }
            }
        }
    }
}

enum Heard {
    /// A heartbeat, or a part of an event.
    Nothing,
    /// Something changed.
    Changed,
    /// Load everything anew.
    Reset,
    /// The stream is over.
    Gone(Fault),
}

async fn hear(stream: &mut Pieces, parser: &mut EventParser) -> Heard {
    match stream.next().await {
        None => Heard::Gone(Fault::Unreachable),
        Some(Err(error)) => Heard::Gone(error.into()),
        Some(Ok(piece)) => {
            let mut heard = Heard::Nothing;
            for event in parser.push(&piece) {
                match event.name.as_str() {
                    "reset" => return Heard::Reset,
                    "bye" => return Heard::Gone(Fault::Unreachable),
                    "change" if serde_json::from_str::<EventData>(&event.data).is_ok() => {
                        heard = Heard::Changed
                    }
                    _ => {}
                }
            }
            heard
        }
    }
}

/// Hears until the stream is silent. What ends the stream is heard again by the next read of it.
async fn drain(stream: &mut Pieces, parser: &mut EventParser) {
    while matches!(hear(stream, parser).await, Heard::Nothing | Heard::Changed) {}
}

fn of_item(item: ChangeItem) -> Change {
    match item {
        ChangeItem::Member { member } => Change::Member(member),
        ChangeItem::MemberGone { id, as_of } => Change::MemberGone(id, as_of),
        ChangeItem::Department { department } => Change::Department(department),
        ChangeItem::DepartmentGone { id, as_of } => Change::DepartmentGone(id, as_of),
        ChangeItem::Request { request } => Change::Request(request),
        ChangeItem::RequestGone { id, as_of } => Change::RequestGone(id, as_of),
        ChangeItem::Contact { contact } => Change::Contact(contact),
        ChangeItem::ContactGone { id, as_of } => Change::ContactGone(id, as_of),
        ChangeItem::Card => Change::Card,
    }
}
