//! `namecard watch`: a line for each new request and for each decision, as it happens.

use std::collections::HashMap;
use std::io::{self, Write as _};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::process::Signal;
use serde_json::Value;
use tokio::sync::mpsc;

use super::Context;
use super::args::{Format, WatchArgs};
use super::backend::Backend;
use super::failure::Failure;
use super::{requests, signals};
use crate::client::Client;
use crate::client::sync::{self, LinkState, News};
use crate::domain::{Change, Fault, Request, RequestId, RequestState, Snapshot, Time};
use crate::i18n::say::{self, NAME_CELLS};
use crate::i18n::{Text, Words};
use crate::text::{SafeText, Untrusted};

/// Pieces of news that may wait for whoever reads the lines.
const WAITING: usize = 16;
/// Cells of a purpose.
const PURPOSE_CELLS: usize = 40;

pub(super) async fn run(context: &Context, args: &WatchArgs) -> Result<u8, Failure> {
    let (sender, mut heard_signals) = mpsc::unbounded_channel();
    signals::listen(&signals::ALL, move |number| sender.send(number).is_ok())?;
    // It lasts: like a screen it serves the others while it holds the data.
    let backend = Backend::for_watch(context)?;
    let client = backend.client();
    let (news, heard) = mpsc::channel(WAITING);
    let following = tokio::spawn(sync::follow(client.clone(), news, Default::default()));
    let outcome = {
        let mut watch =
            Watch { context, client, format: args.format, known: HashMap::new(), since: None, link: None };
        let mut telling = std::pin::pin!(watch.tell(heard));
        let mut gone = std::pin::pin!(reader_gone());
        loop {
            tokio::select! {
                biased;
                Some(number) = heard_signals.recv() => match number {
                    Signal::TSTP => {
                        // Others must not wait for a process that stands still.
                        backend.suspend().await;
                        rustix::process::kill_process(rustix::process::getpid(), Signal::STOP)
                            .map_err(io::Error::from)?;
                        backend.resume();
                    }
                    number => break Ok(u8::try_from(128 + number.as_raw()).unwrap_or(1)),
                },
                () = &mut gone => break Err(Failure::Io(io::ErrorKind::BrokenPipe.into())),
                outcome = &mut telling => break outcome,
            }
        }
    };
    following.abort();
    backend.stop().await;
    outcome
}

/// Waits until nobody reads what is written: without it a watch would hold on until the next request.
async fn reader_gone() {
    let waiting = tokio::task::spawn_blocking(|| {
        let out = io::stdout();
        // Nothing is asked for: what is told all the same is that the other end is gone.
        let mut ends = [PollFd::new(&out, PollFlags::empty())];
        loop {
            match rustix::event::poll(&mut ends, None) {
                Err(Errno::INTR) | Ok(0) => {}
                other => return other.is_ok(),
            }
        }
    });
    // Where it cannot be asked, the next line finds out.
    if !waiting.await.unwrap_or_default() {
        std::future::pending().await
    }
}

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    New,
    TakenBack,
    Now(RequestState),
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::TakenBack => "taken_back",
            Self::Now(state) => state.as_str(),
        }
    }
}

const fn waits(state: RequestState) -> bool {
    matches!(state, RequestState::Pending | RequestState::PendingManager)
}

/// What became of a request since it was last seen in the state `before`; `since` is when watching began.
fn happened(before: Option<RequestState>, request: &Request, since: Time) -> Vec<What> {
    let state = request.state;
    match before {
        Some(before) if before == state => Vec::new(),
        Some(_) if state == RequestState::Pending => vec![What::TakenBack],
        Some(_) => vec![What::Now(state)],
        None if waits(state) => vec![What::New],
        // It came and was decided between two looks.
        None if request.created > since => vec![What::New, What::Now(state)],
        None if request.decision.as_ref().is_some_and(|decision| decision.at > since) => {
            vec![What::Now(state)]
        }
        None => Vec::new(),
    }
}

struct Watch<'a> {
    context: &'a Context,
    client: Client,
    format: Format,
    known: HashMap<RequestId, RequestState>,
    /// When watching began, by the server's clock.
    since: Option<Time>,
    /// What was said last about the server.
    link: Option<LinkState>,
}

impl Watch<'_> {
    /// Tells what is heard, until nothing can be heard any more.
    async fn tell(&mut self, mut heard: mpsc::Receiver<News>) -> Result<u8, Failure> {
        while let Some(news) = heard.recv().await {
            match news {
                News::Snapshot(snapshot) => self.begin(*snapshot).await?,
                News::Changes(changes, now) => {
                    for change in changes {
                        if let Change::Request(request) = change {
                            self.look(&request, now).await?;
                        }
                    }
                }
                News::Link(link) => self.note(link)?,
                News::Members(..) | News::Contacts(..) | News::Linked(..) | News::Introductions(..) => {}
            }
        }
        Ok(0)
    }

    /// What waits at the beginning is no news. Later beginnings are compared with what was known.
    async fn begin(&mut self, snapshot: Snapshot) -> Result<(), Failure> {
        if self.since.is_none() {
            self.since = Some(snapshot.now);
            self.known = snapshot.requests.into_iter().map(|request| (request.id, request.state)).collect();
            return Ok(());
        }
        for request in &snapshot.requests {
            self.look(request, snapshot.now).await?;
        }
        // What waited and is no longer in the queue was decided while nobody listened.
        let there: Vec<&RequestId> = snapshot.requests.iter().map(|request| &request.id).collect();
        let left: Vec<RequestId> = self
            .known
            .iter()
            .filter(|(id, state)| waits(**state) && !there.contains(id))
            .map(|(id, _)| id.clone())
            .collect();
        for id in left {
            // What is no longer to be seen is nobody's news here.
            if let Ok(request) = self.client.request(&id).await {
                self.look(&request, snapshot.now).await?;
            }
        }
        Ok(())
    }

    async fn look(&mut self, request: &Request, now: Time) -> Result<(), Failure> {
        let before = self.known.insert(request.id.clone(), request.state);
        for what in happened(before, request, self.since.unwrap_or(now)) {
            let at = match (what, &request.decision) {
                (What::New, _) => request.created,
                (What::Now(_), Some(decision)) => decision.at,
                (What::TakenBack | What::Now(_), _) => now,
            };
            self.print(what, at, request).await?;
        }
        Ok(())
    }

    async fn print(&self, what: What, at: Time, request: &Request) -> Result<(), Failure> {
        let out = self.context.out;
        // Whoever reads slowly must not hold up the others, whom this process may serve.
        let printed = match self.format {
            Format::Json => {
                let value = shape(what, at, request);
                tokio::task::spawn_blocking(move || out.json_line(&value)).await
            }
            Format::Table => {
                let line = self.line(what, at, request);
                tokio::task::spawn_blocking(move || out.line(&line)).await
            }
        };
        Ok(printed.map_err(io::Error::other)??)
    }

    fn line(&self, what: What, at: Time, request: &Request) -> SafeText {
        let words = &self.context.words;
        let cut = |text: &Option<Untrusted>, cells: usize| {
            text.as_ref().map(|text| text.line(cells)).unwrap_or_default()
        };
        SafeText::join(
            &[
                say::date_time(at, at, &self.context.zone),
                said(words, what, request),
                request.requester.name.line(NAME_CELLS),
                cut(&request.requester.company, NAME_CELLS),
                cut(&request.purpose, PURPOSE_CELLS),
                // Enough to name it again.
                SafeText::clean(request.id.as_str().get(18..).unwrap_or_default()),
            ],
            "  ",
        )
    }

    /// Says whether the server is there, once each time it changes. What will not pass ends the watch.
    fn note(&mut self, link: LinkState) -> Result<(), Failure> {
        if self.link.as_ref() == Some(&link) {
            return Ok(());
        }
        let words = &self.context.words;
        let sentence = match &link {
            LinkState::Online => words.get(Text::Watching),
            LinkState::Offline(fault) => {
                let lasts = matches!(fault, Fault::NotSignedIn | Fault::NewerData | Fault::Forbidden);
                if lasts || self.since.is_none() {
                    return Err(fault.clone().into());
                }
                words.fault(fault)
            }
        };
        // The lines are on standard output; if nobody reads this, nothing is missing there.
        let _ = writeln!(io::stderr(), "namecard: {sentence}");
        self.link = Some(link);
        Ok(())
    }
}

/// What happened, and who did it when a colleague did.
fn said(words: &Words, what: What, request: &Request) -> SafeText {
    let state = match what {
        What::New => return words.get(Text::WatchNew),
        What::TakenBack => return words.get(Text::WatchTakenBack),
        What::Now(state) => words.state(state),
    };
    match &request.decision {
        Some(decision) => {
            words.fill(Text::DecidedBy, &[("what", state), ("who", decision.by.name.line(NAME_CELLS))])
        }
        None => state,
    }
}

/// A piece of news in the shape of `docs/json.md`.
fn shape(what: What, at: Time, request: &Request) -> Value {
    let mut value = requests::shape(request);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("at".to_owned(), serde_json::json!(at));
        fields.insert("what".to_owned(), what.as_str().into());
    }
    value
}
