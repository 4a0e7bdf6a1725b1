//! `contracts/oauth2.md` §4, §5: device sessions as subject tokens, in introspection and in revocation.

use auth_claims::claims::SubjectKind;
use auth_claims::device::DEVICE_SESSION;
use auth_claims::roles::Role;
use auth_server::InProcessClient;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use identity::audit::Origin;
use identity::clients::ClientKind;
use rstest::rstest;
use serde_json::json;

use crate::harness::{
    ACCESS_TOKEN, Answer, BASIC, Backend, CLIENT, Credentials, ISSUER, Spawned, basic_of, claims, scopes,
};
use crate::rdv::{PASSWORD, Session, UID, World, is_valid, sign_in, sign_out};

async fn monitor(app: &Spawned) -> Credentials {
    app.client("monitor", ClientKind::Service, |r| r.roles = vec![Role::Service]).await
}

async fn is_active(app: &Spawned, client: &Credentials, token: &str) -> bool {
    app.introspect(client, token).await["active"] == true
}

#[rstest]
#[actix_web::test]
async fn a_session_becomes_an_access_token(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    let session = world.session().await;
    let signed_in = world.app.clock.unix();
    world.app.advance(TimeDelta::seconds(600)).await;
    let answer = world.exchange(&gate, &session).await;
    let claims = answer.claims();
    assert_eq!((claims.sub, claims.kind), (world.agent.id.to_string(), SubjectKind::User));
    assert_eq!((claims.amr, claims.auth_time), (vec!["pwd".to_owned()], Some(signed_in)));
    assert_eq!((claims.iat, claims.exp), (signed_in + 600, signed_in + 600 + 3600));
    assert_eq!(claims.session_exp.map(|end| end.to_string()), Some(session.expiry.clone()));
    assert_eq!((claims.scope, claims.act.map(|act| act.sub)), (scopes("a b"), Some("gate".to_owned())));
    assert!(claims.sid.is_some_and(|sid| sid != session.client && sid != session.access_token));
    assert!(answer.json().get("refresh_token").is_none());
    // One session, whoever exchanges it.
    let other = world.app.exchanger("other").await;
    let again = world.exchange(&other, &session).await.claims();
    assert_eq!(again.sid, answer.claims().sid);
}

/// The token never outlives the session.
#[rstest]
#[actix_web::test]
async fn the_token_ends_with_the_session(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    let session = world.session().await;
    world.app.advance(TimeDelta::seconds(86_400 - 30)).await;
    let answer = world.exchange(&gate, &session).await;
    assert_eq!(answer.json()["expires_in"], 30);
    let token = answer.access_token();
    let derived = world.app.exchange(&gate, ACCESS_TOKEN, &token, &[]).await;
    assert_eq!(
        (derived.json()["expires_in"].clone(), derived.claims().session_exp),
        (json!(30), answer.claims().session_exp)
    );
    let form = [("scope", "a offline_access")];
    let offline = world.app.exchange(&gate, DEVICE_SESSION, &session.subject_token(), &form).await;
    world.app.advance(TimeDelta::seconds(20)).await;
    let refreshed = world.app.refresh(&gate, &offline.refresh_token()).await;
    assert_eq!(
        (refreshed.json()["expires_in"].clone(), refreshed.claims().sid),
        (json!(10), answer.claims().sid)
    );
    world.app.advance(TimeDelta::seconds(10)).await;
    world.exchange(&gate, &session).await.assert_refused(400, "invalid_grant");
    world.app.refresh(&gate, &refreshed.refresh_token()).await.assert_refused(400, "invalid_grant");
    assert!(!is_active(&world.app, &gate, &token).await);
}

/// Threat 26: with the session ends everything that came of it, at once and on every server.
#[rstest]
#[actix_web::test]
async fn threat_26_what_was_exchanged_ends_with_the_session(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("sign out", "sign in", "password", "disable")] how: &str,
) {
    let world = World::on(backend).await;
    let (app, gate) = (&world.app, world.app.exchanger("gate").await);
    let replica = app.replica().await;
    let session = world.session().await;
    let access = world.exchange(&gate, &session).await.access_token();
    let derived = app.exchange(&gate, ACCESS_TOKEN, &access, &[]).await.access_token();
    let form = [("scope", "a offline_access")];
    let refresh = app.exchange(&gate, DEVICE_SESSION, &session.subject_token(), &form).await.refresh_token();
    let bystander = app.account("nadia").await;
    let (other, _) = app.session(&gate, &bystander).await;
    match how {
        "sign out" => assert_eq!(sign_out(app, &session).await.status, 200),
        "sign in" => drop(world.session().await),
        "disable" => app.enable_account(&world.agent, false).await,
        _ => {
            let password = "Another-Password-26".to_owned().into();
            app.identity.set_password(world.agent.id, &password, &Origin::default()).await.expect("a change");
        }
    }
    for server in [app, &replica] {
        for token in [&access, &derived, &refresh] {
            assert!(!is_active(server, &gate, token).await, "{how}");
        }
        server.exchange(&gate, ACCESS_TOKEN, &access, &[]).await.assert_refused(400, "invalid_grant");
        server
            .exchange(&gate, DEVICE_SESSION, &session.subject_token(), &[])
            .await
            .assert_refused(400, "invalid_grant");
        server.refresh(&gate, &refresh).await.assert_refused(400, "invalid_grant");
        assert!(is_active(server, &gate, &other).await);
    }
}

#[rstest]
#[case::nothing_of_base64url("???")]
#[case::no_object(&URL_SAFE_NO_PAD.encode("[]"))]
#[case::one_value_short(&URL_SAFE_NO_PAD.encode(r#"{"access-token":"a","client":"b"}"#))]
#[case::empty_value(&URL_SAFE_NO_PAD.encode(r#"{"access-token":"","client":"b","uid":"c"}"#))]
#[case::unknown(&URL_SAFE_NO_PAD.encode(r#"{"access-token":"a","client":"b","uid":"c"}"#))]
#[case::nul(&URL_SAFE_NO_PAD.encode("{\"access-token\":\"a\",\"client\":\"\\u0000\",\"uid\":\"\\u0000\"}"))]
#[case::other_members(&URL_SAFE_NO_PAD.encode(r#"{"access-token":1,"client":2,"uid":3}"#))]
#[case::login(&STANDARD.encode(format!("{UID}:{PASSWORD}")))]
#[actix_web::test]
async fn what_is_no_session_is_an_invalid_grant(#[case] token: &str) {
    let world = World::on(Backend::Sqlite).await;
    let gate = world.app.exchanger("gate").await;
    let answer = world.app.exchange(&gate, DEVICE_SESSION, token, &[]).await;
    answer.assert_refused(400, "invalid_grant");
    assert_eq!(answer.json()["error_description"], "the device session is not valid");
    assert!(answer.json().get("reason").is_none());
}

/// An actor is a client, and a session is nothing that can be asked for.
#[actix_web::test]
async fn a_session_is_neither_actor_nor_result() {
    let world = World::on(Backend::Sqlite).await;
    let gate = world.app.exchanger("gate").await;
    let session = world.session().await.subject_token();
    for form in [
        vec![("actor_token", session.as_str()), ("actor_token_type", DEVICE_SESSION)],
        vec![("requested_token_type", DEVICE_SESSION)],
    ] {
        let answer = world.app.exchange(&gate, DEVICE_SESSION, &session, &form).await;
        answer.assert_refused(400, "invalid_request");
    }
}

/// A service in the same process gets the same, and nothing once the session is over.
#[rstest]
#[actix_web::test]
async fn a_service_in_this_process_exchanges_it_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let client = InProcessClient {
        id: "agenda".parse().expect("a client id"),
        audience: "agenda".to_owned(),
        scopes: scopes("agenda"),
    };
    let exchange = world.app.auth.exchange(client);
    let session = world.session().await;
    let token = exchange.exchange(DEVICE_SESSION, &session.subject_token(), CLIENT).await.expect("a token");
    let claims = claims(&token);
    assert_eq!((claims.sub, claims.scope), (world.agent.id.to_string(), scopes("agenda")));
    assert_eq!(claims.session_exp.map(|end| end.to_string()), Some(session.expiry.clone()));
    sign_out(&world.app, &session).await;
    // What was remembered is dead; a service that finds out asks again.
    let monitor = monitor(&world.app).await;
    assert!(!is_active(&world.app, &monitor, &token).await);
    exchange.forget(DEVICE_SESSION, &session.subject_token());
    assert!(exchange.exchange(DEVICE_SESSION, &session.subject_token(), CLIENT).await.is_err());
}

#[rstest]
#[actix_web::test]
async fn introspection_of_a_session(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let (monitor, gate) = (monitor(&world.app).await, world.app.exchanger("gate").await);
    let session = world.session().await;
    let now = world.app.clock.unix();
    let sid = world.exchange(&gate, &session).await.claims().sid;
    world.app.advance(TimeDelta::seconds(60)).await;
    let expected = json!({
        "active": true, "token_type": "device_session", "username": "amina", "iss": ISSUER,
        "sub": world.agent.id.to_string(), "exp": now + 86_400, "iat": now, "sid": sid, "auth_time": now,
        "kind": "user",
        "organizations": [{ "id": "mds-crest", "role": "AGENT" }, { "id": "mds-die", "role": "ADMIN" }],
    });
    assert_eq!(world.app.introspect(&monitor, &session.subject_token()).await, expected);
    // It was issued to no client: a client without the role is told nothing.
    let inactive = json!({ "active": false });
    assert_eq!(world.app.introspect(&gate, &session.subject_token()).await, inactive);
    let foreign = Session { uid: "nobody@cd26.example".to_owned(), ..session.clone() };
    assert_eq!(world.app.introspect(&monitor, &foreign.subject_token()).await, inactive);
    sign_out(&world.app, &session).await;
    assert_eq!(world.app.introspect(&monitor, &session.subject_token()).await, inactive);
}

#[rstest]
#[actix_web::test]
async fn revocation_of_a_session(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    let session = world.session().await;
    let access = world.exchange(&gate, &session).await.access_token();
    let revoke = async |session: &Session| -> Answer {
        world.app.post_as(&gate, "/oauth/revoke", &[("token", &session.subject_token())]).await
    };
    let foreign = Session { access_token: "A".repeat(22), ..session.clone() };
    let answer = revoke(&foreign).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert!(world.is_valid(&session).await);
    for _ in 0..2 {
        let answer = revoke(&session).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        assert!(!world.is_valid(&session).await);
    }
    assert!(!is_active(&world.app, &gate, &access).await);
}

/// A refresh token that came of a session stands for all of it: they share the session's id.
#[rstest]
#[actix_web::test]
async fn revoking_the_refresh_token_of_a_session_signs_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    let session = world.session().await;
    let form = [("scope", "a offline_access")];
    let answer = world.app.exchange(&gate, DEVICE_SESSION, &session.subject_token(), &form).await;
    let access = world.exchange(&gate, &session).await.access_token();
    world.app.post_as(&gate, "/oauth/revoke", &[("token", &access)]).await;
    assert!(world.is_valid(&session).await, "an access token goes alone");
    world.app.post_as(&gate, "/oauth/revoke", &[("token", &answer.refresh_token())]).await;
    assert!(!world.is_valid(&session).await);
    assert!(!is_active(&world.app, &gate, &answer.access_token()).await);
}

/// A token that somebody gets in the second of a password change, by the new password or by a session that outlives it,
/// is alive: the request waits for the next second.
#[rstest]
#[actix_web::test]
async fn a_token_of_the_second_of_a_revocation_is_of_the_next(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(BASIC, DEVICE_SESSION)] kind: &str,
    #[values(false, true)] offline: bool,
) {
    let world = World::on(backend).await;
    let app = &world.app;
    let gate = app.exchanger("gate").await;
    let password = "Another-Password-26";
    app.clock.advance(TimeDelta::milliseconds(300));
    app.identity
        .set_password(world.agent.id, &password.to_owned().into(), &Origin::default())
        .await
        .expect("a change");
    app.clock.advance(TimeDelta::milliseconds(1));
    let subject = match kind {
        BASIC => basic_of("amina", password),
        _ => Session::of(&sign_in(app, UID, password).await).subject_token(),
    };
    let form: &[_] = if offline { &[("scope", "a offline_access")] } else { &[] };
    let before = app.clock.unix();
    let passing = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        app.clock.advance(TimeDelta::seconds(1));
    };
    let (answer, ()) = tokio::join!(app.exchange(&gate, kind, &subject, form), passing);
    assert_eq!(answer.claims().iat, before + 1);
    assert!(is_active(app, &gate, &answer.access_token()).await);
    if offline {
        assert_eq!(app.refresh(&gate, &answer.refresh_token()).await.status, 200);
    }
    // From then on nobody waits: the clock stands still here.
    let next = app.exchange(&gate, kind, &subject, form).await;
    assert_eq!(next.claims().iat, before + 1);
}

/// The same where a Meet application names the account; and a second that does not end is a 503, not a dead token.
#[rstest]
#[actix_web::test]
async fn a_second_that_does_not_end_is_unavailable(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let (app, gate, meet) =
        (&world.app, world.app.exchanger("gate").await, world.app.application("meet").await);
    let session = world.session().await;
    app.identity
        .set_password(world.agent.id, &PASSWORD.to_owned().into(), &Origin::default())
        .await
        .expect("a change");
    assert!(!is_valid(app, &session).await);
    let login = basic_of("amina", PASSWORD);
    let (basic, meeting) = tokio::join!(app.exchange(&gate, BASIC, &login, &[]), app.meet(&meet, UID));
    basic.assert_refused(503, "temporarily_unavailable");
    assert_eq!((meeting.status, meeting.header("retry-after")), (503, "2"));
    app.clock.advance(TimeDelta::seconds(1));
    let (basic, meeting) = tokio::join!(app.exchange(&gate, BASIC, &login, &[]), app.meet(&meet, UID));
    let monitor = monitor(app).await;
    for answer in [basic, meeting] {
        assert!(is_active(app, &monitor, &answer.access_token()).await);
    }
}
