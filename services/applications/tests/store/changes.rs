//! Changes, and when the authorization server is told.

use applications::app::AppError;
use applications::domain::refusal::Refusal;
use chrono::TimeDelta;
use futures_util::FutureExt as _;
use rstest::rstest;

use crate::support::{Backend, Mood, Service, application, checked, id, is_refused, put, start};

#[rstest]
#[actix_web::test]
async fn what_is_written_is_read(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let mut all = application("a", "org-\"é\"' OR 1=1");
    all.config = r#"{"n":1.00000000000000000001,"x":{"b":1,"a":"\u0000"},"é":null}"#.parse().unwrap();
    all.expires_at = Some(start() + TimeDelta::microseconds(1));
    all.visible = false;
    all.anonymous_registration_enabled = true;
    service.create(all.clone()).await;
    assert_eq!(service.find("a").await, Some(all.clone()));
    let changed = service.app().change(id("a"), put(Some(0), |next| next.expires_at = None)).await.unwrap();
    assert_eq!((changed.version, changed.expires_at), (1, None));
    assert_eq!(service.find("a").await, Some(changed));
    assert_eq!(service.find("A").await, None, "ids differ in case");
    service.app().delete(id("a"), |_| Ok(())).await.unwrap();
    assert_eq!(service.find("a").await, None);
}

#[rstest]
#[actix_web::test]
async fn only_what_matters_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let app = service.app();
    service.create(application("a", "o")).await;
    assert_eq!(service.authority.told(), 1);
    app.change(id("a"), put(None, |next| next.config = "{}".parse().unwrap())).await.unwrap();
    app.change(id("a"), put(None, |next| next.visible = false)).await.unwrap();
    assert_eq!(service.authority.told(), 1);
    app.change(id("a"), put(None, |next| next.disabled = true)).await.unwrap();
    app.change(id("a"), put(None, |next| next.organization_id = "p".parse().unwrap())).await.unwrap();
    app.change(id("a"), put(None, |next| next.expires_at = Some(start()))).await.unwrap();
    assert_eq!(service.authority.told(), 4);
    service.assert_agreement("a").await;
    app.delete(id("a"), |_| Ok(())).await.unwrap();
    assert_eq!(service.authority.told(), 5);
    service.assert_agreement("a").await;
    assert_eq!(app.repair().await.unwrap(), 0, "nothing is left to be told");
}

#[rstest]
#[actix_web::test]
async fn what_is_refused_is_not_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    let before = service.find("a").await;
    let app = service.app();
    assert!(is_refused(&app.create(checked(application("a", "other"))).await, Refusal::IdTaken));
    let stale = put(Some(7), |next| next.disabled = true);
    assert!(is_refused(&app.change(id("a"), stale.clone()).await, Refusal::VersionMismatch));
    assert!(is_refused(&app.change(id("b"), stale).await, Refusal::Unknown));
    assert!(is_refused(&app.delete(id("a"), |_| Err(Refusal::Forbidden)).await, Refusal::Forbidden));
    assert!(is_refused(&app.delete(id("b"), |_| Ok(())).await, Refusal::Unknown));
    assert_eq!(service.authority.told(), 1, "the creation");
    assert_eq!(service.find("a").await, before);
    assert_eq!(app.repair().await.unwrap(), 0);
}

/// Whatever the authorization server does not confirm does not happen.
#[rstest]
#[actix_web::test]
async fn without_confirmation_nothing_changes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Mood::Refusing, Mood::Mute, Mood::Slow)] mood: Mood,
) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    let (app, before) = (service.app(), service.find("a").await);
    service.authority.becomes(mood);
    let unconfirmed = |outcome: Result<(), AppError>| matches!(outcome, Err(AppError::Registry(_)));
    let disabled = put(Some(0), |next| next.disabled = true);
    assert!(unconfirmed(app.change(id("a"), disabled).await.map(drop)));
    if mood != Mood::Slow {
        // A slow one is given five seconds each time.
        assert!(unconfirmed(app.delete(id("a"), |_| Ok(())).await));
        assert!(unconfirmed(app.create(checked(application("b", "o"))).await));
    }
    assert_eq!((service.find("a").await, service.find("b").await), (before, None));
    service.authority.becomes(Mood::Obedient);
    app.change(id("a"), put(Some(0), |next| next.disabled = true)).await.unwrap();
    service.assert_agreement("a").await;
}

/// What it need not know goes on without it.
#[rstest]
#[actix_web::test]
async fn configurations_change_without_the_authorization_server(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    service.authority.becomes(Mood::Refusing);
    let new = put(Some(0), |next| next.config = r#"{"b":2}"#.parse().unwrap());
    service.app().change(id("a"), new).await.unwrap();
    assert_eq!(service.find("a").await.unwrap().config.to_string(), r#"{"b":2}"#);
    assert_eq!(service.authority.told(), 1);
}

/// As when a client hangs up: the future that waits for the change is dropped in the middle.
#[rstest]
#[actix_web::test]
async fn a_change_survives_whoever_asked_for_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    service.authority.becomes(Mood::Slow);
    {
        let change = service.app().change(id("a"), put(Some(0), |next| next.disabled = true));
        let told = service.authority.is_told(2);
        futures_util::pin_mut!(change, told);
        futures_util::future::select(change, told).await;
    }
    assert!(!service.find("a").await.unwrap().disabled, "it waits for the confirmation");
    service.authority.becomes(Mood::Obedient);
    // The next change waits for the one before.
    let next = service.app().change(id("a"), put(None, |_| {})).boxed().await.unwrap();
    assert_eq!((next.version, next.disabled), (2, true));
    service.assert_agreement("a").await;
}
