//! Where the program keeps things: the XDG base directories.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

/// No home directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no home directory: set HOME")]
pub struct NoHome;

/// The program's places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The embedded backend's database and what belongs to it.
    pub data: PathBuf,
    /// The user's settings.
    pub config: PathBuf,
    /// What can be fetched again.
    pub cache: PathBuf,
}

impl Paths {
    /// The places for this user: `XDG_DATA_HOME`, `XDG_CONFIG_HOME` and
    /// `XDG_CACHE_HOME`, or their defaults below home.
    pub fn of_user() -> Result<Self, NoHome> {
        let base = etcetera::base_strategy::Xdg::new().map_err(|_| NoHome)?;
        Ok(Self {
            data: base.data_dir().join("namecard"),
            config: base.config_dir().join("namecard").join("config.toml"),
            cache: base.cache_dir().join("namecard"),
        })
    }
}
