//! `contracts/seatable-tokens.md` §2, §4.1, §5, §11, §12: the sign-in, and what an Account-Token is good for here.

mod conventions;
mod exchanging;
mod limits;
mod presenting;
mod refusing;
mod second_factor;
mod sign_in;
mod threats;

use auth_server::AuthSettings;
use identity::accounts::{Account, AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::harness::{Answer, Backend, Spawned, send};

pub(crate) const AUTH_TOKEN: &str = "/api2/auth-token/";
pub(crate) const PING: &str = "/api2/ping/";
pub(crate) const AUTH_PING: &str = "/api2/auth/ping/";
pub(crate) const ACCOUNT_INFO: &str = "/api2/account/info/";
pub(crate) const SERVER_INFO: &str = "/server-info/";

/// Her address as the directory was given it.
const EMAIL: &str = "Mira.Holt@Tables.example";
const PASSWORD: &str = "k3ttle Drum";

/// Bodies of the tables of §4.1 and §5.
const BAD: &str = r#"{"non_field_errors":["Unable to login with provided credentials."]}"#;
const DISABLED: &str = r#"{"non_field_errors":["User account is disabled."]}"#;
const OTP_MISSING: &str = r#"{"non_field_errors":["Two factor auth token is missing."]}"#;
const OTP_INVALID: &str = r#"{"non_field_errors":["Two factor auth token is invalid."]}"#;
const NOT_PROVIDED: &str = r#"{"detail":"Authentication credentials were not provided."}"#;
const INVALID_TOKEN: &str = r#"{"detail":"Invalid token"}"#;
const DELETED: &str = r#"{"detail":"User inactive or deleted"}"#;

/// A server with one person, login `mira`.
pub(crate) struct World {
    pub(crate) app: Spawned,
    pub(crate) mira: Account,
}

impl World {
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    /// With no limit to requests, and other settings.
    pub(crate) async fn with(backend: Backend, change: impl FnOnce(&mut AuthSettings)) -> Self {
        let app = Spawned::with(backend, |settings| {
            settings.seatable.rates.anon = 0;
            change(settings);
        });
        let app = app.await;
        let profile = AccountProfile {
            email: Some(EMAIL.to_owned()),
            display_name: Some("Mira Holt".to_owned()),
            ..AccountProfile::new("mira")
        };
        let new = NewAccount { profile, password: NewPassword::Plain(SecretString::from(PASSWORD)) };
        let mira = app.identity.create_account(new, &Origin::default()).await.expect("an account");
        Self { app, mira }
    }

    /// §1: how this dialect names her.
    fn internal_id(&self) -> String {
        format!("{}@auth.local", self.mira.id.to_string().replace('-', ""))
    }

    async fn sign_in(&self) -> Answer {
        sign_in(&self.app, EMAIL, PASSWORD).await
    }

    /// Her Account-Token.
    async fn token(&self) -> String {
        token(&self.sign_in().await)
    }

    /// Asks with an `Authorization` header.
    async fn get(&self, path: &str, authorization: &str) -> Answer {
        send(self.app.request(Method::GET, path).header("authorization", authorization)).await
    }

    /// Switches her second factor on. The code that did it is used up.
    async fn protect(&self) -> Totp {
        let (identity, origin) = (&self.app.identity, Origin::default());
        let enrolment = identity.enrol_otp(&self.mira, &origin).await.expect("a secret");
        test_kit::logs::note("OTP secret", enrolment.secret());
        let totp = Totp::from_url(enrolment.uri()).expect("an address");
        let code = SecretString::from(self.code(&totp, 0));
        identity.confirm_otp(self.mira.id, &code, &origin).await.expect("the right code");
        totp
    }

    /// The code of so many steps from now.
    fn code(&self, totp: &Totp, steps: i64) -> String {
        let at = u64::try_from(self.app.clock.unix() + steps * 30).expect("seconds");
        totp.generate(at).to_string()
    }

    async fn disable(&self, disabled: bool) {
        self.app.enable_account(&self.mira, !disabled).await;
    }

    async fn delete(&self) {
        self.app.identity.delete_account(self.mira.id, &Origin::default()).await.expect("an account");
    }
}

/// Signs in as the Python client does.
pub(crate) async fn sign_in(app: &Spawned, username: &str, password: &str) -> Answer {
    app.post(AUTH_TOKEN, &[("username", username), ("password", password)]).await
}

/// Signs in as the web client does, with more headers.
async fn sign_in_with(app: &Spawned, password: &str, headers: &[(&str, &str)]) -> Answer {
    let request = app.request(Method::POST, AUTH_TOKEN);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(request.json(&json!({ "username": EMAIL, "password": password }))).await
}

/// The token of a sign-in that went well.
#[track_caller]
fn token(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{answer:?}");
    let Value::Object(members) = answer.json() else { panic!("no object: {answer:?}") };
    assert_eq!(members.keys().collect::<Vec<_>>(), ["token"], "{answer:?}");
    let token = members["token"].as_str().expect("a text").to_owned();
    assert!(token.len() == 40 && token.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{token}");
    token
}

/// §2.3: what every refusal has in common, and what this one says.
#[track_caller]
fn assert_said(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (status, body), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{answer:?}");
    assert!(answer.headers.get("www-authenticate").is_none(), "{answer:?}");
}

/// §12, byte by byte; the seconds.
#[track_caller]
fn assert_throttled(answer: &Answer) -> i64 {
    let seconds: i64 = answer.header("retry-after").parse().expect("seconds");
    let unit = if seconds == 1 { "second" } else { "seconds" };
    let body = format!(r#"{{"detail":"Request was throttled. Expected available in {seconds} {unit}."}}"#);
    assert_said(answer, 429, &body);
    seconds
}
