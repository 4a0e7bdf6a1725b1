//! Clients: how they prove themselves, and what changing them revokes.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use identity::{
    IdentityError,
    audit::Origin,
    clients::{
        ClientId, ClientKind, ClientRefusal, GrantType, NewClient, NewSecret, Registration, SecretRotation,
    },
    passwords::PasswordSettings,
};
use rstest::rstest;
use secrecy::ExposeSecret;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE, PASSWORD, cheap, secret};

const DJANGO: &str = "pbkdf2_sha256$870000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=";

fn full() -> Registration {
    Registration {
        scopes: "rooms:list rooms:create".parse().unwrap(),
        default_scopes: "rooms:list".parse().unwrap(),
        domains: vec!["b.example".to_owned(), "A.example".to_owned()],
        grants: vec![GrantType::ClientCredentials, GrantType::TokenExchange],
        audiences: vec!["rooms".to_owned(), "https://api.example/".to_owned()],
        application_id: Some("app-1".to_owned()),
        roles: vec![auth_claims::roles::Role::ClientService],
        permissions: vec!["integrations:integration:view".to_owned()],
        access_token_ttl: Some(std::time::Duration::from_mins(10)),
        ..Registration::new("Booking \"desk\"; --")
    }
}

fn new(id: Option<&str>, kind: ClientKind, secret: NewSecret) -> NewClient {
    let registration = Registration { grants: vec![], ..full() };
    NewClient { id: id.map(|id| id.parse().unwrap()), kind, registration, secret }
}

#[rstest]
#[tokio::test]
async fn a_client_is_found_as_it_was_registered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (client, _) = fixture.register("booking", ClientKind::Service, full()).await;
    assert_eq!(client.domains, ["a.example", "b.example"]);
    assert_eq!((&client.scopes, &client.grants), (&full().scopes, &full().grants));
    assert_eq!(
        (client.access_token_ttl, &client.permissions),
        (full().access_token_ttl, &full().permissions)
    );
    assert!(client.may_use(GrantType::TokenExchange) && !client.may_use(GrantType::RefreshToken));
    let found = fixture.identity.find_client(&"booking".parse().unwrap()).await.unwrap();
    assert_eq!(found.as_ref(), Some(&client));
    assert!(
        fixture.identity.find_client(&"BOOKING".parse().unwrap()).await.unwrap().is_none(),
        "case counts"
    );
    assert_eq!(fixture.audited("client.create").await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn generated_ids_and_secrets_have_the_contracts_form(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for (kind, length) in [(ClientKind::Application, 128), (ClientKind::Service, 64)] {
        let new = new(None, kind, NewSecret::Generate);
        let (client, secret) = fixture.identity.create_client(new, &Origin::default()).await.unwrap();
        let secret = secret.unwrap();
        let text = secret.expose().expose_secret();
        assert_eq!((client.id.as_str().len(), text.len()), (40, length));
        assert!(
            [client.id.as_str(), text].iter().all(|text| text.bytes().all(|b| b.is_ascii_alphanumeric()))
        );
        let authenticated = fixture.identity.authenticate_client(&client.id, secret.expose()).await.unwrap();
        assert_eq!(*authenticated, client);
        assert!(!format!("{secret:?}").contains(text), "debug output shows the secret");
        let stored = fixture.texts("SELECT hash AS value FROM client_secrets").await;
        assert!(stored.iter().all(|hash| hash.starts_with("hmac-sha256$") && !hash.contains(text)));
    }
    let (public, none) = fixture
        .identity
        .create_client(new(None, ClientKind::Public, NewSecret::Generate), &Origin::default())
        .await
        .unwrap();
    assert!(none.is_none());
    let refused = fixture.identity.authenticate_client(&public.id, &secret("")).await;
    assert!(
        matches!(refused, Err(ClientRefusal::Invalid)),
        "a public client has nothing to prove itself with"
    );
}

#[rstest]
#[tokio::test]
async fn an_id_is_registered_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin, replica) = (&fixture.identity, Origin::default(), fixture.replica().await);
    for round in 0..5 {
        let id = format!("racer-{round}");
        let (first, second) = tokio::join!(
            identity.create_client(new(Some(&id), ClientKind::Service, NewSecret::Generate), &origin),
            replica.create_client(new(Some(&id), ClientKind::Service, NewSecret::Generate), &origin),
        );
        assert!(first.is_ok() != second.is_ok());
        let lost = if first.is_ok() { second } else { first };
        assert!(matches!(lost, Err(IdentityError::Taken("client id"))), "{lost:?}");
    }
}

#[rstest]
#[tokio::test]
async fn given_secrets_are_long_and_free_of_blanks_around_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (short, good) = ("x".repeat(31), "p&s=w+1%".repeat(4));
    for text in [short.as_str(), "", &format!(" {good}"), &format!("{good}\n"), &"x".repeat(1025)] {
        let given = NewSecret::Given(secret(text));
        let refused = fixture
            .identity
            .create_client(new(Some("a"), ClientKind::Service, given), &Origin::default())
            .await;
        assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{text:?}");
    }
    let given = NewSecret::Given(secret(&good));
    let public = fixture
        .identity
        .create_client(new(Some("a"), ClientKind::Public, given.clone()), &Origin::default())
        .await;
    assert!(matches!(public, Err(IdentityError::Invalid(_))));
    let (client, shown) = fixture
        .identity
        .create_client(new(Some("a"), ClientKind::Service, given), &Origin::default())
        .await
        .unwrap();
    assert!(shown.is_none(), "whoever gave it knows it");
    fixture.identity.authenticate_client(&client.id, &secret(&good)).await.unwrap();
}

/// Threats 17 and 25: whatever is wrong, the answer is the same.
#[rstest]
#[tokio::test]
async fn threat_17_everything_wrong_looks_alike(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (id, right) = fixture.client("booking").await;
    let (other, others) = fixture.client("other").await;
    let unknown: ClientId = "unknown".parse().unwrap();
    let longer = format!("{}x", right.expose_secret());
    let mut attempts = vec![
        (&id, others.clone()),
        (&other, right.clone()),
        (&unknown, right.clone()),
        (&id, secret("")),
        (&id, secret(&longer)),
        (&id, secret(&right.expose_secret().to_lowercase())),
    ];
    attempts.extend(HOSTILE.map(|text| (&id, secret(text))));
    let hostile: Vec<ClientId> =
        HOSTILE.iter().filter_map(|text| text.replace(' ', "/**/").parse().ok()).collect();
    attempts.extend(hostile.iter().map(|id| (id, right.clone())));
    for (id, secret) in &attempts {
        let refused = fixture.identity.authenticate_client(id, secret).await.unwrap_err();
        assert!(matches!(refused, ClientRefusal::Invalid), "{id}: {refused:?}");
    }
    fixture.identity.set_client_enabled(&id, false, &Origin::default()).await.unwrap();
    let wrong = fixture.identity.authenticate_client(&id, &others).await;
    assert!(matches!(wrong, Err(ClientRefusal::Invalid)), "a wrong secret does not tell the state");
    let refused = fixture.identity.authenticate_client(&id, &right).await;
    assert!(matches!(refused, Err(ClientRefusal::Inactive)));
}

#[rstest]
#[tokio::test]
async fn an_imported_secret_works_and_is_replaced(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let imported = NewSecret::Imported(DJANGO.parse().unwrap());
    let new = new(Some("visio"), ClientKind::Application, imported);
    let (client, shown) = fixture.identity.create_client(new, &Origin::default()).await.unwrap();
    assert!(shown.is_none());
    let stored = "SELECT hash AS value FROM client_secrets";
    let wrong = fixture.identity.authenticate_client(&client.id, &secret("wrong")).await;
    assert!(matches!(wrong, Err(ClientRefusal::Invalid)));
    assert_eq!(fixture.texts(stored).await, [DJANGO]);
    let right = secret("lètmein");
    let (first, second) = tokio::join!(
        fixture.identity.authenticate_client(&client.id, &right),
        fixture.identity.authenticate_client(&client.id, &right),
    );
    assert_eq!(first.unwrap(), second.unwrap());
    assert!(fixture.texts(stored).await[0].starts_with("hmac-sha256$"));
    fixture.identity.authenticate_client(&client.id, &right).await.unwrap();
}

/// Threat 18: a client id is no secret. Whoever knows one whose secret was imported has hashes computed, and people's
/// sign-ins must not wait behind them.
#[tokio::test]
async fn threat_18_guesses_at_an_imported_secret_leave_the_password_pool_to_people() {
    let settings = PasswordSettings { threads: Some(1), queue: 4, ..cheap() };
    let fixture = Fixture::with(Backend::Sqlite, settings).await;
    fixture.account("ada").await;
    let slow = DJANGO.replace("870000", "20000").parse().unwrap();
    let new = new(Some("visio"), ClientKind::Application, NewSecret::Imported(slow));
    let (client, _) = fixture.identity.create_client(new, &Origin::default()).await.unwrap();
    let (wrong, password, origin) = (secret("wrong"), secret(PASSWORD), Origin::default());
    let guesses = (0..20).map(|_| fixture.identity.authenticate_client(&client.id, &wrong));
    let mut guesses = std::pin::pin!(futures_util::future::join_all(guesses));
    let refusals = loop {
        tokio::select! {
            refusals = &mut guesses => break refusals,
            signed_in = fixture.identity.verify_password("ada", &password, &origin) => drop(signed_in.unwrap()),
        }
    };
    assert!(refusals.iter().all(|refusal| matches!(refusal, Err(ClientRefusal::Invalid))));
}

#[rstest]
#[tokio::test]
async fn disabling_revokes_until_enabled_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let (id, secret) = fixture.client("booking").await;
    identity.authenticate_client(&id, &secret).await.unwrap();
    for _ in 0..2 {
        assert!(!identity.set_client_enabled(&id, false, &origin).await.unwrap().enabled);
        let refused = identity.authenticate_client(&id, &secret).await;
        assert!(matches!(refused, Err(ClientRefusal::Inactive)), "at once, remembered or not");
    }
    let feed = fixture.feed().await;
    assert_eq!((feed.len(), feed[0].kind), (1, RevocationKind::Client));
    assert_eq!((feed[0].value.as_str(), feed[0].reason), ("booking", RevocationReason::ClientDisabled));
    identity.set_client_enabled(&id, true, &origin).await.unwrap();
    identity.authenticate_client(&id, &secret).await.unwrap();
    assert!(fixture.feed().await.iter().any(|entry| entry.lifted));
    assert_eq!(fixture.audited("client.disable").await.len(), 1);
    assert_eq!(fixture.audited("client.enable").await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn deleting_revokes_and_a_successor_starts_afresh(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let (id, old) = fixture.client("booking").await;
    identity.authenticate_client(&id, &old).await.unwrap();
    identity.delete_client(&id, &origin).await.unwrap();
    let refused = identity.authenticate_client(&id, &old).await;
    assert!(matches!(refused, Err(ClientRefusal::Invalid)));
    assert!(fixture.texts("SELECT id AS value FROM client_secrets").await.is_empty());
    assert_eq!(fixture.feed().await[0].reason, RevocationReason::ClientDeleted);
    assert!(matches!(identity.delete_client(&id, &origin).await, Err(IdentityError::Unknown("client"))));
    let (_, fresh) = fixture.client("booking").await;
    identity.authenticate_client(&id, &fresh).await.unwrap();
    assert!(matches!(identity.authenticate_client(&id, &old).await, Err(ClientRefusal::Invalid)));
    let feed = fixture.feed().await;
    assert!(feed.iter().any(|entry| entry.reason == RevocationReason::Revoked && !entry.lifted));
    assert!(!feed.iter().any(|entry| entry.reason == RevocationReason::ClientDeleted && !entry.lifted));
}

#[rstest]
#[tokio::test]
async fn other_replicas_follow_within_a_second(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let replica = fixture.replica().await;
    let (id, secret) = fixture.client("booking").await;
    replica.authenticate_client(&id, &secret).await.unwrap();
    let rotated =
        fixture.identity.rotate_secret(&id, SecretRotation::default(), &Origin::default()).await.unwrap();
    replica.authenticate_client(&id, rotated.expose()).await.expect("a new secret counts at once");
    fixture.identity.set_client_enabled(&id, false, &Origin::default()).await.unwrap();
    fixture.pass(1);
    let refused = replica.authenticate_client(&id, rotated.expose()).await;
    assert!(matches!(refused, Err(ClientRefusal::Inactive)));
    fixture.identity.set_client_enabled(&id, true, &Origin::default()).await.unwrap();
    replica.authenticate_client(&id, rotated.expose()).await.expect("an enabled client is let in at once");
}

/// Threat 14: an update is checked like a creation.
#[rstest]
#[tokio::test]
async fn threat_14_a_client_update_is_checked_like_a_creation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(ClientKind::Service, ClientKind::Application, ClientKind::Public)] kind: ClientKind,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let subject = NewClient {
        registration: Registration::new("subject"),
        ..new(Some("subject"), kind, NewSecret::Generate)
    };
    let (subject, _) = identity.create_client(subject, &origin).await.unwrap();
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let candidates = vec![
        Registration { grants: vec![], ..full() },
        full(),
        Registration { name: String::new(), ..full() },
        Registration { name: "x".repeat(256), ..full() },
        Registration { scopes: "rooms:list rooms:create other".parse().unwrap(), ..full() },
        Registration { default_scopes: "rooms:delete".parse().unwrap(), ..full() },
        Registration { domains: strings(&["localhost"]), ..full() },
        Registration { domains: strings(&["a.example", "A.EXAMPLE"]), ..full() },
        Registration { grants: vec![GrantType::TokenExchange; 2], ..full() },
        Registration { audiences: strings(&["a b"]), ..full() },
        Registration { organization_id: Some("nowhere".to_owned()), ..full() },
        Registration { application_id: Some("\0".to_owned()), ..full() },
        Registration { permissions: strings(&["é"]), ..full() },
        Registration { access_token_ttl: Some(std::time::Duration::ZERO), ..full() },
    ];
    let mut outcomes = [0, 0];
    for (index, candidate) in candidates.into_iter().enumerate() {
        let id = format!("c{index}");
        let created =
            NewClient { registration: candidate.clone(), ..new(Some(&id), kind, NewSecret::Generate) };
        let created = identity.create_client(created, &origin).await.err().map(|error| error.to_string());
        let updated = identity.update_client(&subject.id, candidate.clone(), &origin).await;
        outcomes[usize::from(updated.is_ok())] += 1;
        assert_eq!(created, updated.err().map(|error| error.to_string()), "{candidate:?}");
    }
    assert!(outcomes[0] >= 11 && outcomes[1] >= 1, "{outcomes:?}");
}
