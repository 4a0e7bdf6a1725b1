//! What an integrator does with the Meet external API, from the first token to the last room.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::stack::{Stack, Topology};

/// A room's whole life through an application's token, in the form of paths that the client likes.
#[rstest]
#[tokio::test]
async fn an_application_keeps_rooms_for_a_person(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let granted = stack.application(&stack.declared.booking, &stack.declared.ada.email).await.expect(200);
    assert_eq!(granted.json()["token_type"], "Bearer");
    assert_eq!(granted.json()["expires_in"], 3600);
    assert_eq!(granted.json()["scope"], "rooms:list rooms:create rooms:retrieve rooms:update rooms:delete");
    let token = granted.access_token();

    for slash in ["", "/"] {
        let rooms = format!("/rooms{slash}");
        let room = stack.send(stack.request(&token, Method::POST, &rooms).json(&json!({}))).await.expect(201);
        let (id, path) = (room.text_of("id"), format!("/rooms/{}{slash}", room.text_of("id")));
        assert_eq!(room.json()["access_level"], "trusted");

        let page = stack.call(&token, Method::GET, &rooms).await.expect(200).json();
        assert_eq!((&page["count"], &page["results"][0]["id"]), (&json!(1), &json!(id)), "{page}");
        assert_eq!(stack.call(&token, Method::GET, &path).await.expect(200).json(), room.json());

        let change = stack.request(&token, Method::PATCH, &path).json(&json!({"access_level": "restricted"}));
        assert_eq!(stack.send(change).await.expect(200).json()["access_level"], "restricted");
        assert_eq!(
            stack.call(&token, Method::GET, &path).await.expect(200).json()["access_level"],
            "restricted"
        );

        attendees(&stack, &token, &format!("/rooms/{id}/attendees"), slash).await;

        stack.call(&token, Method::DELETE, &path).await.expect(204);
        stack.call(&token, Method::GET, &path).await.expect_detail(404, "No Room matches the given query.");
    }
}

async fn attendees(stack: &Stack, token: &str, path: &str, slash: &str) {
    let all = format!("{path}{slash}");
    let invite = stack.request(token, Method::POST, &all);
    let bob = stack.send(invite.json(&json!({"email": stack.declared.bob.email}))).await.expect(201);
    assert_eq!(
        (bob.text_of("email"), bob.text_of("role")),
        (stack.declared.bob.email.clone(), "member".into())
    );
    let again = stack.request(token, Method::POST, &all);
    let changed = json!({"email": stack.declared.bob.email, "role": "administrator"});
    assert_eq!(stack.send(again.json(&changed)).await.expect(200).text_of("id"), bob.text_of("id"));
    let page = stack.call(token, Method::GET, &all).await.expect(200).json();
    assert_eq!(page["count"], 2, "{page}");
    let one = format!("{path}/{}{slash}", bob.text_of("id"));
    stack.call(token, Method::DELETE, &one).await.expect(204);
    stack.call(token, Method::DELETE, &one).await.expect_detail(404, "Not found.");
}

/// Tokens say who acts for whom: another application sees the same person's rooms, another person does not.
#[rstest]
#[tokio::test]
async fn a_token_reaches_as_far_as_its_person_and_its_scopes(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let declared = &stack.declared;
    let token = stack.application_token(&declared.booking, &declared.ada).await;
    let room = stack.call(&token, Method::POST, "/rooms").await.expect(201).text_of("id");
    let path = format!("/rooms/{room}");

    let same_person = stack.application_token(&declared.kiosk, &declared.ada).await;
    stack.call(&same_person, Method::GET, &path).await.expect(200);
    let stranger = stack.application_token(&declared.kiosk, &declared.bob).await;
    assert_eq!(stack.call(&stranger, Method::GET, "/rooms").await.expect(200).json()["count"], 0);
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        stack.call(&stranger, method, &path).await.expect(403);
    }

    let looker = stack.application_token(&declared.board, &declared.ada).await;
    assert_eq!(stack.call(&looker, Method::GET, "/rooms").await.expect(200).json()["count"], 1);
    for (method, path, scope) in [
        (Method::POST, "/rooms", "rooms:create"),
        (Method::GET, &path, "rooms:retrieve"),
        (Method::PATCH, &path, "rooms:update"),
        (Method::DELETE, &path, "rooms:delete"),
    ] {
        let refused = format!("Insufficient permissions. Required scope: {scope}");
        stack.call(&looker, method, path).await.expect_detail(403, &refused);
    }
    stack.call(&token, Method::GET, &path).await.expect(200);
}

/// What is wrong with the credentials or the person is said in the dialect's own words.
#[rstest]
#[tokio::test]
async fn a_token_is_refused_in_the_words_of_the_dialect(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (booking, ada) = (&stack.declared.booking, &stack.declared.ada);
    let wrong = crate::stack::Credentials { secret: stack.declared.kiosk.secret.clone(), ..booking.clone() };
    stack.application(&wrong, &ada.email).await.expect_detail(401, "Invalid credentials");
    let nobody = crate::stack::Credentials { id: "nobody".to_owned(), ..booking.clone() };
    stack.application(&nobody, &ada.email).await.expect_detail(401, "Invalid credentials");
    stack.application(booking, "carol@agency.example").await.expect_detail(404, "User not found.");
    let foreign = stack.application(booking, "ada@elsewhere.example").await;
    foreign.expect_error(403, "This application is not authorized for this email domain.");
    let malformed = stack.application(booking, "ada").await;
    malformed.expect_error(400, "Scope should be a valid email address.");
    for (token, detail) in [("x", "Invalid token."), ("a b", "Invalid token header.")] {
        stack.call(token, Method::GET, "/rooms").await.expect_detail(401, detail);
    }
    let anonymous = stack.send(stack.http.get(stack.rooms_url("/rooms"))).await;
    anonymous.expect_detail(401, "Authentication credentials were not provided.");
    assert_eq!(anonymous.headers["www-authenticate"], "Bearer");
}
