//! The feed over HTTP, from the act of revoking to the refusal. Threat 26.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::revocations::{Follower, RevocationKind, RevocationReason};
use auth_claims::verify::{Verifier, VerifierSettings, VerifyError};
use serde_json::json;

use crate::authority::{Served, State, serve};

/// What revoking has to reach.
async fn within_a_second(what: impl AsyncFn() -> bool) {
    within(Duration::from_secs(1), what).await;
}

/// What comes before, and has no bound of its own but that of a poll. Followers here share the one service token, so that each
/// may have to ask for it again.
async fn soon(what: impl AsyncFn() -> bool) {
    within(Duration::from_secs(10), what).await;
}

async fn within(bound: Duration, what: impl AsyncFn() -> bool) {
    let reached = async {
        while !what().await {
            actix_web::rt::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(bound, reached).await.expect("within the bound");
}

fn start(served: &Served) -> (Verifier, Follower) {
    let authority = Arc::new(served.authority());
    let settings = VerifierSettings::new("https://id.example", "rooms");
    let verifier = Verifier::new(settings, Arc::<auth_client::Authority>::clone(&authority), served.clock());
    let follower = Follower::spawn(authority, Arc::clone(verifier.revocations()), served.clock());
    (verifier, follower)
}

/// Threat 26: two replicas, each with an answer remembered, refuse within a second of the revocation.
#[actix_web::test]
async fn threat_26_every_replica_refuses_within_a_second() {
    let served = serve();
    let replicas = [start(&served), start(&served)];
    let token = served.state.token(&json!({}));
    for (verifier, follower) in &replicas {
        assert!(verifier.verify(&token).await.is_ok());
        soon(async || follower.health().silent_for.is_some()).await;
    }
    // Both long polls are under way, for 25 s each.
    soon(async || State::count(&served.state.feed_calls) >= 4).await;
    served.state.revoke(RevocationKind::Sid, "session-1", RevocationReason::SignedOut);
    let refused = Err(VerifyError::Revoked(RevocationReason::SignedOut));
    for (verifier, _) in &replicas {
        within_a_second(async || verifier.verify(&token).await == refused).await;
    }
}

/// Threat 26: a restarted service refuses what was revoked before.
#[actix_web::test]
async fn threat_26_a_restart_forgets_nothing() {
    let served = serve();
    served.state.revoke(RevocationKind::Client, crate::authority::CLIENT, RevocationReason::ClientDisabled);
    let (verifier, follower) = start(&served);
    soon(async || follower.health().silent_for.is_some()).await;
    let token = served.state.token(&json!({}));
    assert_eq!(verifier.verify(&token).await, Err(VerifyError::Revoked(RevocationReason::ClientDisabled)));
}

/// The service token of a follower that runs for weeks expires many times.
#[actix_web::test]
async fn the_follower_survives_the_end_of_its_token() {
    let served = serve();
    let (verifier, follower) = start(&served);
    soon(async || follower.health().silent_for.is_some()).await;
    served.state.expire_service_token();
    served.state.revoke(RevocationKind::Jti, "first", RevocationReason::Revoked);
    served.state.revoke(RevocationKind::Jti, "second", RevocationReason::Revoked);
    soon(async || verifier.revocations().len() == 2).await;
}
