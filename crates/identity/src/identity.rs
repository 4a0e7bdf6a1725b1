//! The facade: what the directory's own functions need, in one value that services hold.

use std::sync::Arc;

use auth_claims::clock::Clock;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use store::{DatabaseSettings, Db};

use crate::{
    MIGRATIONS,
    act::Act,
    audit::{AuditTrail, Origin},
    clients::ClientCache,
    directory_search,
    errors::IdentityError,
    groups,
    master::{MasterKey, Secrets},
    otp::{OtpChecks, OtpSettings},
    passwords::{PasswordHasher, PasswordSettings},
    pruning::Remembered,
    refresh::TokenState,
    rekeying, sign_in_times,
    throttle::{
        ClientGuard, ClientLimits, PasswordGuard, PasswordLimits,
        lockouts::{self, Guessed},
    },
};

/// The settings tree `identity.*`, the same in every binary that holds the directory.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// Where the directory is kept. Default: a SQLite file in the data directory.
    pub database: DatabaseSettings,
    /// Base64 of 32 bytes. Default: a file in the data directory, made at the first start.
    #[serde(serialize_with = "hidden")]
    #[schemars(with = "Option<String>")]
    pub master_key: Option<SecretString>,
    /// Cost of password hashes and bounds of their pool.
    pub password: PasswordSettings,
}

/// The directory. Cheap to clone; every clone is the same directory.
#[derive(Clone)]
pub struct Identity {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) secrets: Secrets,
    pub(crate) audit: AuditTrail,
    pub(crate) hasher: PasswordHasher,
    pub(crate) clients: Arc<ClientCache>,
    pub(crate) tokens: TokenState,
    pub(crate) guard: Arc<PasswordGuard>,
    pub(crate) client_guard: Arc<ClientGuard>,
    pub(crate) sign_ins: Arc<sign_in_times::Noted>,
    pub(crate) otp: Arc<OtpChecks>,
    pub(crate) pruned: Arc<Remembered>,
}

impl Identity {
    /// Opens the directory in `db`, applying missing migrations.
    ///
    /// # Errors
    /// When the database does not answer, was made with another master key, or the password settings are out of
    /// bounds.
    pub async fn open(
        db: Db,
        master: MasterKey,
        settings: PasswordSettings,
        clock: Clock,
    ) -> Result<Self, IdentityError> {
        db.migrate(&MIGRATIONS).await?;
        let secrets = rekeying::open(&db, &master).await?;
        groups::complete_keys(&db).await?;
        directory_search::complete_keys(&db).await?;
        let hasher = tokio::task::spawn_blocking(move || PasswordHasher::new(&settings))
            .await
            .map_err(|_| IdentityError::Overloaded)??;
        Ok(Self {
            audit: AuditTrail::start(db.clone()),
            clients: Arc::new(ClientCache::new()),
            tokens: TokenState::default(),
            guard: Arc::new(PasswordGuard::new(Guessed::Password, &PasswordLimits::default())),
            client_guard: Arc::new(ClientGuard::new(&ClientLimits::default())),
            sign_ins: Arc::default(),
            otp: Arc::new(OtpChecks::new(OtpSettings::default())),
            pruned: Arc::default(),
            db,
            clock,
            secrets,
            hasher,
        })
    }

    /// The same directory with these limits on wrong passwords. What this process has counted before is forgotten.
    #[must_use]
    pub fn with_password_limits(mut self, limits: &PasswordLimits) -> Self {
        self.guard = Arc::new(PasswordGuard::new(Guessed::Password, limits));
        lockouts::describe();
        self
    }

    /// The same directory with these limits on wrong client secrets. What this process has counted before is forgotten.
    #[must_use]
    pub fn with_client_limits(mut self, limits: &ClientLimits) -> Self {
        self.client_guard = Arc::new(ClientGuard::new(limits));
        self
    }

    /// The same directory with these rules for second factors. What this process has counted before is forgotten.
    #[must_use]
    pub fn with_otp(mut self, settings: OtpSettings) -> Self {
        self.otp = Arc::new(OtpChecks::new(settings));
        self
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The keys derived from the master key.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The audit trail.
    #[must_use]
    pub fn audit(&self) -> &AuditTrail {
        &self.audit
    }

    /// The pool that hashes passwords.
    #[must_use]
    pub fn hasher(&self) -> &PasswordHasher {
        &self.hasher
    }

    pub(crate) fn tokens(&self) -> &TokenState {
        &self.tokens
    }

    /// An act that begins now.
    pub(crate) fn act(&self, origin: &Origin) -> Act {
        Act::new(&self.clock, origin)
    }
}

/// Effective settings are shown to operators; this one is not.
#[expect(clippy::ref_option, reason = "the form serde calls")]
fn hidden<S: Serializer>(key: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    key.as_ref().map(|_| "********").serialize(serializer)
}
