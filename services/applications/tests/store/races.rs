//! What several clients do at the same time, through two replicas.

use applications::app::AppError;
use applications::domain::application::Application;
use applications::domain::refusal::Refusal;
use futures_util::future::join_all;
use rstest::rstest;

use crate::support::{Backend, Service, application, checked, id, is_refused, put};

/// Fifty with one version: one of them is in time. Changes that are told to the authorization server, and others.
#[rstest]
#[actix_web::test]
async fn of_fifty_changes_with_one_version_one_is_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] told: bool,
) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    let changes = (0..50_usize).map(|number| {
        let change = move |next: &mut Application| {
            next.disabled = told;
            next.config = format!("{{\"number\":{number}}}").parse().unwrap();
        };
        service.replicas[number % 2].change(id("a"), put(Some(0), change))
    });
    let outcomes = join_all(changes).await;
    let made: Vec<_> = (0..50).filter(|number| outcomes[*number].is_ok()).collect();
    let others = outcomes.iter().filter(|outcome| is_refused(outcome, Refusal::VersionMismatch));
    assert_eq!((made.len(), others.count()), (1, 49), "{outcomes:?}");
    let stored = service.find("a").await.unwrap();
    assert_eq!((stored.version, stored.disabled), (1, told));
    assert_eq!(stored.config.to_string(), format!("{{\"number\":{}}}", made[0]));
    assert_eq!(service.authority.told(), 1 + usize::from(told));
    service.assert_agreement("a").await;
    assert_eq!(service.app().repair().await.unwrap(), 0, "those who lost leave nothing behind");
}

/// Without a version they are made one after another, and none is lost.
#[rstest]
#[actix_web::test]
async fn changes_without_a_version_are_all_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    let changes = (0..50_usize).map(|number| {
        let change = move |next: &mut Application| next.disabled = number.is_multiple_of(3);
        service.replicas[number % 2].change(id("a"), put(None, change))
    });
    let outcomes = join_all(changes).await;
    let mut versions: Vec<_> = outcomes.into_iter().map(|outcome| outcome.unwrap().version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=50).collect::<Vec<_>>());
    service.assert_agreement("a").await;
}

/// An id is one application's, of all organisations.
#[rstest]
#[actix_web::test]
async fn of_fifty_creations_with_one_id_one_is_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let creations = (0..50_usize).map(|number| {
        let new = checked(application("a", &format!("org-{number}")));
        service.replicas[number % 2].create(new)
    });
    let outcomes = join_all(creations).await;
    let made: Vec<_> = (0..50).filter(|number| outcomes[*number].is_ok()).collect();
    let others = outcomes.iter().filter(|outcome| is_refused(outcome, Refusal::IdTaken));
    assert_eq!((made.len(), others.count()), (1, 49), "{outcomes:?}");
    assert_eq!(service.find("a").await.unwrap().organization_id.as_str(), format!("org-{}", made[0]));
    assert_eq!(service.authority.told(), 1);
    service.assert_agreement("a").await;
}

/// Creations, changes and deletions of one id in any order: the authorization server ends up with what the row says.
#[rstest]
#[actix_web::test]
async fn whatever_happens_at_once_ends_in_agreement(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for _ in 0..5 {
        let steps = (0..30_usize).map(|number| {
            let app = &service.replicas[number % 2];
            async move {
                match number % 3 {
                    0 => app.create(checked(application("a", "o"))).await,
                    1 => app.delete(id("a"), |_| Ok(())).await,
                    _ => app.change(id("a"), put(None, |next| next.disabled ^= true)).await.map(drop),
                }
            }
        });
        for outcome in join_all(steps).await {
            assert!(matches!(outcome, Ok(()) | Err(AppError::Refused(_))), "{outcome:?}");
        }
        service.assert_agreement("a").await;
        assert_eq!(service.app().repair().await.unwrap(), 0);
    }
}
