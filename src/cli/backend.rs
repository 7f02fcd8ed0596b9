//! The backend that a command talks to: this computer's own data, or a server that was named.

#[cfg(feature = "server")]
use std::sync::Arc;

use super::Context;
use super::failure::Failure;
use super::remote::{self, Remote};
#[cfg(feature = "server")]
use crate::client::Access;
use crate::client::Client;

/// Where calls go.
pub(super) enum Backend {
    /// A server that was named.
    Remote(Client),
    /// This computer's own data.
    #[cfg(feature = "server")]
    Embedded(crate::embedded::Embedded),
}

#[cfg(feature = "server")]
mod own {
    use super::{Backend, Context, Failure, Remote, remote};
    use crate::demo::World;
    use crate::domain::Fault;
    use crate::embedded::{Embedded, Home, Purpose, Seed, Stage};
    use crate::text::Untrusted;

    fn home(context: &Context) -> Result<(Home, Seed), Failure> {
        let wanted = Some(context.settings.port).filter(|port| *port != 0);
        let opened = match context.demo {
            Some(world) => Home::throw_away().map(|home| (home, Seed::Demo(world))),
            None => Home::open(&context.paths.data, wanted).map(|home| (home, Seed::Demo(World::default()))),
        };
        opened.map_err(|error| Fault::Local(Untrusted::from(error.to_string())).into())
    }

    impl Backend {
        /// For one command.
        pub(in crate::cli) fn for_command(context: &Context) -> Result<Self, Failure> {
            if let Some(remote) = Self::remote(context)? {
                return Ok(remote);
            }
            let (home, seed) = home(context)?;
            Ok(Self::Embedded(Embedded::new(home, Purpose::Command, seed, |_| {})))
        }

        /// For an import: an empty directory is not filled with a made-up company first.
        pub(in crate::cli) fn for_import(context: &Context) -> Result<Self, Failure> {
            if let Some(remote) = Self::remote(context)? {
                return Ok(remote);
            }
            let (home, _) = home(context)?;
            Ok(Self::Embedded(Embedded::new(home, Purpose::Command, Seed::Nothing, |_| {})))
        }

        /// For a screen. `on_stage` hears what takes time.
        pub(in crate::cli) fn for_screen(
            context: &Context,
            remote: Option<Remote>,
            on_stage: impl Fn(Stage) + Send + Sync + 'static,
        ) -> Result<Self, Failure> {
            if let Some(remote) = remote {
                return Ok(Self::Remote(remote.client(context)?));
            }
            let (home, seed) = home(context)?;
            Ok(Self::Embedded(Embedded::new(home, Purpose::Screen, seed, on_stage)))
        }

        /// For a command that lasts: it serves others as a screen does.
        pub(in crate::cli) fn for_watch(context: &Context) -> Result<Self, Failure> {
            Self::for_screen(context, remote::choose(context)?, |_| {})
        }
    }
}

#[cfg(not(feature = "server"))]
impl Backend {
    /// For one command.
    pub(super) fn for_command(context: &Context) -> Result<Self, Failure> {
        // Built without a backend of its own: a server has to be named.
        Self::remote(context)?
            .ok_or_else(|| Failure::Usage(context.words.get(crate::i18n::Text::NameAServer)))
    }

    /// For a screen.
    pub(super) fn for_screen(context: &Context, remote: Option<Remote>) -> Result<Self, Failure> {
        let remote =
            remote.ok_or_else(|| Failure::Usage(context.words.get(crate::i18n::Text::NameAServer)))?;
        Ok(Self::Remote(remote.client(context)?))
    }

    /// For a command that lasts.
    pub(super) fn for_watch(context: &Context) -> Result<Self, Failure> {
        Self::for_command(context)
    }
}

impl Backend {
    fn remote(context: &Context) -> Result<Option<Self>, Failure> {
        match remote::choose(context)? {
            Some(remote) => Ok(Some(Self::Remote(remote.client(context)?))),
            None => Ok(None),
        }
    }

    /// Whether a server was named.
    #[cfg(feature = "server")]
    pub(super) fn is_remote(&self) -> bool {
        matches!(self, Self::Remote(_))
    }

    /// Calls as the signed-in member.
    pub(super) fn client(&self) -> Client {
        match self {
            Self::Remote(client) => client.clone(),
            #[cfg(feature = "server")]
            Self::Embedded(embedded) => Client::new(Arc::new(embedded.clone()) as Arc<dyn Access>),
        }
    }

    /// Calls as whoever may administer: on this computer's own data the operator, on a server whoever
    /// the token belongs to.
    pub(super) fn operator(&self) -> Client {
        match self {
            Self::Remote(client) => client.clone(),
            #[cfg(feature = "server")]
            Self::Embedded(embedded) => Client::new(embedded.as_operator()),
        }
    }

    /// Lets go of the data.
    pub(super) async fn stop(&self) {
        match self {
            Self::Remote(_) => {}
            #[cfg(feature = "server")]
            Self::Embedded(embedded) => embedded.stop().await,
        }
    }

    /// Lets go of the data until [`resume`](Self::resume).
    pub(super) async fn suspend(&self) {
        match self {
            Self::Remote(_) => {}
            #[cfg(feature = "server")]
            Self::Embedded(embedded) => embedded.suspend().await,
        }
    }

    /// Goes on like anyone who has just started.
    pub(super) fn resume(&self) {
        match self {
            Self::Remote(_) => {}
            #[cfg(feature = "server")]
            Self::Embedded(embedded) => embedded.resume(),
        }
    }
}
