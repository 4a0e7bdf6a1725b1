//! `tessera user`

use rstest::rstest;
use serde_json::json;

use super::{NOT_FOUND, REFUSED, both, refused};
use crate::stack::{Person, Plan, Stack, Topology, new_secret};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";

/// A person is made with a password from a pipe, signs in, and gets another password, which ends what the old one opened.
#[rstest]
#[tokio::test]
async fn a_piped_password_signs_in_and_a_new_one_ends_old_sessions(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let carol = person(&stack);
    let create = [
        "user",
        "create",
        "--login",
        "carol",
        "--email",
        "Carol@agency.example",
        "--given-name",
        "Carol",
        "--family-name",
        "Reyes",
        "--organization",
        "agency",
        "--organization-role",
        "AGENT",
        "--role",
        "AGENT",
        "--password",
        "--json",
    ];
    let made = stack.tessera_reading(&create, &format!("{}\n", carol.password)).expect(0).json();
    assert_eq!((&made["login"], &made["name"]), (&json!("carol"), &json!("Carol Reyes")), "{made}");
    assert_eq!(made["organizations"], json!([{ "id": "agency", "role": "AGENT" }]), "{made}");
    let session = stack.sign_in(&carol, SCOPE).await.expect(200);
    stack.settles(&session.access_token(), 200).await;

    let changed = Person { password: person(&stack).password, ..carol.clone() };
    let set = stack.tessera_reading(&["user", "set-password", "carol@AGENCY.example"], &changed.password);
    set.expect(0);
    stack.sign_in(&carol, SCOPE).await.expect_error(400, "invalid_grant");
    assert!(!stack.is_active(&session.access_token()).await);
    stack.refresh(&session.refresh_token()).await.expect_error(400, "invalid_grant");
    stack.settles(&session.access_token(), 401).await.expect_detail(401, "Invalid token.");
    // What is issued in the second of the change cannot be told from what came before it.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let session = stack.sign_in(&changed, SCOPE).await.expect(200);
    stack.settles(&session.access_token(), 200).await;
    stack.refresh(&session.refresh_token()).await.expect(200);
}

#[rstest]
fn accounts_are_listed_and_found_by_every_name(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    let (text, list) = both(&stack, &["user", "list"]);
    let logins: Vec<_> = list.as_array().unwrap().iter().map(|user| user["login"].clone()).collect();
    assert_eq!(logins, ["ada", "bob", "root"]);
    assert!(text.lines().count() == 4 && text.contains("ada@agency.example"), "{text}");
    let id = list[0]["id"].as_str().unwrap();
    for (name, state) in
        [(id, false), ("ada@agency.example", true), ("ADA@Agency.Example", false), ("ada", true)]
    {
        let command = if state { "enable" } else { "disable" };
        let (text, user) = both(&stack, &["user", command, name]);
        assert_eq!((&user["id"], &user["enabled"]), (&json!(id), &json!(state)));
        assert!(text.contains(if state { "enabled" } else { "disabled" }), "{text}");
    }
}

#[rstest]
fn what_cannot_be_done_to_accounts_has_its_exit_status(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    for command in ["disable", "enable", "set-password"] {
        refused(&stack, &["user", command, "carol"], NOT_FOUND, &["there is no account carol"]);
    }
    refused(&stack, &["user", "create", "--login", "ADA"], REFUSED, &["login", "taken"]);
    let taken = ["user", "create", "--login", "carol", "--email", "Ada@Agency.example"];
    refused(&stack, &taken, REFUSED, &["this e-mail address is taken"]);
    refused(&stack, &["user", "create", "--login", "carol", "--email", "carol"], REFUSED, &["email"]);
    refused(&stack, &["user", "create", "--login", "carol", "--role", "KING"], 2, &["--role", "KING"]);
    let nowhere = ["user", "create", "--login", "carol", "--organization", "nowhere"];
    refused(&stack, &nowhere, REFUSED, &["there is no such organization"]);
    // No password, or none worth the name: the account that asks for one is not made, the one there is keeps its own.
    for input in ["", "\n"] {
        let create = stack.tessera_reading(&["user", "create", "--login", "carol", "--password"], input);
        create.expect_sentence(2, &["no password was given"]);
        stack.tessera_reading(&["user", "set-password", "ada"], input).expect_sentence(2, &["no password"]);
    }
    assert_eq!(both(&stack, &["user", "list"]).1.as_array().unwrap().len(), 3);
}

/// Somebody with a password that nobody has seen before.
fn person(stack: &Stack) -> Person {
    let person = Person { login: "carol", email: "carol@agency.example".to_owned(), password: new_secret() };
    stack.watch.note_pair(person.login, &person.password);
    person
}
