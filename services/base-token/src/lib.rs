//! Workspaces, bases, and the tokens that open them, in the SeaTable dialect: `/api/v2.1`. The contract is
//! `contracts/seatable-tokens.md`.
//!
//! | where | what |
//! | --- | --- |
//! | [`api`] | one module per family of endpoints: extract, authorise, decide, render |
//! | [`domain`] | bases, names, permissions, who may do what: plain types and rules |
//! | [`store`] | queries, returning domain types |
//! | [`tokens`] | API-Tokens, temporary ones, Base-Tokens |
//! | [`app`], [`last_access`], [`trash`], [`pruning`] | decisions in their transactions, and what goes on beside requests |
//!
//! People and groups are the directory's, which is asked through `auth_client::directory` and of which nothing is
//! remembered. Account-Tokens are the auth server's: they are exchanged there. The data plane, which keeps what is in the
//! bases, is somebody else's: it verifies Base-Tokens by itself (`auth_claims::base_token`).
//!
//! To add an endpoint: its row in [`domain::access`], a handler in `api`, a line in [`api::routes`] and in `api::openapi`,
//! a test in `tests/`.

pub mod api;
pub mod app;
mod audit;
pub mod bootstrap;
pub mod domain;
pub mod last_access;
mod leavers;
mod people;
pub mod process;
pub mod pruning;
pub mod settings;
pub mod store;
pub mod tokens;
pub mod trash;
pub mod urls;

use std::sync::Arc;

use ::store::Db;
use actix_web::web::{Data, ServiceConfig};
use anyhow::Context as _;
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::leavers::Leavers;
use auth_claims::scopes::Scope;
use auth_client::directory::Directory;
use master_key::MasterKey;
use service_kit::origin::PublicOrigin;

pub use self::settings::BasesSettings;
use crate::api::routes::{self, State};
use crate::app::App;
use crate::pruning::Pruning;

/// Which dialect is spoken below which path, as `service_kit::Server::dialects` takes it.
pub const DIALECTS: &[(&str, &str)] = &[("/api/v2.1", "seatable")];

/// Behind which segments the token of an external link stands, as `service_kit::Server::secret_paths` takes it.
pub const SECRET_PATHS: &[&str] = &["external-links", "external-link-tokens"];

/// The service, started. Cheap to clone; with the last clone, and the last server it is mounted on, its pruning ends,
/// and it stops to see to deleted accounts.
#[derive(Clone)]
pub struct Bases {
    state: State,
    pruning: Arc<Pruning>,
    leavers: Arc<Leavers>,
}

impl Bases {
    /// Brings the database up to date, reads or makes the keys of tokens, and makes the service ready to be mounted. The
    /// authenticator needs an exchange, for Account-Tokens.
    ///
    /// # Errors
    /// The database cannot be migrated, or the keys in it are sealed under another master key; in one sentence.
    pub async fn start(
        settings: BasesSettings,
        db: Db,
        master: &MasterKey,
        authenticator: Authenticator,
        directory: Arc<dyn Directory>,
        origin: PublicOrigin,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        db.migrate(&store::MIGRATIONS).await.context("bases.database")?;
        let scope: Scope = settings.scope.parse().context("bases.scope")?;
        let leavers = Arc::new(leavers::watch(&authenticator, db.clone(), clock.clone()));
        let app = Arc::new(App::start(settings, db, master, directory, origin, clock).await?);
        let pruning = Arc::new(Pruning::spawn(Arc::clone(&app)));
        let (authenticator, scope) = (Data::new(authenticator), Data::new(scope));
        Ok(Self { state: State { app: Data::from(app), authenticator, scope }, pruning, leavers })
    }

    /// What handlers share.
    #[must_use]
    pub fn app(&self) -> Arc<App> {
        self.state.app.clone().into_inner()
    }

    /// Mounts every resource of this service, and behind them what answers for every other path below `/api/v2.1`.
    pub fn configure(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + Sync + 'static {
        let (state, pruning, leavers) =
            (self.state.clone(), Arc::clone(&self.pruning), Arc::clone(&self.leavers));
        move |cfg| {
            let _kept_as_long_as_this_is_mounted = (&pruning, &leavers);
            routes::configure(cfg, &state);
        }
    }

    /// Writes what is kept in memory: when API-Tokens were used last. For the end, once nothing is served any more.
    pub async fn shutdown(&self) {
        self.state.app.flush().await;
    }
}

/// The description of this API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::openapi::document()
}
