//! `tessera role`, and the places that `tessera user create` gives

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{NOT_FOUND, both, refused};
use crate::stack::{Person, Plan, Stack, Topology, new_secret};

/// What is granted counts at the agent's next call, and so does what is taken away.
#[rstest]
#[tokio::test]
async fn a_role_decides_what_an_agent_sees(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let carol = Person { login: "carol", email: "carol@agency.example".to_owned(), password: new_secret() };
    stack.watch.note_pair(&carol.email, &carol.password);
    stack.tessera(&["service", "create", "--id", "nursery", "--name", "PMI"]).expect(0);
    let create = ["user", "create", "--login", "carol", "--email", &carol.email, "--password", "--json"];
    let create = [&create[..], &["--service", "nursery"]].concat();
    let made = stack.tessera_reading(&create, &carol.password).expect(0).json();
    assert_eq!(made["services"], json!(["nursery"]), "{made}");
    let triple = stack.agent_sign_in(&carol).await;
    let sees = async || -> Vec<Value> {
        let agents = stack.as_agent(&triple, Method::GET, "/agents").await.expect(200).json();
        agents["agents"].as_array().unwrap().iter().map(|agent| agent["email"].clone()).collect()
    };
    assert_eq!(sees().await, [""; 0]);

    let place = ["carol", "--organization", "agency"];
    let grant = |role| stack.tessera(&[&["role", "grant"], &place[..], &["--role", role]].concat()).expect(0);
    grant("basic");
    assert_eq!(sees().await, ["carol@agency.example"]);
    grant("admin");
    assert_eq!(sees().await.len(), 4);
    // An organisation keeps an administrator.
    let weaker = [&["role", "grant"], &place[..], &["--role", "basic"]].concat();
    for arguments in [&weaker, &[&["role", "revoke"], &place[..]].concat()] {
        refused(&stack, arguments, super::REFUSED, &["agency", "administrator"]);
    }
    assert_eq!(sees().await.len(), 4);
    let other = ["role", "grant", "bob", "--organization", "agency", "--role", "GLOBAL_ADMIN"];
    stack.tessera(&other).expect(0);
    grant("intervenant");
    assert_eq!(sees().await, [""; 0]);
    let shown = grant("SUPERVISOR").stdout;
    assert!(shown.contains("agency (SUPERVISOR)"), "{shown}");
    assert_eq!(sees().await, ["carol@agency.example"]);
    stack.tessera(&[&["role", "revoke"], &place[..]].concat()).expect(0);
    assert_eq!(sees().await, [""; 0]);
    stack.as_agent(&triple, Method::GET, "/auth/validate_token").await.expect(200);

    stack.tessera(&["territory", "create", "--id", "t1", "--name", "Drôme"]).expect(0);
    stack.tessera(&["org", "update", "agency", "--territory", "t1"]).expect(0);
    let grant = stack.tessera(&["role", "grant", &carol.email, "--territory", "t1", "--json"]).expect(0);
    assert_eq!(grant.json()["territories"], json!(["t1"]));
    let declared = &stack.declared;
    assert_eq!(
        sees().await,
        [&declared.ada, &declared.bob, &declared.root].map(|person| json!(person.email))
    );
    stack.tessera(&["role", "revoke", &carol.email, "--territory", "t1"]).expect(0);
    assert_eq!(sees().await, [""; 0]);
}

#[rstest]
fn an_account_is_made_with_its_places(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    stack.tessera(&["service", "create", "--id", "nursery", "--name", "PMI"]).expect(0);
    stack.tessera(&["territory", "create", "--id", "t1", "--name", "Drôme"]).expect(0);
    let create = ["user", "create", "--login", "carol", "--territory", "t1", "--service", "nursery"];
    let made = stack.tessera(&[&create[..], &["--service", "counter"]].concat()).expect(0);
    assert_eq!(super::line(&made, "services"), "nursery counter");
    assert_eq!(super::line(&made, "territories"), "t1");
    let nowhere = ["user", "create", "--login", "dan", "--service", "nowhere"];
    refused(&stack, &nowhere, super::REFUSED, &["services[0]"]);
    let nowhere = ["user", "create", "--login", "dan", "--territory", "nowhere"];
    refused(&stack, &nowhere, super::REFUSED, &["territories[0]"]);
}

#[rstest]
fn what_cannot_be_granted_has_its_exit_status(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    let before = stack.tessera(&["user", "list", "--json"]).expect(0).json();
    for (arguments, status, words) in [
        (&["grant", "carol", "--organization", "agency", "--role", "admin"][..], NOT_FOUND, &["carol"][..]),
        (&["grant", "ada", "--organization", "x", "--role", "admin"], NOT_FOUND, &["organization"]),
        (&["grant", "ada", "--territory", "x"], NOT_FOUND, &["territory"]),
        (&["revoke", "ada", "--organization", "x"], NOT_FOUND, &["role"]),
        (&["revoke", "ada", "--territory", "x"], NOT_FOUND, &["role"]),
        (&["grant", "ada", "--organization", "agency", "--role", "KING"], 2, &["--role", "KING"]),
    ] {
        refused(&stack, &[&["role"], arguments].concat(), status, words);
    }
    for arguments in [
        &["grant", "ada", "--organization", "agency"][..],
        &["grant", "ada", "--role", "admin"],
        &["grant", "ada", "--territory", "t", "--role", "admin"],
        &["grant", "ada", "--organization", "agency", "--territory", "t", "--role", "admin"],
        &["revoke", "ada"],
    ] {
        assert_eq!(stack.tessera(&[&["role"], arguments].concat()).status, 2, "{arguments:?}");
    }
    assert_eq!(both(&stack, &["user", "list"]).1, before);
}

/// Changes at the same time: of the last two administrators one stays, and nothing that was granted is lost.
#[rstest]
fn roles_change_at_the_same_time(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    let at_once = |commands: [Vec<String>; 2]| {
        let mut statuses = std::thread::scope(|scope| {
            let run = |command: &Vec<String>| {
                let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
                stack.tessera(&arguments).status
            };
            let [first, second] = commands.each_ref().map(|command| scope.spawn(move || run(command)));
            [first.join().unwrap(), second.join().unwrap()]
        });
        statuses.sort_unstable();
        statuses
    };
    let words = |text: String| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for round in 0..3 {
        let place = |who: &str, role| words(format!("role grant {who} --organization agency --role {role}"));
        for who in ["ada", "bob"] {
            let arguments = place(who, "admin");
            stack.tessera(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
        }
        assert_eq!(at_once([place("ada", "basic"), place("bob", "basic")]), [0, super::REFUSED]);
        let territories = [0, 1].map(|half| format!("t{round}{half}"));
        for id in &territories {
            stack.tessera(&["territory", "create", "--id", id, "--name", id]).expect(0);
        }
        let granted = territories.map(|id| words(format!("role grant ada --territory {id}")));
        assert_eq!(at_once(granted), [0, 0]);
    }
    let shown = stack.tessera(&["role", "grant", "ada", "--territory", "t00", "--json"]).expect(0).json();
    assert_eq!(shown["territories"].as_array().unwrap().len(), 6, "{shown}");
}
