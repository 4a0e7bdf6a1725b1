//! `contracts/oauth2.md` §4: token exchange.

use std::time::Duration;

use auth_claims::claims::{Audience, SubjectKind};
use chrono::TimeDelta;
use identity::accounts::{Account, AccountProfile};
use identity::audit::Origin;
use identity::clients::{ClientKind, GrantType, Registration};
use rstest::rstest;

use crate::harness::{
    ACCESS_TOKEN, Answer, BASIC, Backend, Credentials, EXCHANGE, JWT, Spawned, basic, basic_of, claims,
    scopes,
};

/// A gate that signs people in, and a back end that exchanges what the gate was given.
struct World {
    app: Spawned,
    gate: Credentials,
    backend: Credentials,
    account: Account,
}

impl World {
    async fn on(backend: Backend) -> Self {
        let app = Spawned::on(backend).await;
        let gate = app.exchanger("gate").await;
        app.reregister("gate", |r| r.audiences = vec!["api".to_owned(), "rooms".to_owned()]).await;
        let backend = app.client("backend", ClientKind::Service, narrower).await;
        let account = app.account("nadia").await;
        Self { app, gate, backend, account }
    }

    /// A user's token for `api` and `rooms` with the scopes `a b`.
    async fn user_token(&self) -> String {
        self.app.exchange(&self.gate, BASIC, &basic(&self.account), &[]).await.access_token()
    }

    async fn exchanged(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        self.app.exchange(&self.backend, ACCESS_TOKEN, token, more).await
    }
}

/// Shares `b` and `rooms` with the gate, nothing else.
fn narrower(registration: &mut Registration) {
    registration.grants = vec![GrantType::TokenExchange, GrantType::ClientCredentials];
    registration.scopes = scopes("c b");
    registration.default_scopes = scopes("c b");
    registration.audiences = vec!["rooms".to_owned(), "agenda".to_owned()];
}

#[rstest]
#[actix_web::test]
async fn an_access_token_becomes_a_narrower_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(ACCESS_TOKEN, JWT)] kind: &str,
) {
    let world = World::on(backend).await;
    let subject = world.user_token().await;
    world.app.clock.advance(TimeDelta::seconds(600));
    let answer = world.app.exchange(&world.backend, kind, &subject, &[]).await;
    let (before, after, body) = (claims(&subject), answer.claims(), answer.json());
    assert_eq!((after.sub, after.kind, after.email), (before.sub, SubjectKind::User, before.email));
    assert_eq!((after.name, after.auth_time, after.amr), (before.name, before.auth_time, before.amr));
    assert_eq!((after.scope, after.aud, after.client_id.as_str()), (scopes("b"), "rooms".into(), "backend"));
    assert_ne!(after.jti, before.jti);
    // The lifetime is at most the subject's.
    assert_eq!((after.iat, after.exp), (before.iat + 600, before.exp));
    assert_eq!((&body["expires_in"], &body["scope"]), (&3000.into(), &"b".into()));
    assert_eq!((&body["issued_token_type"], &body["token_type"]), (&ACCESS_TOKEN.into(), &"Bearer".into()));
    assert!(body.get("refresh_token").is_none());
    // `act` names who exchanged, outermost first.
    let act = after.act.expect("an actor");
    assert_eq!((act.sub.as_str(), act.client_id.as_deref()), ("backend", Some("backend")));
    assert_eq!(act.act.map(|actor| actor.sub).as_deref(), Some("gate"));
}

#[rstest]
#[actix_web::test]
async fn basic_is_the_users_own_credential(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    for credentials in [basic(&world.account), basic_of("Nadia@Agency.Example", crate::harness::PASSWORD)] {
        let answer = world.app.exchange(&world.gate, BASIC, &credentials, &[]).await;
        let claims = answer.claims();
        assert_eq!(claims.sub, world.account.id.to_string());
        assert_eq!((claims.kind, claims.scope), (SubjectKind::User, scopes("a b")));
        assert_eq!(claims.aud, Audience::from(vec!["api".to_owned(), "rooms".to_owned()]));
        assert_eq!((claims.amr, claims.auth_time), (vec!["pwd".to_owned()], Some(claims.iat)));
        assert_eq!(
            (claims.email.as_deref(), claims.name.as_deref()),
            (Some("nadia@agency.example"), Some("The nadia"))
        );
        assert_eq!((claims.sid, claims.exp - claims.iat), (None, 3600));
        assert_eq!(claims.act.map(|actor| actor.sub).as_deref(), Some("gate"));
        assert!(answer.json().get("refresh_token").is_none());
    }
}

#[rstest]
#[case::wrong_password(&basic_of("nadia", "wrong"))]
#[case::unknown_login(&basic_of("nobody", crate::harness::PASSWORD))]
#[case::empty_password(&basic_of("nadia", ""))]
#[case::no_colon("bmFkaWE=")]
#[case::no_base64("nadia:password")]
#[case::no_text("/zo6")]
#[case::nul(&basic_of("nadia\0", "x"))]
#[actix_web::test]
async fn bad_basic_credentials_look_alike(#[case] token: &str) {
    let world = World::on(Backend::Sqlite).await;
    let answer = world.app.exchange(&world.gate, BASIC, token, &[]).await;
    answer.assert_refused(400, "invalid_grant");
    assert_eq!(answer.json()["error_description"], "the credentials are not valid");
    assert!(answer.json().get("reason").is_none());
}

#[rstest]
#[actix_web::test]
async fn a_disabled_account_is_named_after_the_right_password_only(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let subject = world.user_token().await;
    world.app.enable_account(&world.account, false).await;
    let right = world.app.exchange(&world.gate, BASIC, &basic(&world.account), &[]).await;
    right.assert_refused(400, "invalid_grant");
    assert_eq!(right.json()["reason"], "account_disabled");
    let wrong = world.app.exchange(&world.gate, BASIC, &basic_of("nadia", "wrong"), &[]).await;
    assert!(wrong.json().get("reason").is_none());
    let token = world.exchanged(&subject, &[]).await;
    token.assert_refused(400, "invalid_grant");
    assert_eq!(token.json()["reason"], "account_disabled");
}

#[rstest]
#[case::id_token("urn:ietf:params:oauth:token-type:id_token")]
#[case::refresh_token("urn:ietf:params:oauth:token-type:refresh_token")]
#[case::saml("urn:ietf:params:oauth:token-type:saml2")]
#[case::letter_case("urn:tessera:token-type:BASIC")]
#[case::nonsense("x")]
#[actix_web::test]
async fn an_unsupported_token_type_is_an_invalid_request(#[case] kind: &str) {
    let world = World::on(Backend::Sqlite).await;
    let subject = world.user_token().await;
    let app = &world.app;
    app.exchange(&world.backend, kind, &subject, &[]).await.assert_refused(400, "invalid_request");
    let requested = [("requested_token_type", kind)];
    world.exchanged(&subject, &requested).await.assert_refused(400, "invalid_request");
    let actor = app.own_token(&world.backend).await;
    let acting = [("actor_token", actor.as_str()), ("actor_token_type", kind)];
    world.exchanged(&subject, &acting).await.assert_refused(400, "invalid_request");
}

#[rstest]
#[case::no_subject(&[("subject_token_type", ACCESS_TOKEN)])]
#[case::empty_subject(&[("subject_token_type", ACCESS_TOKEN), ("subject_token", "")])]
#[case::no_type(&[("subject_token", "x")])]
#[case::empty_type(&[("subject_token", "x"), ("subject_token_type", "")])]
#[case::nothing(&[])]
#[actix_web::test]
async fn a_missing_subject_is_an_invalid_request(#[case] form: &[(&str, &str)]) {
    let world = World::on(Backend::Sqlite).await;
    let form = [&[("grant_type", EXCHANGE)], form].concat();
    world.app.token(&world.backend, &form).await.assert_refused(400, "invalid_request");
}

#[rstest]
#[case::none(&[], ACCESS_TOKEN)]
#[case::access_token(&[("requested_token_type", ACCESS_TOKEN)], ACCESS_TOKEN)]
#[case::jwt(&[("requested_token_type", JWT)], JWT)]
#[actix_web::test]
async fn requested_token_type(#[case] form: &[(&str, &str)], #[case] issued: &str) {
    let world = World::on(Backend::Sqlite).await;
    let subject = world.user_token().await;
    let answer = world.exchanged(&subject, form).await;
    assert_eq!(answer.json()["issued_token_type"], issued);
    assert_eq!(answer.claims().sub, world.account.id.to_string());
}

#[rstest]
#[case::held_by_both(&[("scope", "b")], Ok("b"))]
#[case::held_by_the_subject_alone(&[("scope", "a")], Err("invalid_scope"))]
#[case::held_by_the_client_alone(&[("scope", "c")], Err("invalid_scope"))]
#[case::partly(&[("scope", "b c")], Err("invalid_scope"))]
#[case::target_of_both(&[("audience", "rooms")], Ok("b"))]
#[case::target_of_the_subject_alone(&[("audience", "api")], Err("invalid_target"))]
#[case::target_of_the_client_alone(&[("resource", "agenda")], Err("invalid_target"))]
#[actix_web::test]
async fn never_wider_than_both(#[case] form: &[(&str, &str)], #[case] expected: Result<&str, &str>) {
    let world = World::on(Backend::Sqlite).await;
    let answer = world.exchanged(&world.user_token().await, form).await;
    match expected {
        Ok(scope) => {
            assert_eq!((answer.claims().scope, answer.claims().aud), (scopes(scope), "rooms".into()));
        }
        Err(error) => answer.assert_refused(400, error),
    }
}

#[actix_web::test]
async fn parties_without_a_common_audience_get_nothing() {
    let world = World::on(Backend::Sqlite).await;
    world.app.reregister("backend", |r| r.audiences = vec!["agenda".to_owned()]).await;
    world.exchanged(&world.user_token().await, &[]).await.assert_refused(400, "invalid_target");
}

#[actix_web::test]
async fn a_clients_token_can_be_exchanged_too() {
    let world = World::on(Backend::Sqlite).await;
    let subject = world.app.own_token(&world.gate).await;
    let claims = world.exchanged(&subject, &[]).await.claims();
    assert_eq!(
        (claims.sub.as_str(), claims.kind, claims.client_id.as_str()),
        ("gate", SubjectKind::Client, "backend")
    );
}

#[actix_web::test]
async fn the_chain_of_actors_is_limited() {
    let world = World::on(Backend::Sqlite).await;
    world.app.reregister("backend", |r| r.audiences.push("api".to_owned())).await;
    let mut token = world.user_token().await;
    for exchanges in 2..=4 {
        token = world.exchanged(&token, &[]).await.access_token();
        let chain = std::iter::successors(claims(&token).act, |actor| actor.act.clone());
        assert_eq!(chain.count(), exchanges);
    }
    world.exchanged(&token, &[]).await.assert_refused(400, "invalid_grant");
}

#[actix_web::test]
async fn the_limit_of_actors_is_a_setting() {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.limits.actors = 1).await;
    let gate = app.exchanger("gate").await;
    let token = app.exchange(&gate, BASIC, &basic(&app.account("nadia").await), &[]).await.access_token();
    app.exchange(&gate, ACCESS_TOKEN, &token, &[]).await.assert_refused(400, "invalid_grant");
}

#[rstest]
#[case::missing_type(true, false)]
#[case::missing_token(false, true)]
#[actix_web::test]
async fn an_actor_token_and_its_type_belong_together(#[case] token: bool, #[case] kind: bool) {
    let world = World::on(Backend::Sqlite).await;
    let (subject, actor) = (world.user_token().await, world.app.own_token(&world.backend).await);
    let form: Vec<_> = [(token, ("actor_token", actor.as_str())), (kind, ("actor_token_type", ACCESS_TOKEN))]
        .into_iter()
        .filter_map(|(given, parameter)| given.then_some(parameter))
        .collect();
    world.exchanged(&subject, &form).await.assert_refused(400, "invalid_request");
}

#[rstest]
#[case::own("backend", None)]
#[case::somebody_elses("gate", Some("invalid_grant"))]
#[case::a_users("nadia", Some("invalid_grant"))]
#[case::garbage("garbage", Some("invalid_grant"))]
#[actix_web::test]
async fn only_the_client_itself_may_act(#[case] who: &str, #[case] error: Option<&str>) {
    let world = World::on(Backend::Sqlite).await;
    let subject = world.user_token().await;
    let actor = match who {
        "backend" => world.app.own_token(&world.backend).await,
        "gate" => world.app.own_token(&world.gate).await,
        "nadia" => world.exchanged(&subject, &[]).await.access_token(),
        other => other.to_owned(),
    };
    let form = [("actor_token", actor.as_str()), ("actor_token_type", JWT)];
    let answer = world.exchanged(&subject, &form).await;
    match error {
        None => assert_eq!(answer.claims().act.map(|actor| actor.sub).as_deref(), Some("backend")),
        Some(error) => answer.assert_refused(400, error),
    }
}

#[actix_web::test]
async fn a_revoked_actor_may_not_act() {
    let world = World::on(Backend::Sqlite).await;
    let (subject, actor) = (world.user_token().await, world.app.own_token(&world.backend).await);
    world.app.post_as(&world.backend, "/oauth/revoke", &[("token", &actor)]).await;
    let form = [("actor_token", actor.as_str()), ("actor_token_type", ACCESS_TOKEN)];
    world.exchanged(&subject, &form).await.assert_refused(400, "invalid_grant");
}

#[rstest]
#[actix_web::test]
async fn offline_access_keeps_a_users_session_alive(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let form = [("scope", "a offline_access"), ("audience", "rooms")];
    let answer = world.app.exchange(&world.gate, BASIC, &basic(&world.account), &form).await;
    let claims = answer.claims();
    assert!(claims.sid.is_some());
    let refreshed = world.app.refresh(&world.gate, &answer.refresh_token()).await.claims();
    assert_eq!((refreshed.sid, refreshed.aud, refreshed.scope), (claims.sid, claims.aud, claims.scope));
}

#[rstest]
#[case::alone("offline_access")]
#[case::with_other_scopes("a offline_access")]
#[actix_web::test]
async fn an_access_token_never_becomes_a_refresh_token(#[case] scope: &str) {
    let world = World::on(Backend::Sqlite).await;
    world
        .app
        .reregister("backend", |r| {
            r.grants = vec![GrantType::TokenExchange, GrantType::RefreshToken];
            (r.scopes, r.default_scopes) = (scopes("a b offline_access"), scopes("b"));
        })
        .await;
    let form = [("scope", "a offline_access")];
    let subject = world.app.exchange(&world.gate, BASIC, &basic(&world.account), &form).await.access_token();
    let answer = world.exchanged(&subject, &[("scope", scope)]).await;
    assert_eq!(answer.claims().sid, claims(&subject).sid);
    assert!(answer.json().get("refresh_token").is_none());
    // One that did not get it cannot ask for it.
    let form = [("scope", "offline_access")];
    let plain = world.user_token().await;
    world.exchanged(&plain, &form).await.assert_refused(400, "invalid_scope");
}

#[actix_web::test]
async fn offline_access_needs_the_scope_and_the_grant() {
    let world = World::on(Backend::Sqlite).await;
    let (app, form) = (&world.app, [("scope", "b offline_access")]);
    app.exchange(&world.backend, BASIC, &basic(&world.account), &form)
        .await
        .assert_refused(400, "invalid_scope");
    app.reregister("backend", |r| r.scopes = scopes("b c offline_access")).await;
    let answer = app.exchange(&world.backend, BASIC, &basic(&world.account), &form).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("refresh_token").is_none());
}

/// A service that exchanges at every request and asks for nothing leaves no session behind each time.
#[actix_web::test]
async fn offline_access_has_to_be_asked_for_by_name() {
    let world = World::on(Backend::Sqlite).await;
    world.app.reregister("gate", |r| r.default_scopes = scopes("a offline_access")).await;
    let answer = world.app.exchange(&world.gate, BASIC, &basic(&world.account), &[]).await;
    assert_eq!(answer.json()["scope"], "a offline_access");
    assert!(answer.json().get("refresh_token").is_none());
    assert_eq!(answer.claims().sid, None);
}

#[rstest]
#[actix_web::test]
async fn a_subject_that_is_no_longer_good_is_an_invalid_grant(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let revoked = world.user_token().await;
    world.app.post_as(&world.gate, "/oauth/revoke", &[("token", &revoked)]).await;
    world.exchanged(&revoked, &[]).await.assert_refused(400, "invalid_grant");
    let expired = world.user_token().await;
    world.app.clock.advance(TimeDelta::seconds(3600));
    world.exchanged(&expired, &[]).await.assert_refused(400, "invalid_grant");
    let changed = world.user_token().await;
    world
        .app
        .identity
        .set_password(world.account.id, &"another one entirely".into(), &Origin::default())
        .await
        .expect("a new password");
    world.exchanged(&changed, &[]).await.assert_refused(400, "invalid_grant");
    let stranger = Spawned::with(Backend::Sqlite, |s| {
        s.issuer = Some("https://other.example".parse().expect("an issuer"));
    });
    let stranger = stranger.await;
    let foreign = stranger.own_token(&stranger.service("backend").await).await;
    world.exchanged(&foreign, &[]).await.assert_refused(400, "invalid_grant");
}

#[actix_web::test]
async fn a_client_that_is_not_marked_for_it_may_not_exchange() {
    let world = World::on(Backend::Sqlite).await;
    let plain = world.app.service("plain").await;
    let subject = world.user_token().await;
    let answer = world.app.exchange(&plain, ACCESS_TOKEN, &subject, &[]).await;
    answer.assert_refused(400, "unauthorized_client");
}

#[rstest]
#[case::subjects_binding(Some("x"), None, None, Ok(Some("x")))]
#[case::clients_binding(None, Some("x"), None, Ok(Some("x")))]
#[case::the_same(Some("x"), Some("x"), Some("x"), Ok(Some("x")))]
#[case::different(Some("x"), Some("y"), None, Err(()))]
#[case::asked_for_another(Some("x"), None, Some("y"), Err(()))]
#[case::asked_for(None, None, Some("y"), Ok(Some("y")))]
#[case::asked_for_an_unknown(None, None, Some("z"), Err(()))]
#[case::none(None, None, None, Ok(None))]
#[actix_web::test]
async fn application_binding(
    #[case] subject: Option<&str>,
    #[case] client: Option<&str>,
    #[case] asked: Option<&str>,
    #[case] bound: Result<Option<&str>, ()>,
) {
    let world = World::on(Backend::Sqlite).await;
    world.app.organization("helios").await;
    world.app.join(&world.account, "helios").await;
    for id in ["x", "y"] {
        world.app.known_application(id, "helios").await;
    }
    world.app.reregister("gate", |r| r.application_id = subject.map(str::to_owned)).await;
    world.app.reregister("backend", |r| r.application_id = client.map(str::to_owned)).await;
    let form: Vec<_> = asked.into_iter().map(|id| ("application_id", id)).collect();
    let answer = world.exchanged(&world.user_token().await, &form).await;
    match bound {
        Ok(bound) => assert_eq!(answer.claims().application_id.as_deref(), bound),
        Err(()) => answer.assert_refused(400, "invalid_grant"),
    }
}

#[actix_web::test]
async fn the_organisation_of_the_subject_is_in_the_answer() {
    let world = World::on(Backend::Sqlite).await;
    let app = &world.app;
    app.identity.create_organization("helios", "Helios", &Origin::default()).await.expect("an organisation");
    let membership = auth_claims::claims::OrganizationMembership {
        id: "helios".to_owned(),
        role: auth_claims::roles::Role::Agent,
    };
    let profile = AccountProfile {
        organization_id: Some("helios".to_owned()),
        organizations: vec![membership.clone()],
        ..AccountProfile::new("nadia")
    };
    app.identity.update_account(world.account.id, profile, &Origin::default()).await.expect("a change");
    let answer = world.exchanged(&world.user_token().await, &[]).await;
    assert_eq!(answer.json()["organization_id"], "helios");
    assert_eq!(answer.claims().organizations, [membership]);
}

#[actix_web::test]
async fn a_short_lived_client_gets_a_short_lived_token() {
    let world = World::on(Backend::Sqlite).await;
    world.app.reregister("backend", |r| r.access_token_ttl = Some(Duration::from_secs(30))).await;
    let answer = world.exchanged(&world.user_token().await, &[]).await;
    assert_eq!(answer.json()["expires_in"], 30);
}
