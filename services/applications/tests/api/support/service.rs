//! The service on a port of its own.

use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::rt;
use actix_web::{App, HttpServer};
use applications::domain::application::{Application, Checked};
use applications::{Applications, ApplicationsSettings};
use auth_claims::SourceError;
use auth_claims::caller::{Authenticator, Exchange};
use auth_claims::clock::Clock;
use auth_claims::keys::{JwkSet, KeySource};
use auth_claims::revocations::{RevocationEntry, RevocationKind, RevocationReason};
use auth_claims::verify::{Verifier, VerifierSettings};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use store::{DatabaseSettings, Db};
use test_kit::logs::{self, LogWatch};
use test_kit::{Backend, TestDatabase};
use token_signing::{Keyring, TokenType};

use super::tokens::{ISSUER, LIFETIME, claims, keyring};
use super::{APPLICATIONS, Answer, Registry, path};

/// A running service.
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) registry: Arc<Registry>,
    keys: Arc<Keyring>,
    verifier: Verifier,
    applications: Applications,
    url: String,
    http: Client,
    handle: ServerHandle,
    database: Arc<TestDatabase>,
    /// Looks through what was logged, at last.
    _logs: LogWatch,
}

/// The keys of the ring, as an auth server would publish them.
struct Published(Option<JwkSet>);

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        ready(self.0.clone().ok_or_else(|| SourceError::new("nobody answers"))).boxed()
    }
}

/// 2027-01-15T08:00:00Z, when every test begins.
fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl Service {
    /// With default settings.
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, json!({})).await
    }

    /// With these settings (`applications.*`).
    pub(crate) async fn with(backend: Backend, settings: Value) -> Self {
        let keys = Arc::new(keyring(start()));
        let published = Some(keys.jwks(start()));
        Self::run(
            Arc::new(TestDatabase::on(backend)),
            settings,
            Clock::manual(start()),
            keys,
            published,
            None,
        )
        .await
    }

    /// Whose auth server exchanges credentials.
    pub(crate) async fn exchanging(keys: Arc<Keyring>, clock: Clock, exchange: Arc<dyn Exchange>) -> Self {
        let (database, published) = (TestDatabase::on(Backend::Sqlite), Some(keys.jwks(start())));
        Self::run(Arc::new(database), json!({}), clock, keys, published, Some(exchange)).await
    }

    /// Whose auth server does not answer.
    pub(crate) async fn without_keys() -> Self {
        let (database, keys) = (TestDatabase::on(Backend::Sqlite), Arc::new(keyring(start())));
        Self::run(Arc::new(database), json!({}), Clock::manual(start()), keys, None, None).await
    }

    /// Another one on the same database, with the same keys and the same clock, that remembers nothing.
    pub(crate) async fn restarted(&self) -> Self {
        let (database, clock, keys) = (self.database.clone(), self.clock.clone(), self.keys.clone());
        let published = Some(keys.jwks(start()));
        Self::run(database, json!({}), clock, keys, published, None).await
    }

    async fn run(
        database: Arc<TestDatabase>,
        settings: Value,
        clock: Clock,
        keys: Arc<Keyring>,
        published: Option<JwkSet>,
        exchange: Option<Arc<dyn Exchange>>,
    ) -> Self {
        let logs = logs::watch();
        let settings: ApplicationsSettings = serde_json::from_value(settings).unwrap();
        let service = Some(settings.profile().app.to_owned());
        let expected = VerifierSettings { service, ..VerifierSettings::new(ISSUER, "applications") };
        let verifier = Verifier::new(expected, Arc::new(Published(published)), clock.clone());
        let authenticator = Authenticator::new(verifier.clone(), exchange);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let registry = Arc::new(Registry::default());
        let applications =
            Applications::start(settings, db, authenticator, registry.clone(), clock.clone()).await.unwrap();
        let configure = applications.configure();
        let app = move || App::new().configure(configure.clone());
        let server = HttpServer::new(app).workers(2).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { clock, registry, keys, verifier, applications, url, http, handle, database, _logs: logs }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Signs claims as an access token.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(TokenType::AccessToken, claims)
    }

    /// Signs claims as any token.
    pub(crate) fn sign_as(&self, kind: TokenType, claims: &Value) -> String {
        let token = self.keys.sign_as(kind, claims, self.clock.now()).unwrap();
        logs::note("token", &token);
        token
    }

    /// A token of somebody; see [`claims`].
    pub(crate) fn token(&self, who: &str) -> String {
        self.sign(&claims(who, self.clock.now()))
    }

    /// Tells the service that an account was disabled.
    pub(crate) fn revoke(&self, sub: &str) {
        let (now, kind) = (self.clock.unix(), RevocationKind::Sub);
        let (value, reason) = (sub.to_owned(), RevocationReason::AccountDisabled);
        let expires_at = now + LIFETIME;
        let entry =
            RevocationEntry { seq: 1, kind, value, issued_before: now, reason, expires_at, lifted: false };
        self.verifier.revocations().apply(&entry);
    }

    /// Tells the service that it is switched off, or on again.
    pub(crate) fn switch(&self, enabled: bool) {
        let (now, kind) = (self.clock.unix(), RevocationKind::Service);
        let (value, reason) = ("applications".to_owned(), RevocationReason::ServiceDisabled);
        let expires_at = now + 1_000_000;
        let entry =
            RevocationEntry { seq: 9, kind, value, issued_before: now, reason, expires_at, lifted: enabled };
        self.verifier.revocations().apply(&entry);
    }

    /// A request without a token.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A request of somebody; see [`claims`].
    pub(crate) fn request_as(&self, who: &str, method: &str, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(self.token(who))
    }

    /// Sends a request with this token.
    pub(crate) async fn send_with(&self, token: &str, method: &str, path: &str) -> Answer {
        Answer::read(self.request(method, path).bearer_auth(token).send().await.unwrap()).await
    }

    /// Sends a request of somebody.
    pub(crate) async fn send(&self, who: &str, method: &str, path: &str) -> Answer {
        Answer::read(self.request_as(who, method, path).send().await.unwrap()).await
    }

    /// Sends a text as JSON.
    pub(crate) async fn send_text(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: impl Into<String>,
    ) -> Answer {
        let request = self.request_as(who, method, path).header("content-type", "application/json");
        Answer::read(request.body(body.into()).send().await.unwrap()).await
    }

    /// Sends JSON.
    pub(crate) async fn send_json(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.send_text(who, method, path, body.to_string()).await
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(who, "GET", path).await
    }

    pub(crate) async fn put(&self, who: &str, id: &str, body: &Value) -> Answer {
        self.send_json(who, "PUT", &path(id), body).await
    }

    /// An application of an organisation, made by an internal service.
    pub(crate) async fn application(&self, id: &str, organization: &str, kind: &str, config: &Value) {
        let body = json!({
            "id": id, "organizationId": format!("org-{organization}"), "type": kind, "config": config,
        });
        let made = self.send_json("SERVICE", "POST", APPLICATIONS, &body).await;
        assert_eq!(made.expect(200).id(), id);
    }

    /// What the operator changes.
    pub(crate) async fn operate(&self, id: &str, change: fn(&mut Application)) {
        let id = id.parse().unwrap();
        let decide = move |stored: &Application| {
            let mut changed = stored.clone();
            change(&mut changed);
            Ok(Checked::check(changed)?)
        };
        self.applications.app().change(id, decide).await.unwrap();
    }

    /// Everything there is of an application.
    pub(crate) async fn stored(&self, id: &str) -> Option<Application> {
        self.applications.app().find(id.parse().unwrap()).await.unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The command is sent at once; nobody has to wait until it is carried out.
        drop(self.handle.stop(false));
    }
}
