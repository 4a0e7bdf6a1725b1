//! The auth server's part: sessions, and their exchange for tokens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use auth_claims::caller::{Exchange, ExchangeError, ExchangeRefusal};
use auth_claims::clock::Clock;
use auth_claims::device::{DEVICE_SESSION, DeviceTriple};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use identity::accounts::AccountId;
use serde_json::json;
use token_signing::{Keyring, TokenType};
use uuid::Uuid;

use super::tokens::access_token;

/// What a client got at sign-in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) client: String,
    pub(crate) uid: String,
    pub(crate) expiry: i64,
    pub(crate) sid: String,
}

impl Session {
    /// The header that tells all of it.
    pub(crate) fn authorization(&self) -> String {
        let Self { access_token, client, uid, expiry, .. } = self;
        let text = format!(
            r#"{{"access-token":"{access_token}","token-type":"Bearer","client":"{client}","expiry":"{expiry}","uid":"{uid}"}}"#
        );
        format!("Bearer {}", STANDARD.encode(text))
    }

    /// The three values as parameters.
    pub(crate) fn parameters(&self) -> [(&'static str, String); 3] {
        [
            ("access-token", self.access_token.clone()),
            ("client", self.client.clone()),
            ("uid", self.uid.clone()),
        ]
    }
}

/// Exchanges the sessions that were opened, and nothing else; whatever else is asked, it may be away.
pub(crate) struct Sessions {
    keys: Arc<Keyring>,
    clock: Clock,
    open: Mutex<HashMap<String, (AccountId, Session)>>,
    away: Mutex<bool>,
}

impl Sessions {
    pub(crate) fn new(keys: Arc<Keyring>, clock: Clock) -> Self {
        Self { keys, clock, open: Mutex::default(), away: Mutex::new(false) }
    }

    /// Opens a session of 24 hours.
    pub(crate) fn open(&self, account: AccountId, uid: &str) -> Session {
        let value = || Uuid::new_v4().simple().to_string()[..22].to_owned();
        let session = Session {
            access_token: value(),
            client: value(),
            uid: uid.to_owned(),
            expiry: self.clock.unix() + 86_400,
            sid: Uuid::new_v4().to_string(),
        };
        let triple = DeviceTriple {
            access_token: session.access_token.clone(),
            client: session.client.clone(),
            uid: session.uid.clone(),
        };
        self.open.lock().unwrap().insert(triple.to_subject_token(), (account, session.clone()));
        session
    }

    /// From now on nobody answers.
    pub(crate) fn go_away(&self) {
        *self.away.lock().unwrap() = true;
    }

    fn token(&self, token_type: &str, token: &str) -> Result<String, ExchangeError> {
        if *self.away.lock().unwrap() {
            return Err(ExchangeError::Unavailable);
        }
        let open = self.open.lock().unwrap();
        let known = open.get(token).filter(|(_, session)| session.expiry > self.clock.unix());
        let (account, session) = match known {
            Some(known) if token_type == DEVICE_SESSION => known,
            _ => return Err(ExchangeRefusal::Invalid.into()),
        };
        let mut claims = access_token(*account, self.clock.now());
        claims["sid"] = json!(session.sid);
        claims["session_exp"] = json!(session.expiry);
        Ok(self.keys.sign_as(TokenType::AccessToken, &claims, self.clock.now()).unwrap())
    }
}

impl Exchange for Sessions {
    fn exchange<'a>(
        &'a self,
        token_type: &'a str,
        token: &'a str,
        _: IpAddr,
    ) -> BoxFuture<'a, Result<String, ExchangeError>> {
        ready(self.token(token_type, token)).boxed()
    }
}
