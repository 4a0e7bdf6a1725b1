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
        registry.put(APP, &status(disabled)).await.expect("confirmed");
        assert_eq!(own().await.status, if disabled { 400 } else { 200 });
    }
    for _ in 0..2 {
        registry.delete(APP).await.expect("confirmed");
        assert_eq!(own().await.json()["error_description"], "Bad credentials");
    }
    registry.put(APP, &status(false)).await.expect("confirmed");
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
        let told = registry.put(id, &status(organization)).await;
        assert!(told.is_err(), "{id} {organization}");
        if matches!(through, Through::Process) {
            assert!(matches!(told, Err(RegistryError::Refused(_))), "{told:?}");
        }
    }
    assert!(registry.delete("a/b").await.is_err());
}
