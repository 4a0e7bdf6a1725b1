//! §8.1, §8.3, §9: creating rooms.

use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Backend, ROOMS, Service, room_path};

/// §8.3: the defaults, whichever way nothing is sent, and the key order of §8.1.
#[rstest]
#[case::no_body(None)]
#[case::empty_body(Some(""))]
#[case::empty_object(Some("{}"))]
#[actix_web::test]
async fn an_empty_request_makes_a_trusted_room(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] body: Option<&str>,
) {
    let service = Service::on(backend).await;
    let answer = match body {
        Some(body) => service.send_body("ada", "application/json", body).await,
        None => service.send("ada", "POST", ROOMS).await,
    };
    let answer = answer.expect(201);
    let room = answer.json();
    let (id, slug) = (room["id"].as_str().unwrap(), room["slug"].as_str().unwrap());
    assert_eq!(Uuid::try_parse(id).unwrap().hyphenated().to_string(), id);
    let groups: Vec<_> = slug.split('-').map(str::len).collect();
    assert!(
        groups == [3, 4, 3] && slug.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()),
        "{slug}"
    );
    answer.expect_body(
        201,
        &format!(
            r#"{{"id":"{id}","name":"{slug}","slug":"{slug}","access_level":"trusted","configuration":{{}}}}"#
        ),
    );
    assert_eq!(answer.header("location"), "");
    assert_eq!(service.send("ada", "GET", &room_path(&answer)).await.body, answer.body);
}

/// §8.3: fields that cannot be set are ignored, whatever their values.
#[actix_web::test]
async fn other_fields_are_ignored() {
    let service = Service::on(Backend::Sqlite).await;
    let id = Uuid::new_v4().to_string();
    let body =
        json!({"id": id, "name": "mine", "slug": 5, "pin_code": null, "url": [], "created_by": {}, "x": "y"});
    let room = service.send_json("ada", "POST", ROOMS, body).await.expect(201).json();
    assert_ne!(room["id"], id);
    assert_ne!(room["name"], "mine");
    assert_eq!(room.as_object().unwrap().len(), 5);
}

/// §8.3: access levels.
#[rstest]
#[case::trusted(json!("trusted"))]
#[case::restricted(json!("restricted"))]
#[actix_web::test]
async fn a_room_gets_the_level_asked_for(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] level: Value,
) {
    let service = Service::on(backend).await;
    let room = service.send_json("ada", "POST", ROOMS, json!({"access_level": level})).await.expect(201);
    assert_eq!(room.json()["access_level"], level);
}

/// §8.3: access levels that are refused.
#[rstest]
#[case::public(json!("public"), "Public rooms are disabled for the external API.")]
#[case::null(json!(null), "This field may not be null.")]
#[case::empty(json!(""), "\"\" is not a valid choice.")]
#[case::unknown(json!("open"), "\"open\" is not a valid choice.")]
#[case::upper_case(json!("TRUSTED"), "\"TRUSTED\" is not a valid choice.")]
#[case::blanks(json!(" trusted"), "\" trusted\" is not a valid choice.")]
#[case::number(json!(1), "\"1\" is not a valid choice.")]
#[case::boolean(json!(true), "\"True\" is not a valid choice.")]
#[case::list(json!(["trusted"]), "\"['trusted']\" is not a valid choice.")]
#[case::object(json!({"a": null}), "\"{'a': None}\" is not a valid choice.")]
#[actix_web::test]
async fn another_level_is_refused(#[case] level: Value, #[case] message: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send_json("ada", "POST", ROOMS, json!({"access_level": level})).await;
    answer.expect_body(400, &json!({"access_level": [message]}).to_string());
    assert_eq!(service.send("ada", "GET", ROOMS).await.json()["count"], 0);
}

/// §8.3: `public` is a matter of settings.
#[rstest]
#[case::allowed(json!({"allow_public_access": true}), "trusted")]
#[case::default(json!({"default_access_level": "public"}), "public")]
#[actix_web::test]
async fn public_rooms_are_made_where_the_operator_allows(#[case] settings: Value, #[case] default: &str) {
    let service = Service::with(Backend::Sqlite, settings).await;
    let room = service.send_json("ada", "POST", ROOMS, json!({"access_level": "public"})).await.expect(201);
    assert_eq!(room.json()["access_level"], "public");
    assert_eq!(service.room_of("ada").await.json()["access_level"], default);
}

/// §8.1, §8.3: `url` and `Location` are the room's web address; a slash in the setting is not doubled.
#[rstest]
#[case::plain("https://meet.agency.example", "https://meet.agency.example/")]
#[case::slash("https://meet.agency.example/", "https://meet.agency.example/")]
#[case::path("https://agency.example/meet", "https://agency.example/meet/")]
#[actix_web::test]
async fn the_web_address_is_shown_and_located(#[case] base: &str, #[case] prefix: &str) {
    let service = Service::with(Backend::Sqlite, json!({"application_base_url": base})).await;
    let answer = service.room_of("ada").await;
    let room = answer.json();
    let url = format!("{prefix}{}", room["slug"].as_str().unwrap());
    assert_eq!(room["url"], url);
    assert_eq!(answer.header("location"), url);
    let keys: Vec<_> = ["id", "name", "slug", "access_level", "configuration", "url"]
        .map(|key| answer.body.find(&format!("\"{key}\":")).unwrap())
        .into();
    assert!(keys.is_sorted(), "{}", answer.body);
}

/// §8.3: the token's user becomes owner; §6.3: with a user's own token too.
#[rstest]
#[actix_web::test]
async fn the_creator_is_the_owner(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for token in [service.token("ada"), service.own_token("ada")] {
        let room = service.send_with(&token, "POST", ROOMS).await.expect(201);
        let attendees = service.send_with(&token, "GET", &format!("{}/attendees", room_path(&room))).await;
        let owner = attendees.expect(200).json()["results"][0].clone();
        assert_eq!((&owner["email"], &owner["role"]), (&json!("ada@agency.example"), &json!("owner")));
    }
}

/// §8.3: 200 rooms made at the same time have 200 names.
#[rstest]
#[actix_web::test]
async fn concurrent_creations_have_different_slugs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let token = service.token("ada");
    let rooms: Vec<Answer> =
        futures_util::future::join_all((0..200).map(|_| service.send_with(&token, "POST", ROOMS))).await;
    let slugs: std::collections::HashSet<_> =
        rooms.into_iter().map(|room| room.expect(201).json()["slug"].to_string()).collect();
    assert_eq!(slugs.len(), 200);
    assert_eq!(service.send("ada", "GET", ROOMS).await.json()["count"], 200);
}
