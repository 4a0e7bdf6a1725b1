//! An auth server as clients meet it: a real socket, a database of its own, a clock that stands still until moved.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use auth_claims::claims::{AccessClaims, OrganizationMembership};
use auth_claims::clock::Clock;
use auth_claims::roles::Role;
use auth_server::{AuthServer, AuthSettings};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use identity::Identity;
use identity::accounts::{Account, AccountProfile, NewAccount, NewPassword};
use identity::applications::{ApplicationStatus, Told};
use identity::audit::{self, AuditEvent, AuditFilter, Origin};
use identity::clients::{ClientId, ClientKind, NewClient, NewSecret, Registration};
use identity::master::MasterKey;
use identity::passwords::PasswordSettings;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde_json::Value;
use service_kit::Server;
use service_kit::settings::ServerSettings;
use service_kit::shutdown::Shutdown;
use store::{DatabaseSettings, Db};
pub(crate) use test_kit::Backend;
use test_kit::TestDatabase;
use test_kit::logs::{self, LogWatch};

pub(crate) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(crate) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
pub(crate) const BASIC: &str = "urn:tessera:token-type:basic";
pub(crate) const ISSUER: &str = "https://id.example";
/// Where the clients of services are.
pub(crate) const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A running server.
pub(crate) struct Spawned {
    pub(crate) base: String,
    pub(crate) identity: Identity,
    pub(crate) auth: AuthServer,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
    pub(crate) shutdown: Shutdown,
    settings: AuthSettings,
    master: MasterKey,
    database: Arc<TestDatabase>,
    thread: Option<JoinHandle<()>>,
    /// Ends when the server has stopped.
    _logs: LogWatch,
}

/// A client as it authenticates.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

pub(crate) fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
}

impl Spawned {
    /// With default settings.
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    /// With other settings.
    pub(crate) async fn with(backend: Backend, change: impl FnOnce(&mut AuthSettings)) -> Self {
        let mut settings =
            AuthSettings { issuer: Some(ISSUER.parse().expect("an issuer")), ..AuthSettings::default() };
        change(&mut settings);
        let database = Arc::new(TestDatabase::on(backend));
        let master = MasterKey::generate().expect("random bytes");
        Self::start(database, master, Clock::manual(start_of_time()), settings).await
    }

    /// With a database on the server of this URL.
    pub(crate) async fn on_server(url: &str) -> Self {
        let settings =
            AuthSettings { issuer: Some(ISSUER.parse().expect("an issuer")), ..AuthSettings::default() };
        let master = MasterKey::generate().expect("random bytes");
        let database = Arc::new(TestDatabase::on_server(url));
        Self::start(database, master, Clock::manual(start_of_time()), settings).await
    }

    /// Another server on the same database, as a second pod or after a restart.
    pub(crate) async fn replica(&self) -> Self {
        self.replica_with(|_| {}).await
    }

    /// The same, with other settings.
    pub(crate) async fn replica_with(&self, change: impl FnOnce(&mut AuthSettings)) -> Self {
        let mut settings = self.settings.clone();
        change(&mut settings);
        let (database, master) = (Arc::clone(&self.database), self.master.clone());
        Self::start(database, master, self.clock.clone(), settings).await
    }

    /// The same, with another `server.request_timeout`.
    pub(crate) async fn replica_answering_within(&self, request_timeout: Duration) -> Self {
        self.replica_serving(ServerSettings { request_timeout, ..ServerSettings::default() }).await
    }

    /// The same behind a proxy on this machine, which tells it by `X-Forwarded-For` where a request comes from.
    pub(crate) async fn replica_behind_a_proxy(&self) -> Self {
        let trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        self.replica_serving(ServerSettings { trusted_proxies, ..ServerSettings::default() }).await
    }

    async fn replica_serving(&self, settings: ServerSettings) -> Self {
        let mut replica = self.replica().await;
        replica.stop();
        let (base, shutdown, thread) = serve(&replica.auth, settings);
        (replica.base, replica.shutdown, replica.thread) = (base, shutdown, Some(thread));
        replica
    }

    fn stop(&mut self) {
        self.shutdown.request();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    async fn start(
        database: Arc<TestDatabase>,
        master: MasterKey,
        clock: Clock,
        settings: AuthSettings,
    ) -> Self {
        let logs = logs::watch();
        let pool = DatabaseSettings {
            max_connections: 4,
            // Nobody waits as long as that: where the database is away, connecting fails at once.
            acquire_timeout: Duration::from_secs(10),
            ..DatabaseSettings::at(database.url())
        };
        let db = Db::open(&pool).expect("a database");
        let cheap = PasswordSettings { memory_kib: 8, iterations: 1, ..PasswordSettings::default() };
        let identity = Identity::open(db, master.clone(), cheap, clock.clone()).await.expect("a directory");
        let auth = AuthServer::start(settings.clone(), identity.clone()).await.expect("an auth server");
        let (base, shutdown, thread) = serve(&auth, ServerSettings::default());
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let thread = Some(thread);
        Self { base, identity, auth, clock, http, shutdown, settings, master, database, thread, _logs: logs }
    }

    /// Registers a service that may use `client_credentials` for the scopes `a b c` and the audience `api`.
    pub(crate) async fn service(&self, id: &str) -> Credentials {
        self.client(id, ClientKind::Service, |_| {}).await
    }

    /// Registers a service that may exchange tokens and keep sessions alive.
    pub(crate) async fn exchanger(&self, id: &str) -> Credentials {
        self.client(id, ClientKind::Service, |registration| {
            registration.grants = vec![
                identity::clients::GrantType::ClientCredentials,
                identity::clients::GrantType::TokenExchange,
                identity::clients::GrantType::RefreshToken,
            ];
            registration.scopes = scopes("a b c offline_access");
        })
        .await
    }

    /// Registers a Meet application with the scopes `rooms:list rooms:create`.
    pub(crate) async fn application(&self, id: &str) -> Credentials {
        self.client(id, ClientKind::Application, |registration| {
            registration.scopes = scopes("rooms:list rooms:create");
            registration.default_scopes = scopes("");
            registration.grants = Vec::new();
        })
        .await
    }

    /// Registers a client.
    pub(crate) async fn client(
        &self,
        id: &str,
        kind: ClientKind,
        change: impl FnOnce(&mut Registration),
    ) -> Credentials {
        let mut registration = Registration {
            scopes: scopes("a b c"),
            default_scopes: scopes("a b"),
            grants: vec![identity::clients::GrantType::ClientCredentials],
            audiences: vec!["api".to_owned()],
            ..Registration::new(id)
        };
        change(&mut registration);
        let secret = format!("{id}-secret-{}", "x".repeat(32));
        let new = NewClient {
            id: Some(id.parse().expect("a client id")),
            kind,
            registration,
            secret: if kind.is_confidential() {
                NewSecret::Given(SecretString::from(secret.as_str()))
            } else {
                NewSecret::Generate
            },
        };
        self.identity.create_client(new, &Origin::default()).await.expect("a client");
        let secret = if kind.is_confidential() { secret } else { String::new() };
        Credentials { id: id.to_owned(), secret }
    }

    /// Changes what is registered about a client.
    pub(crate) async fn reregister(&self, id: &str, change: impl FnOnce(&mut Registration)) {
        let id: ClientId = id.parse().expect("a client id");
        let client = self.identity.find_client(&id).await.expect("a directory").expect("a client");
        let mut registration = Registration {
            name: client.name,
            enabled: client.enabled,
            scopes: client.scopes,
            default_scopes: client.default_scopes,
            domains: client.domains,
            grants: client.grants,
            audiences: client.audiences,
            organization_id: client.organization_id,
            application_id: client.application_id,
            roles: client.roles,
            permissions: client.permissions,
            access_token_ttl: client.access_token_ttl,
        };
        change(&mut registration);
        self.identity.update_client(&id, registration, &Origin::default()).await.expect("a change");
    }

    /// Enables or disables a client.
    pub(crate) async fn enable_client(&self, id: &str, enabled: bool) {
        let id = id.parse().expect("a client id");
        self.identity.set_client_enabled(&id, enabled, &Origin::default()).await.expect("a client");
    }

    /// Deletes a client.
    pub(crate) async fn delete_client(&self, id: &str) {
        let id = id.parse().expect("a client id");
        self.identity.delete_client(&id, &Origin::default()).await.expect("a client");
    }

    /// Makes an account with the password [`PASSWORD`] and the e-mail address `login@agency.example`.
    pub(crate) async fn account(&self, login: &str) -> Account {
        let profile = AccountProfile {
            email: Some(format!("{login}@agency.example")),
            display_name: Some(format!("The {login}")),
            ..AccountProfile::new(login)
        };
        let new = NewAccount { profile, password: NewPassword::Plain(SecretString::from(PASSWORD)) };
        self.identity.create_account(new, &Origin::default()).await.expect("an account")
    }

    /// Enables or disables an account.
    pub(crate) async fn enable_account(&self, account: &Account, enabled: bool) {
        self.identity.set_account_enabled(account.id, enabled, &Origin::default()).await.expect("an account");
    }

    /// Makes an organisation.
    pub(crate) async fn organization(&self, id: &str) {
        self.identity.create_organization(id, id, &Origin::default()).await.expect("an organisation");
    }

    /// Makes an account of [`account`](Self::account) a member of this organisation and no other.
    pub(crate) async fn join(&self, account: &Account, organization: &str) {
        let membership = OrganizationMembership { id: organization.to_owned(), role: Role::Agent };
        let profile = AccountProfile {
            email: account.email.clone(),
            organization_id: Some(organization.to_owned()),
            organizations: vec![membership],
            ..AccountProfile::new(&account.login)
        };
        self.identity.update_account(account.id, profile, &Origin::default()).await.expect("a change");
    }

    /// Has the directory know of an application (in Auvious' sense).
    pub(crate) async fn known_application(&self, id: &str, organization: &str) {
        let status =
            ApplicationStatus { organization_id: organization.to_owned(), disabled: false, expires_at: None };
        let id = id.parse().expect("an application's id");
        let after = self.identity.application_revision(&id).await.expect("a revision");
        let told = self.identity.put_application(&id, status, after, &Origin::default()).await;
        assert_eq!(told.expect("an application"), Told::Done);
    }

    /// Begins a request.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Sends a GET.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// Sends a form without authenticating.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        send(self.request(Method::POST, path).form(form)).await
    }

    /// Sends a form body as it stands.
    pub(crate) async fn post_raw(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        send(self.request(Method::POST, path).header("content-type", FORM).body(body.into())).await
    }

    /// Sends a form, authenticated by Basic.
    pub(crate) async fn post_as(&self, client: &Credentials, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, path).basic_auth(&client.id, Some(&client.secret));
        send(request.form(form)).await
    }

    /// Asks for a token, authenticated by Basic.
    pub(crate) async fn token(&self, client: &Credentials, form: &[(&str, &str)]) -> Answer {
        self.post_as(client, "/oauth/token", form).await
    }

    /// A token the client gets for itself.
    pub(crate) async fn own_token(&self, client: &Credentials) -> String {
        self.token(client, &[("grant_type", "client_credentials")]).await.access_token()
    }

    /// Exchanges a subject token.
    pub(crate) async fn exchange(
        &self,
        client: &Credentials,
        kind: &str,
        token: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let mut form = vec![("grant_type", EXCHANGE), ("subject_token_type", kind), ("subject_token", token)];
        form.extend_from_slice(more);
        self.token(client, &form).await
    }

    /// Starts a session of an account at a client: access and refresh token.
    pub(crate) async fn session(&self, client: &Credentials, account: &Account) -> (String, String) {
        let answer = self.exchange(client, BASIC, &basic(account), &[("scope", "a b offline_access")]).await;
        (answer.access_token(), answer.refresh_token())
    }

    /// Presents a refresh token.
    pub(crate) async fn refresh(&self, client: &Credentials, token: &str) -> Answer {
        self.token(client, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Asks about a token.
    pub(crate) async fn introspect(&self, client: &Credentials, token: &str) -> Value {
        let answer = self.post_as(client, "/oauth/introspect", &[("token", token)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Asks for a Meet token.
    pub(crate) async fn meet(&self, client: &Credentials, email: &str) -> Answer {
        let form = [
            ("client_id", client.id.as_str()),
            ("client_secret", &client.secret),
            ("grant_type", "client_credentials"),
            ("scope", email),
        ];
        self.post(MEET, &form).await
    }

    /// Moves the clock, and the keys with it.
    pub(crate) async fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.auth.maintain_keys().await.expect("keys");
    }

    /// Everything that happened, newest first.
    pub(crate) async fn audit(&self, action: &str) -> Vec<AuditEvent> {
        self.identity.audit().flush().await.expect("a flushed trail");
        let filter = AuditFilter { action: Some(action.to_owned()), limit: 1000, ..AuditFilter::default() };
        self.identity.db().read(move |conn| audit::list(conn, &filter)).await.expect("a trail")
    }
}

pub(crate) const MEET: &str = "/external-api/v1.0/application/token/";

/// Serves on a thread of its own, which ends with the test.
fn serve(auth: &AuthServer, settings: ServerSettings) -> (String, Shutdown, JoinHandle<()>) {
    let settings = ServerSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        management: ([127, 0, 0, 1], 0).into(),
        workers: Some(1),
        shutdown_grace: Duration::ZERO,
        ..settings
    };
    let server = Server::new(&settings).configure(auth.configure()).configure(auth.configure_last());
    let shutdown = server.shutdown();
    let (ready, listening) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let bound = server.bind().expect("a free port");
            ready.send(bound.listen()).expect("somebody waits");
            bound.run().await.expect("a server");
        });
    });
    let address = listening.recv().expect("a listening server");
    (format!("http://{address}"), shutdown, thread)
}

impl Drop for Spawned {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Sends a request and reads the answer.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    logs::note_request(&request);
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a whole body");
    logs::note_answer(&headers, &text);
    Answer { status, headers, text }
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header, empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// The member `error`.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_else(|| panic!("no error: {self:?}")).to_owned()
    }

    pub(crate) fn access_token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["access_token"].as_str().expect("an access token").to_owned()
    }

    pub(crate) fn refresh_token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["refresh_token"].as_str().expect("a refresh token").to_owned()
    }

    /// The claims of the access token; the signature is not looked at.
    pub(crate) fn claims(&self) -> AccessClaims {
        claims(&self.access_token())
    }

    /// Asserts a refusal of an OAuth endpoint: status, code, and the headers all of them have.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.error().as_str()), (status, error), "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store", "{self:?}");
        assert_eq!(self.header("pragma"), "no-cache", "{self:?}");
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
    }
}

/// The claims of a token; the signature is not looked at.
pub(crate) fn claims(token: &str) -> AccessClaims {
    serde_json::from_value(part(token, 1)).expect("claims")
}

/// Header (0) or payload (1) of a token.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// A subject token of login and password.
pub(crate) fn basic(account: &Account) -> String {
    basic_of(&account.login, PASSWORD)
}

/// A subject token of login and password.
pub(crate) fn basic_of(login: &str, password: &str) -> String {
    STANDARD.encode(format!("{login}:{password}"))
}

/// Scopes of a text.
pub(crate) fn scopes(text: &str) -> auth_claims::scopes::Scopes {
    text.parse().expect("scopes")
}
