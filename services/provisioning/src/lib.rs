//! Accounts, groups, sub-administrators and apps of the platform, as provisioning clients of Nextcloud manage them: OCS,
//! below `/ocs/v1.php` and `/ocs/v2.php`. The contract is `contracts/ocs-provisioning.md`.
//!
//! | folder | holds |
//! | --- | --- |
//! | [`api`] | one type per operation; [`api::pipeline`] has the order of checks, and nobody else |
//! | [`domain`] | who may do what to whom, what may be edited, how an account is shown: plain types and rules |
//!
//! Accounts, groups and apps are the directory's (crate `identity`). This service has its database, but not its master key:
//! it hashes new passwords, and checks none. Credentials are exchanged at the auth server.
//!
//! [`process`] runs it alone; crate `tessera` runs it beside the other services.
//!
//! To add an operation: a type in `api/<family>.rs` that implements [`api::pipeline::Operation`], and so says who may call
//! it; a line in [`api::routes`], one in [`api::openapi`], a test in `tests/`.

pub mod api;
pub mod app;
pub mod domain;
pub mod process;
pub mod rates;
pub mod settings;

use actix_web::web::{Data, ServiceConfig};
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::scopes::Scope;
use identity::passwords::PasswordHasher;
use identity::revocations::Feed;
use service_kit::origin::PublicOrigin;
use store::Db;

pub use self::settings::ProvisioningSettings;
use crate::api::routes::{self, State};
use crate::app::App;
use crate::rates::Rates;

/// Which dialect is spoken below which path, as `service_kit::Server::dialects` takes it.
pub const DIALECTS: &[(&str, &str)] = &[("/ocs", "ocs")];

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The scope of its settings is none.
    #[error("provisioning.scope: {0}")]
    Scope(#[from] auth_claims::scopes::InvalidScope),
    /// The country of its settings is none.
    #[error(transparent)]
    Region(#[from] settings::UnknownRegion),
}

/// The service, started. Cheap to clone.
#[derive(Clone)]
pub struct Provisioning {
    state: State,
}

impl Provisioning {
    /// Makes the service ready to be mounted. `db` is the directory's, and up to date, `revocations` those of an auth server in
    /// the same process; `origin` is where clients reach it.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        settings: ProvisioningSettings,
        db: Db,
        revocations: Feed,
        hasher: PasswordHasher,
        authenticator: Authenticator,
        origin: PublicOrigin,
        clock: Clock,
    ) -> Result<Self, StartError> {
        settings.accounts.check()?;
        let (scope, rates) = (settings.scope.parse::<Scope>()?, Rates::new(&settings.limits));
        let app = App { db, revocations, hasher, rates, origin, settings, scope, clock };
        Ok(Self { state: State { app: Data::new(app), authenticator: Data::new(authenticator) } })
    }

    /// Mounts every operation below both entry points, and behind them the answer for paths that lead nowhere.
    pub fn configure(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + Sync + 'static {
        let state = self.state.clone();
        move |cfg| routes::configure(cfg, &state)
    }
}

/// The description of this API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::openapi::document()
}
