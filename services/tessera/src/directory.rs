//! Opens what the commands work on: the identity database under its master key.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::Context;
use auth_claims::clock::Clock;
use identity::Identity;
use identity::audit::Origin;
use identity::master::MasterKey;
use secrecy::ExposeSecret;
use store::Db;

use crate::failure::Failure;
use crate::settings::Settings;

/// Opens the directory, applying missing migrations; makes the data directory at the first start.
pub(crate) async fn open(settings: &Settings) -> Result<Identity, Failure> {
    let master = master_key(settings)?;
    let db = open_identity_db(settings)?;
    let identity = Identity::open(db, master, settings.identity.password.clone(), Clock::system()).await;
    let identity = identity.map_err(Failure::from)?;
    if !settings.demo {
        identity.require_not_demo().await.map_err(Failure::from)?;
    }
    Ok(identity)
}

/// The identity database, its schema as it is.
pub(crate) fn open_identity_db(settings: &Settings) -> Result<Db, Failure> {
    create_data_dir(&settings.data_dir)?;
    let database = settings.identity.database.clone().or_sqlite(&settings.data_dir.join("identity.db"));
    Ok(Db::open(&database).context("identity.database")?)
}

/// The rooms database, its schema as it is.
pub(crate) fn open_rooms_db(settings: &Settings) -> Result<Db, Failure> {
    create_data_dir(&settings.data_dir)?;
    let database = settings.rooms.database.clone().or_sqlite(&settings.data_dir.join("rooms.db"));
    Ok(Db::open(&database).context("rooms.database")?)
}

/// On whose behalf the command line acts, for the audit trail.
pub(crate) fn operator() -> Origin {
    Origin { actor: Some("operator".to_owned()), dialect: Some("cli".to_owned()), ..Origin::default() }
}

fn master_key(settings: &Settings) -> Result<MasterKey, Failure> {
    let key = if let Some(key) = &settings.identity.master_key {
        MasterKey::parse(key.expose_secret())
    } else {
        create_data_dir(&settings.data_dir)?;
        MasterKey::load_or_create(&settings.data_dir.join("master.key"))
    };
    key.map_err(|error| Failure::Usage(format!("identity.master_key: {error}")))
}

/// Secrets and people's data lie in it, so it is its owner's alone.
fn create_data_dir(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error: io::Error| {
        Failure::Usage(format!("data_dir: cannot create {}: {error}", path.display()))
    })
}
