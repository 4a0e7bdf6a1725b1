//! What was told and not done is put right.

use std::sync::Arc;
use std::time::Duration;

use applications::repair::{Repair, SETTLED};
use chrono::TimeDelta;
use rstest::rstest;

use crate::support::{Backend, DISLIKED, Mood, Service, application, checked, id, put};

/// A change whose confirmation was lost: told, and not made.
async fn lost(service: &Service, name: &str) {
    service.authority.becomes(Mood::Mute);
    let change = put(None, |next| next.disabled ^= true);
    service.app().change(id(name), change).await.unwrap_err();
    service.authority.becomes(Mood::Obedient);
    let row = service.find(name).await.unwrap().disabled;
    assert_eq!(service.authority.knows(name).unwrap().disabled, !row, "they disagree");
}

/// By any replica; and for as long as something may still be on its way.
#[rstest]
#[actix_web::test]
async fn a_lost_confirmation_is_repaired_until_it_is_settled(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    lost(&service, "a").await;
    let [_, other] = &service.replicas;
    assert_eq!(other.repair().await.unwrap(), 1);
    service.assert_agreement("a").await;
    service.clock.advance(SETTLED - TimeDelta::microseconds(1));
    assert_eq!(other.repair().await.unwrap(), 1, "it may still arrive");
    service.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(other.repair().await.unwrap(), 1);
    assert_eq!(other.repair().await.unwrap(), 0);
    service.assert_agreement("a").await;
}

/// Somebody who disables what the row calls disabled gets a confirmed answer, not a remembered one.
#[rstest]
#[actix_web::test]
async fn after_a_lost_confirmation_the_next_change_is_told_whatever_it_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    service.app().change(id("a"), put(None, |next| next.disabled = true)).await.unwrap();
    lost(&service, "a").await;
    service.app().change(id("a"), put(None, |next| next.disabled = true)).await.unwrap();
    service.assert_agreement("a").await;
    lost(&service, "a").await;
    service.app().change(id("a"), put(None, |next| next.visible = false)).await.unwrap();
    service.assert_agreement("a").await;
}

/// Threat 26: what was told and given up on, and arrives after a later change was confirmed, undoes nothing. Nor does it
/// after a repair, nor does it bring back what is deleted.
#[rstest]
#[actix_web::test]
async fn threat_26_what_arrives_late_undoes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let enabled = || put(None, |next| next.disabled = false);
    service.create(application("a", "o")).await;
    service.app().change(id("a"), put(None, |next| next.disabled = true)).await.unwrap();
    service.authority.becomes(Mood::Delayed);
    service.app().change(id("a"), enabled()).await.unwrap_err();
    service.app().create(checked(application("b", "o"))).await.unwrap_err();
    service.authority.becomes(Mood::Obedient);
    service.replicas[1].change(id("a"), put(None, |next| next.disabled = true)).await.unwrap();
    service.app().repair().await.unwrap();
    assert_eq!(service.authority.delayed_arrives(), 2);
    assert!(service.authority.knows("a").unwrap().disabled, "it was confirmed");
    service.assert_agreement("a").await;
    service.assert_agreement("b").await;
    service.authority.becomes(Mood::Delayed);
    service.app().change(id("a"), enabled()).await.unwrap_err();
    service.authority.becomes(Mood::Obedient);
    service.app().delete(id("a"), |_| Ok(())).await.unwrap();
    assert_eq!(service.authority.delayed_arrives(), 1);
    assert_eq!(service.authority.knows("a"), None);
    service.assert_agreement("a").await;
}

/// Creations and deletions too; and more of them than are looked up at once.
#[rstest]
#[actix_web::test]
async fn everything_is_repaired_in_one_pass(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.create(application("gone", "o")).await;
    service.authority.becomes(Mood::Mute);
    service.app().delete(id("gone"), |_| Ok(())).await.unwrap_err();
    let names: Vec<_> = (0..120).map(|number| format!("new-{number}")).collect();
    for name in &names {
        service.app().create(checked(application(name, "o"))).await.unwrap_err();
    }
    service.authority.becomes(Mood::Obedient);
    assert_eq!(service.authority.knows("gone"), None);
    assert!(names.iter().all(|name| service.authority.knows(name).is_some()));
    assert_eq!(service.app().repair().await.unwrap(), 121);
    assert!(names.iter().all(|name| service.authority.knows(name).is_none()));
    service.assert_agreement("gone").await;
}

/// A pass that fails leaves everything for the next.
#[rstest]
#[actix_web::test]
async fn a_failed_repair_is_made_up_for(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    lost(&service, "a").await;
    service.clock.advance(SETTLED);
    service.authority.becomes(Mood::Refusing);
    service.app().repair().await.unwrap_err();
    service.authority.becomes(Mood::Obedient);
    assert_eq!(service.app().repair().await.unwrap(), 1);
    service.assert_agreement("a").await;
}

/// One application that is refused for ever keeps no other waiting.
#[rstest]
#[actix_web::test]
async fn one_refusal_does_not_stop_a_pass(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.app().create(checked(application(DISLIKED, "o"))).await.unwrap_err();
    service.create(application("z", "o")).await;
    lost(&service, "z").await;
    service.app().repair().await.unwrap_err();
    service.assert_agreement("z").await;
}

/// Repairs beside changes of the same application take nothing from them.
#[rstest]
#[actix_web::test]
async fn repairs_do_not_disturb_changes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    lost(&service, "a").await;
    let changes = async {
        for _ in 0..20 {
            service.app().change(id("a"), put(None, |next| next.disabled ^= true)).await.unwrap();
        }
    };
    let repairs = async {
        for _ in 0..20 {
            assert_eq!(service.replicas[1].repair().await.unwrap(), 1);
        }
    };
    futures_util::join!(changes, repairs);
    assert_eq!(service.find("a").await.unwrap().version, 20);
    service.assert_agreement("a").await;
}

/// The task begins with a pass.
#[rstest]
#[actix_web::test]
async fn it_repairs_at_the_start(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    lost(&service, "a").await;
    let told = service.authority.told();
    let _repair = Repair::spawn(Arc::clone(service.app()));
    tokio::time::timeout(Duration::from_secs(20), service.authority.is_told(told + 1)).await.unwrap();
    service.assert_agreement("a").await;
}
