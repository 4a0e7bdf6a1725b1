//! `contracts/oauth2.md` §3: the grant `client_credentials`, its answer, scope, audience and lifetime.

use std::time::Duration;

use auth_claims::claims::{Audience, SubjectKind};
use auth_claims::roles::Role;
use identity::audit::Origin;
use identity::clients::{ClientKind, GrantType, Registration};
use rstest::rstest;

use crate::harness::{Backend, EXCHANGE, ISSUER, Spawned, part, scopes};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[rstest]
#[actix_web::test]
async fn gives_a_token_for_the_client_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let client = app
        .client("booking", ClientKind::Service, |registration| {
            registration.roles = vec![Role::ClientService];
            registration.permissions = vec!["integrations:integration:view".to_owned()];
        })
        .await;
    let answer = app.token(&client, &[GRANT]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let (body, claims) = (answer.json(), answer.claims());
    let mut members: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "jti", "scope", "token_type"]);
    assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &3600.into()));
    assert_eq!((&body["scope"], &body["jti"]), (&"a b".into(), &claims.jti.as_str().into()));
    assert_eq!(
        (claims.iss.as_str(), claims.sub.as_str(), claims.client_id.as_str()),
        (ISSUER, "booking", "booking")
    );
    assert_eq!((claims.aud, claims.scope, claims.kind), ("api".into(), scopes("a b"), SubjectKind::Client));
    assert_eq!((claims.iat, claims.nbf, claims.exp), (1_800_000_000, Some(1_800_000_000), 1_800_003_600));
    assert_eq!((claims.roles, claims.permissions.len()), (vec![Role::ClientService], 1));
    assert_eq!((claims.sid, claims.act, claims.user_id, claims.delegated), (None, None, None, false));
    let header = part(&answer.access_token(), 0);
    assert_eq!((&header["typ"], &header["alg"]), (&"at+jwt".into(), &"ES256".into()));
    assert_eq!(header["kid"].as_str().map(str::len), Some(43));
}

#[rstest]
#[actix_web::test]
async fn the_alias_path_works_alike(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let client = app.service("booking").await;
    let answer = app.post_as(&client, "/security/oauth/token", &[GRANT]).await;
    assert_eq!(answer.claims().sub, "booking");
}

#[rstest]
#[case::nothing_gives_the_defaults(&[], Some("a b"))]
#[case::empty_counts_as_nothing(&[("scope", "")], Some("a b"))]
#[case::blank_counts_as_nothing(&[("scope", "  ")], Some("a b"))]
#[case::a_part(&[("scope", "b")], Some("b"))]
#[case::registration_order(&[("scope", "c b a")], Some("a b c"))]
#[case::not_registered(&[("scope", "a admin")], None)]
#[case::letter_case(&[("scope", "A")], None)]
#[case::malformed(&[("scope", "a\"b")], None)]
#[actix_web::test]
async fn scope(#[case] form: &[(&str, &str)], #[case] granted: Option<&str>) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    let answer = app.token(&client, &[&[GRANT], form].concat()).await;
    match granted {
        Some(granted) => {
            assert_eq!(answer.claims().scope, scopes(granted));
            assert_eq!(answer.json()["scope"], granted);
        }
        None => answer.assert_refused(400, "invalid_scope"),
    }
}

#[actix_web::test]
async fn a_client_without_scopes_gets_an_empty_scope() {
    let app = Spawned::on(Backend::Sqlite).await;
    let change = |registration: &mut Registration| {
        (registration.scopes, registration.default_scopes) = (scopes(""), scopes(""));
    };
    let client = app.client("booking", ClientKind::Service, change).await;
    let answer = app.token(&client, &[GRANT]).await;
    assert_eq!(answer.json()["scope"], "");
    assert!(part(&answer.access_token(), 1).get("scope").is_none());
}

#[rstest]
#[case::nothing(&[], Some(vec!["rooms", "agenda"]))]
#[case::audience(&[("audience", "agenda")], Some(vec!["agenda"]))]
#[case::resource(&[("resource", "agenda")], Some(vec!["agenda"]))]
#[case::both(&[("resource", "agenda"), ("audience", "rooms")], Some(vec!["rooms", "agenda"]))]
#[case::empty(&[("resource", "")], Some(vec!["rooms", "agenda"]))]
#[case::not_registered(&[("audience", "payroll")], None)]
#[case::one_not_registered(&[("audience", "payroll"), ("resource", "rooms")], None)]
#[case::a_list(&[("audience", "rooms agenda")], None)]
#[actix_web::test]
async fn audience(#[case] form: &[(&str, &str)], #[case] granted: Option<Vec<&str>>) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app
        .client("booking", ClientKind::Service, |registration| {
            registration.audiences = vec!["rooms".to_owned(), "agenda".to_owned()];
        })
        .await;
    let answer = app.token(&client, &[&[GRANT], form].concat()).await;
    match granted {
        Some(names) => {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            assert_eq!(answer.claims().aud, Audience::from(names));
        }
        None => answer.assert_refused(400, "invalid_target"),
    }
}

#[actix_web::test]
async fn without_a_registered_audience_the_issuer_is_meant() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.client("booking", ClientKind::Service, |r| r.audiences = Vec::new()).await;
    assert_eq!(app.token(&client, &[GRANT]).await.claims().aud, ISSUER.into());
    app.token(&client, &[GRANT, ("audience", "rooms")]).await.assert_refused(400, "invalid_target");
}

#[actix_web::test]
async fn lifetimes_come_from_the_client_or_the_settings() {
    let app = Spawned::with(Backend::Sqlite, |s| s.access_token_ttl = Duration::from_mins(10)).await;
    let usual = app.service("usual").await;
    let short = app
        .client("short", ClientKind::Service, |r| r.access_token_ttl = Some(Duration::from_secs(30)))
        .await;
    for (client, seconds) in [(usual, 600), (short, 30)] {
        let answer = app.token(&client, &[GRANT]).await;
        let claims = answer.claims();
        assert_eq!((&answer.json()["expires_in"], claims.exp - claims.iat), (&seconds.into(), seconds));
    }
}

#[rstest]
#[actix_web::test]
async fn the_organisation_is_in_the_answer(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    app.identity.create_organization("helios", "Helios", &Origin::default()).await.expect("an organisation");
    let client =
        app.client("booking", ClientKind::Service, |r| r.organization_id = Some("helios".to_owned())).await;
    let answer = app.token(&client, &[GRANT]).await;
    assert_eq!(answer.json()["organization_id"], "helios");
    assert_eq!(answer.claims().organization_id.as_deref(), Some("helios"));
}

#[actix_web::test]
async fn no_refresh_token_whatever_is_asked_for() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.exchanger("gate").await;
    let answer = app.token(&client, &[GRANT, ("scope", "a offline_access")]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("refresh_token").is_none());
}

#[rstest]
#[case::bound_client(Some("app-1"), None, Some("app-1"))]
#[case::named_as_registered(Some("app-1"), Some("app-1"), Some("app-1"))]
#[case::another(Some("app-1"), Some("app-2"), None)]
#[case::named(None, Some("app-1"), Some("app-1"))]
#[case::unknown(None, Some("app-2"), None)]
#[case::bound_to_an_unknown(Some("app-2"), None, None)]
#[actix_web::test]
async fn application_binding(
    #[case] registered: Option<&str>,
    #[case] requested: Option<&str>,
    #[case] bound: Option<&str>,
    #[values("application_id", "applicationId")] name: &str,
) {
    let app = Spawned::on(Backend::Sqlite).await;
    app.organization("helios").await;
    app.known_application("app-1", "helios").await;
    let client = app
        .client("booking", ClientKind::Service, |r| {
            r.organization_id = Some("helios".to_owned());
            r.application_id = registered.map(str::to_owned);
        })
        .await;
    let mut form = vec![GRANT];
    form.extend(requested.map(|id| (name, id)));
    let answer = app.token(&client, &form).await;
    if bound.is_some() {
        assert_eq!(answer.claims().application_id.as_deref(), bound);
    } else {
        answer.assert_refused(400, "invalid_grant");
        assert_eq!(answer.json()["error_description"], "Bad credentials");
    }
}

#[actix_web::test]
async fn both_spellings_of_application_id_are_a_repetition() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client =
        app.client("booking", ClientKind::Service, |r| r.application_id = Some("x".to_owned())).await;
    let answer = app.token(&client, &[GRANT, ("application_id", "x"), ("applicationId", "x")]).await;
    answer.assert_refused(400, "invalid_request");
}

#[rstest]
#[case::unknown("password", &[GrantType::ClientCredentials], "unsupported_grant_type")]
#[case::implicit("implicit", &[GrantType::ClientCredentials], "unsupported_grant_type")]
#[case::nonsense("client_credentials ", &[GrantType::ClientCredentials], "unsupported_grant_type")]
#[case::letter_case("Client_Credentials", &[GrantType::ClientCredentials], "unsupported_grant_type")]
#[case::unregistered("client_credentials", &[], "unauthorized_client")]
#[case::unregistered_refresh("refresh_token", &[], "unauthorized_client")]
#[case::unregistered_code("authorization_code", &[], "unauthorized_client")]
#[case::unregistered_exchange(EXCHANGE, &[], "unauthorized_client")]
#[case::nothing_gives_codes("authorization_code", &[GrantType::AuthorizationCode], "unsupported_grant_type")]
#[actix_web::test]
async fn grant_type(#[case] grant: &str, #[case] registered: &[GrantType], #[case] error: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.client("booking", ClientKind::Service, |r| r.grants = registered.to_vec()).await;
    app.token(&client, &[("grant_type", grant)]).await.assert_refused(400, error);
}

#[rstest]
#[case::missing(&[])]
#[case::empty(&[("grant_type", "")])]
#[actix_web::test]
async fn a_missing_grant_type_is_an_invalid_request(#[case] form: &[(&str, &str)]) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    app.token(&client, form).await.assert_refused(400, "invalid_request");
}
