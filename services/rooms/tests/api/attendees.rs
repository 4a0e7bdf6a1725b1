//! §12.1: attendees.

use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Backend, ROOMS, Service, attendees_path};

const FORBIDDEN: &str = "You do not have permission to perform this action.";

/// §12.1: any role reads the list, which is by e-mail, in pages, with the keys in order.
#[rstest]
#[actix_web::test]
async fn every_role_lists_attendees_by_email(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("member", "administrator", "owner")] role: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("mia").await;
    let zoe = service.invite("mia", &room, "zoe", "member").await;
    let bob = service.invite("mia", &room, "bob", role).await;
    let path = attendees_path(&room);
    let answer = service.send("bob", "GET", &path).await.expect(200);
    let mia = answer.json()["results"][1].clone();
    let mia = format!(r#"{{"id":{},"email":"mia@agency.example","role":"owner"}}"#, mia["id"]);
    let list =
        format!(r#"{{"count":3,"next":null,"previous":null,"results":[{},{mia},{}]}}"#, bob.body, zoe.body);
    answer.expect_body(200, &list);
    let page = service.send("bob", "GET", &format!("{path}/?page=2&page_size=2")).await.expect(200).json();
    assert_eq!(page["results"], json!([zoe.json()]));
    assert_eq!(page["previous"], format!("{}{path}/?page_size=2", service.url()));
    service.send("bob", "GET", &format!("{path}?page=2")).await.expect_detail(404, "Invalid page.");
}

/// §12.1: a new attendee, a member unless a role is given; the e-mail is kept as written.
#[rstest]
#[case::default(json!({"email": "Zoe.Martin@Agency.Example"}), "member")]
#[case::administrator(json!({"email": "Zoe.Martin@Agency.Example", "role": "administrator", "id": 1}), "administrator")]
#[case::owner(json!({"email": " Zoe.Martin@Agency.Example ", "role": "owner"}), "owner")]
#[actix_web::test]
async fn an_attendee_is_added(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] body: Value,
    #[case] role: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let added = service.send_json("ada", "POST", &attendees_path(&room), body).await;
    let expected =
        format!(r#"{{"id":"{}","email":"Zoe.Martin@Agency.Example","role":"{role}"}}"#, added.id());
    added.expect_body(201, &expected);
    assert!(Uuid::try_parse(&added.id()).is_ok());
    assert_eq!(added.header("location"), "");
}

/// §12.1: the same e-mail again, in any letter case: 200, and the role changes only when one is given.
#[rstest]
#[actix_web::test]
async fn the_same_email_again_is_the_same_attendee(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let path = attendees_path(&room);
    let bob = service.invite("ada", &room, "bob", "administrator").await;
    let again = service.send_json("ada", "POST", &path, json!({"email": "BOB@agency.example"})).await;
    again.expect_body(200, &bob.body);
    let member =
        service.send_json("ada", "POST", &path, json!({"email": "bob@Agency.example", "role": "member"}));
    member.await.expect_body(200, &bob.body.replace("administrator", "member"));
    assert_eq!(service.send("ada", "GET", &path).await.json()["count"], 2);
    // The creator is found by the e-mail of the token's user.
    let own =
        service.send_json("ada", "POST", &path, json!({"email": "ada@agency.example"})).await.expect(200);
    assert_eq!(own.json()["role"], "owner");
}

/// §12.1: fields.
#[rstest]
#[case::missing(json!({}), r#"{"email":["This field is required."]}"#)]
#[case::null(json!({"email": null}), r#"{"email":["This field may not be null."]}"#)]
#[case::blank(json!({"email": " "}), r#"{"email":["This field may not be blank."]}"#)]
#[case::boolean(json!({"email": true}), r#"{"email":["Not a valid string."]}"#)]
#[case::object(json!({"email": {}}), r#"{"email":["Not a valid string."]}"#)]
#[case::nul(json!({"email": "a\u{0}@b.co"}), r#"{"email":["Null characters are not allowed."]}"#)]
#[case::syntax(json!({"email": "Name <u@e.com>"}), r#"{"email":["Enter a valid email address."]}"#)]
#[case::dotless(json!({"email": "a@b"}), r#"{"email":["Enter a valid email address."]}"#)]
#[case::too_long(
    json!({"email": format!("{}@example.org", "a".repeat(309))}),
    r#"{"email":["Enter a valid email address."]}"#
)]
#[case::role(json!({"email": "a@b.co", "role": "king"}), r#"{"role":["\"king\" is not a valid choice."]}"#)]
#[case::role_case(json!({"email": "a@b.co", "role": "Owner"}), r#"{"role":["\"Owner\" is not a valid choice."]}"#)]
#[case::role_null(json!({"email": "a@b.co", "role": null}), r#"{"role":["This field may not be null."]}"#)]
#[case::both(
    json!({"role": 1}),
    r#"{"email":["This field is required."],"role":["\"1\" is not a valid choice."]}"#
)]
#[actix_web::test]
async fn wrong_fields_are_named(#[case] body: Value, #[case] expected: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let room = service.room_of("ada").await;
    service.send_json("ada", "POST", &attendees_path(&room), body).await.expect_body(400, expected);
    assert_eq!(service.send("ada", "GET", &attendees_path(&room)).await.json()["count"], 1);
}

/// §12.1: an administrator adds members and administrators, and no owners.
#[rstest]
#[actix_web::test]
async fn only_an_owner_grants_owner(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    service.invite("ada", &room, "bob", "administrator").await;
    let path = attendees_path(&room);
    for role in ["member", "administrator"] {
        let body = json!({"email": format!("{role}@e.co"), "role": role});
        service.send_json("bob", "POST", &path, body).await.expect(201);
    }
    for email in ["new@e.co", "member@e.co", "bob@agency.example"] {
        let answer = service.send_json("bob", "POST", &path, json!({"email": email, "role": "owner"})).await;
        answer.expect_detail(403, "Only owners of a room can assign other users as owners.");
    }
    service
        .send_json("ada", "POST", &path, json!({"email": "member@e.co", "role": "owner"}))
        .await
        .expect(200);
}

/// §12.1: too weak a role, or none: reading needs one, writing needs administrator.
#[rstest]
#[case::member_adds("bob", "POST", "")]
#[case::member_removes("bob", "DELETE", "/{attendee}")]
#[case::member_removes_unknown("bob", "DELETE", "/x")]
#[case::stranger_lists("eve", "GET", "")]
#[case::stranger_adds("eve", "POST", "")]
#[case::stranger_removes("eve", "DELETE", "/{attendee}")]
#[actix_web::test]
async fn a_weaker_role_is_forbidden(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] name: &str,
    #[case] method: &str,
    #[case] path: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let attendee = service.invite("ada", &room, "bob", "member").await.id();
    let path = format!("{}{}", attendees_path(&room), path.replace("{attendee}", &attendee));
    let body = json!({"email": "new@e.co"});
    service.send_json(name, method, &path, body).await.expect_detail(403, FORBIDDEN);
    assert_eq!(service.send("ada", "GET", &attendees_path(&room)).await.json()["count"], 2);
}

/// §12.1: an attendee is removed, and has no role any more.
#[rstest]
#[actix_web::test]
async fn a_removed_attendee_is_a_stranger(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("administrator", "owner")] role: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let zoe = service.invite("ada", &room, "zoe", "member").await.id();
    service.invite("ada", &room, "bob", role).await;
    let path = attendees_path(&room);
    service.send("zoe", "GET", &path).await.expect(200);
    service.send("bob", "DELETE", &format!("{path}/{}", zoe.to_uppercase())).await.expect_body(204, "");
    service.send("zoe", "GET", &path).await.expect_detail(403, FORBIDDEN);
    service.send("bob", "DELETE", &format!("{path}/{zoe}")).await.expect_detail(404, "Not found.");
}

/// §12.1: unknown rooms and attendees.
#[rstest]
#[actix_web::test]
async fn an_unknown_attendee_is_not_found(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (room, other) = (service.room_of("ada").await, service.room_of("ada").await);
    let foreign = service.invite("ada", &other, "bob", "member").await.id();
    for attendee in [Uuid::new_v4().to_string(), "x".to_owned(), foreign.clone()] {
        let path = format!("{}/{attendee}", attendees_path(&room));
        service.send("ada", "DELETE", &path).await.expect_detail(404, "Not found.");
    }
    assert_eq!(service.send("ada", "GET", &attendees_path(&other)).await.json()["count"], 2);
    for (id, detail) in [
        (Uuid::new_v4().to_string(), "No Room matches the given query."),
        ("kqz-tbwm-ofe".to_owned(), "Not found."),
    ] {
        let path = format!("{ROOMS}/{id}/attendees");
        service.send("ada", "GET", &path).await.expect_detail(404, detail);
        service.send_json("ada", "POST", &path, json!({"email": "a@b.co"})).await.expect_detail(404, detail);
        service.send("ada", "DELETE", &format!("{path}/{foreign}")).await.expect_detail(404, detail);
    }
}

async fn attendee_of(service: &Service, room: &Answer, name: &str) -> String {
    let list = service.send("ada", "GET", &attendees_path(room)).await.expect(200).json();
    let email = format!("{name}@agency.example");
    let found =
        list["results"].as_array().unwrap().iter().find(|attendee| attendee["email"] == email.as_str());
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

/// An administrator neither demotes nor removes an owner, the last one or not; the role it has already is no change.
#[rstest]
#[actix_web::test]
async fn only_an_owner_touches_an_owner(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("member", "owner")] zoe_is: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let path = attendees_path(&room);
    service.invite("ada", &room, "bob", "administrator").await;
    service.invite("ada", &room, "zoe", zoe_is).await;
    let before = service.send("ada", "GET", &path).await.expect(200).body;
    let ada = attendee_of(&service, &room, "ada").await;
    service.send("bob", "DELETE", &format!("{path}/{ada}")).await.expect_detail(403, FORBIDDEN);
    for role in ["member", "administrator"] {
        let body = json!({"email": "Ada@agency.example", "role": role});
        service.send_json("bob", "POST", &path, body).await.expect_detail(403, FORBIDDEN);
    }
    for body in
        [json!({"email": "ada@agency.example"}), json!({"email": "ada@agency.example", "role": "owner"})]
    {
        let same = service.send_json("bob", "POST", &path, body).await;
        let row = format!(r#"{{"id":"{ada}","email":"ada@agency.example","role":"owner"}}"#);
        same.expect_body(200, &row);
    }
    service.send("ada", "GET", &path).await.expect_body(200, &before);
}

/// An owner demotes and removes another one.
#[rstest]
#[actix_web::test]
async fn an_owner_demotes_and_removes_another(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let path = attendees_path(&room);
    let bob = service.invite("ada", &room, "bob", "owner").await;
    let zoe = service.invite("bob", &room, "zoe", "owner").await.id();
    let body = json!({"email": "bob@agency.example", "role": "member"});
    service
        .send_json("ada", "POST", &path, body)
        .await
        .expect_body(200, &bob.body.replace("owner", "member"));
    service.send("ada", "DELETE", &format!("{path}/{zoe}")).await.expect(204);
    assert_eq!(service.send("ada", "GET", &path).await.json()["count"], 2);
}

/// §12.1: the last owner cannot be removed or demoted, not even by that owner.
#[rstest]
#[actix_web::test]
async fn the_last_owner_stays(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let path = attendees_path(&room);
    service.invite("ada", &room, "bob", "administrator").await;
    let ada = attendee_of(&service, &room, "ada").await;
    let removed = service.send("ada", "DELETE", &format!("{path}/{ada}")).await;
    removed.expect_detail(403, "A resource should keep at least one owner.");
    let body = json!({"email": "ada@agency.example", "role": "member"});
    let demoted = service.send_json("ada", "POST", &path, body).await;
    demoted.expect_detail(403, "A resource should keep at least one owner.");
    // With a second owner, the first may go.
    service
        .send_json("ada", "POST", &path, json!({"email": "bob@agency.example", "role": "owner"}))
        .await
        .expect(200);
    service.send("ada", "DELETE", &format!("{path}/{ada}")).await.expect(204);
    service.send("ada", "GET", &path).await.expect_detail(403, FORBIDDEN);
}

/// A creator whose token names no e-mail is listed without one, last.
#[rstest]
#[actix_web::test]
async fn an_owner_without_an_email_is_listed_last(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let mut claims = crate::support::application_token("ada", crate::support::ALL, service.clock.now());
    claims.as_object_mut().unwrap().remove("email");
    let token = service.sign(&claims);
    let room = service.send_with(&token, "POST", ROOMS).await.expect(201);
    let request = service.request_with(&token, "POST", &attendees_path(&room));
    request.json(&json!({"email": "zoe@e.co"})).send().await.unwrap();
    let list = service.send_with(&token, "GET", &attendees_path(&room)).await.expect(200).json();
    let emails: Vec<_> = list["results"].as_array().unwrap().iter().map(|one| one["email"].clone()).collect();
    assert_eq!(emails, [json!("zoe@e.co"), Value::Null]);
}
