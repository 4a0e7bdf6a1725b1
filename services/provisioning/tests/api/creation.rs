//! §7.3.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service, answer};

const PATH: &str = "/cloud/users";
const SERVER: (i64, &str) = (996, "Internal Server Error\n");

/// A body with more than it needs.
fn with(more: &Value) -> Value {
    let mut body = json!({"userid": "new", "password": "correct horse 9"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[rstest]
#[actix_web::test]
async fn an_account_is_made_with_everything(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let body = json!({"userid": "Lea O'Neill", "password": "correct horse 9", "displayName": " Léa ",
        "email": " Lea@Example.ORG ", "groups": ["staff", "atelier", "staff"], "subadmin": ["remote"],
        "quota": "1.5 GB", "language": "de", "manager": "MIRA"});
    let made = service.send_json("root", "POST", PATH, &body).await;
    assert_eq!(made.data(), json!({"id": "Lea O'Neill"}));
    let shown = service.get("root", "/cloud/users/lea%20o'neill").await;
    for (key, value) in [
        ("id", json!("Lea O'Neill")),
        ("displayname", json!("Léa")),
        ("email", json!("lea@example.org")),
        ("groups", json!(["atelier", "staff"])),
        ("subadmin", json!(["remote"])),
        ("quota", json!({"quota": 1_610_612_736, "used": 0})),
        ("language", json!("de")),
        ("manager", json!("mira")),
        ("enabled", json!(true)),
    ] {
        assert_eq!(shown[key], value, "{key}");
    }
    assert!(service.signs_in("lea@example.org", "correct horse 9").await);
    // Without a password nobody signs in.
    service
        .send_json("root", "POST", PATH, &json!({"userid": "mute", "email": "mute@example.org"}))
        .await
        .data();
    assert!(!service.signs_in("mute", "").await);
}

/// The table, row by row and in its order: each body has the faults of later rows, too.
#[rstest]
#[actix_web::test]
async fn each_refusal_has_its_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let long = "x".repeat(470);
    let no_address = "An email address is required, to send a password link to the user.";
    let letters = "Only the following characters are allowed in an Login: \"a-z\", \"A-Z\", \"0-9\", spaces and \"_.@-'\"";
    for (who, body, refusal) in [
        ("root", json!({"userid": "MIRA", "groups": ["ghost"]}), (102, "User already exists")),
        ("root", json!({"userid": "mira@example.org", "password": "x"}), (102, "User already exists")),
        (
            "root",
            json!({"userid": "n", "groups": ["ghost"], "subadmin": ["ghost"]}),
            (104, "Group ghost does not exist"),
        ),
        (
            "sub",
            json!({"userid": "n", "groups": ["remote"], "subadmin": ["ghost"]}),
            (105, "Insufficient privileges for group remote"),
        ),
        (
            "sub",
            json!({"userid": "n", "groups": ["admin"]}),
            (105, "Insufficient privileges for group admin"),
        ),
        (
            "sub",
            json!({"userid": "n", "subadmin": ["ghost"]}),
            (106, "No group specified (required for sub-admins)"),
        ),
        (
            "root",
            json!({"userid": "n", "subadmin": ["ghost"], "password": long}),
            (102, "Sub-admin group does not exist"),
        ),
        (
            "root",
            json!({"userid": "n", "subadmin": ["admin"], "password": long}),
            (103, "Cannot create sub-admins for admin group"),
        ),
        (
            "sub",
            json!({"userid": "n", "groups": ["staff"], "subadmin": ["remote"]}),
            (403, "No permissions to promote sub-admins"),
        ),
        ("root", json!({"userid": "é", "password": long}), (101, "Invalid password value")),
        ("root", json!({"userid": "é"}), (108, no_address)),
        ("root", json!({"userid": "é", "password": "", "email": " "}), (108, no_address)),
        ("root", with(&json!({"userid": "é", "email": "x"})), (101, letters)),
        ("root", with(&json!({"userid": "a/b"})), (101, letters)),
        ("root", with(&json!({"userid": "a\u{0}"})), (101, letters)),
        ("root", with(&json!({"userid": ""})), (101, "A valid Login must be provided")),
        (
            "root",
            with(&json!({"userid": " a"})),
            (101, "Login contains whitespace at the beginning or at the end"),
        ),
        ("root", with(&json!({"userid": ".."})), (101, "Login must not consist of dots only")),
        ("root", with(&json!({"userid": "x".repeat(65)})), (101, "Username is too long")),
        (
            "root",
            with(&json!({"userid": ".htaccess"})),
            (101, "Login is invalid because files already exist for this user"),
        ),
        ("root", with(&json!({"email": "nobody"})), (101, "Bad request")),
        ("root", with(&json!({"email": "mira@example.org"})), (101, "Bad request")),
        ("root", with(&json!({"displayName": "x".repeat(65)})), (101, "Bad request")),
        ("root", with(&json!({"displayName": "x\u{1}"})), (101, "Bad request")),
        ("root", json!({"password": "correct horse 9"}), SERVER),
        ("root", with(&json!({"userid": ["x"]})), SERVER),
        ("root", with(&json!({"groups": "staff"})), SERVER),
        ("root", with(&json!({"subadmin": "staff"})), SERVER),
        ("root", with(&json!({"groups": [["staff"]]})), SERVER),
        ("root", with(&json!({"email": {"x": 1}})), SERVER),
    ] {
        service.refused(who, "POST", PATH, &body, refusal).await;
    }
    for id in ["n", "new"] {
        assert!(service.account(id).await.is_none(), "{id}");
    }
}

/// §7.3: faults of these leave the account where it is.
#[rstest]
#[case(json!({"quota": "much"}), "Invalid quota value: much")]
#[case(json!({"language": "xx"}), "Invalid language")]
#[actix_web::test]
async fn some_faults_are_found_too_late(#[case] more: Value, #[case] message: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let found = service.send_json("root", "POST", PATH, &with(&more)).await;
    assert_eq!((found.code(), found.message().as_str()), (101, message));
    assert!(service.account("new").await.is_some());
}

/// The bounds: 64 bytes of an id, 469 of a password.
#[actix_web::test]
async fn what_just_fits_is_taken() {
    let service = Service::on(Backend::Sqlite).await;
    let (id, password) = ("x".repeat(64), "p".repeat(469));
    let body = json!({"userid": id, "password": password, "displayName": "é".repeat(64)});
    service.send_json("root", "POST", PATH, &body).await.data();
    assert!(service.signs_in(&id, &password).await);
}

/// An instance that wants an address from everybody.
#[actix_web::test]
async fn an_address_may_be_required() {
    let service = Service::with(Backend::Sqlite, json!({"accounts": {"require_email": true}})).await;
    service
        .refused("root", "POST", PATH, &with(&json!({})), (110, "Required email address was not provided"))
        .await;
    service.send_json("root", "POST", PATH, &with(&json!({"email": "n@example.org"}))).await.data();
}

/// An instance with rules for passwords keeps them for new accounts and for changes alike.
#[rstest]
#[actix_web::test]
async fn passwords_may_have_rules(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::with(backend, json!({"accounts": {"password_rules": true}})).await;
    let hint = "Password refused: it has fewer than 12 characters, it has no digit, it has no upper-case letter, it \
                has no special character";
    let simple = with(&json!({"password": "simple"}));
    service.refused("root", "POST", PATH, &simple, (107, hint)).await;
    let good = with(&json!({"password": "correct-Horse-9-staple"}));
    let id = service.send_json("root", "POST", PATH, &good).await.data()["id"].as_str().unwrap().to_owned();
    let path = format!("{PATH}/{id}");
    let change = json!({"key": "password", "value": "simple"});
    service.refused("root", "PUT", &path, &change, (107, hint)).await;
    assert!(service.signs_in(&id, "correct-Horse-9-staple").await);
}

/// Of several at the same time one makes the account.
#[rstest]
#[actix_web::test]
async fn one_of_many_makes_an_account(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let make = || answer(service.request("v2", "root", "POST", PATH).json(&with(&json!({}))));
    let answers = futures_util::future::join_all((0..6).map(|_| make())).await;
    let mut codes: Vec<i64> = answers.iter().map(crate::support::Answer::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [102, 102, 102, 102, 102, 200]);
}
