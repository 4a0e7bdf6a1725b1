//! The registry as the service `applications` holds it, in this process and over HTTP: the same rules.

use std::sync::Arc;

use auth_client::applications::{ApplicationRegistry, ApplicationStatus, RegistryError};
use auth_client::{Authority, AuthoritySettings};
use rstest::rstest;
use secrecy::SecretString;

use super::{APP, Backend, World};

#[derive(Clone, Copy, Debug)]
enum Through {
    Process,
    Http,
}

fn registry(world: &World, through: Through) -> Arc<dyn ApplicationRegistry> {
    match through {
        Through::Process => world.app.auth.application_registry(),
        Through::Http => {
            let secret = SecretString::from(format!("applications-secret-{}", "x".repeat(32)));
            let url = world.app.base.parse().expect("a URL");
            let settings = AuthoritySettings::new(url, "applications", secret);
            Arc::new(Authority::connect(settings).expect("an authority"))
        }
    }
}

async fn put(
    registry: &dyn ApplicationRegistry,
    id: &str,
    status: &ApplicationStatus,
) -> Result<(), RegistryError> {
    let after = registry.revision(id).await?;
    registry.put(id, status, after).await
}

/// Threat 26: what arrives after something else was confirmed is not done, and its sender is told so.
#[rstest]
#[actix_web::test]
async fn threat_26_what_arrives_late_is_not_done(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Through::Process, Through::Http)] through: Through,
) {
    let world = World::on(backend).await;
    let registry = registry(&world, through);
    let status =
        |disabled| ApplicationStatus { organization_id: "helios".to_owned(), disabled, expires_at: None };
    let own = async || world.app.token(&world.bound, &[("grant_type", "client_credentials")]).await;
    let late = registry.revision(APP).await.expect("a revision");
    registry.put(APP, &status(true), late).await.expect("confirmed");
    for told in [registry.put(APP, &status(false), late).await, registry.delete(APP, late).await] {
        assert!(matches!(told, Err(RegistryError::Unconfirmed(_))), "{told:?}");
        assert_eq!(own().await.json()["error_description"], "Application is disabled");
    }
    registry.delete(APP, late + 1).await.expect("confirmed");
    for after in [0, late, late + 1] {
        let told = registry.put(APP, &status(false), after).await;
        assert!(matches!(told, Err(RegistryError::Unconfirmed(_))), "{told:?}");
    }
    assert_eq!(own().await.json()["error_description"], "Bad credentials");
    assert_eq!(registry.revision(APP).await.expect("a revision"), late + 2);
}

#[rstest]
#[actix_web::test]
async fn what_is_told_holds(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Through::Process, Through::Http)] through: Through,
) {
    let world = World::on(backend).await;
    let registry = registry(&world, through);
    let status =
        |disabled| ApplicationStatus { organization_id: "helios".to_owned(), disabled, expires_at: None };
    let own = async || world.app.token(&world.bound, &[("grant_type", "client_credentials")]).await;
    for disabled in [true, true, false, true] {
        put(&*registry, APP, &status(disabled)).await.expect("confirmed");
        assert_eq!(own().await.status, if disabled { 400 } else { 200 });
    }
    for _ in 0..2 {
        let after = registry.revision(APP).await.expect("a revision");
        registry.delete(APP, after).await.expect("confirmed");
        assert_eq!(own().await.json()["error_description"], "Bad credentials");
    }
    put(&*registry, APP, &status(false)).await.expect("confirmed");
    assert_eq!(own().await.status, 200);
}

/// What is no status, or no id, is not confirmed.
#[rstest]
#[actix_web::test]
async fn what_cannot_be_is_not_confirmed(#[values(Through::Process, Through::Http)] through: Through) {
    let world = World::on(Backend::Sqlite).await;
    let registry = registry(&world, through);
    let status = |organization: &str| ApplicationStatus {
        organization_id: organization.to_owned(),
        disabled: false,
        expires_at: None,
    };
    for (id, organization) in [(APP, ""), (APP, "a\0"), ("a b", "helios"), ("organizations", "helios")] {
        let told = registry.put(id, &status(organization), 0).await;
        assert!(told.is_err(), "{id} {organization}");
        if matches!(through, Through::Process) {
            assert!(matches!(told, Err(RegistryError::Refused(_))), "{told:?}");
        }
    }
    assert!(registry.delete("a/b", 0).await.is_err());
}
