//! `contracts/rdv-sign-in.md` §3–§9, §13: device sessions.

mod exchanging;
mod limits;
mod pages;
mod passwords;
mod presenting;
mod sessions;
mod sign_in;
mod tracing;

use auth_claims::claims::OrganizationMembership;
use auth_claims::device::{DEVICE_SESSION, DeviceTriple};
use auth_claims::roles::Role;
use auth_server::AuthSettings;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::accounts::{Account, AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use identity::services::ServiceChange;
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Answer, Backend, Credentials, Spawned, send};

pub(crate) const SIGN_IN: &str = "/api/v1/auth/sign_in";
pub(crate) const VALIDATE_TOKEN: &str = "/api/v1/auth/validate_token";
pub(crate) const SIGN_OUT: &str = "/api/v1/auth/sign_out";
pub(crate) const CHANGE: &str = "/api/v1/auth/password";

/// The agent's address as the directory was given it, and as everybody is told it.
pub(crate) const EMAIL: &str = "Amina.Kerbrat@CD26.example";
pub(crate) const UID: &str = "amina.kerbrat@cd26.example";
pub(crate) const PASSWORD: &str = "Pivoine-Rouge-26";

/// The bodies of the table of §3.2.
pub(crate) const BAD: &str = r#"{"success":false,"errors":["Mot de passe ou identifiant invalide."]}"#;
pub(crate) const NOT_SIGNED_IN: &str =
    r#"{"success":false,"errors":["L'utilisateur est inconnu ou n'est pas connecté."]}"#;

/// The six headers of §3.3.
pub(crate) const SIX: [&str; 6] = ["access-token", "token-type", "client", "expiry", "uid", "authorization"];

/// A server with one agent: administrator in one organisation, ordinary in another, of two services.
pub(crate) struct World {
    pub(crate) app: Spawned,
    pub(crate) agent: Account,
}

impl World {
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    pub(crate) async fn with(backend: Backend, change: impl FnOnce(&mut AuthSettings)) -> Self {
        let app = Spawned::with(backend, change).await;
        let origin = Origin::default();
        for id in ["mds-die", "mds-crest"] {
            app.identity.create_organization(id, id, &origin).await.expect("an organisation");
        }
        for id in ["social", "pmi"] {
            let named = ServiceChange { name: Some(id.to_owned()), ..ServiceChange::default() };
            app.identity.create_service(id, named, &origin).await.expect("a service");
        }
        let mut profile = AccountProfile {
            email: Some(EMAIL.to_owned()),
            given_name: Some("Amina".to_owned()),
            family_name: Some("KERBRAT".to_owned()),
            organizations: vec![member("mds-crest", Role::Agent), member("mds-die", Role::Admin)],
            ..AccountProfile::new("amina")
        };
        profile.set_services(vec!["pmi".to_owned(), "social".to_owned()]);
        let agent = create(&app, profile).await;
        Self { app, agent }
    }

    /// Signs the agent in.
    pub(crate) async fn session(&self) -> Session {
        Session::of(&sign_in(&self.app, UID, PASSWORD).await)
    }

    /// The agent as the dialect shows it.
    pub(crate) async fn data(&self) -> String {
        let service = self.app.identity.find_service("pmi").await.expect("a directory").expect("a service");
        format!(
            r#"{{"id":{},"deleted_at":null,"email":"{UID}","provider":"email","service_id":{},"role":"admin","last_name":"KERBRAT","first_name":"Amina","uid":"{UID}","email_original":null,"allow_password_change":false}}"#,
            self.agent.number, service.number,
        )
    }

    pub(crate) async fn is_valid(&self, session: &Session) -> bool {
        is_valid(&self.app, session).await
    }

    pub(crate) async fn exchange(&self, client: &Credentials, session: &Session) -> Answer {
        self.app.exchange(client, DEVICE_SESSION, &session.subject_token(), &[]).await
    }
}

/// As many wrong passwords as a test needs.
pub(crate) fn unlimited(settings: &mut AuthSettings) {
    settings.limits.password_failures = 0;
    settings.limits.password_account_failures = 0;
    settings.limits.password_address_failures = 0;
    settings.limits.sign_in_requests = 0;
    settings.limits.unknown_credentials = 0;
}

pub(crate) fn member(id: &str, role: Role) -> OrganizationMembership {
    OrganizationMembership { id: id.to_owned(), role }
}

pub(crate) async fn create(app: &Spawned, profile: AccountProfile) -> Account {
    let new = NewAccount { profile, password: NewPassword::Plain(SecretString::from(PASSWORD)) };
    app.identity.create_account(new, &Origin::default()).await.expect("an account")
}

/// A session as its client knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) client: String,
    pub(crate) uid: String,
    pub(crate) expiry: String,
    pub(crate) authorization: String,
}

impl Session {
    /// What the headers of an answer tell: all six, each of its form.
    #[track_caller]
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        for name in SIX {
            assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name} of {answer:?}");
        }
        let header = |name| answer.header(name).to_owned();
        let session = Self {
            access_token: header("access-token"),
            client: header("client"),
            uid: header("uid"),
            expiry: header("expiry"),
            authorization: header("authorization"),
        };
        for value in [&session.access_token, &session.client] {
            let letters = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            assert!(value.len() == 22 && letters, "{value}");
        }
        assert_eq!(answer.header("token-type"), "Bearer");
        assert_eq!(session.authorization, session.wrapped());
        session
    }

    /// §3.3: the five headers as base64 of a JSON object, in this order.
    fn wrapped(&self) -> String {
        let Self { access_token, client, expiry, uid, .. } = self;
        let object = format!(
            r#"{{"access-token":"{access_token}","token-type":"Bearer","client":"{client}","expiry":"{expiry}","uid":"{uid}"}}"#
        );
        format!("Bearer {}", STANDARD.encode(object))
    }

    /// The three values by name.
    pub(crate) fn triple(&self) -> [(&'static str, &str); 3] {
        [("access-token", &self.access_token), ("client", &self.client), ("uid", &self.uid)]
    }

    pub(crate) fn subject_token(&self) -> String {
        let (access_token, client, uid) = (self.access_token.clone(), self.client.clone(), self.uid.clone());
        DeviceTriple { access_token, client, uid }.to_subject_token()
    }

    /// A request with the three headers.
    pub(crate) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        self.triple().into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

pub(crate) async fn sign_in(app: &Spawned, email: &str, password: &str) -> Answer {
    sign_in_with(app, &json!({ "email": email, "password": password })).await
}

pub(crate) async fn sign_in_with(app: &Spawned, body: &Value) -> Answer {
    send(app.request(Method::POST, SIGN_IN).json(body)).await
}

pub(crate) async fn validate(app: &Spawned, session: &Session) -> Answer {
    send(session.on(app.request(Method::GET, VALIDATE_TOKEN))).await
}

pub(crate) async fn sign_out(app: &Spawned, session: &Session) -> Answer {
    send(session.on(app.request(Method::DELETE, SIGN_OUT))).await
}

pub(crate) async fn is_valid(app: &Spawned, session: &Session) -> bool {
    let answer = validate(app, session).await;
    match answer.status {
        200 => assert_eq!(&Session::of(&answer), session, "the echo is the session"),
        _ => assert_said(&answer, 401, BAD),
    }
    answer.status == 200
}

/// An answer with this body, the headers of §2, and none of the six.
#[track_caller]
pub(crate) fn assert_said(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (status, body), "{answer:?}");
    assert_common_headers(answer);
    for name in SIX {
        assert!(answer.headers.get(name).is_none(), "{name} of {answer:?}");
    }
    assert!(answer.headers.get("www-authenticate").is_none(), "§4.4: {answer:?}");
}

/// §2: on every answer.
#[track_caller]
pub(crate) fn assert_common_headers(answer: &Answer) {
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("cache-control", "max-age=0, private, must-revalidate"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {answer:?}");
    }
    assert!(answer.headers.get("set-cookie").is_none(), "{answer:?}");
}
