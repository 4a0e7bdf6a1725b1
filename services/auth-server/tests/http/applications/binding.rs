//! Who may name which application.

use auth_claims::roles::Role;
use identity::clients::ClientKind;
use rstest::rstest;
use serde_json::json;

use super::{APP, Answer, Backend, World, exchanger, tell, usable};
use crate::harness::{ACCESS_TOKEN, BASIC, basic, send};
use reqwest::Method;

const OWN: (&str, &str) = ("grant_type", "client_credentials");

fn wire(answer: &Answer) -> (u16, Vec<(String, String)>, &str) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "traceparent"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, &answer.text)
}

/// Threat 15: another organisation's application, in whatever state it is, cannot be told from one that does not exist,
/// nor from what cannot exist; by no grant.
#[rstest]
#[actix_web::test]
async fn threat_15_foreign_and_unknown_applications_look_alike(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let foreign = |disabled: bool, expires_at: &str| json!({ "organization_id": "selene", "disabled": disabled, "expires_at": expires_at });
    world.put("theirs", &foreign(false, "2100-01-01T00:00:00Z")).await;
    world.put("theirs-disabled", &foreign(true, "2100-01-01T00:00:00Z")).await;
    world.put("theirs-expired", &foreign(false, "2001-01-01T00:00:00Z")).await;
    world.put("theirs-deleted", &foreign(false, "2100-01-01T00:00:00Z")).await;
    world.delete("theirs-deleted").await;
    let shown = world.artefacts().await;
    let account = basic(&world.account);
    let refresh = |token| [("grant_type", "refresh_token"), ("refresh_token", token)];
    let longer = "x".repeat(300);
    let names = [
        "theirs",
        "theirs-disabled",
        "theirs-expired",
        "theirs-deleted",
        "THEIRS",
        "organizations",
        "..",
        "' OR '1'='1",
        "é",
        &longer,
    ];
    let ask = async |name: &str| {
        let named = [("application_id", name)];
        let own = [&[OWN], &named[..]].concat();
        [
            world.app.token(&world.free, &own).await,
            world.app.token(&world.bound, &own).await,
            world.app.exchange(&world.free, BASIC, &account, &named).await,
            world.app.exchange(&world.bound, BASIC, &account, &named).await,
            world.app.exchange(&world.free, ACCESS_TOKEN, &shown.subject, &named).await,
            world.app.exchange(&world.free, ACCESS_TOKEN, &shown.subject_bound, &named).await,
            world.app.token(&world.free, &[&refresh(&shown.family_free), &named[..]].concat()).await,
            world.app.token(&world.free, &[&refresh(&shown.family_named), &named[..]].concat()).await,
            world.app.token(&world.bound, &[&refresh(&shown.family_of_bound), &named[..]].concat()).await,
        ]
    };
    let unknown = ask("unknown").await;
    for answer in &unknown {
        answer.assert_refused(400, "invalid_grant");
        assert_eq!(answer.text, r#"{"error":"invalid_grant","error_description":"Bad credentials"}"#);
    }
    for name in names {
        for (answer, unknown) in ask(name).await.iter().zip(&unknown) {
            assert_eq!(wire(answer), wire(unknown), "{name}");
        }
    }
    // And no token was used up by it.
    assert_eq!(world.app.refresh(&world.free, &shown.family_named).await.status, 200);
}

/// §3.6 rule 1: without the right credentials nobody learns anything of an application.
#[rstest]
#[actix_web::test]
async fn states_are_told_after_the_credentials(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let shown = world.artefacts().await;
    let named = [("application_id", APP)];
    let wrong = crate::harness::basic_of("nadia", "wrong");
    let mut stranger = world.bound.clone();
    stranger.secret = "y".repeat(40);
    let ask = async || {
        [
            world.app.exchange(&world.free, BASIC, &wrong, &named).await,
            world.app.exchange(&world.bound, BASIC, &wrong, &[]).await,
            world.app.exchange(&world.bound, ACCESS_TOKEN, "garbage", &[]).await,
            world.app.token(&stranger, &[OWN]).await,
            world.app.refresh(&world.free, &shown.family_of_bound).await,
            world.app.refresh(&world.bound, "garbage").await,
            world
                .app
                .meet(&crate::harness::Credentials { secret: "wrong".to_owned(), ..world.meet.clone() }, "x")
                .await,
        ]
    };
    let before = ask().await;
    for status in [
        super::disabled(),
        json!({ "organization_id": "helios", "disabled": false, "expires_at": "2001-01-01T00:00:00Z" }),
    ] {
        world.put(APP, &status).await;
        for (answer, before) in ask().await.iter().zip(&before) {
            assert_eq!(wire(answer), wire(before));
        }
    }
}

/// §3.6: `SERVICE` clients of whatever organisation; other roles do not reach that far.
#[rstest]
#[case::service(None, vec![Role::Service], true)]
#[case::foreign_service(Some("selene"), vec![Role::ClientService, Role::Service], true)]
#[case::own(Some("helios"), vec![], true)]
#[case::global_admin(None, vec![Role::GlobalAdmin], false)]
#[case::foreign_admin(Some("selene"), vec![Role::Admin, Role::ClientService], false)]
#[case::nobody(None, vec![], false)]
#[actix_web::test]
async fn clients_reach_their_own_organisation(
    #[case] organization: Option<&str>,
    #[case] roles: Vec<Role>,
    #[case] reaches: bool,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let client = world
        .app
        .client("some", ClientKind::Service, |r| {
            exchanger(r, None);
            (r.organization_id, r.roles) = (organization.map(str::to_owned), roles);
        })
        .await;
    let own = world.app.token(&client, &[OWN, ("application_id", APP)]).await;
    assert_eq!(own.status, if reaches { 200 } else { 400 }, "{own:?}");
    // A token about a person is a matter of that person's organisation, whoever exchanges.
    let named = [("application_id", APP)];
    let about = world.app.exchange(&client, BASIC, &basic(&world.account), &named).await;
    assert_eq!(about.claims().application_id.as_deref(), Some(APP));
    world.join("selene").await;
    world.app.advance(chrono::TimeDelta::seconds(2)).await;
    let about = world.app.exchange(&client, BASIC, &basic(&world.account), &named).await;
    about.assert_refused(400, "invalid_grant");
}

/// A client may be registered before its application is made: it is refused until then, and needs nothing else afterwards.
#[rstest]
#[actix_web::test]
async fn an_application_may_come_after_its_client(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let early = world.app.client("early", ClientKind::Service, |r| exchanger(r, Some("later"))).await;
    for _ in 0..2 {
        let refused = world.app.token(&early, &[OWN]).await;
        assert_eq!(refused.json()["error_description"], "Bad credentials");
    }
    world.put("later", &usable()).await;
    assert_eq!(world.app.token(&early, &[OWN]).await.claims().application_id.as_deref(), Some("later"));
}

/// Whatever is refused for an application's sake says which application in the trail, and so does what is issued.
#[rstest]
#[actix_web::test]
async fn the_trail_names_the_application(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let shown = world.artefacts().await;
    world.app.token(&world.bound, &[OWN]).await;
    world.put(APP, &super::disabled()).await;
    world.app.token(&world.bound, &[OWN]).await;
    world.app.refresh(&world.free, &shown.family_named).await;
    world.app.meet(&world.meet, super::EMAIL).await;
    world.app.token(&world.bound, &[OWN, ("application_id", "other")]).await;
    world.app.token(&world.free, &[OWN, ("application_id", &"\u{202e}x".repeat(2000))]).await;
    let details: Vec<_> =
        world.app.audit("token.issue").await.into_iter().filter_map(|event| event.detail).take(6).collect();
    let said: Vec<_> =
        details.iter().map(|d| (d["application_id"].as_str(), d["application"].as_str())).collect();
    assert_eq!(
        said,
        [
            (None, Some("unknown")),
            (Some("other"), Some("foreign")),
            (Some(APP), Some("disabled")),
            (Some(APP), Some("disabled")),
            (Some(APP), Some("disabled")),
            (Some(APP), None),
        ]
    );
    let told = world.app.audit("application.update").await;
    assert_eq!(told[0].target.as_deref(), Some(APP));
    assert_eq!(
        (told[0].origin.client_id.as_deref(), told[0].origin.dialect.as_deref()),
        (Some("applications"), Some("internal"))
    );
    assert_eq!(told[0].detail.as_ref().expect("a detail")["disabled"], true);
    // The rest of the wire is as before.
    let answer = tell(&world.app, &world.token, Method::POST, APP, None).await;
    assert_eq!(answer.status, 405);
    assert_eq!(send(world.app.request(Method::GET, "/internal/applications/")).await.status, 404);
}
