//! Whose credential a service exchanges: the parameter `client_address`, and what it is in one process. Threats 10 and 16.

use std::net::IpAddr;

use auth_claims::account_token::ACCOUNT_TOKEN;
use auth_claims::basic::APP_PASSWORD;
use auth_claims::caller::{ExchangeError, ExchangeRefusal};
use auth_claims::device::{DEVICE_SESSION, DeviceTriple};
use identity::accounts::Account;
use identity::audit::{AuditEvent, Origin, Outcome};
use identity::clients::{ClientKind, GrantType};
use rstest::rstest;

use crate::harness::{Answer, BASIC, Backend, CLIENT, Credentials, Spawned, basic, basic_of, scopes};

const GUESSER: &str = "203.0.113.9";
const VICTIM: &str = "198.51.100.7";

/// Behind a service of the platform, three failures for one name from one address are enough.
struct World {
    app: Spawned,
    service: Credentials,
    account: Account,
}

impl World {
    async fn on(backend: Backend) -> Self {
        let app = Spawned::with(backend, |settings| settings.limits.password_failures = 3).await;
        let service = app.client("rooms", ClientKind::Service, |registration| {
            registration.grants = vec![GrantType::ClientCredentials, GrantType::TokenExchange];
            registration.scopes = scopes("a internal:revocations");
            registration.default_scopes = scopes("a");
        });
        let (service, account) = (service.await, app.account("nadia").await);
        Self { app, service, account }
    }

    /// Exchanges what somebody at this address has presented.
    async fn from(&self, address: &str, token: &str) -> Answer {
        self.app.exchange(&self.service, BASIC, token, &[("client_address", address)]).await
    }

    /// Everything that was said of tokens, oldest first.
    async fn issuing(&self) -> Vec<AuditEvent> {
        let mut events = self.app.audit("token.issue").await;
        events.reverse();
        events
    }
}

fn wrong() -> String {
    basic_of("nadia", "wrong")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Threat 10: who guesses behind a service uses up the tries of their own address, not those of everybody behind it.
#[rstest]
#[actix_web::test]
async fn threat_10_one_users_guesses_lock_nobody_out_behind_the_same_service(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    for _ in 0..3 {
        world.from(GUESSER, &wrong()).await.assert_refused(400, "invalid_grant");
    }
    let right = basic(&world.account);
    for token in [wrong(), right.clone()] {
        world.from(GUESSER, &token).await.assert_refused(429, "temporarily_unavailable");
    }
    // The same address in its other spelling is the same.
    world.from("::ffff:203.0.113.9", &right).await.assert_refused(429, "temporarily_unavailable");
    assert_eq!(world.from(VICTIM, &right).await.status, 200);
    assert_eq!(world.from("2001:db8::7", &right).await.status, 200);
    // Without a word of it the service's own address counts, which has done nothing.
    assert_eq!(world.app.exchange(&world.service, BASIC, &right, &[]).await.status, 200);
}

/// The trail says where it came from, and through which client.
#[rstest]
#[actix_web::test]
async fn the_audit_trail_has_the_address_and_the_client(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    world.from(GUESSER, &wrong()).await.assert_refused(400, "invalid_grant");
    assert_eq!(world.from(VICTIM, &basic(&world.account)).await.status, 200);
    let told: Vec<_> = world
        .issuing()
        .await
        .into_iter()
        .map(|event| (event.outcome, event.origin.address, event.origin.client_id))
        .collect();
    let rooms = Some("rooms".to_owned());
    assert_eq!(
        told,
        [(Outcome::Failure, Some(ip(GUESSER)), rooms.clone()), (Outcome::Success, Some(ip(VICTIM)), rooms)]
    );
}

/// Threat 16: a client that is no service of the platform counts where it is, whatever it says and however it says it.
#[rstest]
#[actix_web::test]
async fn threat_16_a_client_does_not_choose_its_address(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    for number in 0..3 {
        let address = format!("203.0.113.{number}");
        let answer = world.app.exchange(&gate, BASIC, &wrong(), &[("client_address", &address)]).await;
        answer.assert_refused(400, "invalid_grant");
    }
    for address in ["203.0.113.77", "nonsense", ""] {
        let more = [("client_address", address)];
        let answer = world.app.exchange(&gate, BASIC, &basic(&world.account), &more).await;
        answer.assert_refused(429, "temporarily_unavailable");
    }
    assert!(world.issuing().await.iter().all(|event| event.origin.address == Some(ip("127.0.0.1"))));
    // Nor does who cannot show that it is such a service: those failures count before anything is read.
    let impostor = Credentials { id: world.service.id.clone(), secret: "x".repeat(40) };
    for number in 0..20 {
        let address = format!("203.0.113.{number}");
        let answer = world.app.exchange(&impostor, BASIC, &wrong(), &[("client_address", &address)]).await;
        answer.assert_refused(401, "invalid_client");
    }
    let answer = world.app.exchange(&impostor, BASIC, &wrong(), &[("client_address", VICTIM)]).await;
    answer.assert_refused(429, "temporarily_unavailable");
}

/// Threat 16: what is no address is none, rather than the service's own.
#[rstest]
#[actix_web::test]
async fn threat_16_a_malformed_address_is_refused(
    #[values(
        "nonsense",
        "203.0.113",
        "203.0.113.9:80",
        "203.0.113.9, 198.51.100.7",
        " 203.0.113.9",
        "203.0.113.09",
        "[2001:db8::1]",
        "fe80::1%eth0",
        "203.0.113.0/24",
        "0xcb007109"
    )]
    address: &str,
) {
    let world = World::on(Backend::Sqlite).await;
    let answer = world.from(address, &basic(&world.account)).await;
    answer.assert_refused(400, "invalid_request");
    assert_eq!(answer.json()["error_description"], "client_address must be an IP address");
}

/// Of other grants a service is the subject itself.
#[actix_web::test]
async fn other_grants_do_not_know_the_parameter() {
    let world = World::on(Backend::Sqlite).await;
    for address in [VICTIM, "nonsense"] {
        let form = [("grant_type", "client_credentials"), ("client_address", address)];
        assert_eq!(world.app.token(&world.service, &form).await.status, 200);
    }
    assert!(world.issuing().await.iter().all(|event| event.origin.address == Some(ip("127.0.0.1"))));
}

/// Threat 10: the same without HTTP.
#[rstest]
#[actix_web::test]
async fn threat_10_in_one_process_the_callers_address_counts_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let exchange = world.app.auth.exchange(auth_server::InProcessClient {
        id: "agenda".parse().expect("a client id"),
        audience: "agenda".to_owned(),
        scopes: scopes("agenda"),
    });
    let (right, elsewhere) = (basic(&world.account), ip(VICTIM));
    for _ in 0..3 {
        let refused = exchange.exchange(BASIC, &wrong(), CLIENT).await;
        assert_eq!(refused, Err(ExchangeError::Refused(ExchangeRefusal::Invalid)));
    }
    let refused = exchange.exchange(BASIC, &right, CLIENT).await;
    assert_eq!(refused, Err(ExchangeError::Throttled { retry_after: 60 }));
    let token = exchange.exchange(BASIC, &right, elsewhere).await.expect("a token");
    // Who has shown the right one may use what is remembered of it.
    assert_eq!(exchange.exchange(BASIC, &right, CLIENT).await, Ok(token));
    let told = world.issuing().await;
    let of = |event: &AuditEvent| (event.origin.address, event.origin.client_id.clone());
    let agenda = Some("agenda".to_owned());
    assert_eq!(told.first().map(of), Some((Some(CLIENT), agenda.clone())));
    assert_eq!(told.last().map(of), Some((Some(elsewhere), agenda)));
}

/// Account-Tokens, device sessions and app passwords that there are not, from one address, are too many at some point; those
/// that there are, are good from there all the same, and other addresses are not concerned.
#[rstest]
#[actix_web::test]
async fn threat_10_unknown_credentials_of_one_address_are_limited(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::with(backend, |settings| settings.limits.unknown_credentials = 9).await;
    let service = app.client("rooms", ClientKind::Service, |registration| {
        registration.grants = vec![GrantType::ClientCredentials, GrantType::TokenExchange];
        registration.scopes = scopes("a internal:revocations");
        registration.default_scopes = scopes("a");
    });
    let (service, account) = (service.await, app.account("nadia").await);
    let token = app.identity.account_token(&account, &Origin::default()).await.expect("a token");
    let exchange = async |kind: &str, token: &str, address: &str| {
        app.exchange(&service, kind, token, &[("client_address", address)]).await
    };
    let triple = DeviceTriple {
        access_token: "A".repeat(22),
        client: "B".repeat(22),
        uid: "nadia@example.org".to_owned(),
    };
    let triple = triple.to_subject_token();
    let unknown = [
        (ACCOUNT_TOKEN, "0".repeat(40)),
        (DEVICE_SESSION, triple),
        (APP_PASSWORD, "00000-00000-00000-00000-00000".to_owned()),
    ];
    for number in 0..9 {
        let (kind, token) = &unknown[number % 3];
        exchange(kind, token, GUESSER).await.assert_refused(400, "invalid_grant");
    }
    for (kind, token) in &unknown {
        let refused = exchange(kind, token, GUESSER).await;
        refused.assert_refused(429, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), "60");
        exchange(kind, token, VICTIM).await.assert_refused(400, "invalid_grant");
    }
    assert_eq!(exchange(ACCOUNT_TOKEN, token.expose(), GUESSER).await.status, 200);
}

/// Sign-ins of one address and of one account; what counts for an account, only its right password uses up.
#[rstest]
#[actix_web::test]
async fn sign_ins_are_limited(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::with(backend, |settings| {
        (settings.limits.sign_in_requests, settings.limits.account_requests) = (6, 4);
    });
    let app = app.await;
    let service = app.client("rooms", ClientKind::Service, |registration| {
        registration.grants = vec![GrantType::TokenExchange];
        registration.scopes = scopes("a internal:revocations");
        registration.default_scopes = scopes("a");
    });
    let (service, account) = (service.await, app.account("nadia").await);
    let sign_in = async |address: &str, token: &str| {
        app.exchange(&service, BASIC, token, &[("client_address", address)]).await
    };
    for _ in 0..6 {
        sign_in(GUESSER, &wrong()).await.assert_refused(400, "invalid_grant");
    }
    sign_in(GUESSER, &basic(&account)).await.assert_refused(429, "temporarily_unavailable");
    for number in 0..4 {
        assert_eq!(sign_in(&format!("198.51.100.{number}"), &basic(&account)).await.status, 200);
    }
    let refused = sign_in(VICTIM, &basic(&account)).await;
    refused.assert_refused(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "15");
    sign_in(VICTIM, &wrong()).await.assert_refused(400, "invalid_grant");
}
