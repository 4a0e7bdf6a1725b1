//! §3: the table of outcomes, row by row, and the forms a request may have.

use chrono::TimeDelta;
use identity::accounts::{AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Backend, FORM, send};
use crate::rdv::{
    BAD, EMAIL, PASSWORD, SIGN_IN, SIX, Session, UID, World, assert_common_headers, assert_said, create,
    sign_in, sign_in_with,
};

const NOT_CONFIRMED: &str = r#"{"success":false,"errors":["Un e-mail de confirmation de votre compte a été envoyé à 'amina.kerbrat@cd26.example'. Merci de suivre les instructions afin de valider votre compte"]}"#;

#[rstest]
#[actix_web::test]
async fn the_right_password_opens_a_session(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let before = world.app.clock.unix();
    world.app.clock.advance(TimeDelta::microseconds(999_999));
    let answer = sign_in(&world.app, " Amina.Kerbrat@CD26.example\t", PASSWORD).await;
    let session = Session::of(&answer);
    assert_common_headers(&answer);
    assert_eq!(answer.text, format!(r#"{{"data":{}}}"#, world.data().await));
    assert_eq!((session.uid.as_str(), session.expiry), (UID, (before + 86_400).to_string()));
}

#[rstest]
#[case::upper_case("AMINA.KERBRAT@CD26.EXAMPLE")]
#[case::as_stored(EMAIL)]
#[case::blanks("\u{a0} amina.kerbrat@cd26.example \r\n")]
#[actix_web::test]
async fn letter_case_and_blanks_of_the_address_do_not_matter(#[case] email: &str) {
    let world = World::on(Backend::Sqlite).await;
    assert_eq!(Session::of(&sign_in(&world.app, email, PASSWORD).await).uid, UID);
}

/// §3.2, rows 1, 4 and 6; §3.1 and the notes: what is not a text counts as absent, wrappers are not understood.
#[rstest]
#[case::nothing(json!({}))]
#[case::no_email(json!({ "password": PASSWORD }))]
#[case::null_email(json!({ "email": null, "password": PASSWORD }))]
#[case::number_email(json!({ "email": 26, "password": PASSWORD }))]
#[case::boolean_email(json!({ "email": true, "password": PASSWORD }))]
#[case::list_email(json!({ "email": [UID], "password": PASSWORD }))]
#[case::object_email(json!({ "email": { "0": UID }, "password": PASSWORD }))]
#[case::empty_email(json!({ "email": "", "password": PASSWORD }))]
#[case::unknown_email(json!({ "email": "nobody@cd26.example", "password": PASSWORD }))]
#[case::login_instead_of_email(json!({ "email": "amina", "password": PASSWORD }))]
#[case::nul_in_email(json!({ "email": "amina\u{0}@cd26.example", "password": PASSWORD }))]
#[case::no_password(json!({ "email": UID }))]
#[case::null_password(json!({ "email": UID, "password": null }))]
#[case::number_password(json!({ "email": UID, "password": 26 }))]
#[case::list_password(json!({ "email": UID, "password": [PASSWORD] }))]
#[case::object_password(json!({ "email": UID, "password": { "password": PASSWORD } }))]
#[case::empty_password(json!({ "email": UID, "password": "" }))]
#[case::wrong_password(json!({ "email": UID, "password": "pivoine-rouge-26" }))]
#[case::trimmed_password(json!({ "email": UID, "password": format!(" {PASSWORD} ") }))]
#[case::long_password(json!({ "email": UID, "password": "x".repeat(60_000) }))]
#[case::session_wrapper(json!({ "session": { "email": UID, "password": PASSWORD } }))]
#[case::user_wrapper(json!({ "user": { "email": UID, "password": PASSWORD } }))]
#[case::agent_wrapper(json!({ "agent": { "email": UID, "password": PASSWORD } }))]
#[case::not_an_object(json!([UID, PASSWORD]))]
#[case::a_text(json!("email"))]
#[actix_web::test]
async fn bad_credentials_look_alike(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] body: Value,
) {
    let world = World::on(backend).await;
    assert_said(&sign_in_with(&world.app, &body).await, 401, BAD);
}

/// §3.2, row 6: an account without a password, as one that signs in elsewhere.
#[rstest]
#[actix_web::test]
async fn an_account_without_a_password_cannot_sign_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("", "x", "!")] password: &str,
) {
    let world = World::on(backend).await;
    let email = Some("jo.valette@cd26.example".to_owned());
    let new = NewAccount {
        profile: AccountProfile { email, ..AccountProfile::new("jo") },
        password: NewPassword::None,
    };
    world.app.identity.create_account(new, &Origin::default()).await.expect("an account");
    assert_said(&sign_in(&world.app, "jo.valette@cd26.example", password).await, 401, BAD);
}

/// §3.2, row 2, as §16 permits: told after the right password, else the account is like an unknown one.
#[rstest]
#[actix_web::test]
async fn an_agent_that_is_not_active_is_told_so_after_the_right_password(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    world.app.enable_account(&world.agent, false).await;
    assert_said(&sign_in(&world.app, " AMINA.kerbrat@cd26.example ", PASSWORD).await, 401, NOT_CONFIRMED);
    assert_said(&sign_in(&world.app, UID, "wrong").await, 401, BAD);
    assert_said(&sign_in_with(&world.app, &json!({ "email": UID })).await, 401, BAD);
    world.app.enable_account(&world.agent, true).await;
    Session::of(&sign_in(&world.app, UID, PASSWORD).await);
}

/// §3.2, notes: a deleted agent is an unknown address.
#[rstest]
#[actix_web::test]
async fn a_deleted_agent_is_unknown(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    world.app.identity.delete_account(world.agent.id, &Origin::default()).await.expect("an account");
    assert_said(&sign_in(&world.app, UID, PASSWORD).await, 401, BAD);
}

fn multipart(fields: &[(&str, &str)]) -> String {
    let parts = fields.iter().map(|(name, value)| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    format!("{}--x--\r\n", parts.collect::<String>())
}

/// §3.1, §2: JSON, form, multipart and query; what nobody asked for is ignored.
#[rstest]
#[actix_web::test]
async fn parameters_may_stand_in_every_form(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let post = || world.app.request(Method::POST, SIGN_IN);
    let both = [("email", UID), ("password", PASSWORD)];
    let extra = json!({
        "email": UID, "password": PASSWORD, "remember_me": [1], "additionalData": {}, "config_name": null,
    });
    for request in [
        post().json(&extra),
        post().form(&both),
        post().header("content-type", "multipart/form-data; boundary=x").body(multipart(&both)),
        post().query(&both),
        post().query(&[("email", UID)]).form(&[("password", PASSWORD)]),
        // The body wins over the query.
        post().query(&[("email", "nobody@cd26.example"), ("password", "x")]).json(&extra),
        // Token headers neither help nor hinder, whatever they hold.
        post().form(&both).header("access-token", "x").header("client", "").header("uid", UID),
        post().form(&both).header("authorization", "Bearer e30="),
        post().form(&both).header("accept", "text/html"),
    ] {
        Session::of(&send(request).await);
    }
    // A null in the body is there: the query does not take its place.
    let null = post().query(&both).json(&json!({ "email": null }));
    assert_said(&send(null).await, 401, BAD);
}

#[rstest]
#[case::suffix("/api/v1/auth/sign_in.json")]
#[case::slash("/api/v1/auth/sign_in/")]
#[actix_web::test]
async fn other_spellings_of_the_path(#[case] path: &str) {
    let world = World::on(Backend::Sqlite).await;
    let request = world.app.request(Method::POST, path).form(&[("email", UID), ("password", PASSWORD)]);
    Session::of(&send(request).await);
}

/// §2: JSON that cannot be parsed is a 400 without a body.
#[rstest]
#[case::broken("{\"email\":")]
#[case::nothing_but_blanks("  ")]
#[case::two_values("{}{}")]
#[case::not_utf8("{\"email\":\"\u{fffd}")]
#[case::too_deep(&"[".repeat(10_000))]
#[actix_web::test]
async fn unparsable_json_is_a_400_without_a_body(#[case] body: &str) {
    let world = World::on(Backend::Sqlite).await;
    let request = world.app.request(Method::POST, SIGN_IN).header("content-type", "application/json");
    let answer = send(request.body(body.to_owned())).await;
    assert_eq!((answer.status, answer.text.as_str()), (400, ""));
    assert!(SIX.iter().all(|name| answer.headers.get(*name).is_none()));
}

/// A body of no known type, and an empty one, have no parameters.
#[rstest]
#[case::plain("text/plain", "email=a")]
#[case::empty_json("application/json", "")]
#[case::null("application/json", "null")]
#[actix_web::test]
async fn a_body_without_parameters_is_bad_credentials(#[case] content_type: &str, #[case] body: &str) {
    let world = World::on(Backend::Sqlite).await;
    let request = world.app.request(Method::POST, SIGN_IN).header("content-type", content_type);
    assert_said(&send(request.body(body.to_owned())).await, 401, BAD);
}

/// Threat 18: a password of a megabyte costs no hash. §3.2, notes: it is a wrong one, there is no status of its own.
#[rstest]
#[actix_web::test]
async fn a_password_of_a_megabyte_is_bad_credentials(#[values("application/json", FORM)] content_type: &str) {
    let world = World::on(Backend::Sqlite).await;
    let password = "x".repeat(1024 * 1024);
    let body = match content_type {
        FORM => format!("email={UID}&password={password}"),
        _ => json!({ "email": UID, "password": password }).to_string(),
    };
    let request = world.app.request(Method::POST, SIGN_IN).header("content-type", content_type);
    assert_said(&send(request.body(body)).await, 401, BAD);
}

/// §3.2, last note, and §1: other methods lead nowhere.
#[rstest]
#[actix_web::test]
async fn only_post_signs_in(#[values(SIGN_IN, "/api/v1/auth/sign_in.json")] path: &str) {
    let world = World::on(Backend::Sqlite).await;
    let get = world.app.request(Method::GET, path).query(&[("email", UID), ("password", PASSWORD)]);
    let refused = send(get).await;
    assert_eq!(refused.header("allow"), "POST");
    assert_said(
        &refused,
        405,
        r#"{"success":false,"errors":["Utilisez POST /sign_in pour la connexion. GET n'est pas supporté."]}"#,
    );
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let answer =
            send(world.app.request(method, path).form(&[("email", UID), ("password", PASSWORD)])).await;
        assert_said(&answer, 404, r#"{"success":false,"errors":["Not Found"]}"#);
    }
}

/// §3.2: English where it is offered and preferred.
#[rstest]
#[case::offered_and_preferred(true, "en-GB, fr;q=0.5", "Invalid login credentials. Please try again.")]
#[case::offered_only(true, "fr, en;q=0.5", "Mot de passe ou identifiant invalide.")]
#[case::preferred_only(false, "en", "Mot de passe ou identifiant invalide.")]
#[actix_web::test]
async fn english_by_setting_and_wish(#[case] offered: bool, #[case] wish: &str, #[case] sentence: &str) {
    let world = World::with(Backend::Sqlite, |settings| settings.rdv.english = offered).await;
    let request = world.app.request(Method::POST, SIGN_IN).header("accept-language", wish);
    let answer = send(request.json(&json!({ "email": UID }))).await;
    assert_said(&answer, 401, &format!(r#"{{"success":false,"errors":["{sentence}"]}}"#));
}

/// §3.3: an ordinary agent of no service, without names.
#[rstest]
#[actix_web::test]
async fn an_ordinary_agent_is_a_user(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let organizations = vec![crate::rdv::member("mds-die", auth_claims::roles::Role::Agent)];
    let email = Some("jo.valette@cd26.example".to_owned());
    let jo = create(&world.app, AccountProfile { email, organizations, ..AccountProfile::new("jo") }).await;
    let answer = sign_in(&world.app, "jo.valette@cd26.example", PASSWORD).await;
    let data = &answer.json()["data"];
    assert_eq!(
        data,
        &json!({
            "id": jo.number, "deleted_at": null, "email": "jo.valette@cd26.example", "provider": "email",
            "service_id": null, "role": "user", "last_name": null, "first_name": null,
            "uid": "jo.valette@cd26.example", "email_original": null, "allow_password_change": false,
        })
    );
}

#[actix_web::test]
async fn the_dialect_can_be_switched_off() {
    let world = World::with(Backend::Sqlite, |settings| settings.rdv.enabled = false).await;
    assert_eq!(sign_in(&world.app, UID, PASSWORD).await.status, 404);
}
