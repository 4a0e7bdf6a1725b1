//! Provisioning: accounts that are made over OCS are the platform's, in every dialect, and end in every dialect.

mod apps;
mod crash;
mod ending;

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::stack::{Stack, Topology};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";

/// Somebody is hired, and known wherever people sign in.
#[rstest]
#[tokio::test]
async fn whoever_is_made_here_signs_in_everywhere(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let carla = stack.newcomer("carla");
    stack.hire(&carla).await;
    let oneself = stack.ocs_self(&carla).await.expect(200).json()["ocs"]["data"].clone();
    assert_eq!(
        [&oneself["id"], &oneself["email"], &oneself["displayname"], &oneself["groups"]],
        [&json!("carla"), &json!(carla.email), &json!("carla of the crew"), &json!(["crew"])]
    );
    // SeaTable, with what the group owns.
    let account = stack.account_token(&carla).await;
    let ada = stack.account_token(&stack.declared.ada).await;
    let crew = stack.crew(&account).await;
    let base = stack.make_group_base(&ada, crew, "Plan").await;
    stack.bases_get(&account, &base.path("access-token/")).await.expect(200);
    // A back end that has the password, and one that has the address.
    let session = stack.sign_in(&carla, SCOPE).await.expect(200);
    stack.call(&session.access_token(), Method::GET, "/rooms").await.expect(200);
    let session = stack.refresh(&session.refresh_token()).await.expect(200);
    stack.call(&session.access_token(), Method::GET, "/rooms").await.expect(200);
    let delegated = stack.application_token(&stack.declared.booking, &carla).await;
    stack.call(&delegated, Method::POST, "/rooms").await.expect(201);
    assert_eq!(stack.call(&delegated, Method::GET, "/rooms").await.expect(200).json()["count"], 1);
    // Whoever belongs to no organisation may be an agent; contracts/rdv-sign-in.md §11.4.
    let triple = stack.agent_sign_in(&carla).await;
    assert_eq!(stack.rooms_as_agent(&triple).await.expect(200).json()["count"], 1);
}

/// The group `admin` makes an administrator at the next token, and ends one.
#[rstest]
#[tokio::test]
async fn the_group_admin_gives_the_role(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Stack::start(topology).await;
    let carla = stack.newcomer("carla");
    stack.hire(&carla).await;
    let roles = async || {
        let token = stack.sign_in(&carla, SCOPE).await.expect(200).access_token();
        let answer = stack.oauth("/oauth/introspect", &stack.declared.gateway, &[("token", &token)]).await;
        answer.expect(200).json()["roles"].to_string()
    };
    let lists = async || {
        let list = stack.ocs_request(&carla, Method::GET, "/cloud/users");
        stack.send(list).await.status
    };
    assert!(!roles().await.contains("GLOBAL_ADMIN"));
    assert_eq!(lists().await, 403);
    let admin = json!({ "groupid": "admin" });
    stack.as_root(Method::POST, "/cloud/users/carla/groups", &admin).await;
    assert!(roles().await.contains("GLOBAL_ADMIN"), "{}", roles().await);
    assert_eq!(lists().await, 200);
    stack.as_root(Method::DELETE, "/cloud/users/carla/groups", &admin).await;
    assert!(!roles().await.contains("GLOBAL_ADMIN"));
    assert_eq!(lists().await, 403);
}
