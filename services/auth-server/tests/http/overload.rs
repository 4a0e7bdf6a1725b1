//! More sign-ins at once than may wait for a hash: each dialect says when to come back, nobody waits for nothing, and what
//! needs no password goes on.

use futures_util::poll;
use identity::passwords::{EncodedHash, PasswordSettings};
use rstest::rstest;
use secrecy::SecretString;

use crate::harness::{BASIC, Backend, basic_of};
use crate::rdv::{EMAIL, PASSWORD, Session, World, assert_said, sign_in};

/// Takes no time.
const QUICK: &str = "pbkdf2_sha256$1$x$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=";
/// Takes long enough for everything that is asked meanwhile.
const SLOW: &str = "pbkdf2_sha256$5000000$x$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=";

#[rstest]
#[actix_web::test]
async fn a_full_queue_is_a_503_in_every_dialect(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    let (settings, hasher) = (PasswordSettings::default(), world.app.identity.hasher().clone());
    let (slow, password): (EncodedHash, _) = (SLOW.parse().expect("a hash"), SecretString::from(PASSWORD));
    let mut crowd: Vec<_> = (0..settings.effective_threads() + settings.queue)
        .map(|_| Box::pin(hasher.verify(&slow, &password)))
        .collect();
    for waiting in &mut crowd {
        assert!(poll!(waiting).is_pending());
    }

    let answer = sign_in(&world.app, EMAIL, PASSWORD).await;
    assert_said(&answer, 503, r#"{"success":false,"errors":["Service Unavailable"]}"#);
    let account_token =
        world.app.post("/api2/auth-token/", &[("username", "amina"), ("password", PASSWORD)]).await;
    assert_eq!(account_token.status, 503, "{account_token:?}");
    let exchanged = world.app.exchange(&gate, BASIC, &basic_of("amina", PASSWORD), &[]).await;
    exchanged.assert_refused(503, "temporarily_unavailable");
    for answer in [answer, account_token, exchanged] {
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{answer:?}");
    }
    let own = world.app.token(&gate, &[("grant_type", "client_credentials")]).await;
    assert_eq!(own.status, 200, "{own:?}");

    drop(crowd);
    // Those that had begun come to their end, however slow the machine is; a request would wait for half a minute at most.
    let quick: EncodedHash = QUICK.parse().expect("a hash");
    hasher.verify(&quick, &password).await.expect("a verdict");
    Session::of(&sign_in(&world.app, EMAIL, PASSWORD).await);
}
