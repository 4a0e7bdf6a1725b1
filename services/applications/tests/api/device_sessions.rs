//! Agents come with a device session, which is exchanged for a token of this service.

use std::net::IpAddr;
use std::sync::Arc;

use auth_claims::caller::{Exchange, ExchangeError, ExchangeRefusal};
use auth_claims::clock::Clock;
use auth_claims::device::{DEVICE_SESSION, DeviceTriple};
use chrono::DateTime;
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use serde_json::json;
use token_signing::{Keyring, TokenType};

use crate::support::{APPLICATIONS, Answer, Service, claims, keyring};

/// Knows one session: of an agent of Helios.
struct OneSession {
    keys: Arc<Keyring>,
    clock: Clock,
}

fn triple() -> DeviceTriple {
    let [access_token, client, uid] = ["secret", "tablet", "ada@helios.example"].map(str::to_owned);
    DeviceTriple { access_token, client, uid }
}

impl Exchange for OneSession {
    fn exchange<'a>(
        &'a self,
        kind: &'a str,
        token: &'a str,
        _: IpAddr,
    ) -> BoxFuture<'a, Result<String, ExchangeError>> {
        let known = kind == DEVICE_SESSION && token == triple().to_subject_token();
        let claims = claims("AGENT@helios", self.clock.now());
        let token = self.keys.sign_as(TokenType::AccessToken, &claims, self.clock.now()).unwrap();
        ready(if known { Ok(token) } else { Err(ExchangeRefusal::Invalid.into()) }).boxed()
    }
}

#[actix_web::test]
async fn a_device_session_gets_in_and_a_wrong_one_does_not() {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let keys = Arc::new(keyring(clock.now()));
    let exchange = Arc::new(OneSession { keys: keys.clone(), clock: clock.clone() });
    let service = Service::exchanging(keys, clock, exchange).await;
    let config = json!({"agentParameters": 1, "serviceParameters": 2});
    service.application("a", "helios", "TEST", &config).await;
    let call = |token: &str, path: &str| {
        let request = service.request("GET", path).header("access-token", token);
        let request = request.header("client", "tablet").header("uid", "ada@helios.example");
        async move { Answer::read(request.send().await.unwrap()).await }
    };
    let seen = call("secret", &format!("{APPLICATIONS}/a")).await.expect(200);
    assert_eq!(seen.json()["config"], json!({"agentParameters": 1}));
    let refused = call("other", APPLICATIONS).await;
    refused.expect_oauth(401, "invalid_token", "Cannot convert access token to JSON");
}
