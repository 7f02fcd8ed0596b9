//! The keyring of Linux desktops: the Secret Service on the session's D-Bus.
//!
//! Secrets pass in the bus's "plain" form: the bus is a socket of this user alone, and whoever may listen on
//! it may as well ask the service.

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::wire::{DynamicType, OwnedObjectPath, OwnedVariant, Type, Variant};
use zbus::{Connection, Message};

use super::{Item, Keyring, KeyringError, Pending};

const SERVICE: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const SERVICE_FACE: &str = "org.freedesktop.Secret.Service";
const COLLECTION_FACE: &str = "org.freedesktop.Secret.Collection";
const ITEM_FACE: &str = "org.freedesktop.Secret.Item";
/// What the service gives for "none".
const NOTHING: &str = "/";

/// A secret as it passes over the bus: session, parameters, value, media type.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// The service that the session's bus leads to.
pub(super) struct SecretService;

/// A connection with its session.
struct Talk {
    bus: Connection,
    session: OwnedObjectPath,
}

/// The session's bus. Only where the session itself names it: a bus that is merely likely may be another's.
fn bus_address() -> Result<String, KeyringError> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(address) = set("DBUS_SESSION_BUS_ADDRESS") {
        return Ok(address);
    }
    let socket = set("XDG_RUNTIME_DIR").map(|dir| Path::new(&dir).join("bus"));
    let socket = socket.filter(|socket| socket.exists()).ok_or(KeyringError::Absent)?;
    Ok(format!("unix:path={}", socket.display()))
}

/// Whether the bus is there but nobody keeps secrets on it.
fn refused(error: &zbus::Error) -> KeyringError {
    let zbus::Error::MethodError(name, ..) = error else { return KeyringError::Absent };
    match name.as_str() {
        "org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner" => {
            KeyringError::Absent
        }
        "org.freedesktop.Secret.Error.IsLocked" => KeyringError::Locked,
        _ => KeyringError::Refused,
    }
}

fn attributes(item: &Item) -> HashMap<&str, &str> {
    HashMap::from([
        ("application", "namecard"),
        ("server", item.server.as_str()),
        ("company", item.company.as_str()),
        ("member", item.member.as_str()),
    ])
}

impl Talk {
    async fn begin() -> Result<Self, KeyringError> {
        let address = bus_address()?;
        let bus = zbus::connection::Builder::address(address.as_str())
            .build()
            .await
            .map_err(|_| KeyringError::Absent)?;
        let body = ("plain", Variant::from(""));
        let reply = call(&bus, ROOT, SERVICE_FACE, "OpenSession", &body).await?;
        let (_, session): (OwnedVariant, OwnedObjectPath) = read(&reply)?;
        Ok(Self { bus, session })
    }

    async fn ask<T: DeserializeOwned + Type>(
        &self,
        path: &str,
        face: &'static str,
        method: &'static str,
        body: &(impl Serialize + DynamicType),
    ) -> Result<T, KeyringError> {
        read(&call(&self.bus, path, face, method, body).await?)
    }

    /// The items kept for this; opened if that takes no question to the user.
    async fn find(&self, item: &Item) -> Result<Vec<OwnedObjectPath>, KeyringError> {
        let (mut open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            self.ask(ROOT, SERVICE_FACE, "SearchItems", &(attributes(item),)).await?;
        if open.is_empty() && !locked.is_empty() {
            let (opened, question): (Vec<OwnedObjectPath>, OwnedObjectPath) =
                self.ask(ROOT, SERVICE_FACE, "Unlock", &(locked,)).await?;
            answered(&question)?;
            open = opened;
        }
        Ok(open)
    }
}

async fn call(
    bus: &Connection,
    path: &str,
    face: &'static str,
    method: &'static str,
    body: &(impl Serialize + DynamicType),
) -> Result<Message, KeyringError> {
    bus.call_method(Some(SERVICE), path, Some(face), method, body).await.map_err(|error| refused(&error))
}

fn read<T: DeserializeOwned + Type>(reply: &Message) -> Result<T, KeyringError> {
    reply.body().deserialize().map_err(|_| KeyringError::Refused)
}

/// A service that wants to ask the user first is locked.
fn answered(question: &OwnedObjectPath) -> Result<(), KeyringError> {
    if question.as_str() == NOTHING { Ok(()) } else { Err(KeyringError::Locked) }
}

impl Keyring for SecretService {
    fn read<'a>(&'a self, item: &'a Item) -> Pending<'a, Option<String>> {
        Box::pin(async move {
            let talk = Talk::begin().await?;
            let Some(path) = talk.find(item).await?.into_iter().next() else { return Ok(None) };
            let (secret,): (Secret,) =
                talk.ask(path.as_str(), ITEM_FACE, "GetSecret", &(&talk.session,)).await?;
            String::from_utf8(secret.2).map(Some).map_err(|_| KeyringError::Refused)
        })
    }

    fn write<'a>(&'a self, item: &'a Item, token: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            let talk = Talk::begin().await?;
            let collection: OwnedObjectPath =
                talk.ask(ROOT, SERVICE_FACE, "ReadAlias", &("default",)).await?;
            if collection.as_str() == NOTHING {
                return Err(KeyringError::Absent);
            }
            let label = format!("namecard: {} @ {}", item.member, item.server);
            let properties = HashMap::from([
                ("org.freedesktop.Secret.Item.Label", Variant::from(label)),
                ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes(item))),
            ]);
            let secret = (&talk.session, Vec::<u8>::new(), token.as_bytes(), "text/plain");
            let (_, question): (OwnedObjectPath, OwnedObjectPath) = talk
                .ask(collection.as_str(), COLLECTION_FACE, "CreateItem", &(properties, secret, true))
                .await?;
            answered(&question)
        })
    }

    fn remove<'a>(&'a self, item: &'a Item) -> Pending<'a, ()> {
        Box::pin(async move {
            let talk = Talk::begin().await?;
            for path in talk.find(item).await? {
                let question: OwnedObjectPath = talk.ask(path.as_str(), ITEM_FACE, "Delete", &()).await?;
                answered(&question)?;
            }
            Ok(())
        })
    }
}
