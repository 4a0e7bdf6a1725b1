//! A little of everything, in every dialect: what leaves a mark in metrics and logs.

use reqwest::Method;

use crate::applications::switched;
use crate::stack::{DESK_APPLICATION, Stack, absence, new_secret};

/// Walks through all of it. Every secret that comes up is one that the stack watches for.
pub(super) async fn everywhere(stack: &Stack) {
    agent(stack).await;
    integrator(stack).await;
    contact_centre(stack).await;
    bases(stack).await;
    administrator(stack).await;
    operator(stack);
    for path in ["/nowhere", "/ocs/v2.php/nowhere", "/api/v1/nowhere", "/api/v2.1/nowhere/", "/oauth/nowhere"]
    {
        stack.send(stack.http.get(stack.auth_url(path))).await;
    }
}

/// Signs in, works with absences and rooms, fails to sign in, changes the password and signs out.
async fn agent(stack: &Stack) {
    let ada = &stack.declared.ada;
    let triple = stack.agent_sign_in(ada).await;
    stack.rooms_as_agent(&triple).await.expect(200);
    stack.send(stack.new_absence(&triple, ada, "Day off")).await.expect(200);
    let title = absence(ada, "Day off")["title"].clone();
    let listed = stack.as_agent(&triple, Method::GET, "/absences").await.expect(200).json();
    assert_eq!(listed["absences"][0]["title"], title);
    let wrong = new_secret();
    stack.watch.note_pair(&ada.email, &wrong);
    stack.try_agent_sign_in(&ada.email, &wrong).await.expect(401);
    stack.as_agent(&triple, Method::DELETE, "/auth/sign_out").await.expect(200);
    stack.as_agent(&triple, Method::GET, "/auth/validate_token").await.expect(401);
}

/// An application with a person's token, and a back end that keeps a person's session.
async fn integrator(stack: &Stack) {
    let declared = &stack.declared;
    let token = stack.application_token(&declared.booking, &declared.ada).await;
    let room = stack.call(&token, Method::POST, "/rooms").await.expect(201).text_of("id");
    stack.call(&token, Method::GET, &format!("/rooms/{room}")).await.expect(200);
    let session = stack
        .sign_in(&declared.bob, "lasuite_visio lasuite_visio:rooms:list offline_access")
        .await
        .expect(200);
    let form = [("grant_type", "refresh_token"), ("refresh_token", &session.refresh_token())];
    let renewed = stack.oauth("/oauth/token", &declared.gateway, &form).await.expect(200);
    let form = [("token", renewed.access_token())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    stack.oauth("/oauth/introspect", &declared.gateway, &form).await.expect(200);
    stack.oauth("/oauth/revoke", &declared.gateway, &form).await.expect(200);
    let mut wrong = declared.gateway.clone();
    wrong.secret = new_secret();
    stack.watch.note_pair(&wrong.id, &wrong.secret);
    stack.oauth("/oauth/token", &wrong, &[("grant_type", "client_credentials")]).await.expect(401);
}

/// An application that is disabled for a moment, and a sign-in through it.
async fn contact_centre(stack: &Stack) {
    let crm = stack.client_token(&stack.declared.crm).await;
    stack.put_application(&crm, DESK_APPLICATION, &switched(true)).await.expect(204);
    stack.own_token(&stack.declared.desk).await.expect(400);
    stack.put_application(&crm, DESK_APPLICATION, &switched(false)).await.expect(204);
    stack.desk_sign_in(&stack.declared.ada).await.expect(200);
    stack.call_application(&crm, Method::GET, DESK_APPLICATION).await.expect(200);
}

/// A base, and what opens it.
async fn bases(stack: &Stack) {
    let token = stack.account_token(&stack.declared.ada).await;
    stack.account_info(&token).await.expect(200);
    let base = stack.make_base(&token, "Stock").await;
    let api_token = stack.api_token(&token, &base, "sync", "rw").await;
    stack.watch.note(&api_token);
    stack.exchange_api_token(&api_token).await.expect(200);
    let link = stack.external_link(&token, &base).await;
    stack.exchange_link(&link).await.expect(200);
    let group = stack.crew(&token).await;
    stack.make_group_base(&token, group, "Shared").await;
}

/// Somebody comes and goes.
async fn administrator(stack: &Stack) {
    let newcomer = stack.newcomer("carla");
    stack.hire(&newcomer).await;
    stack.ocs_self(&newcomer).await.expect(200);
    let (_, program) = stack.app_password("ada", "walk");
    stack.ocs_self(&program).await.expect(200);
    stack.as_root(Method::DELETE, "/cloud/users/carla", &serde_json::Value::Null).await;
}

fn operator(stack: &Stack) {
    for command in [
        &["keys", "rotate"][..],
        &["client", "rotate-secret", "kiosk", "--json"],
        &["audit", "list", "--json"],
        &["user", "list", "--json"],
    ] {
        stack.tessera(command).expect(0);
    }
}
