//! §12.1: an attendee needs no account yet; the row becomes the account's at its first call.

use rstest::rstest;
use serde_json::json;

use crate::support::{
    ALL, Answer, Backend, ROOMS, Service, account_id, application_token, attendees_path, room_path,
};

/// A token of somebody whose account has this e-mail.
fn token_with_email(service: &Service, name: &str, email: &str) -> String {
    let mut claims = application_token(name, ALL, service.clock.now());
    claims["email"] = email.into();
    service.sign(&claims)
}

/// The first call of any kind takes the role over.
#[rstest]
#[case::list("GET", "", 200)]
#[case::retrieve("GET", "/{id}", 200)]
#[case::attendees("GET", "/{id}/attendees", 200)]
#[case::create("POST", "", 201)]
#[case::change("PATCH", "/{id}", 200)]
#[actix_web::test]
async fn the_first_call_takes_the_role_over(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] method: &str,
    #[case] path: &str,
    #[case] status: u16,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let invited = service.invite("ada", &room, "bob", "administrator").await;
    let path = format!("{ROOMS}{}", path.replace("{id}", &room.id()));
    service.send("bob", method, &path).await.expect(status);
    // From now on the role is the account's, whatever its e-mail becomes.
    let token = token_with_email(&service, "bob", "robert@agency.example");
    service.send_with(&token, "GET", &room_path(&room)).await.expect(200);
    let list = service.send("ada", "GET", &attendees_path(&room)).await.json();
    assert_eq!((&list["count"], &list["results"][1]), (&json!(2), &invited.json()));
}

/// The e-mail is compared without regard to case, and only the whole e-mail.
#[rstest]
#[actix_web::test]
async fn the_email_is_compared_as_a_whole_and_in_any_case(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    service.invite("ada", &room, "bob", "member").await;
    for email in
        ["ob@agency.example", "bob@agency.example.org", "bob_@agency.example", "%@agency.example", ""]
    {
        let token = token_with_email(&service, "eve", email);
        service.send_with(&token, "GET", &room_path(&room)).await.expect(403);
    }
    let token = token_with_email(&service, "bob", "BOB@Agency.Example");
    service.send_with(&token, "GET", &room_path(&room)).await.expect(200);
}

/// Whoever comes first with the e-mail has the role; a second account with the same e-mail has not.
#[rstest]
#[actix_web::test]
async fn a_role_is_taken_over_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    service.invite("ada", &room, "bob", "member").await;
    service.send("bob", "GET", &room_path(&room)).await.expect(200);
    let second = token_with_email(&service, "eve", "bob@agency.example");
    service.send_with(&second, "GET", &room_path(&room)).await.expect(403);
}

async fn attendees(service: &Service, room: &Answer) -> Vec<(String, String)> {
    let list = service.send("ada", "GET", &attendees_path(room)).await.expect(200).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    list["results"].as_array().unwrap().iter().map(|one| (text(&one["email"]), text(&one["role"]))).collect()
}

/// An account that holds a role already keeps one row, with the higher role.
#[rstest]
#[case::promoted("member", "administrator", "administrator")]
#[case::kept("administrator", "member", "administrator")]
#[case::equal("member", "member", "member")]
#[case::made_owner("member", "owner", "owner")]
#[actix_web::test]
async fn of_two_roles_the_higher_remains(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] held: &str,
    #[case] waiting: &str,
    #[case] remaining: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    service.invite("ada", &room, "bob", held).await;
    service.send("bob", "GET", &room_path(&room)).await.expect(200);
    service.invite("ada", &room, "robert", waiting).await;
    let token = token_with_email(&service, "bob", "robert@agency.example");
    service.send_with(&token, "GET", &room_path(&room)).await.expect(200);
    let rows = attendees(&service, &room).await;
    assert_eq!(
        rows,
        [
            ("ada@agency.example".to_owned(), "owner".to_owned()),
            ("bob@agency.example".to_owned(), remaining.to_owned()),
        ]
    );
}

/// An address that waits in very many rooms is taken over completely.
#[rstest]
#[actix_web::test]
async fn hundreds_of_waiting_rows_are_all_taken_over(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for _ in 0..205 {
        let room = service.room_of("ada").await;
        service.invite("ada", &room, "bob", "member").await;
    }
    assert_eq!(service.send("bob", "GET", ROOMS).await.expect(200).json()["count"], 205);
    let token = token_with_email(&service, "bob", "robert@agency.example");
    assert_eq!(service.send_with(&token, "GET", ROOMS).await.json()["count"], 205);
}

/// First calls in parallel leave one row, and each of them sees the room.
#[rstest]
#[actix_web::test]
async fn parallel_first_calls_leave_one_row(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for _ in 0..5 {
        let room = service.room_of("ada").await;
        service.invite("ada", &room, "bob", "member").await;
        let token = service.token("bob");
        let path = room_path(&room);
        let calls = (0..16).map(|_| service.send_with(&token, "GET", &path));
        for answer in futures_util::future::join_all(calls).await {
            answer.expect(200);
        }
        assert_eq!(attendees(&service, &room).await.len(), 2, "{}", account_id("bob"));
    }
}
