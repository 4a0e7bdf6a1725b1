//! `tessera client`

use std::time::Instant;

use rstest::rstest;
use serde_json::json;

use super::{NOT_FOUND, REFUSED, both, line, refused};
use crate::stack::{Credentials, Plan, Stack, Topology, settled};

const CREATE: &[&str] = &[
    "client",
    "create",
    "--name",
    "Desk",
    "--grant",
    "client_credentials",
    "--scope",
    "rooms:list",
    "--scope",
    "rooms:create",
    "--default-scope",
    "rooms:list",
    "--audience",
    "rooms",
    "--organization",
    "agency",
    "--role",
    "CLIENT_SERVICE",
    "--permission",
    "desk:view",
];

/// The secret stands in the answer that makes it, works, and is never seen again.
#[rstest]
#[tokio::test]
async fn a_new_clients_secret_is_shown_once_and_works(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let human = stack.tessera(&[CREATE, &["--id", "counter"]].concat()).expect(0);
    let (secret, note) = line(&human, "client_secret").split_once("   ").unwrap();
    assert_eq!(note, "(shown only now)");
    stack.watch.note(secret);
    let json = stack.tessera(&[CREATE, &["--id", "counter-2", "--json"]].concat()).expect(0).json();
    let other = json["client_secret"].as_str().unwrap();
    assert_eq!((&json["client_id"], &json["enabled"]), (&json!("counter-2"), &json!(true)));
    for (id, secret) in [("counter", secret), ("counter-2", other)] {
        let client = Credentials { id: id.to_owned(), secret: secret.to_owned() };
        let form = [("grant_type", "client_credentials")];
        let granted = stack.oauth("/oauth/token", &client, &form).await.expect(200).json();
        assert_eq!(
            (&granted["scope"], &granted["organization_id"]),
            (&json!("rooms:list"), &json!("agency"))
        );
    }
    // Every command's output is searched for the secrets that are known so far.
    for arguments in
        [&["client", "list"][..], &["client", "show", "counter"], &["client", "disable", "counter"]]
    {
        both(&stack, arguments);
    }
    // An id that nobody chose, and a client that keeps no secret.
    let unnamed = stack.tessera(&[CREATE, &["--json"]].concat()).expect(0).json();
    assert!(unnamed["client_id"].as_str().unwrap().len() >= 16, "{unnamed}");
    let public =
        stack.tessera(&["client", "create", "--name", "App", "--kind", "public", "--json"]).expect(0);
    assert_eq!(public.json().get("client_secret"), None);
}

/// While a secret is replaced, both work; the old one goes when it is told to.
#[rstest]
#[tokio::test]
async fn a_secret_is_rotated_without_an_outage(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let old = stack.declared.booking.clone();
    let rotated = stack.tessera(&["client", "rotate-secret", "booking", "--json"]).expect(0).json();
    let new = Credentials { secret: rotated["client_secret"].as_str().unwrap().to_owned(), ..old.clone() };
    let email = &stack.declared.ada.email;
    for client in [&old, &new, &old] {
        stack.application(client, email).await.expect(200);
    }
    let human = stack.tessera(&["client", "rotate-secret", "booking", "--keep-old", "0s"]).expect(0);
    let start = Instant::now();
    let (secret, _) = line(&human, "client_secret").split_once("   ").unwrap();
    stack.watch.note(secret);
    let newest = Credentials { secret: secret.to_owned(), ..old.clone() };
    stack.application(&newest, email).await.expect(200);
    for client in [&old, &new] {
        settled("an old secret", start, 401, || stack.application(client, email)).await;
    }
    stack.application(&newest, email).await.expect(200);
}

/// The client that a service needs, made the way the operations page says: it follows the feed, and exchanges what agents
/// present.
#[tokio::test]
async fn a_service_works_with_a_client_of_the_command_line() {
    let mut stack = Plan::new(Topology::Separate).start().await;
    let create = "client create --id rooms-2 --name Rooms --grant client_credentials --grant token_exchange \
                  --scope internal:revocations --scope lasuite_visio --scope rooms:list \
                  --default-scope lasuite_visio --default-scope rooms:list --audience auth-server --audience rooms --json";
    let made = stack.tessera(&create.split_whitespace().collect::<Vec<_>>());
    let secret = made.expect(0).json()["client_secret"].as_str().unwrap().to_owned();
    assert!(stack.rooms().terminate().success());
    let file = stack.home().join("rooms-2.secret");
    std::fs::write(&file, secret).unwrap();
    stack.rooms().set("TESSERA_AUTHORITY__CLIENT_ID", "rooms-2");
    stack.rooms().set("TESSERA_AUTHORITY__CLIENT_SECRET_FILE", file.display().to_string());
    stack.rooms().start().await;
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    stack.settles(&token, 200).await;
    let triple = stack.agent_sign_in(&stack.declared.ada).await;
    stack.rooms_as_agent(&triple).await.expect(200);
    let refused = stack.send(triple.on(stack.http.post(stack.rooms_url("/rooms")))).await;
    refused.expect_detail(403, "Insufficient permissions. Required scope: rooms:create");
}

const NEWEST_FIRST: [&str; 12] = [
    "rooms-service",
    "provisioning-service",
    "kiosk",
    "integration",
    "gateway",
    "desk",
    "crm",
    "booking",
    "board",
    "base-token-service",
    "applications-service",
    "agenda-service",
];

#[rstest]
fn clients_are_listed_and_shown(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    let (text, list) = both(&stack, &["client", "list"]);
    let ids: Vec<_> = list.as_array().unwrap().iter().map(|client| client["client_id"].clone()).collect();
    assert_eq!(ids, NEWEST_FIRST);
    let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(lines, [&["client_id"], &NEWEST_FIRST[..]].concat());
    let (text, board) = both(&stack, &["client", "show", "board"]);
    assert_eq!(
        board,
        json!({
            "client_id": "board", "kind": "application", "name": "board", "enabled": true,
            "scopes": "rooms:list", "default_scopes": "", "grants": ["client_credentials"], "audiences": [],
            "domains": ["agency.example"], "organization_id": null, "application_id": null, "roles": [], "permissions": [],
        })
    );
    for words in ["client_id", "board", "application", "agency.example", "enabled"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[rstest]
fn what_cannot_be_done_to_clients_has_its_exit_status(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    for command in ["show", "disable", "enable", "rotate-secret"] {
        refused(&stack, &["client", command, "nobody"], NOT_FOUND, &["there is no client nobody"]);
    }
    refused(&stack, &[CREATE, &["--id", "board"]].concat(), REFUSED, &["this client id is taken"]);
    let strange = |flag: &'static str, value: &'static str| [CREATE, &[flag, value]].concat();
    refused(&stack, &strange("--grant", "password"), 2, &["--grant", "password"]);
    refused(&stack, &strange("--role", "KING"), 2, &["--role", "KING"]);
    refused(&stack, &strange("--scope", "a\"b"), 2, &["--scope"]);
    refused(&stack, &strange("--id", "a b"), 2, &["--id"]);
    refused(&stack, &strange("--domain", "not a domain"), REFUSED, &["domains"]);
    refused(&stack, &strange("--default-scope", "rooms:delete"), REFUSED, &["default_scopes"]);
    // Nothing of all that was kept.
    assert_eq!(both(&stack, &["client", "list"]).1.as_array().unwrap().len(), NEWEST_FIRST.len());
    for arguments in [
        &["client"][..],
        &["client", "show"],
        &["client", "create"],
        &["client", "rotate-secret", "board", "--keep-old", "soon"],
    ] {
        stack.tessera(arguments).expect(2);
    }
}
