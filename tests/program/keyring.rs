//! A session's bus with a keyring on it that knows nothing but its protocol.

#![allow(missing_docs, unreachable_pub)]

use std::collections::HashMap;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use zbus::message::Type;
use zbus::{Guid, Message, OwnedObjectPath, OwnedVariant, Variant, connection::Builder};

/// How the keyring behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Open,
    Locked,
    /// There is a bus, and no keyring on it.
    Absent,
    /// It takes a connection and never says anything.
    Mute,
}

/// What is kept: attributes, and the secret.
type Kept = Vec<(HashMap<String, String>, Vec<u8>)>;

#[derive(Clone)]
struct State {
    mood: Arc<Mutex<Mood>>,
    kept: Arc<Mutex<Kept>>,
}

pub struct Bus {
    dir: tempfile::TempDir,
    state: State,
}

impl Bus {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = State { mood: Arc::new(Mutex::new(Mood::Open)), kept: Arc::default() };
        let listener = UnixListener::bind(dir.path().join("bus")).unwrap();
        let served = state.clone();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let state = served.clone();
                if *state.mood.lock().unwrap() == Mood::Mute {
                    held.push(stream);
                    continue;
                }
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(serve(stream, &state))
                });
            }
        });
        Self { dir, state }
    }

    /// How it behaves from now on.
    pub fn is(&self, mood: Mood) {
        *self.state.mood.lock().unwrap() = mood;
    }

    /// Where the session finds it.
    pub fn variable(&self) -> (&'static str, String) {
        let socket: PathBuf = self.dir.path().join("bus");
        ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()))
    }

    /// The secrets, each with the server that it is for.
    pub fn kept(&self) -> Vec<(String, String)> {
        let kept = self.state.kept.lock().unwrap();
        kept.iter()
            .map(|(attributes, secret)| {
                (attributes["server"].clone(), String::from_utf8(secret.clone()).unwrap())
            })
            .collect()
    }
}

fn path(text: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(text.to_owned()).unwrap()
}

fn item(n: usize) -> OwnedObjectPath {
    path(&format!("/item/{n}"))
}

async fn serve(stream: UnixStream, state: &State) {
    let bus = Builder::unix_stream(stream).server(Guid::generate()).p2p().build_message_stream();
    let Ok(mut calls) = bus.await else { return };
    let bus = zbus::Connection::from(&calls);
    while let Some(Ok(call)) = calls.next().await {
        if call.message_type() == Type::MethodCall {
            bus.send(&answer(&call, state)).await.unwrap();
        }
    }
}

fn answer(call: &Message, state: &State) -> Message {
    let header = call.header();
    let reply = || Message::method_return(&header);
    let member = header.member().unwrap().to_string();
    let mood = *state.mood.lock().unwrap();
    if member == "Hello" {
        return reply().build(&":1.1").unwrap();
    }
    if mood == Mood::Absent {
        let name = "org.freedesktop.DBus.Error.ServiceUnknown";
        return Message::error(&header, name).build(&"nobody keeps secrets").unwrap();
    }
    let nothing = path("/");
    let question = if mood == Mood::Locked { path("/question") } else { nothing.clone() };
    let mut kept = state.kept.lock().unwrap();
    match member.as_str() {
        "OpenSession" => reply().build(&(Variant::from(""), path("/session"))).unwrap(),
        "ReadAlias" => reply().build(&path("/collection/login")).unwrap(),
        "SearchItems" => {
            let wanted: HashMap<String, String> = call.body().deserialize().unwrap();
            let fits = |at: &usize| {
                let (has, _) = &kept[*at];
                wanted.iter().all(|(name, value)| has.get(name) == Some(value))
            };
            let found: Vec<_> = (0..kept.len()).filter(fits).map(item).collect();
            let none = Vec::<OwnedObjectPath>::new();
            let both = if mood == Mood::Locked { (none, found) } else { (found, none) };
            reply().build(&both).unwrap()
        }
        "Unlock" => reply().build(&(Vec::<OwnedObjectPath>::new(), question)).unwrap(),
        "CreateItem" => {
            type New = (HashMap<String, OwnedVariant>, (OwnedObjectPath, Vec<u8>, Vec<u8>, String), bool);
            let (properties, secret, replace): New = call.body().deserialize().unwrap();
            if mood == Mood::Locked {
                return reply().build(&(nothing, question)).unwrap();
            }
            assert!(replace);
            let attributes = &properties["org.freedesktop.Secret.Item.Attributes"];
            let attributes: HashMap<String, String> = attributes.try_clone().unwrap().try_into().unwrap();
            kept.retain(|(has, _)| *has != attributes);
            kept.push((attributes, secret.2));
            reply().build(&(item(kept.len() - 1), nothing)).unwrap()
        }
        "GetSecret" | "Delete" => {
            let at: usize = header.path().unwrap().trim_start_matches("/item/").parse().unwrap();
            if member == "Delete" {
                kept.remove(at);
                return reply().build(&nothing).unwrap();
            }
            let secret = (path("/session"), Vec::<u8>::new(), kept[at].1.clone(), "text/plain");
            reply().build(&(secret,)).unwrap()
        }
        other => panic!("{other} is asked of a keyring"),
    }
}
