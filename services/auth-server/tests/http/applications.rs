//! `contracts/auvious-applications.md` §3.6: authentication through applications, in every dialect.

mod binding;
mod internal;
mod registry;
mod replicas;
mod states;

use auth_claims::device::DEVICE_SESSION;
use identity::accounts::Account;
use identity::clients::{ClientKind, GrantType, Registration};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ACCESS_TOKEN, Answer, BASIC, Backend, Credentials, Spawned, basic, scopes, send};
use crate::rdv::{self, Session};

/// The application everything here is about.
const APP: &str = "0c6b2c0a-5f77-4c3b-9d0e-8f6f2a1f9b10";
const EMAIL: &str = "nadia@agency.example";

/// A server with an application of `helios`, a person there, and clients bound to it and free.
struct World {
    app: Spawned,
    /// A token of the service `applications`.
    token: String,
    account: Account,
    /// Bound to nothing.
    free: Credentials,
    /// Registered as bound to [`APP`].
    bound: Credentials,
    /// An application of the Meet dialect, bound to [`APP`].
    meet: Credentials,
}

impl World {
    async fn on(backend: Backend) -> Self {
        let app = Spawned::with(backend, |settings| {
            rdv::unlimited(settings);
            crate::throttling::any_number_of_secrets(settings);
        })
        .await;
        for organization in ["helios", "selene"] {
            app.organization(organization).await;
        }
        let registrar = app.client("applications", ClientKind::Service, registrar).await;
        let token = app.own_token(&registrar).await;
        let account = app.account("nadia").await;
        let free = app.client("free", ClientKind::Service, |r| exchanger(r, None)).await;
        let bound = app.client("bound", ClientKind::Service, |r| exchanger(r, Some(APP))).await;
        let meet = app
            .client("meet", ClientKind::Application, |r| {
                (r.scopes, r.default_scopes) = (scopes("rooms:list"), scopes(""));
                (r.grants, r.audiences) = (Vec::new(), Vec::new());
                (r.organization_id, r.application_id) = (Some("helios".to_owned()), Some(APP.to_owned()));
            })
            .await;
        let world = Self { app, token, account, free, bound, meet };
        world.join("helios").await;
        world.put(APP, &usable()).await;
        world.app.advance(chrono::TimeDelta::seconds(2)).await;
        world
    }

    /// Makes the person a member of this organisation and no other.
    async fn join(&self, organization: &str) {
        self.app.join(&self.account, organization).await;
    }

    async fn put(&self, id: &str, status: &Value) {
        let answer = tell(&self.app, &self.token, Method::PUT, id, Some(status)).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{answer:?}");
    }

    async fn delete(&self, id: &str) {
        let answer = tell(&self.app, &self.token, Method::DELETE, id, None).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{answer:?}");
    }

    /// What was shown before the application changed, by which way of binding.
    async fn artefacts(&self) -> Artefacts {
        let device = Session::of(&rdv::sign_in(&self.app, EMAIL, crate::harness::PASSWORD).await);
        let subject = self.app.exchange(&self.free, BASIC, &basic(&self.account), &[]).await;
        let subject_bound = self.app.exchange(&self.bound, BASIC, &basic(&self.account), &[]).await;
        Artefacts {
            device: device.subject_token(),
            subject: subject.access_token(),
            subject_bound: subject_bound.access_token(),
            family_of_bound: self.family(&self.bound, &[]).await,
            family_named: self.family(&self.free, &[("application_id", APP)]).await,
            family_free: self.family(&self.free, &[]).await,
        }
    }

    async fn family(&self, client: &Credentials, more: &[(&str, &str)]) -> String {
        let form = [&[("scope", "a offline_access")], more].concat();
        self.app.exchange(client, BASIC, &basic(&self.account), &form).await.refresh_token()
    }

    /// A way to a token bound to [`APP`], asked of this server.
    async fn ask(&self, server: &Spawned, way: Way, shown: &Artefacts) -> Answer {
        let named = [("application_id", APP)];
        let alias = [("applicationId", APP)];
        let offline = [("scope", "a offline_access"), ("application_id", APP)];
        let (account, free, bound) = (basic(&self.account), &self.free, &self.bound);
        match way {
            Way::OwnBound => server.token(bound, &[("grant_type", "client_credentials")]).await,
            Way::OwnNamed => {
                server.token(free, &[("grant_type", "client_credentials"), ("application_id", APP)]).await
            }
            Way::BasicBound => server.exchange(bound, BASIC, &account, &[]).await,
            Way::BasicNamed => server.exchange(free, BASIC, &account, &named).await,
            Way::OfflineBound => {
                server.exchange(bound, BASIC, &account, &[("scope", "a offline_access")]).await
            }
            Way::OfflineNamed => server.exchange(free, BASIC, &account, &offline).await,
            Way::DeviceBound => server.exchange(bound, DEVICE_SESSION, &shown.device, &[]).await,
            Way::DeviceNamed => server.exchange(free, DEVICE_SESSION, &shown.device, &alias).await,
            Way::SubjectOfBound => server.exchange(free, ACCESS_TOKEN, &shown.subject_bound, &[]).await,
            Way::SubjectByBound => server.exchange(bound, ACCESS_TOKEN, &shown.subject, &[]).await,
            Way::SubjectNamed => server.exchange(free, ACCESS_TOKEN, &shown.subject, &named).await,
            Way::RefreshOfBound => server.refresh(bound, &shown.family_of_bound).await,
            Way::RefreshOfNamed => server.refresh(free, &shown.family_named).await,
            Way::RefreshNaming => refresh_naming(server, free, &shown.family_named).await,
            Way::RefreshOfFree => refresh_naming(server, free, &shown.family_free).await,
            Way::Meet => server.meet(&self.meet, EMAIL).await,
        }
    }
}

async fn refresh_naming(server: &Spawned, client: &Credentials, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("application_id", APP)];
    server.token(client, &form).await
}

fn registrar(registration: &mut Registration) {
    registration.scopes = scopes("internal:applications internal:revocations");
    registration.default_scopes = scopes("internal:applications");
    registration.audiences = vec!["auth-server".to_owned()];
}

fn exchanger(registration: &mut Registration, application: Option<&str>) {
    registration.grants =
        vec![GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::RefreshToken];
    registration.scopes = scopes("a b c offline_access");
    registration.organization_id = Some("helios".to_owned());
    registration.application_id = application.map(str::to_owned);
}

fn usable() -> Value {
    json!({ "organization_id": "helios", "disabled": false, "expires_at": null })
}

fn disabled() -> Value {
    json!({ "organization_id": "helios", "disabled": true, "expires_at": null })
}

/// Sends what the service `applications` has to tell, after whatever was told so far.
async fn tell(server: &Spawned, token: &str, method: Method, id: &str, status: Option<&Value>) -> Answer {
    let known =
        send(server.request(Method::GET, &format!("/internal/applications/{id}")).bearer_auth(token)).await;
    let after = if known.status == 200 { known.header("etag") } else { "\"0\"" };
    tell_after(after, server, token, method, id, status).await
}

/// The same after this revision.
async fn tell_after(
    after: &str,
    server: &Spawned,
    token: &str,
    method: Method,
    id: &str,
    status: Option<&Value>,
) -> Answer {
    let request = server.request(method, &format!("/internal/applications/{id}")).bearer_auth(token);
    let request = request.header("if-match", after);
    send(match status {
        Some(status) => request.json(status),
        None => request,
    })
    .await
}

/// Credentials from before a change.
struct Artefacts {
    device: String,
    /// An access token that is bound to nothing.
    subject: String,
    /// One that is bound to the application.
    subject_bound: String,
    family_of_bound: String,
    family_named: String,
    family_free: String,
}

/// Every way to a token bound to the application: the grant, and who names the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    OwnBound,
    OwnNamed,
    BasicBound,
    BasicNamed,
    OfflineBound,
    OfflineNamed,
    DeviceBound,
    DeviceNamed,
    SubjectOfBound,
    SubjectByBound,
    SubjectNamed,
    RefreshOfBound,
    RefreshOfNamed,
    RefreshNaming,
    RefreshOfFree,
    Meet,
}

impl Way {
    const ALL: [Self; 16] = [
        Self::OwnBound,
        Self::OwnNamed,
        Self::BasicBound,
        Self::BasicNamed,
        Self::OfflineBound,
        Self::OfflineNamed,
        Self::DeviceBound,
        Self::DeviceNamed,
        Self::SubjectOfBound,
        Self::SubjectByBound,
        Self::SubjectNamed,
        Self::RefreshOfBound,
        Self::RefreshOfNamed,
        Self::RefreshNaming,
        Self::RefreshOfFree,
        Self::Meet,
    ];

    /// Whether it is the refresh of a token that was bound to the application when it was issued.
    const fn is_bound_refresh(self) -> bool {
        matches!(self, Self::RefreshOfBound | Self::RefreshOfNamed | Self::RefreshNaming)
    }

    /// Whether what is shown names the organisation it was issued in.
    const fn shows_a_token(self) -> bool {
        matches!(self, Self::SubjectOfBound | Self::SubjectByBound | Self::SubjectNamed)
    }

    /// Whether the token is the client's own.
    const fn is_the_clients(self) -> bool {
        matches!(self, Self::OwnBound | Self::OwnNamed | Self::Meet)
    }
}
