//! The exchange of device sessions, as an auth server does it. It sits here because rooms know the auth server by its
//! tokens only; whole processes are tested together elsewhere.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use auth_claims::caller::exchange::{ExchangeSource, Exchanged};
use auth_claims::caller::{ExchangeError, ExchangeRefusal};
use auth_claims::clock::Clock;
use auth_claims::device::{DEVICE_SESSION, DeviceTriple};
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use token_signing::{Keyring, TokenType};
use uuid::Uuid;

use super::tokens::{LIFETIME, user_token};

/// Whose token comes of a session, and with what scope; or why none does.
type Outcome = Result<(String, String), ExchangeError>;

/// Who has signed in, and what becomes of it.
#[derive(Clone)]
pub(crate) struct Sessions(Arc<State>);

struct State {
    keys: Arc<Keyring>,
    clock: Clock,
    /// By subject token.
    known: Mutex<HashMap<String, Outcome>>,
    asked: Mutex<usize>,
}

impl Sessions {
    pub(crate) fn new(keys: Arc<Keyring>, clock: Clock) -> Self {
        Self(Arc::new(State { keys, clock, known: Mutex::default(), asked: Mutex::default() }))
    }

    /// Signs somebody in whose agents' rights give this scope.
    pub(crate) fn sign_in(&self, name: &str, scope: &str) -> DeviceTriple {
        let [access_token, client] = [(); 2].map(|()| Uuid::new_v4().simple().to_string());
        let triple = DeviceTriple { access_token, client, uid: format!("{name}@agency.example") };
        let outcome = Ok((name.to_owned(), scope.to_owned()));
        self.0.known.lock().unwrap().insert(triple.to_subject_token(), outcome);
        triple
    }

    /// From now on the auth server says this to the session.
    pub(crate) fn refuse(&self, triple: &DeviceTriple, error: impl Into<ExchangeError>) {
        self.0.known.lock().unwrap().insert(triple.to_subject_token(), Err(error.into()));
    }

    /// How often the auth server was asked.
    pub(crate) fn asked(&self) -> usize {
        *self.0.asked.lock().unwrap()
    }

    fn outcome(&self, token: &str) -> Result<Exchanged, ExchangeError> {
        *self.0.asked.lock().unwrap() += 1;
        let known = self.0.known.lock().unwrap().get(token).cloned();
        let (name, scope) = known.unwrap_or(Err(ExchangeRefusal::Invalid.into()))?;
        let now = self.0.clock.now();
        let mut claims = user_token(&name, &scope, now);
        let more = json!({ "client_id": "rooms", "act": { "sub": "rooms" }, "amr": ["pwd"], "sid": format!("session of {name}"),
            "session_exp": now.timestamp() + 86_400 });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let access_token = self.0.keys.sign_as(TokenType::AccessToken, &claims, now).unwrap().into();
        Ok(Exchanged { access_token, expires_in: std::time::Duration::from_secs(LIFETIME.unsigned_abs()) })
    }
}

impl ExchangeSource for Sessions {
    fn ask<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a SecretString,
        _: IpAddr,
    ) -> BoxFuture<'a, Result<Exchanged, ExchangeError>> {
        assert_eq!(subject_token_type, DEVICE_SESSION);
        ready(self.outcome(subject_token.expose_secret())).boxed()
    }
}
