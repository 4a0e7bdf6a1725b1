//! Deleted accounts: their roles go, and nobody else loses a room. `store::leavers` has every case of what becomes of one.

use std::time::{Duration, Instant};

use auth_claims::revocations::{RevocationKind, RevocationReason};
use rstest::rstest;
use serde_json::json;

use crate::support::{Answer, Backend, ROOMS, Service, account_id, attendees_path, room_path};

fn delete(service: &Service, name: &str) {
    service.revoke(RevocationKind::Sub, &account_id(name), RevocationReason::AccountDeleted);
}

/// Waits until a room is gone for somebody who has no role in it.
async fn gone(service: &Service, room: &Answer) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while service.send("eve", "GET", &room_path(room)).await.status != 404 {
        assert!(Instant::now() < deadline, "the room is still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The attendees as somebody sees them, e-mail and role.
async fn attendees(service: &Service, name: &str, room: &Answer) -> Vec<(String, String)> {
    let list = service.send(name, "GET", &attendees_path(room)).await.expect(200).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    list["results"].as_array().unwrap().iter().map(|one| (text(&one["email"]), text(&one["role"]))).collect()
}

fn row(name: &str, role: &str) -> (String, String) {
    (format!("{name}@agency.example"), role.to_owned())
}

/// The account's own rooms go, its roles in others' rooms go, and its administrator inherits what both have run.
#[rstest]
#[actix_web::test]
async fn what_belongs_to_a_deleted_account_goes_and_nothing_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (run, others) = (service.room_of("ada").await, service.room_of("bob").await);
    service.invite("ada", &run, "bob", "administrator").await;
    service.invite("ada", &run, "carol", "member").await;
    service.invite("bob", &others, "ada", "administrator").await;
    for name in ["ada", "bob", "carol"] {
        service.send(name, "GET", ROOMS).await.expect(200);
    }
    let own = service.room_of("ada").await;
    delete(&service, "ada");
    gone(&service, &own).await;
    service.send("ada", "GET", ROOMS).await.expect(401);
    assert_eq!(attendees(&service, "bob", &others).await, [row("bob", "owner")]);
    assert_eq!(attendees(&service, "bob", &run).await, [row("bob", "owner"), row("carol", "member")]);
    assert_eq!(service.send("carol", "GET", ROOMS).await.json()["count"], 1);
    service.send("bob", "DELETE", &room_path(&run)).await.expect(204);
}

/// A room with members only stays open to them, and to nobody else.
#[rstest]
#[actix_web::test]
async fn members_keep_a_room_and_gain_no_power(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (room, own) = (service.room_of("ada").await, service.room_of("ada").await);
    service.invite("ada", &room, "bob", "member").await;
    service.send("bob", "GET", ROOMS).await.expect(200);
    delete(&service, "ada");
    gone(&service, &own).await;
    service.send("bob", "GET", &room_path(&room)).await.expect(200);
    service.send("bob", "DELETE", &room_path(&room)).await.expect(403);
    service
        .send_json("bob", "PATCH", &room_path(&room), json!({"access_level": "restricted"}))
        .await
        .expect(403);
    service.send("eve", "GET", &room_path(&room)).await.expect(403);
}

/// A service that was down when the account was deleted hears of it when it starts; so do all replicas, at the same time.
#[rstest]
#[actix_web::test]
async fn threat_26_replicas_and_restarts_come_to_the_same(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let mut rooms = Vec::new();
    for _ in 0..20 {
        let room = service.room_of("ada").await;
        for name in ["bob", "carol", "dan"] {
            service.invite("ada", &room, name, "administrator").await;
        }
        rooms.push(room);
    }
    for name in ["bob", "carol", "dan"] {
        service.send(name, "GET", ROOMS).await.expect(200);
    }
    let own = service.room_of("ada").await;
    let replicas = [service.restarted().await, service.restarted().await, service.restarted().await];
    for replica in &replicas {
        delete(replica, "ada");
    }
    gone(&service, &own).await;
    let late = service.restarted().await;
    delete(&late, "ada");
    for room in &rooms {
        let mut left = attendees(&service, "bob", room).await;
        left.sort_by(|one, other| one.1.cmp(&other.1));
        let roles: Vec<_> = left.iter().map(|(_, role)| role.as_str()).collect();
        assert_eq!(roles, ["administrator", "administrator", "owner"], "one heir, whoever was first");
        assert_eq!(left[2], row("bob", "owner"));
    }
}
