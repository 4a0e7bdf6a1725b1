//! What handlers share, and their only way to the database.
//!
//! | module | what is done |
//! | --- | --- |
//! | [`permits`] | deciding who may, before something is done and again within its transaction |
//! | [`api_tokens`], [`links`] | API-Tokens and external links of a base |
//! | [`exchanges`] | what opens a base is exchanged for a Base-Token |

pub mod api_tokens;
pub mod exchanges;
pub mod links;
pub mod permits;

use std::sync::Arc;
use std::time::Duration;

use auth_claims::base_token::{Access, BaseAccess, BaseTokenRefusal};
use auth_claims::clock::Clock;
use auth_client::directory::{Directory, DirectoryError};
use master_key::MasterKey;
use seatable_dialect::rates::Rates;
use service_kit::origin::PublicOrigin;
use store::{Db, StoreCause, StoreError};
use tokio::task::JoinHandle;

pub use self::permits::{BasePath, Permitted};
use crate::domain::refusal::Refusal;
use crate::last_access::LastAccess;
use crate::settings::BasesSettings;
use crate::tokens::{TokenError, Tokens};

/// From one look at the signing keys to the next: three times in the quarter of an hour that a key is published before it
/// signs.
const KEY_PAUSE: Duration = Duration::from_mins(5);

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The rules are against it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody can tell who is in which group.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The Base-Token of the request is no good for it.
    #[error(transparent)]
    BaseToken(#[from] BaseTokenRefusal),
    /// A token could not be made.
    #[error(transparent)]
    Token(TokenError),
    /// A password could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Password(String),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TokenError> for AppError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => Self::Store(error),
            other => Self::Token(other),
        }
    }
}

impl From<diesel::result::Error> for AppError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl StoreCause for AppError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// The running service, as handlers see it.
pub struct App {
    pub(crate) db: Db,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) last_access: Arc<LastAccess>,
    /// Where addresses begin that are told without a setting for them.
    pub origin: PublicOrigin,
    /// How often anybody may ask.
    pub rates: Rates,
    /// The settings.
    pub settings: BasesSettings,
    /// The time.
    pub clock: Clock,
    hashing: links::Hashing,
    upkeep: [JoinHandle<()>; 2],
}

impl App {
    /// A service on this database, which has been brought up to date: finds the keys of tokens, or makes them.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn start(
        settings: BasesSettings,
        db: Db,
        master: &MasterKey,
        directory: Arc<dyn Directory>,
        origin: PublicOrigin,
        clock: Clock,
    ) -> Result<Self, TokenError> {
        let tokens = Arc::new(Tokens::open(&db, &settings.tokens, master, &clock).await?);
        let last_access = Arc::new(LastAccess::new(db.clone()));
        let upkeep = [
            tokio::spawn(crate::last_access::write_now_and_then(Arc::clone(&last_access))),
            tokio::spawn(advance_now_and_then(Arc::clone(&tokens))),
        ];
        let (rates, hashing) = (Rates::new(&settings.rates), links::Hashing::default());
        Ok(Self { db, directory, tokens, last_access, origin, rates, settings, clock, hashing, upkeep })
    }

    /// Writes when API-Tokens were used last, as far as that is in memory only.
    pub async fn flush(&self) {
        if let Err(error) = self.last_access.flush().await {
            tracing::warn!(%error, "when API-Tokens were used last is lost: {error}");
        }
    }

    /// Checks the Base-Token of a request for a base. §13.
    ///
    /// # Errors
    /// [`AppError::BaseToken`].
    pub fn verify_base_token(
        &self,
        authorization: Option<&str>,
        dtable_uuid: &str,
        access: Access,
    ) -> Result<BaseAccess, AppError> {
        Ok(self.tokens.verifier()?.verify(authorization, dtable_uuid, access)?)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.upkeep.iter().for_each(JoinHandle::abort);
    }
}

async fn advance_now_and_then(tokens: Arc<Tokens>) {
    loop {
        tokio::time::sleep(KEY_PAUSE).await;
        if let Err(error) = tokens.advance().await {
            tracing::warn!(%error, "the signing keys are looked at later: {error}");
        }
    }
}
