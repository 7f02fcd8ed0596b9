//! The backend that a command talks to.

use std::sync::Arc;

use super::Context;
use super::failure::Failure;
use crate::client::{Access, Client};

#[cfg(feature = "server")]
pub(super) use with_server::Backend;
#[cfg(not(feature = "server"))]
pub(super) use without_server::Backend;

#[cfg(feature = "server")]
mod with_server {
    use super::{Access, Arc, Client, Context, Failure};
    use crate::domain::Fault;
    use crate::embedded::{Embedded, Home, Purpose, Seed, Stage};
    use crate::text::Untrusted;

    /// The embedded backend.
    pub(crate) struct Backend(Embedded);

    fn home(context: &Context) -> Result<(Home, Seed), Failure> {
        let wanted = Some(context.settings.port).filter(|port| *port != 0);
        let opened = match context.demo {
            Some(seed) => Home::throw_away().map(|home| (home, Seed::Demo(seed))),
            None => Home::open(&context.paths.data, wanted).map(|home| (home, Seed::Demo(0))),
        };
        opened.map_err(|error| Fault::Local(Untrusted::from(error.to_string())).into())
    }

    impl Backend {
        /// For one command.
        pub(crate) fn for_command(context: &Context) -> Result<Self, Failure> {
            let (home, seed) = home(context)?;
            Ok(Self(Embedded::new(home, Purpose::Command, seed, |_| {})))
        }

        /// For an import: an empty directory is not filled with a made-up company first.
        pub(crate) fn for_import(context: &Context) -> Result<Self, Failure> {
            let (home, _) = home(context)?;
            Ok(Self(Embedded::new(home, Purpose::Command, Seed::Nothing, |_| {})))
        }

        /// For a screen. `on_stage` hears what takes time.
        pub(crate) fn for_screen(
            context: &Context,
            on_stage: impl Fn(Stage) + Send + Sync + 'static,
        ) -> Result<Self, Failure> {
            let (home, seed) = home(context)?;
            Ok(Self(Embedded::new(home, Purpose::Screen, seed, on_stage)))
        }

        /// For a command that lasts: it serves others as a screen does.
        pub(crate) fn for_watch(context: &Context) -> Result<Self, Failure> {
            Self::for_screen(context, |_| {})
        }

        /// Calls as the signed-in member.
        pub(crate) fn client(&self) -> Client {
            Client::new(Arc::new(self.0.clone()) as Arc<dyn Access>)
        }

        /// Calls as the operator.
        pub(crate) fn operator(&self) -> Client {
            Client::new(self.0.as_operator())
        }

        /// Lets go of the data.
        pub(crate) async fn stop(&self) {
            self.0.stop().await;
        }

        /// Lets go of the data until [`resume`](Self::resume).
        pub(crate) async fn suspend(&self) {
            self.0.suspend().await;
        }

        /// Goes on like anyone who has just started.
        pub(crate) fn resume(&self) {
            self.0.resume();
        }
    }
}

#[cfg(not(feature = "server"))]
mod without_server {
    use super::{Access, Arc, Client, Context, Failure};
    use crate::client::{BoxFuture, Way};
    use crate::domain::Fault;

    /// Built without a backend of its own, and no server can be named yet: nobody is there.
    pub(crate) struct Backend;

    struct Nobody;

    impl Access for Nobody {
        fn way(&self) -> BoxFuture<'_, Result<Way, Fault>> {
            Box::pin(async { Err(Fault::Unreachable) })
        }

        fn lost(&self, _: u64) -> BoxFuture<'_, ()> {
            Box::pin(async {})
        }

        fn refused(&self, _: u64) -> BoxFuture<'_, bool> {
            Box::pin(async { false })
        }
    }

    impl Backend {
        pub(crate) fn for_command(_: &Context) -> Result<Self, Failure> {
            Ok(Self)
        }

        pub(crate) fn for_screen(_: &Context) -> Result<Self, Failure> {
            Ok(Self)
        }

        pub(crate) fn for_watch(_: &Context) -> Result<Self, Failure> {
            Ok(Self)
        }

        pub(crate) fn client(&self) -> Client {
            Client::new(Arc::new(Nobody) as Arc<dyn Access>)
        }

        pub(crate) async fn stop(&self) {}

        pub(crate) async fn suspend(&self) {}

        pub(crate) fn resume(&self) {}
    }
}
