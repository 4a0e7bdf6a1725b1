//! Tokens: how they are made, kept, recognised and signed. `contracts/seatable-tokens.md` §3.
//!
//! | token | kept as | signed with |
//! | --- | --- | --- |
//! | API-Token | its MAC, to find it, and sealed, to show it ([`secrets`]) | – |
//! | temporary API-Token | not at all | the temporary key: HS256 ([`temporary`]) |
//! | Base-Token | not at all | the base key: HS256; or a published key: ES256 ([`signing_keys`]) |
//!
//! The two keys are never the same: a Base-Token that only reads names a base, too, and would else be good as a temporary
//! API-Token, which is exchanged for one that writes.

pub mod rekeying;
pub mod secrets;
pub mod settings;
pub mod signing_keys;
pub mod temporary;

use auth_claims::base_token::{BaseClaims, BasePermission, BaseTokenVerifier};
use auth_claims::clock::Clock;
use auth_claims::hs256::Hs256Key;
use auth_claims::keys::JwkSet;
use chrono::TimeDelta;
use master_key::MasterKey;
use store::{Db, StoreError};
use token_signing::{GenerateError, KeyringError, SealError};

pub use self::secrets::{Secret, Secrets};
pub use self::settings::{Signing, TokenSettings};
pub use self::signing_keys::SigningKeys;
use self::temporary::TemporaryClaims;
use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::permission::Permission;

/// How long a Base-Token lives: the Python client counts three days from when it got one. §3, §13.
pub const BASE_TOKEN_LIFETIME: TimeDelta = TimeDelta::seconds(259_200);

/// How long a temporary API-Token lives. §3.
pub const TEMPORARY_TOKEN_LIFETIME: TimeDelta = TimeDelta::seconds(3600);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// What is stored was sealed under another master key.
    #[error("bases.master_key: {0} was sealed under another key")]
    MasterKey(&'static str),
    /// Somebody else is connected to the database.
    #[error("bases.database: is in use; stop what runs on it first")]
    InUse,
    /// Something that was sealed could not be sealed anew.
    #[error("{0} could not be sealed with the new key: {1}")]
    Reseal(&'static str, token_signing::ResealError),
    /// The two keys are the same.
    #[error("bases.tokens: base_key and temporary_key must not be the same")]
    SameKey,
    /// The operating system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// Something could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No signing key could be made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The signing keys do not work.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The claims could not be signed.
    #[error(transparent)]
    Claims(#[from] auth_claims::hs256::NotJson),
    /// A published key is none.
    #[error(transparent)]
    Source(#[from] auth_claims::SourceError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl store::StoreCause for TokenError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// For whom a Base-Token is. §3.1, the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer<'a> {
    /// Whoever has the API-Token of this name.
    App(&'a str),
    /// Whoever has a temporary API-Token, which this account has got, unless it is gone.
    Script(Option<&'a AccountId>),
    /// An account.
    Account(&'a AccountId),
    /// Anybody with a link.
    Anybody,
}

/// What a token that came from a temporary API-Token is named. §3.1.
pub const SCRIPTS: &str = "scripts";

impl Bearer<'_> {
    fn username(self) -> String {
        match self {
            Self::Script(Some(account)) | Self::Account(account) => account.internal(),
            Self::App(_) | Self::Script(None) | Self::Anybody => String::new(),
        }
    }

    fn app_name(self) -> Option<String> {
        match self {
            Self::App(name) => Some(name.to_owned()),
            Self::Script(_) => Some(SCRIPTS.to_owned()),
            Self::Account(_) | Self::Anybody => None,
        }
    }
}

/// Signs and reads tokens.
pub struct Tokens {
    secrets: Secrets,
    base: BaseSigner,
    temporary: Hs256Key,
    clock: Clock,
}

enum BaseSigner {
    Shared { key: Hs256Key, verifier: BaseTokenVerifier },
    Published(Box<SigningKeys>),
}

impl Tokens {
    /// Finds the keys or makes them.
    ///
    /// # Errors
    /// [`TokenError`]; a master key that is not the one of this database.
    pub async fn open(
        db: &Db,
        settings: &TokenSettings,
        master: &MasterKey,
        clock: &Clock,
    ) -> Result<Self, TokenError> {
        let secrets = Secrets::open(db, master, clock.now()).await?;
        let base_key = secrets.key(db, Secret::BaseKey, settings.base_key.as_ref(), clock.now()).await?;
        let temporary_key =
            secrets.key(db, Secret::TemporaryKey, settings.temporary_key.as_ref(), clock.now()).await?;
        if base_key == temporary_key {
            return Err(TokenError::SameKey);
        }
        let base = match settings.signing {
            Signing::Shared => BaseSigner::Shared {
                key: Hs256Key::new(base_key.as_bytes()),
                verifier: BaseTokenVerifier::shared(base_key.as_bytes(), clock.clone()),
            },
            Signing::Es256 => BaseSigner::Published(Box::new(
                SigningKeys::open(db, secrets.key_sealer(), clock.clone()).await?,
            )),
        };
        let temporary = Hs256Key::new(temporary_key.as_bytes());
        Ok(Self { secrets, base, temporary, clock: clock.clone() })
    }

    /// What recognises API-Tokens and keeps them.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Signs a Base-Token.
    ///
    /// # Errors
    /// [`TokenError`]: there is no key to sign with.
    pub fn base_token(
        &self,
        base: &Base,
        permission: Permission,
        bearer: Bearer<'_>,
    ) -> Result<String, TokenError> {
        let claims = BaseClaims {
            exp: (self.clock.now() + BASE_TOKEN_LIFETIME).timestamp(),
            dtable_uuid: base.uuid_text(),
            username: bearer.username(),
            permission: match permission {
                Permission::Read => BasePermission::Read,
                Permission::Write => BasePermission::Write,
            },
            app_name: bearer.app_name(),
        };
        match &self.base {
            BaseSigner::Shared { key, .. } => Ok(key.sign(&claims)?),
            BaseSigner::Published(keys) => keys.sign(&claims),
        }
    }

    /// Verifies Base-Tokens of this service.
    ///
    /// # Errors
    /// [`TokenError`]: a key that cannot verify.
    pub fn verifier(&self) -> Result<BaseTokenVerifier, TokenError> {
        match &self.base {
            BaseSigner::Shared { verifier, .. } => Ok(verifier.clone()),
            BaseSigner::Published(keys) => {
                Ok(BaseTokenVerifier::key_set(&keys.published(), self.clock.clone())?)
            }
        }
    }

    /// The published keys; none where the key is a shared secret.
    #[must_use]
    pub fn published(&self) -> Option<JwkSet> {
        match &self.base {
            BaseSigner::Shared { .. } => None,
            BaseSigner::Published(keys) => Some(keys.published()),
        }
    }

    /// Takes the steps of the signing keys' schedule that are due. Nothing for a shared secret.
    ///
    /// # Errors
    /// The database is away, or no key can be made.
    pub async fn advance(&self) -> Result<(), TokenError> {
        match &self.base {
            BaseSigner::Shared { .. } => Ok(()),
            BaseSigner::Published(keys) => keys.advance().await,
        }
    }

    /// Signs a temporary API-Token for an account.
    ///
    /// # Errors
    /// [`TokenError`]: none that is known.
    pub fn temporary_token(&self, base: &Base, account: &AccountId) -> Result<String, TokenError> {
        let exp = (self.clock.now() + TEMPORARY_TOKEN_LIFETIME).timestamp();
        let claims = TemporaryClaims { username: account.internal(), dtable_uuid: base.uuid_text(), exp };
        Ok(self.temporary.sign(&claims)?)
    }

    /// Reads a temporary API-Token; nothing for every other text and for one whose time is over.
    #[must_use]
    pub fn read_temporary(&self, token: &str) -> Option<temporary::Temporary> {
        temporary::read(&self.temporary, token, self.clock.unix())
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}
