//! The service as a value: started once, mounted on every worker, asked in-process by its neighbours.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use auth_claims::caller::Exchange;
use auth_claims::keys::KeySource;
use auth_claims::revocations::RevocationSource;
use auth_client::applications::ApplicationRegistry;
use auth_client::directory::Directory;
use chrono::TimeDelta;
use identity::Identity;
use store::pruning::{PruneSettings, repeatedly};
use tokio::task::JoinHandle;

use crate::api;
use crate::app::App;
use crate::in_process::{
    InProcessApplications, InProcessClient, InProcessDirectory, InProcessExchange, InProcessRevocations,
};
use crate::keys::{KeysError, SigningKeys};
use crate::sealing;
use crate::settings::AuthSettings;

/// From the start to the first deletion of what is over, at most: a process that is just asked for the first time has better
/// things to do.
const FIRST_PRUNING: Duration = Duration::from_secs(30);

/// A running auth server. Cheap to clone; its background work ends with its last clone and mounted resource.
#[derive(Clone)]
pub struct AuthServer {
    app: web::Data<App>,
    _work: Arc<BackgroundWork>,
}

impl AuthServer {
    /// Loads the signing keys (the very first start makes one) and begins to look after them.
    ///
    /// # Errors
    /// [`KeysError`] when the keys cannot be read, made or opened.
    pub async fn start(settings: AuthSettings, identity: Identity) -> Result<Self, KeysError> {
        let identity = identity
            .with_refresh(settings.refresh)
            .with_password_limits(&settings.limits.passwords())
            .with_client_limits(&settings.limits.clients())
            .with_otp(settings.otp.clone());
        let keys = SigningKeys::start(identity.clone(), &settings.signing).await?;
        let app = App::new(settings, identity, keys);
        let work = BackgroundWork::start(&app);
        Ok(Self { app: web::Data::new(app), _work: Arc::new(work) })
    }

    /// Mounts what shares a prefix with other services, and so comes before them, and most of the rest; the binaries and the
    /// tests call this same function, and [`AuthServer::configure_last`].
    pub fn configure(&self) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + Sync + 'static {
        let server = self.clone();
        move |cfg| api::configure(cfg, &server.app)
    }

    /// Mounts what is left, behind other services: in front of them it would cost their requests an expression to match.
    pub fn configure_last(&self) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + Sync + 'static {
        let server = self.clone();
        move |cfg| api::configure_last(cfg, &server.app)
    }

    /// Takes the steps of key rotation that are due, and loads what others did. Runs by itself every few seconds.
    ///
    /// # Errors
    /// [`KeysError`] when the keys cannot be read, made or opened; those at hand stay in use.
    pub async fn maintain_keys(&self) -> Result<(), KeysError> {
        self.app.keys.maintain().await
    }

    /// The published keys, for verifiers in this process.
    #[must_use]
    pub fn key_source(&self) -> Arc<dyn KeySource> {
        Arc::clone(&self.app.keys) as Arc<dyn KeySource>
    }

    /// The revocation feed, for followers in this process.
    #[must_use]
    pub fn revocation_source(&self) -> Arc<dyn RevocationSource> {
        Arc::new(InProcessRevocations(self.app.identity.clone()))
    }

    /// Where the service `applications` in this process tells what has become of them.
    #[must_use]
    pub fn application_registry(&self) -> Arc<dyn ApplicationRegistry> {
        Arc::new(InProcessApplications::new(self.app.identity.clone()))
    }

    /// People and groups, for a service in this process.
    #[must_use]
    pub fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(InProcessDirectory::new(self.app.identity.clone()))
    }

    /// Token exchange for a service in this process, which needs no client secret to be itself.
    #[must_use]
    pub fn exchange(&self, client: InProcessClient) -> Arc<dyn Exchange> {
        Arc::new(InProcessExchange::new(self.app.clone().into_inner(), client))
    }
}

/// Keys, the audit trail and pruning; aborted when dropped. None of them holds anything that must be finished:
/// each step is a transaction.
struct BackgroundWork([JoinHandle<()>; 3]);

impl BackgroundWork {
    fn start(app: &App) -> Self {
        let keys = tokio::spawn(maintain_keys(Arc::clone(&app.keys), app.settings.signing.reload));
        let kept = app.settings.audit_kept.map(|kept| TimeDelta::from_std(kept).unwrap_or(TimeDelta::MAX));
        let audit = tokio::spawn(sealing::seal(app.identity.clone()));
        let pruning = tokio::spawn(prune(app.identity.clone(), app.settings.pruning, kept));
        Self([keys, audit, pruning])
    }
}

impl Drop for BackgroundWork {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn maintain_keys(keys: Arc<SigningKeys>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        if let Err(error) = keys.maintain().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "kept the signing keys at hand");
        }
    }
}

async fn prune(identity: Identity, settings: PruneSettings, audit_kept: Option<TimeDelta>) {
    identity::pruning::register_metrics();
    tokio::time::sleep(settings.interval.min(FIRST_PRUNING)).await;
    repeatedly(settings.interval, || identity.prune_in_batches(audit_kept, settings.batch)).await;
}
