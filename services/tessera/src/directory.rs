//! What the commands work on, opened as the settings say.

use std::sync::Arc;

use anyhow::Context;
use applications::app::App;
use auth_claims::clock::Clock;
use identity::accounts::{Account, AccountFilter, AccountId, EmailKey};
use identity::audit::Origin;
use identity::{Identity, OpenError};
use secrecy::ExposeSecret;
use store::{DatabaseSettings, Db};

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

/// The applications database, its schema as it is.
pub(crate) fn open_applications_db(settings: &Settings) -> Result<Db, Failure> {
    Ok(settings.applications.open_database(&settings.data_dir)?)
}

/// Applications, to be changed as the service changes them: their database, brought up to date, and the directory, which
/// is told of every change before it is made.
pub(crate) async fn open_applications(settings: &Settings, identity: &Identity) -> Result<Arc<App>, Failure> {
    let is_elsewhere = |database: &DatabaseSettings| !database.url.expose_secret().is_empty();
    if is_elsewhere(&settings.applications.database) && !is_elsewhere(&settings.identity.database) {
        // An auth server that is never told would go on letting people in.
        return Err(Failure::Usage(
            "identity.database.url: is not set although applications.database.url is: whoever changes \
             applications has to tell the auth server's directory"
                .to_owned(),
        ));
    }
    let db = open_applications_db(settings)?;
    db.migrate(&applications::store::MIGRATIONS).await.context("applications.database")?;
    let registry = auth_server::application_registry(identity.clone(), operator());
    let app = App::new(db, settings.applications.clone(), registry, Clock::system());
    Ok(Arc::new(app))
}

/// On whose behalf the command line acts, for the audit trail.
pub(crate) fn operator() -> Origin {
    Origin { actor: Some("operator".to_owned()), dialect: Some("cli".to_owned()), ..Origin::default() }
}

/// The account of this name: its id, e-mail address, login or number, in this order.
pub(crate) async fn find_account(identity: &Identity, name: &str) -> Result<Account, Failure> {
    let mut found = None;
    if let Ok(id) = name.parse::<AccountId>() {
        found = identity.find_account(id).await?;
    }
    if found.is_none()
        && let Ok(email) = name.parse::<EmailKey>()
    {
        found = identity.find_account_by_email(&email).await?;
    }
    if found.is_none() {
        found = identity.find_account_by_login(name).await?;
    }
    if found.is_none()
        && let Ok(number) = name.parse::<i64>()
    {
        let from = Some(number.saturating_sub(1));
        let next = identity.list_accounts(AccountFilter::default(), from, 1).await?;
        found = next.items.into_iter().find(|account| account.number == number);
    }
    found.ok_or_else(|| Failure::NotFound(format!("there is no account {name}")))
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
