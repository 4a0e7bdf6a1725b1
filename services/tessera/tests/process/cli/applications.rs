//! `tessera application`, and clients of an organisation

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{NOT_FOUND, REFUSED, both, refused};
use crate::stack::{Credentials, DESK_APPLICATION, Plan, Stack, Topology};

const SET: [&str; 3] = ["application", "set", "desk-app"];

fn set(stack: &Stack, flags: &[&str]) -> Value {
    both(stack, &[&SET[..], flags].concat()).1
}

/// What callers of the API cannot set, and what they see of it.
#[rstest]
#[tokio::test]
async fn an_application_is_set_field_by_field(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let token = stack.client_token(&stack.declared.crm).await;
    let seen =
        async || stack.call_application(&token, Method::GET, DESK_APPLICATION).await.expect(200).json();
    let untouched = seen().await;
    let end = "2035-01-01T02:00:00.5+02:00";
    set(&stack, &["--hidden", "--expires-at", end, "--anonymous-registration", "on"]);
    let after = seen().await;
    let fields = ["visible", "expiresAt", "anonymousRegistrationEnabled"].map(|name| after[name].clone());
    assert_eq!(json!(fields), json!([false, "2035-01-01T00:00:00.500Z", true]));
    assert_eq!((&after["version"], &after["config"]), (&untouched["version"], &untouched["config"]));
    let list = stack.call_application(&token, Method::GET, "").await.expect(200).json();
    assert_eq!(list["totalElements"], 0, "hidden from whoever is no administrator");
    set(&stack, &["--visible", "--expires-at", "never", "--anonymous-registration", "off"]);
    assert_eq!(seen().await, untouched);
    // A switch is a change that whoever has read the application before has to know of.
    let shown = set(&stack, &["--disable"]);
    assert_eq!((&shown["disabled"], &shown["version"]), (&json!(true), &json!(1)));
    set(&stack, &["--enable"]);
    assert_eq!(seen().await["version"], 2);
}

/// Authentication through an application that expires, is disabled or deleted ends at once, whatever process says so.
#[rstest]
#[tokio::test]
async fn the_command_line_stops_authentication(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let session = stack.desk_sign_in(&stack.declared.ada).await.expect(200).refresh_token();
    for (off, on, told) in [
        (&["--disable"][..], &["--enable"][..], "Application is disabled"),
        (&["--expires-at", "2020-01-01T00:00:00Z"], &["--expires-at", "never"], "Application is expired"),
    ] {
        set(&stack, off);
        let own = stack.own_token(&stack.declared.desk).await.expect(400);
        let refresh = stack.refresh_at_desk(&session).await.expect(400);
        for answer in [own, refresh] {
            assert_eq!(
                (answer.text_of("error").as_str(), answer.text_of("error_description").as_str()),
                ("invalid_grant", told)
            );
        }
        set(&stack, on);
        stack.own_token(&stack.declared.desk).await.expect(200);
    }
    let session = stack.refresh_at_desk(&session).await.expect(200).refresh_token();
    let text = stack.tessera(&["application", "delete", "desk-app"]).expect(0).stdout;
    assert!(text.contains("desk-app"), "{text}");
    let gone = stack.refresh_at_desk(&session).await.expect(400);
    assert_eq!(gone.text_of("error_description"), "Application not found");
    let unknown = stack.own_token(&stack.declared.desk).await.expect(400);
    assert_eq!(unknown.text_of("error_description"), "Bad credentials");
    // One of the same id is not the old one.
    stack
        .tessera(&["application", "create", "--id", "desk-app", "--organization", "agency", "--type", "TEST"])
        .expect(0);
    stack.own_token(&stack.declared.desk).await.expect(200);
    assert_eq!(
        stack.refresh_at_desk(&session).await.expect(400).text_of("error_description"),
        "Application not found"
    );
}

/// Of a configuration the entries are named, and their values shown to nobody.
#[rstest]
fn applications_are_created_listed_and_shown(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    let file = stack.home().join("config.json");
    std::fs::write(&file, r#"{"issuer": "https://login.example", "serviceParameters": {"a": [1.50]}}"#)
        .unwrap();
    let create = ["application", "create", "--organization", "agency", "--type", "STANDALONE_OPENID"];
    let more = ["--id", "portal", "--disable", "--hidden", "--app-config", file.to_str().unwrap(), "--json"];
    let made = stack.tessera(&[&create[..], &more].concat()).expect(0).json();
    assert_eq!(
        (&made["disabled"], &made["visible"], &made["version"]),
        (&json!(true), &json!(false), &json!(0))
    );
    let (text, shown) = both(&stack, &["application", "show", "portal"]);
    assert_eq!(shown, made);
    assert_eq!(shown["config_entries"], json!(["issuer", "serviceParameters"]));
    assert!(text.contains("STANDALONE_OPENID") && !text.contains("login.example"), "{text}");
    let generated = stack.tessera(&[&create[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(generated["id"].as_str().unwrap().len(), 36);
    let (text, list) = both(&stack, &["application", "list"]);
    assert_eq!((list.as_array().unwrap().len(), text.lines().count()), (3, 4));
    let none = both(&stack, &["application", "list", "--organization", "elsewhere"]).1;
    assert_eq!(none, json!([]));
}

#[rstest]
fn what_cannot_be_done_to_applications_has_its_exit_status(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    for id in ["nothing", "organizations", "a b"] {
        for command in [&["show", id][..], &["delete", id]] {
            refused(&stack, &[&["application"], command].concat(), NOT_FOUND, &["there is no application"]);
        }
    }
    refused(&stack, &["application", "set", "nothing", "--disable"], NOT_FOUND, &["not found"]);
    refused(&stack, &SET, 2, &["nothing to set"]);
    let create = |organization: &'static str, kind: &'static str, more: &[&'static str]| {
        [&["application", "create", "--organization", organization, "--type", kind], more].concat()
    };
    refused(&stack, &create("agency", "TEST", &["--id", "desk-app"]), REFUSED, &["already exists"]);
    refused(&stack, &create("nowhere", "TEST", &[]), REFUSED, &["there is no organization nowhere"]);
    refused(&stack, &create("agency", "GENESYS", &[]), REFUSED, &["config.organizationId is required"]);
    refused(&stack, &create("agency", "test", &[]), 2, &["--type", "SETUP_TEST"]);
    refused(&stack, &create("agency", "TEST", &["--id", "a/b"]), 2, &["--id"]);
    refused(&stack, &create("agency", "TEST", &["--app-config", "/nowhere"]), 2, &["/nowhere"]);
    let ran = stack.tessera_reading(&create("agency", "TEST", &["--app-config", "-"]), "[1]");
    ran.expect_sentence(2, &["--app-config", "not a JSON object"]);
    for flags in [&["--visible", "--hidden"][..], &["--disable", "--enable"], &["--expires-at", "soon"]] {
        stack.tessera(&[&SET[..], flags].concat()).expect(2);
    }
    assert_eq!(both(&stack, &["application", "list"]).1.as_array().unwrap().len(), 1);
}

/// Whoever changes applications without the directory at hand would leave the auth server in the dark.
#[test]
fn the_directory_has_to_be_within_reach() {
    let home = tempfile::tempdir().unwrap();
    let variables = [
        ("TESSERA_DATA_DIR", home.path().join("data").display().to_string()),
        ("TESSERA_APPLICATIONS__DATABASE__URL", "postgres://tessera@127.0.0.1:1/tessera".to_owned()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let ran = crate::stack::run("tessera", &["application", "set", "a", "--disable"], &variables, "");
    ran.expect_sentence(2, &["identity.database.url", "applications.database.url"]);
}

/// Nothing but its organisation need be said for a client to work with the organisation's applications.
#[rstest]
#[tokio::test]
async fn a_client_of_an_organisation_may_work_with_its_applications(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let create = ["client", "create", "--name", "CRM", "--organization", "agency", "--json"];
    let new = |more: &[&str]| {
        let made = stack.tessera(&[&create[..], more].concat()).expect(0).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (Credentials { id: text("client_id"), secret: text("client_secret") }, made)
    };
    let (client, made) = new(&["--role", "AGENT", "--permission", "integrations:integration:edit"]);
    assert_eq!(made["roles"], json!(["CLIENT_SERVICE", "AGENT"]));
    let token = stack.client_token(&client).await;
    let seen = stack.call_application(&token, Method::GET, DESK_APPLICATION).await.expect(200).json();
    let sections = ["serviceParameters", "agentParameters", "customerParameters"];
    let seen = sections.map(|section| !seen["config"][section].is_null());
    assert_eq!(seen, [true, true, false], "the union of its roles");

    let (bound, made) = new(&["--application", "desk-app"]);
    assert_eq!(made["application_id"], "desk-app");
    stack.own_token(&bound).await.expect(200);
    set(&stack, &["--disable"]);
    stack.own_token(&bound).await.expect_error(400, "invalid_grant");
    stack.own_token(&client).await.expect(200);
    let (_, service) = new(&["--role", "SERVICE"]);
    assert_eq!(service["roles"], json!(["SERVICE"]));
}
