//! §4.1–§4.3, §5, §6: where the three values may stand, and what they are worth.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder};
use rstest::rstest;
use serde_json::json;

use crate::harness::{Answer, Backend, FORM, send};
use crate::rdv::{
    BAD, NOT_SIGNED_IN, SIGN_IN, SIGN_OUT, Session, UID, VALIDATE_TOKEN, World, assert_common_headers,
    assert_said, validate,
};

/// A place for the three values.
#[derive(Debug, Clone, Copy)]
enum Place {
    Headers,
    Query,
    Form,
    Json,
    Replayed,
    Minimal,
    AnyScheme,
}

fn put(place: Place, session: &Session, request: RequestBuilder) -> RequestBuilder {
    let triple = session.triple();
    let object = json!(triple.iter().copied().collect::<std::collections::BTreeMap<_, _>>());
    match place {
        Place::Headers => session.on(request),
        Place::Query => request.query(&triple),
        Place::Form => request.form(&triple),
        Place::Json => request.json(&object),
        Place::Replayed => request.header("authorization", &session.authorization),
        Place::Minimal => {
            request.header("authorization", format!("Bearer {}", STANDARD.encode(object.to_string())))
        }
        Place::AnyScheme => {
            request.header("authorization", format!("Basic x {}", STANDARD.encode(object.to_string())))
        }
    }
}

/// §4.2, §4.3: every place, for the check and the sign-out alike.
#[rstest]
#[actix_web::test]
async fn the_values_may_stand_in_every_place(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        Place::Headers,
        Place::Query,
        Place::Form,
        Place::Json,
        Place::Replayed,
        Place::Minimal,
        Place::AnyScheme
    )]
    place: Place,
    #[values("", ".json", "/")] suffix: &str,
) {
    let world = World::on(backend).await;
    let session = world.session().await;
    let at = |method, path| world.app.request(method, &format!("{path}{suffix}"));
    let valid = send(put(place, &session, at(Method::GET, VALIDATE_TOKEN))).await;
    assert_eq!(Session::of(&valid), session);
    assert_common_headers(&valid);
    assert_eq!(valid.text, format!(r#"{{"success":true,"data":{}}}"#, world.data().await));
    let over = send(put(place, &session, at(Method::DELETE, SIGN_OUT))).await;
    assert_said(&over, 200, r#"{"success":true}"#);
    let again = send(put(place, &session, at(Method::DELETE, SIGN_OUT))).await;
    assert_said(&again, 404, NOT_SIGNED_IN);
    assert_said(&send(put(place, &session, at(Method::GET, VALIDATE_TOKEN))).await, 401, BAD);
}

/// §4.2: each value on its own, the first place that has it wins.
#[rstest]
#[actix_web::test]
async fn the_values_may_stand_apart(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let session = world.session().await;
    let Session { access_token, client, uid, authorization, .. } = &session;
    let get = || world.app.request(Method::GET, VALIDATE_TOKEN);
    let apart = get().header("access-token", access_token).query(&[("client", client)]);
    let apart = apart.header("authorization", authorization).json(&json!({ "uid": uid, "client": null }));
    assert_eq!(Session::of(&send(apart).await), session);
    // Wrong ones in later places are not looked at.
    let early = session.on(get()).query(&[("access-token", "x"), ("uid", "y")]);
    assert_eq!(send(early.header("authorization", "Bearer e30=")).await.status, 200);
    // Wrong or empty ones in earlier places are not passed over.
    for (name, value) in [("access-token", ""), ("client", ""), ("uid", ""), ("uid", "x"), ("client", "x")] {
        let hidden = get().header(name, value).query(&session.triple());
        assert_said(&send(hidden.header("authorization", authorization)).await, 401, BAD);
    }
    // Expiry and type are ignored.
    let odd = session.on(get()).header("expiry", "0").header("token-type", "MAC");
    assert_eq!(Session::of(&send(odd).await), session);
}

/// §4.1: everything that is no live session looks alike, on both endpoints.
#[rstest]
#[case::no_token(|s: &mut Session| s.access_token = String::new())]
#[case::wrong_token(|s: &mut Session| s.access_token = "AAAAAAAAAAAAAAAAAAAAAA".to_owned())]
#[case::cut_token(|s: &mut Session| s.access_token.truncate(21))]
#[case::padded_token(|s: &mut Session| s.access_token.push_str("=="))]
#[case::longer_token(|s: &mut Session| s.access_token.push('x'))]
#[case::unknown_client(|s: &mut Session| s.client = "AAAAAAAAAAAAAAAAAAAAAA".to_owned())]
#[case::default_client(|s: &mut Session| s.client = "default".to_owned())]
#[case::client_case(|s: &mut Session| s.client = s.client.chars().rev().collect())]
#[case::no_client(|s: &mut Session| s.client = String::new())]
#[case::uid_case(|s: &mut Session| s.uid = s.uid.to_uppercase())]
#[case::one_letter(|s: &mut Session| s.uid = "Amina.kerbrat@cd26.example".to_owned())]
#[case::unknown_uid(|s: &mut Session| s.uid = "nobody@cd26.example".to_owned())]
#[case::no_uid(|s: &mut Session| s.uid = String::new())]
#[case::token_as_client(|s: &mut Session| s.client = s.access_token.clone())]
#[case::long(|s: &mut Session| s.access_token = "A".repeat(3000))]
#[actix_web::test]
async fn what_is_no_session_looks_alike(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] spoil: fn(&mut Session),
) {
    let world = World::on(backend).await;
    let session = world.session().await;
    let mut spoilt = session.clone();
    spoil(&mut spoilt);
    assert_said(&validate(&world.app, &spoilt).await, 401, BAD);
    assert_said(&crate::rdv::sign_out(&world.app, &spoilt).await, 404, NOT_SIGNED_IN);
    assert!(world.is_valid(&session).await, "nobody's attempt ends it");
}

/// A missing client is the client `default`, which no session is.
#[actix_web::test]
async fn one_missing_value_is_one_too_few() {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    for missing in 0..3 {
        let kept = session.triple().into_iter().enumerate().filter(|(index, _)| *index != missing);
        let request = world.app.request(Method::GET, VALIDATE_TOKEN);
        let request = kept.fold(request, |request, (_, (name, value))| request.header(name, value));
        assert_said(&send(request).await, 401, BAD);
    }
    assert_said(&send(world.app.request(Method::GET, VALIDATE_TOKEN)).await, 401, BAD);
    assert_said(&send(world.app.request(Method::DELETE, SIGN_OUT)).await, 404, NOT_SIGNED_IN);
}

/// Two agents' values do not mix, whichever is whose.
#[rstest]
#[actix_web::test]
async fn mixed_triples_are_worth_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::with(backend, |settings| settings.rdv.sessions.max_clients = 2).await;
    let email = Some("jo.valette@cd26.example".to_owned());
    let jo = identity::accounts::AccountProfile { email, ..identity::accounts::AccountProfile::new("jo") };
    crate::rdv::create(&world.app, jo).await;
    let jo = crate::rdv::sign_in(&world.app, "jo.valette@cd26.example", crate::rdv::PASSWORD).await;
    let sessions = [world.session().await, world.session().await, Session::of(&jo)];
    for token in 0..3 {
        for client in 0..3 {
            for uid in 0..3 {
                let mixed = Session {
                    access_token: sessions[token].access_token.clone(),
                    client: sessions[client].client.clone(),
                    uid: sessions[uid].uid.clone(),
                    ..sessions[client].clone()
                };
                let whole = token == client && sessions[client].uid == sessions[uid].uid;
                let answer = validate(&world.app, &mixed).await;
                assert_eq!(answer.status, if whole { 200 } else { 401 }, "{token} {client} {uid}");
            }
        }
    }
}

/// §4.3: what cannot be decoded is no credential, and no failure.
#[rstest]
#[case::nothing("")]
#[case::word("Bearer")]
#[case::basic("Basic YTpi")]
#[case::no_base64("Bearer ???")]
#[case::no_padding("Bearer {unpadded}")]
#[case::url_safe("Bearer {url_safe}")]
#[case::cut("Bearer {cut}")]
#[case::list("Bearer W10=")]
#[case::null("Bearer bnVsbA==")]
#[case::number("Bearer NDI=")]
#[case::text("Bearer ImEi")]
#[case::not_json("Bearer YWJj")]
#[case::numbers("Bearer eyJhY2Nlc3MtdG9rZW4iOjEsImNsaWVudCI6MiwidWlkIjozfQ==")]
#[case::a_jwt("Bearer eyJhbGciOiJub25lIn0.e30.")]
#[actix_web::test]
async fn a_broken_authorization_is_no_credential(#[case] header: &str) {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    // Of a length that base64 has to pad, and with a character on which the two alphabets differ.
    let object =
        json!({ "access-token": session.access_token, "client": session.client, "uid": UID, "x": "???>>" });
    let mut object = object.to_string();
    while object.len() % 3 != 1 {
        object.push(' ');
    }
    let padded = STANDARD.encode(&object);
    let header = header
        .replace("{unpadded}", &STANDARD_NO_PAD.encode(&object))
        .replace("{url_safe}", &URL_SAFE_NO_PAD.encode(&object))
        .replace("{cut}", padded.get(..padded.len() - 8).expect("a longer text"));
    let get = || world.app.request(Method::GET, VALIDATE_TOKEN);
    assert_said(&send(get().header("authorization", &header)).await, 401, BAD);
    let whole = send(get().header("authorization", format!("Bearer {padded}"))).await;
    assert_eq!(whole.status, 200, "{whole:?}");
    let beside = session.on(get()).header("authorization", &header);
    assert_eq!(send(beside).await.status, 200, "it does not hinder what stands in headers");
}

/// §4.2: credentials of a sign-in authenticate nothing else, and neither does a signature or a cookie.
#[actix_web::test]
async fn nothing_but_the_triple_authenticates() {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    let login = [("email", UID), ("password", crate::rdv::PASSWORD)];
    let get = || world.app.request(Method::GET, VALIDATE_TOKEN);
    let cookie = format!("auth_cookie={}", session.authorization);
    for request in [
        get().query(&login),
        get().form(&login),
        get().basic_auth(UID, Some(crate::rdv::PASSWORD)),
        get().header("cookie", cookie),
        get().header("x-agent-auth-signature", "0".repeat(64)).header("uid", UID),
    ] {
        assert_said(&send(request).await, 401, BAD);
    }
}

/// §2: an unparsable body is a 400 on these routes, too, and never ends a session.
#[rstest]
#[case::validate(Method::GET, VALIDATE_TOKEN)]
#[case::sign_out(Method::DELETE, SIGN_OUT)]
#[actix_web::test]
async fn unparsable_json_is_a_400(#[case] method: Method, #[case] path: &str) {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    for body in ["{", "{\"uid\":\"x\"", "nul"] {
        let request = session.on(world.app.request(method.clone(), path));
        let answer = send(request.header("content-type", "application/json").body(body)).await;
        assert_eq!((answer.status, answer.text.as_str()), (400, ""));
    }
    // What is no JSON object, or no form this dialect reads, has no parameters.
    for (content_type, body) in [("application/json", "[1]"), ("text/plain", "{"), (FORM, "%")] {
        let request = session.on(world.app.request(Method::GET, VALIDATE_TOKEN));
        let answer: Answer = send(request.header("content-type", content_type).body(body)).await;
        assert_eq!(answer.status, 200, "{content_type}");
    }
    assert!(world.is_valid(&session).await);
}

/// §6: only DELETE signs out; §1: no registration, no unlock.
#[rstest]
#[actix_web::test]
async fn what_is_not_there_is_a_404(
    #[values(Method::GET, Method::POST, Method::PUT, Method::PATCH)] method: Method,
) {
    let world = World::on(Backend::Sqlite).await;
    let session = world.session().await;
    let nowhere = r#"{"success":false,"errors":["Not Found"]}"#;
    let mut paths = vec![SIGN_OUT, "/api/v1/auth", "/api/v1/auth/unlock", "/api/v1/auth/confirmation"];
    if method != Method::GET {
        paths.push(VALIDATE_TOKEN);
    }
    if matches!(method, Method::GET | Method::POST) {
        paths.extend([crate::rdv::CHANGE, "/api/v1/auth/password/edit"]);
    }
    for path in paths {
        assert_said(&send(session.on(world.app.request(method.clone(), path))).await, 404, nowhere);
    }
    assert_ne!(send(world.app.request(method, SIGN_IN)).await.status, 200);
    assert!(world.is_valid(&session).await);
}
