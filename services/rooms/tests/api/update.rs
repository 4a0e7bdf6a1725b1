//! §12.1: changing a room.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service, room_path};

/// §12.1: any of the two fields, by administrators and owners; what is left out stays.
#[rstest]
#[actix_web::test]
async fn administrators_and_owners_change_a_room(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("administrator", "owner")] role: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    service.invite("ada", &room, "bob", role).await;
    let path = room_path(&room);
    let level = room.body.replace("trusted", "restricted");
    let changed = service.send_json("bob", "PATCH", &path, json!({"access_level": "restricted"})).await;
    changed.expect_body(200, &level);
    let configured = level.replace(r#""configuration":{}"#, r#""configuration":{"everyone_can_mute":"no"}"#);
    let body = json!({"configuration": {"everyone_can_mute": "no"}, "name": "x", "slug": "y"});
    service.send_json("bob", "PATCH", &path, body).await.expect_body(200, &configured);
    service.send("bob", "PATCH", &path).await.expect_body(200, &configured);
    service.send("ada", "GET", &path).await.expect_body(200, &configured);
}

/// §12.1: too weak a role, or none.
#[rstest]
#[actix_web::test]
async fn members_and_strangers_change_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("bob", "eve")] name: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    service.invite("ada", &room, "bob", "member").await;
    let answer =
        service.send_json(name, "PATCH", &room_path(&room), json!({"access_level": "restricted"})).await;
    answer.expect_detail(403, "You do not have permission to perform this action.");
    service.send("ada", "GET", &room_path(&room)).await.expect_body(200, &room.body);
}

/// Threat 14: what creation refuses, a change refuses in the same words, and the other way round.
#[rstest]
#[case::public(json!({"access_level": "public"}))]
#[case::level_null(json!({"access_level": null}))]
#[case::level_unknown(json!({"access_level": "open"}))]
#[case::level_number(json!({"access_level": 0}))]
#[case::configuration_null(json!({"configuration": null}))]
#[case::configuration_list(json!({"configuration": []}))]
#[case::configuration_unknown_key(json!({"configuration": {"colour": "red"}}))]
#[case::configuration_bad_source(json!({"configuration": {"can_publish_sources": ["x"]}}))]
#[case::configuration_bad_boolean(json!({"configuration": {"everyone_can_mute": "maybe"}}))]
#[case::both(json!({"configuration": 1, "access_level": []}))]
#[case::not_an_object(json!([]))]
#[case::nothing(json!({}))]
#[case::valid(json!({"access_level": "restricted", "configuration": {"everyone_can_mute": 1}}))]
#[actix_web::test]
async fn threat_14_a_change_is_checked_like_a_creation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] body: Value,
    #[values(false, true)] public_allowed: bool,
) {
    let service = Service::with(backend, json!({"allow_public_access": public_allowed})).await;
    let room = service.room_of("ada").await;
    let created = service.send_json("ada", "POST", crate::support::ROOMS, body.clone()).await;
    let changed = service.send_json("ada", "PATCH", &room_path(&room), body).await;
    if created.status == 201 {
        let (created, changed) = (created.json(), changed.expect(200).json());
        for key in ["access_level", "configuration"] {
            assert_eq!(created[key], changed[key]);
        }
    } else {
        changed.expect_body(created.status, &created.body);
        service.send("ada", "GET", &room_path(&room)).await.expect_body(200, &room.body);
    }
}
