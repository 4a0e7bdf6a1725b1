//! §8.6: one room.

use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Backend, ROOMS, Service, room_path};

/// §8.6: any role may look; the representation is the same for all.
#[rstest]
#[actix_web::test]
async fn every_role_may_retrieve(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("member", "administrator", "owner")] role: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    service.invite("ada", &room, "bob", role).await;
    service.send("bob", "GET", &room_path(&room)).await.expect_body(200, &room.body);
}

/// §8.6: an id in any form and case.
#[rstest]
#[actix_web::test]
async fn an_id_may_lack_hyphens_and_be_in_any_case(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let id = room.id();
    for id in [id.to_uppercase(), id.replace('-', ""), id.replace('-', "").to_uppercase()] {
        service.send("ada", "GET", &format!("{ROOMS}/{id}")).await.expect_body(200, &room.body);
    }
}

/// §8.6: no role, even when the room is public or trusted.
#[rstest]
#[actix_web::test]
async fn a_stranger_is_forbidden_whatever_the_level(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("public", "trusted", "restricted")] level: &str,
) {
    let service = Service::with(backend, json!({"allow_public_access": true})).await;
    let room = service.send_json("ada", "POST", ROOMS, json!({"access_level": level})).await.expect(201);
    let answer = service.send("bob", "GET", &room_path(&room)).await;
    answer.expect_detail(403, "You do not have permission to perform this action.");
}

/// §8.6: an unknown UUID.
#[rstest]
#[actix_web::test]
async fn an_unknown_room_is_not_found(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let answer = service.send("ada", "GET", &format!("{ROOMS}/{}", Uuid::new_v4())).await;
    answer.expect_detail(404, "No Room matches the given query.");
}

/// §8.6: what is no UUID; in particular there is no lookup by slug.
#[rstest]
#[case::word("x")]
#[case::braces("%7B0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913%7D")]
#[case::urn("urn:uuid:0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913")]
#[case::encoded_slash("a%2Fb")]
#[case::not_utf8("%FF%FE")]
#[case::nul("%00")]
#[actix_web::test]
async fn what_is_no_uuid_is_not_found(#[case] id: &str) {
    let service = Service::on(Backend::Sqlite).await;
    service.send("ada", "GET", &format!("{ROOMS}/{id}")).await.expect_detail(404, "Not found.");
}

/// §8.6: a slug is no id.
#[actix_web::test]
async fn a_slug_is_no_id() {
    let service = Service::on(Backend::Sqlite).await;
    let slug = service.room_of("ada").await.json()["slug"].as_str().unwrap().to_owned();
    service.send("ada", "GET", &format!("{ROOMS}/{slug}")).await.expect_detail(404, "Not found.");
}
