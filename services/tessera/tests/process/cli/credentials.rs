//! `tessera user app-password` and `tessera user token`

use rstest::rstest;
use serde_json::{Value, json};

use super::{NOT_FOUND, REFUSED, both, line, refused};
use crate::stack::{Plan, Stack, Topology};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list";

fn listed(stack: &Stack) -> Vec<Value> {
    both(stack, &["user", "app-password", "list", "ada"]).1.as_array().unwrap().clone()
}

/// Threat 26: a program signs in with what it was given, and not any longer once that is revoked; what it holds ends at once
/// in every process. Other programs and the person go on.
#[rstest]
#[tokio::test]
async fn threat_26_an_app_password_signs_in_until_it_is_revoked(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ((sync, program), (phone, other)) =
        (stack.app_password("ada", "sync"), stack.app_password("ada", "phone"));
    let session = stack.sign_in(&program, SCOPE).await.expect(200).access_token();
    stack.settles(&session, 200).await;
    let left = [&other, &stack.declared.ada];
    let mut sessions = Vec::new();
    for person in left {
        sessions.push(stack.sign_in(person, SCOPE).await.expect(200).access_token());
    }
    // An app password opens no session of a dialect that asks for the password.
    stack.try_agent_sign_in(&program.email, &program.password).await.expect(401);

    let revoked = stack.tessera(&["user", "app-password", "revoke", "ada@agency.example", &sync]).expect(0);
    assert_eq!(line(&revoked, "name"), "sync");
    stack.sign_in(&program, SCOPE).await.expect_error(400, "invalid_grant");
    assert!(!stack.is_active(&session).await);
    stack.settles(&session, 401).await;
    for (session, person) in sessions.iter().zip(left) {
        stack.settles(session, 200).await;
        stack.sign_in(person, SCOPE).await.expect(200);
    }
    let names: Vec<_> =
        listed(&stack).iter().map(|listed| (listed["id"].clone(), listed["name"].clone())).collect();
    assert_eq!(names, [(json!(phone), json!("phone"))]);
}

/// The secret is in the answer that makes it, and in no other.
#[rstest]
fn app_passwords_are_made_and_listed(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    assert_eq!(listed(&stack), Vec::<Value>::new());
    let human = stack.tessera(&["user", "app-password", "create", "ada", "--name", "Sync tool"]).expect(0);
    let secret = line(&human, "app_password").split_whitespace().next().unwrap().to_owned();
    assert_eq!(secret.split('-').map(str::len).collect::<Vec<_>>(), [5; 5]);
    let (id, program) = stack.app_password("ada", "Sync tool");
    let (text, list) = both(&stack, &["user", "app-password", "list", "ada"]);
    assert_eq!((list.as_array().unwrap().len(), text.lines().count()), (2, 3));
    assert_eq!(
        (&list[1]["id"], &list[1]["login"], &list[1]["name"]),
        (&json!(id), &json!("ada"), &json!("Sync tool"))
    );
    assert!(list[0]["last_used_at"].is_null() && list[0].get("app_password").is_none(), "{list}");
    assert!(![&secret, &program.password].into_iter().any(|secret| text.contains(secret)), "{text}");
    let (text, audit) = both(&stack, &["audit", "list", "--action", "app_password.create"]);
    assert_eq!(audit.as_array().unwrap().len(), 2, "{text}");
}

/// The token of the bases API: made by a sign-in, shown to nobody who does not ask for it, the same until it is revoked.
#[rstest]
#[tokio::test]
async fn an_account_token_is_shown_on_request_and_revoked(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let show = ["user", "token", "show", "ada"];
    let (_, none) = both(&stack, &show);
    assert_eq!((&none["exists"], &none["session_id"]), (&json!(false), &json!(null)));
    refused(&stack, &["user", "token", "revoke", "ada"], NOT_FOUND, &["ada has no account token"]);
    let token = new_token(&stack).await;
    assert_eq!(new_token(&stack).await, token);
    let (text, shown) = both(&stack, &show);
    assert_eq!(shown["exists"], true);
    assert!(!text.contains(&token) && !shown.to_string().contains(&token), "{text}{shown}");
    let revealed = stack.tessera(&[&show[..], &["--reveal"]].concat()).expect(0);
    assert_eq!(line(&revealed, "account_token"), token);
    // From here on nobody writes it anywhere.
    stack.watch.note(&token);
    stack.account_info(&token).await.expect(200);

    stack.tessera(&["user", "token", "revoke", "ada"]).expect(0);
    stack.account_info(&token).await.expect_detail(401, "Invalid token");
    let next = new_token(&stack).await;
    assert_ne!(next, token);
    stack.account_info(&next).await.expect(200);
    for (action, count) in
        [("account_token.reveal", 1), ("account_token.revoke", 1), ("account_token.create", 2)]
    {
        let (text, audit) = both(&stack, &["audit", "list", "--action", action]);
        assert_eq!(audit.as_array().unwrap().len(), count, "{text}");
    }
}

/// Signs ada in; from her token on it may be shown.
async fn new_token(stack: &Stack) -> String {
    stack.try_seatable_sign_in(&stack.declared.ada).await.expect(200).text_of("token")
}

#[rstest]
fn what_cannot_be_done_to_credentials_has_its_exit_status(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    for command in [
        &["app-password", "create", "carol", "--name", "sync"][..],
        &["app-password", "list", "carol"],
        &["app-password", "revoke", "carol", "x"],
        &["token", "show", "carol"],
        &["token", "show", "carol", "--reveal"],
        &["token", "revoke", "carol"],
    ] {
        refused(&stack, &[&["user"], command].concat(), NOT_FOUND, &["there is no account carol"]);
    }
    let create = ["user", "app-password", "create", "ada", "--name"];
    for name in ["", " ", "two\nlines"] {
        refused(&stack, &[&create[..], &[name]].concat(), REFUSED, &["name"]);
    }
    stack.tessera(&["user", "app-password", "create", "ada"]).expect(2);
    let (id, _) = stack.app_password("ada", "sync");
    // Somebody else's is none of bob's.
    refused(&stack, &["user", "app-password", "revoke", "bob", &id], NOT_FOUND, &["bob has no app password"]);
    refused(
        &stack,
        &["user", "app-password", "revoke", "ada", "x"],
        NOT_FOUND,
        &["ada has no app password x"],
    );
    assert_eq!(listed(&stack).len(), 1);
}
