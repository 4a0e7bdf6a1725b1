//! What groups give in tokens.

use auth_claims::roles::Role;
use identity::act::Act;
use identity::audit::Origin;
use identity::clients::{ClientKind, GrantType};
use identity::groups;
use rstest::rstest;
use serde_json::json;

use super::World;
use crate::harness::{BASIC, Backend, basic, scopes};

/// The group `admin` gives `GLOBAL_ADMIN` in every token from then on, refreshed ones included, and takes it again
/// (threat 9: the same in every grant).
#[rstest]
#[actix_web::test]
async fn threat_09_members_of_admin_have_the_role_in_every_grant(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let app = &world.app;
    let front = app
        .client("front", ClientKind::Service, |r| {
            r.grants = vec![GrantType::TokenExchange, GrantType::RefreshToken, GrantType::ClientCredentials];
            r.scopes = scopes("a b offline_access");
            r.roles = vec![Role::Service];
        })
        .await;
    let mut family = app.session(&front, &world.ada).await.1;
    for member in [false, true, false] {
        let (ada, act) = (world.ada.id, Act::new(&app.clock, &Origin::default()));
        let change = move |conn: &mut _| {
            if member {
                groups::add_member(conn, &act, groups::ADMIN, ada)
            } else {
                groups::remove_member(conn, &act, groups::ADMIN, ada)
            }
        };
        app.identity.db().write(change).await.expect("a change");
        app.advance(chrono::TimeDelta::seconds(2)).await;
        let exchanged = app.exchange(&front, BASIC, &basic(&world.ada), &[]).await.claims();
        let refreshed = app.refresh(&front, &family).await;
        family = refreshed.refresh_token();
        let expected: &[Role] = if member { &[Role::GlobalAdmin] } else { &[] };
        for claims in [exchanged, refreshed.claims()] {
            assert_eq!(claims.roles, expected);
            assert_eq!(claims.groups.contains(&groups::ADMIN.to_owned()), member);
        }
        let told = app.introspect(&front, &family).await;
        let roles = if member { json!(["GLOBAL_ADMIN"]) } else { json!(null) };
        let empty = told["roles"].as_array().is_none_or(Vec::is_empty);
        assert!(if member { told["roles"] == roles } else { empty }, "{told}");
    }
}
