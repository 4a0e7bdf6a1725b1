//! What the commands work on, opened as the settings say.

use auth_claims::clock::Clock;
use identity::audit::Origin;
use identity::{Identity, OpenError};
use store::Db;

use crate::failure::Failure;
use crate::settings::Settings;

/// Opens the directory, applying missing migrations.
pub(crate) async fn open(settings: &Settings) -> Result<Identity, Failure> {
    Ok(settings.identity.open(&settings.data_dir, settings.demo, Clock::system()).await?)
}

/// The rooms database, its schema as it is.
pub(crate) fn open_rooms_db(settings: &Settings) -> Result<Db, Failure> {
    Ok(settings.rooms.open_database(&settings.data_dir)?)
}

/// On whose behalf the command line acts, for the audit trail.
pub(crate) fn operator() -> Origin {
    Origin { actor: Some("operator".to_owned()), dialect: Some("cli".to_owned()), ..Origin::default() }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::DataDir(..) | OpenError::MasterKey(_) => Self::Usage(error.to_string()),
            OpenError::Identity(error) => error.into(),
            OpenError::Database(_) => Self::Other(error.into()),
        }
    }
}
