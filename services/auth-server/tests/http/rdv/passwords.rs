//! §7: changing the password.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{ACCESS_TOKEN, Answer, BASIC, Backend, basic_of, send};
use crate::rdv::{BAD, CHANGE, PASSWORD, Session, UID, World, assert_common_headers, assert_said, sign_in};

const NEW: &str = "Mimosa-Jaune-2026";
const MISSING: &str = r#"{"success":false,"errors":["Vous devez remplir les champs 'Mot de passe' et 'Confirmation de mot de passe'."]}"#;

async fn change(world: &World, session: &Session, body: &Value) -> Answer {
    send(session.on(world.app.request(Method::PUT, CHANGE)).json(body)).await
}

fn twice(password: &str) -> Value {
    json!({ "password": password, "password_confirmation": password })
}

#[rstest]
#[actix_web::test]
async fn the_session_goes_on_and_everything_else_ends(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Method::PUT, Method::PATCH)] method: Method,
) {
    let world = World::with(backend, |settings| settings.rdv.sessions.max_clients = 2).await;
    let (app, gate) = (&world.app, world.app.exchanger("gate").await);
    let other = world.session().await;
    let session = world.session().await;
    let exchanged = world.exchange(&gate, &session).await.access_token();
    let (access, refresh) = {
        let form = [("scope", "a b offline_access")];
        let answer = app.exchange(&gate, BASIC, &basic_of("amina", PASSWORD), &form).await;
        (answer.access_token(), answer.refresh_token())
    };
    let answer = send(session.on(app.request(method, CHANGE)).form(&twice(NEW))).await;
    assert_eq!(Session::of(&answer), session);
    assert_common_headers(&answer);
    let data = world.data().await;
    assert_eq!(
        answer.text,
        format!(
            r#"{{"success":true,"data":{data},"message":"Votre mot de passe a été correctement mis à jour."}}"#
        )
    );
    assert!(world.is_valid(&session).await);
    assert!(!world.is_valid(&other).await);
    for token in [&exchanged, &access] {
        app.exchange(&gate, ACCESS_TOKEN, token, &[]).await.assert_refused(400, "invalid_grant");
    }
    app.refresh(&gate, &refresh).await.assert_refused(400, "invalid_grant");
    assert_said(&sign_in(app, UID, PASSWORD).await, 401, BAD);
    // What the session that went on is exchanged for counts again.
    app.clock.advance(TimeDelta::seconds(1));
    let form = [("scope", "a offline_access")];
    let kept =
        app.exchange(&gate, auth_claims::device::DEVICE_SESSION, &session.subject_token(), &form).await;
    assert_eq!(app.exchange(&gate, ACCESS_TOKEN, &kept.access_token(), &[]).await.status, 200);
    assert_eq!(app.refresh(&gate, &kept.refresh_token()).await.status, 200);
    Session::of(&sign_in(app, UID, NEW).await);
}

/// The old password ends with the change of a session: nobody else's password is touched.
#[rstest]
#[actix_web::test]
async fn nobody_without_a_session_changes_anything(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let evicted = world.session().await;
    let session = world.session().await;
    let unauthorized = r#"{"success":false,"errors":["Unauthorized"]}"#;
    let wrong = Session { access_token: "A".repeat(22), ..session.clone() };
    let upper = Session { uid: UID.to_uppercase(), ..session.clone() };
    for presented in [&evicted, &wrong, &upper] {
        // First of all, before anything is said about the passwords.
        for body in [twice(NEW), twice("short"), json!({})] {
            assert_said(&change(&world, presented, &body).await, 401, unauthorized);
        }
    }
    let nothing = send(world.app.request(Method::PUT, CHANGE).json(&twice(NEW))).await;
    assert_said(&nothing, 401, unauthorized);
    let login =
        json!({ "email": UID, "current_password": PASSWORD, "password": NEW, "password_confirmation": NEW });
    assert_said(&send(world.app.request(Method::PUT, CHANGE).json(&login)).await, 401, unauthorized);
    assert!(world.is_valid(&session).await);
    Session::of(&sign_in(&world.app, UID, PASSWORD).await);
}

/// Where the three values stand does not matter here either.
#[actix_web::test]
async fn the_values_may_stand_beside_the_passwords() {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    let mut body = twice(NEW);
    for (name, value) in session.triple() {
        body[name] = value.into();
    }
    let answer = send(world.app.request(Method::PATCH, "/api/v1/auth/password.json").json(&body)).await;
    assert_eq!(Session::of(&answer), session);
    Session::of(&sign_in(&world.app, UID, NEW).await);
}

#[rstest]
#[case::nothing(json!({}))]
#[case::one(json!({ "password": NEW }))]
#[case::the_other(json!({ "password_confirmation": NEW }))]
#[case::null(json!({ "password": null, "password_confirmation": NEW }))]
#[case::number(json!({ "password": 26, "password_confirmation": 26 }))]
#[case::list(json!({ "password": [NEW], "password_confirmation": [NEW] }))]
#[case::wrapped(json!({ "agent": { "password": NEW, "password_confirmation": NEW } }))]
#[actix_web::test]
async fn both_passwords_have_to_be_there(#[case] body: Value) {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    assert_said(&change(&world, &session, &body).await, 422, MISSING);
    assert!(world.is_valid(&session).await);
}

/// §7, rules; each with its sentence, all that are broken together.
#[rstest]
#[case::short("Aa1!aaaaaaa", &["est trop court (au moins 12 caractères)"])]
#[case::long(&format!("Aa1!{}", "x".repeat(125)), &["est trop long (pas plus de 128 caractères)"])]
#[case::no_digit("Mimosa-Jaune-xxxx", &["doit contenir au moins un chiffre"])]
#[case::no_capital("mimosa-jaune-2026", &["doit contenir au moins une majuscule"])]
#[case::nothing_special("Mimosa_Jaune_2026", &["doit contenir au moins un caractère spécial"])]
#[case::everything("abc", &[
    "est trop court (au moins 12 caractères)",
    "doit contenir au moins un chiffre",
    "doit contenir au moins une majuscule",
    "doit contenir au moins un caractère spécial",
])]
#[actix_web::test]
async fn a_password_that_is_not_good_enough(#[case] password: &str, #[case] texts: &[&str]) {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    let full: Vec<String> = texts.iter().map(|text| format!("Mot de passe {text}")).collect();
    let expected = json!({ "success": false, "errors": { "password": texts, "full_messages": full } });
    let answer = change(&world, &session, &twice(password)).await;
    assert_eq!((answer.status, answer.json()), (422, expected));
    assert!(answer.headers.get("access-token").is_none());
    Session::of(&sign_in(&world.app, UID, PASSWORD).await);
}

#[actix_web::test]
async fn a_common_password_is_refused() {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    let answer = change(&world, &session, &twice("Motdepasse2026!")).await;
    assert_eq!(
        (answer.status, answer.json()["errors"]["password"].clone()),
        (422, json!(["est un mot de passe trop courant"]))
    );
}

#[actix_web::test]
async fn passwords_that_differ() {
    let world = World::with(Backend::Sqlite, |settings| settings.rdv.english = true).await;
    let session = world.session().await;
    let body = json!({ "password": NEW, "password_confirmation": "mimosa" });
    assert_said(
        &change(&world, &session, &body).await,
        422,
        r#"{"success":false,"errors":{"password_confirmation":["ne concorde pas avec Mot de passe"],"full_messages":["Confirmation de mot de passe ne concorde pas avec Mot de passe"]}}"#,
    );
    let request = session.on(world.app.request(Method::PUT, CHANGE)).header("accept-language", "en");
    let short = json!({ "password": "Aa1!", "password_confirmation": "" });
    assert_said(
        &send(request.json(&short)).await,
        422,
        r#"{"success":false,"errors":{"password":["is too short (minimum is 12 characters)"],"password_confirmation":["doesn't match Password"],"full_messages":["Password is too short (minimum is 12 characters)","Password confirmation doesn't match Password"]}}"#,
    );
}

/// Of two changes at once from two sessions one wins, and ends the other's session.
#[rstest]
#[actix_web::test]
async fn of_two_changes_at_once_one_session_is_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::with(backend, |settings| settings.rdv.sessions.max_clients = 2).await;
    let sessions = [world.session().await, world.session().await];
    let new = [NEW, "Genet-Dore-2026!"];
    let bodies = new.map(twice);
    let (one, other) =
        tokio::join!(change(&world, &sessions[0], &bodies[0]), change(&world, &sessions[1], &bodies[1]));
    let won: Vec<usize> = [one, other]
        .iter()
        .enumerate()
        .filter_map(|(index, answer)| {
            assert!([200, 401].contains(&answer.status), "{answer:?}");
            (answer.status == 200).then_some(index)
        })
        .collect();
    let [won] = won[..] else { panic!("{won:?} won") };
    assert!(world.is_valid(&sessions[won]).await && !world.is_valid(&sessions[1 - won]).await);
    Session::of(&sign_in(&world.app, UID, new[won]).await);
    assert_said(&sign_in(&world.app, UID, new[1 - won]).await, 401, BAD);
}
