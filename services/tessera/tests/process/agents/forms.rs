//! contracts/rdv-sign-in.md §4.2 and §4.3: where the three values may come from, on every service.

use reqwest::{Method, RequestBuilder};
use rstest::rstest;
use serde_json::{Value, json};

use super::expect_nobody;
use crate::stack::{Stack, Topology, Triple, absence};

/// Each place alone, and all of them together: header, query, body and `Authorization` are one credential.
#[rstest]
#[tokio::test]
async fn a_triple_is_known_wherever_it_stands(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let triple = stack.agent_sign_in(&stack.declared.ada).await;
    let [token, client, uid] = triple.pairs();
    let scattered = |request: RequestBuilder| {
        request.header(uid.0, uid.1).query(&[client]).header("Authorization", triple.authorization())
    };
    for url in [
        stack.agents_url("/auth/validate_token"),
        stack.agents_url("/agents"),
        stack.agents_url("/absences.json"),
        stack.rooms_url("/rooms"),
    ] {
        let request = || stack.http.get(&url);
        for request in [
            triple.on(request()),
            request().query(&triple.pairs()),
            request().header("Authorization", triple.authorization()),
            request().header(token.0, token.1).query(&[client, uid]),
            scattered(request()),
        ] {
            stack.send(request).await.expect(200);
        }
    }
}

/// In the body of what writes: beside the parameters, in JSON and in a form.
#[rstest]
#[tokio::test]
async fn a_triple_in_a_body_is_known(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Stack::start(topology).await;
    let (ada, bob) = (&stack.declared.ada, &stack.declared.bob);
    let triple = stack.agent_sign_in(ada).await;
    let post = || stack.http.post(stack.agents_url("/absences"));
    let made = stack.send(post().json(&with(&triple, absence(bob, "Congé")))).await.expect(200);
    assert_eq!(Triple::of(&made), Some(triple.clone()), "{made:?}");
    let Value::Object(form) = with(&triple, absence(bob, "Congé")) else { panic!("an object") };
    let made = stack.send(post().form(&form)).await.expect(200);
    let delete = stack.agents_url(&format!("/absences/{}", made.json()["absence"]["id"]));
    stack.send(stack.http.delete(delete).json(&with(&triple, json!({})))).await.expect(204);
    let room = stack.http.post(stack.rooms_url("/rooms"));
    let room = stack.send(room.json(&with(&triple, json!({ "access_level": "restricted" })))).await;
    assert_eq!(room.expect(201).text_of("access_level"), "restricted");
    let out = stack.http.delete(stack.agents_url("/auth/sign_out")).json(&with(&triple, json!({})));
    stack.send(out).await.expect(200);
}

/// Nobody gets in with what belongs to two agents, is another's, is cut, or is spelt otherwise.
#[rstest]
#[tokio::test]
async fn what_does_not_belong_together_opens_nothing(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ada = stack.agent_sign_in(&stack.declared.ada).await;
    let bob = stack.agent_sign_in(&stack.declared.bob).await;
    let wrong = [
        Triple { uid: bob.uid.clone(), ..ada.clone() },
        Triple { client: bob.client.clone(), ..ada.clone() },
        Triple { access_token: bob.access_token.clone(), ..ada.clone() },
        Triple { uid: ada.uid.to_uppercase(), ..ada.clone() },
        Triple { client: "default".to_owned(), ..ada.clone() },
        Triple { access_token: ada.access_token[1..].to_owned(), ..ada.clone() },
        Triple { access_token: String::new(), ..ada.clone() },
    ];
    for triple in &wrong {
        stack.as_agent(triple, Method::GET, "/auth/validate_token").await.expect(401);
        stack.as_agent(triple, Method::DELETE, "/auth/sign_out").await.expect(404);
        for path in ["/agents", "/organisations", "/absences", "/absences/1"] {
            expect_nobody(&stack.as_agent(triple, Method::GET, path).await);
        }
        stack.rooms_as_agent(triple).await.expect(401);
    }
    // An empty value counts, and hides the good one behind it.
    let hidden = stack.http.get(stack.agents_url("/agents")).header("access-token", "");
    expect_nobody(&stack.send(hidden.query(&ada.pairs())).await);
    let broken: [&[u8]; 6] = [b"Bearer =", b"Bearer W10=", b"Bearer e30=", b"Basic YTpi", b"Bearer", b"\xe9"];
    for broken in broken {
        let request = stack.http.get(stack.agents_url("/absences")).header("Authorization", broken);
        expect_nobody(&stack.send(request).await);
    }
    // None of this was held against the owners.
    for triple in [&ada, &bob] {
        stack.as_agent(triple, Method::GET, "/absences").await.expect(200);
        stack.rooms_as_agent(triple).await.expect(200);
    }
}

/// These members and the three values.
fn with(triple: &Triple, mut members: Value) -> Value {
    for (name, value) in triple.pairs() {
        members[name] = value.into();
    }
    members
}
