//! What several clients do at the same time, on both databases.

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;

use crate::support::{Answer, Backend, Service, attendees_path, room_path};

const LAST_OWNER: &str = r#"{"detail":"A resource should keep at least one owner."}"#;

async fn owners(service: &Service, witness: &str, room: &Answer) -> Vec<String> {
    let list = service.send(witness, "GET", &attendees_path(room)).await.expect(200).json();
    let rows = list["results"].as_array().unwrap().iter().filter(|row| row["role"] == "owner");
    rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Two owners who leave at the same time: one stays.
#[rstest]
#[actix_web::test]
async fn both_owners_who_leave_at_the_same_time_leave_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for _ in 0..15 {
        let room = service.room_of("ada").await;
        let ada = owners(&service, "ada", &room).await.remove(0);
        let bob = service.invite("ada", &room, "bob", "owner").await.id();
        service.invite("ada", &room, "zoe", "member").await;
        let paths = [("ada", ada), ("bob", bob)]
            .map(|(name, row)| (name, format!("{}/{row}", attendees_path(&room))));
        let answers = join_all(paths.iter().map(|(name, path)| service.send(name, "DELETE", path))).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 403], "{answers:?}");
        assert!(answers.iter().all(|answer| answer.status == 204 || answer.body == LAST_OWNER));
        assert_eq!(owners(&service, "zoe", &room).await.len(), 1);
    }
}

/// The same with a removal and a demotion.
#[rstest]
#[actix_web::test]
async fn a_removal_and_a_demotion_at_the_same_time_leave_an_owner(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for _ in 0..15 {
        let room = service.room_of("ada").await;
        let bob = service.invite("ada", &room, "bob", "owner").await.id();
        service.invite("ada", &room, "zoe", "member").await;
        let path = attendees_path(&room);
        let removal = format!("{path}/{bob}");
        let demotion = json!({"email": "ada@agency.example", "role": "member"});
        let (removed, demoted) = futures_util::future::join(
            service.send("bob", "DELETE", &removal),
            service.send_json("ada", "POST", &path, demotion),
        )
        .await;
        assert!(
            matches!((removed.status, demoted.status), (204, 403) | (403, 200)),
            "{removed:?} {demoted:?}"
        );
        assert_eq!(owners(&service, "zoe", &room).await.len(), 1);
    }
}

/// The same e-mail added by many at the same time is one attendee: one 201, the rest 200 with the same row.
#[rstest]
#[actix_web::test]
async fn concurrent_additions_of_one_email_make_one_attendee(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let path = attendees_path(&room);
    let body = json!({"email": "bob@agency.example"});
    let answers = join_all((0..12).map(|_| service.send_json("ada", "POST", &path, body.clone()))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200; 11], vec![201]].concat());
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(service.send("ada", "GET", &path).await.json()["count"], 2);
}

/// An invitation that races the first call of the invited: one row, with the role of one of the two orders.
#[rstest]
#[actix_web::test]
async fn an_invitation_racing_the_first_call_leaves_one_row(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for _ in 0..10 {
        let room = service.room_of("ada").await;
        service.invite("ada", &room, "bob", "member").await;
        let (path, invitation) =
            (attendees_path(&room), json!({"email": "bob@agency.example", "role": "administrator"}));
        let room_path = room_path(&room);
        let (called, invited) = futures_util::future::join(
            service.send("bob", "GET", &room_path),
            service.send_json("ada", "POST", &path, invitation),
        )
        .await;
        assert_eq!((called.status, invited.status), (200, 200), "{called:?} {invited:?}");
        let list = service.send("bob", "GET", &path).await.expect(200).json();
        assert_eq!((&list["count"], &list["results"][1]["role"]), (&json!(2), &json!("administrator")));
    }
}

/// Deleting a room while attendees are added: no addition survives its room, and nothing fails.
#[rstest]
#[actix_web::test]
async fn a_deletion_racing_additions_fails_nobody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for _ in 0..10 {
        let room = service.room_of("ada").await;
        let (room_path, path) = (room_path(&room), attendees_path(&room));
        let additions = (0..4).map(|place| {
            service.send_json("ada", "POST", &path, json!({"email": format!("guest{place}@e.co")}))
        });
        let (deleted, added) =
            futures_util::future::join(service.send("ada", "DELETE", &room_path), join_all(additions)).await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
        assert!(added.iter().all(|answer| matches!(answer.status, 201 | 404)), "{added:?}");
    }
}
