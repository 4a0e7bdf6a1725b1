//! Least privilege: every service works with just what its database role is granted in k8s/components/database-roles.
//! What agenda and provisioning may read and write besides is in their own suites, which run with their roles.

use reqwest::Method;
use serde_json::json;

use crate::applications::switched;
use crate::stack::{DESK_APPLICATION, Person, Plan, Stack, Topology, grants, run};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";

/// A walk through every dialect, with writes in each database.
#[tokio::test]
async fn every_service_works_with_the_rights_of_its_role() {
    let mut stack = Stack::start_with_roles().await;
    let ada = stack.declared.ada.clone();
    let carla = stack.newcomer("carla");
    accounts(&stack, &carla).await;
    sessions(&stack, &carla).await;
    absences(&stack, &ada).await;
    rooms(&stack, &ada).await;
    bases(&stack, &ada).await;
    let crm = stack.client_token(&stack.declared.crm).await;
    stack.put_application(&crm, DESK_APPLICATION, &switched(true)).await.expect(204);
    stack.put_application(&crm, DESK_APPLICATION, &switched(false)).await.expect(204);
    commands(&stack);
    stack.as_root(Method::DELETE, "/cloud/users/carla", &json!({})).await;
    for unit in stack.units() {
        let name = unit.name();
        let output = unit.running().output();
        let denied: Vec<_> = output.lines().filter(|line| line.contains("permission denied")).collect();
        assert!(denied.is_empty(), "{name} lacks a right: {denied:#?}");
    }
}

/// Over OCS: made, changed, given another password, disabled and enabled.
async fn accounts(stack: &Stack, carla: &Person) {
    stack.hire(carla).await;
    let path = "/cloud/users/carla";
    for (key, value) in [("displayname", "Carla Élan"), ("quota", "1 GB"), ("password", &carla.password)] {
        stack.as_root(Method::PUT, path, &json!({ "key": key, "value": value })).await;
    }
    stack.as_root(Method::POST, "/cloud/groups", &json!({ "groupid": "watch" })).await;
    stack.as_root(Method::POST, &format!("{path}/groups"), &json!({ "groupid": "watch" })).await;
    stack.as_root(Method::PUT, &format!("{path}/disable"), &json!({})).await;
    stack.as_root(Method::PUT, &format!("{path}/enable"), &json!({})).await;
    stack.ocs_self(carla).await.expect(200);
}

/// Signed in, refreshed, revoked.
async fn sessions(stack: &Stack, carla: &Person) {
    let session = stack.sign_in(carla, SCOPE).await.expect(200);
    let session = stack.refresh(&session.refresh_token()).await.expect(200);
    let token = session.access_token();
    // Rooms may have yet to hear that the account was enabled.
    stack.settles(&token, 200).await;
    stack.oauth("/oauth/revoke", &stack.declared.gateway, &[("token", &token)]).await.expect(200);
}

/// Signed in as an agent, with an absence, and out again.
async fn absences(stack: &Stack, ada: &Person) {
    let triple = stack.agent_sign_in(ada).await;
    stack.send(stack.new_absence(&triple, ada, "Away")).await.expect(200);
    stack.as_agent(&triple, Method::GET, "/absences").await.expect(200);
    stack.as_agent(&triple, Method::DELETE, "/auth/sign_out").await.expect(200);
}

async fn rooms(stack: &Stack, ada: &Person) {
    let token = stack.application_token(&stack.declared.booking, ada).await;
    let room = stack.call(&token, Method::POST, "/rooms").await.expect(201).text_of("id");
    let path = format!("/rooms/{room}");
    stack
        .send(stack.request(&token, Method::PATCH, &path).json(&json!({ "name": "Quiet" })))
        .await
        .expect(200);
    stack.call(&token, Method::DELETE, &path).await.expect(204);
}

async fn bases(stack: &Stack, ada: &Person) {
    let token = stack.account_token(ada).await;
    let base = stack.make_base(&token, "Stock").await;
    let api_token = stack.api_token(&token, &base, "sync", "rw").await;
    stack.exchange_api_token(&api_token).await.expect(200);
    let link = stack.external_link(&token, &base).await;
    stack.exchange_link(&link).await.expect(200);
}

/// What operators do beside the running services.
fn commands(stack: &Stack) {
    stack.apply_declared();
    for arguments in [
        &["client", "list"][..],
        &["user", "list"],
        &["user", "disable", "carla"],
        &["user", "enable", "carla"],
        &["application", "list"],
        &["base", "list"],
        &["keys", "rotate"],
        &["audit", "list"],
        &["migrate"],
    ] {
        stack.tessera(arguments).expect(0);
    }
}

/// Grants are renewed with every migration; without one of the files nothing is touched, and SQLite has no roles.
#[test]
fn grants_are_renewed_with_the_migrations() {
    let stack = Plan::new(Topology::Separate).idle();
    let as_owner = |arguments: &[&str]| run("tessera", arguments, &stack.owner(), "");
    let nowhere = tempfile::tempdir().unwrap();
    as_owner(&["migrate", "--grants", nowhere.path().to_str().unwrap()])
        .expect_sentence(2, &["--grants", "identity.sql"]);
    stack.make_roles();
    for _ in 0..2 {
        let done = as_owner(&["migrate", "--grants", &grants(), "--json"]).expect(0).json();
        assert!(done.as_array().unwrap().iter().all(|database| database["granted"] == true), "{done}");
    }
    assert_eq!(
        as_owner(&["migrate", "--grants", &grants()]).expect(0).stdout.matches("grants renewed").count(),
        4
    );
    // A right that nobody has written down is taken back.
    let extra = "GRANT SELECT ON signing_keys TO tessera_agenda";
    stack.identity_sql(extra);
    assert!(stack.may_select("tessera_agenda", "signing_keys"));
    as_owner(&["migrate", "--grants", &grants()]).expect(0);
    assert!(!stack.may_select("tessera_agenda", "signing_keys"));
    let embedded = Plan::new(Topology::Single).idle();
    embedded.tessera(&["migrate", "--grants", &grants()]).expect_sentence(2, &["--grants", "PostgreSQL"]);
}

/// What each role is not to see or change, however its process is taken over.
#[test]
fn roles_are_refused_what_they_do_not_need() {
    let stack = Plan::new(Topology::Separate).idle();
    stack.make_roles();
    run("tessera", &["migrate", "--grants", &grants()], &stack.owner(), "").expect(0);
    for table in ["account_passwords", "client_secrets", "signing_keys", "account_otps", "refresh_families"] {
        for role in ["tessera_agenda", "tessera_provisioning"] {
            assert!(!stack.may_select(role, table), "{role} may read {table}");
        }
    }
    for role in ["tessera_agenda", "tessera_provisioning", "tessera_auth_server"] {
        for right in ["UPDATE", "TRUNCATE", "TRIGGER"] {
            assert!(!stack.may(role, "audit_events", right), "{role} may {right} the audit trail");
        }
        assert!(!stack.may(role, "tessera_migrations", "INSERT"), "{role} may feign a migration");
    }
    for role in ["tessera_agenda", "tessera_provisioning"] {
        for right in ["SELECT", "DELETE"] {
            assert!(!stack.may(role, "audit_events", right), "{role} may {right} the audit trail");
        }
    }
}
