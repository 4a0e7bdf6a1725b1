//! From settings to an open directory: what every binary that holds it does first.

use std::{io, path::Path};

use auth_claims::clock::Clock;
use secrecy::ExposeSecret;
use store::{Db, StoreError, create_data_dir};

use crate::{
    errors::IdentityError,
    identity::{Identity, IdentitySettings},
    master::{MasterKey, MasterKeyError},
};

/// The embedded database, in the data directory.
pub const DATABASE_FILE: &str = "identity.db";
/// The master key that the first start makes, in the data directory.
pub const MASTER_KEY_FILE: &str = "master.key";

/// Why the directory does not open; each names the setting it is about.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory cannot be made.
    #[error("data_dir: cannot create {0}: {1}")]
    DataDir(String, io::Error),
    /// The master key is malformed, or its file cannot be read or made.
    #[error("identity.master_key: {0}")]
    MasterKey(#[from] MasterKeyError),
    /// The database's URL does not work, or nobody answers there.
    #[error("identity.database: {0}")]
    Database(#[from] StoreError),
    /// The directory in it does not open.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl IdentitySettings {
    /// Opens the database without looking into it.
    ///
    /// # Errors
    /// [`OpenError::DataDir`] and [`OpenError::Database`].
    pub fn open_database(&self, data_dir: &Path) -> Result<Db, OpenError> {
        if self.database.url.expose_secret().is_empty() {
            made(data_dir)?;
        }
        Ok(Db::open(&self.database.clone().or_sqlite(&data_dir.join(DATABASE_FILE)))?.named("identity"))
    }

    /// The database for a program that has it for itself, without looking into it.
    ///
    /// # Errors
    /// [`OpenError::Database`], also while anybody has an embedded database open.
    pub fn open_database_alone(&self, data_dir: &Path) -> Result<Db, OpenError> {
        let settings = self.database.clone().or_sqlite(&data_dir.join(DATABASE_FILE));
        Ok(Db::open_alone(&settings)?.named("identity"))
    }

    /// The master key: the one that is set, or that of the file in the data directory. None is made.
    ///
    /// # Errors
    /// [`OpenError::MasterKey`].
    pub fn load_master_key(&self, data_dir: &Path) -> Result<MasterKey, OpenError> {
        Ok(match &self.master_key {
            Some(key) => MasterKey::parse(key.expose_secret())?,
            None => MasterKey::load(&data_dir.join(MASTER_KEY_FILE))?,
        })
    }

    /// Opens the directory, applying missing migrations. The first start makes the data directory and a master key.
    /// Demo data is opened in demo mode only (threat 22).
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(&self, data_dir: &Path, demo: bool, clock: Clock) -> Result<Identity, OpenError> {
        let master = if let Some(key) = &self.master_key {
            MasterKey::parse(key.expose_secret())?
        } else {
            made(data_dir)?;
            MasterKey::load_or_create(&data_dir.join(MASTER_KEY_FILE))?
        };
        let db = self.open_database(data_dir)?;
        let identity = Identity::open(db, master, self.password.clone(), clock).await.map_err(opening)?;
        if !demo {
            identity.require_not_demo().await?;
        }
        Ok(identity)
    }
}

/// A database that is away is a matter of its setting.
fn opening(error: IdentityError) -> OpenError {
    match error {
        IdentityError::Store(error) => OpenError::Database(error),
        other => OpenError::Identity(other),
    }
}

fn made(data_dir: &Path) -> Result<(), OpenError> {
    create_data_dir(data_dir).map_err(|error| OpenError::DataDir(data_dir.display().to_string(), error))
}
