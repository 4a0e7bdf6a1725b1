//! Rows go when nothing depends on them any more, and not before.

use auth_claims::revocations::RevocationReason;
use chrono::TimeDelta;
use identity::audit::{AuditEvent, Origin};
use identity::revocations::Revocation;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, revoke};

#[rstest]
#[tokio::test]
async fn revocations_go_when_the_last_token_they_hit_is_dead(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, now) = (&fixture.identity, fixture.identity.clock().now());
    let exp = now + TimeDelta::hours(1);
    revoke(identity, Revocation::of_token("token", RevocationReason::Revoked, exp)).await;
    revoke(identity, Revocation::of_session("session", RevocationReason::SignedOut, now)).await;
    identity.set_account_enabled(fixture.account, false, &Origin::default()).await.unwrap();

    assert_eq!(identity.prune(None).await.unwrap(), 0);
    fixture.wait(3600 + 59);
    assert_eq!(identity.prune(None).await.unwrap(), 0, "verifiers allow for a leeway");
    fixture.wait(1);
    assert_eq!(identity.prune(None).await.unwrap(), 1);
    fixture.wait(24 * 3600);
    assert_eq!(identity.prune(None).await.unwrap(), 1);
    fixture.wait(10 * 365 * 24 * 3600);
    assert_eq!(identity.prune(None).await.unwrap(), 0, "the account is still disabled");

    identity.set_account_enabled(fixture.account, true, &Origin::default()).await.unwrap();
    fixture.wait(31 * 24 * 3600);
    assert_eq!(identity.prune(None).await.unwrap(), 1);
    let page = identity.wait_for_revocation(0, std::time::Duration::ZERO).await.unwrap();
    assert_eq!((page.next, page.entries.len()), (4, 0), "numbers are never given out again");
}

#[rstest]
#[tokio::test]
async fn families_go_when_they_have_expired(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (token, family) = fixture.start().await;
    fixture
        .identity
        .revoke_family(&family.id, RevocationReason::SignedOut, &Origin::default())
        .await
        .unwrap();
    fixture.wait(30 * 24 * 3600 - 1);
    fixture.identity.prune(None).await.unwrap();
    let found = fixture.identity.find_family(token.expose()).await.unwrap();
    assert!(found.is_some(), "a revoked token is told from an unknown one");
    fixture.wait(1);
    assert_eq!(fixture.identity.prune(None).await.unwrap(), 1);
    assert!(fixture.identity.find_family(token.expose()).await.unwrap().is_none());
}

#[rstest]
#[tokio::test]
async fn audit_events_go_by_their_age_and_only_when_asked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for _ in 0..700 {
        let event = AuditEvent::new(fixture.identity.clock().now(), "old", &Origin::default());
        fixture.identity.audit().record(event);
    }
    fixture.wait(1000);
    let event = AuditEvent::new(fixture.identity.clock().now(), "new", &Origin::default());
    fixture.identity.audit().record(event);
    fixture.identity.audit().flush().await.unwrap();

    assert_eq!(fixture.identity.prune(None).await.unwrap(), 0);
    let before = fixture.identity.prune(Some(TimeDelta::seconds(1000))).await.unwrap();
    // More than one batch, and what the fixture's own changes left.
    assert!(before >= 3, "{before}");
    fixture.wait(1);
    assert_eq!(fixture.identity.prune(Some(TimeDelta::seconds(1000))).await.unwrap(), 700);
    assert_eq!(fixture.audited("new").await.len(), 1);
}
