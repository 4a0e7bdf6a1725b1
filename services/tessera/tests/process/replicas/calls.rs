//! What the clients of each service ask for, and what must be there of what they were told.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::load::{Call, Record};
use crate::stack::{Answer, Credentials, DESK_APPLICATION, Facing, MEET, Stack, Triple, absence};

/// The names of the requests that make something.
pub(super) const ROOM: &str = "make a room";
pub(super) const ABSENCE: &str = "make an absence";
pub(super) const BASE: &str = "make a base";
pub(super) const GROUP: &str = "make a group";

/// Requests to every service, with every kind of credential, through the fronts or to the processes of one side.
pub(super) async fn everything(stack: &Stack) -> Vec<Call> {
    let mut calls = issuing(stack).await;
    calls.extend(serving(stack).await);
    calls
}

/// Requests to the auth server.
async fn issuing(stack: &Stack) -> Vec<Call> {
    let declared = &stack.declared;
    let Credentials { id, secret } = declared.integration.clone();
    let token_url = stack.auth_url("/oauth/token");
    let own = Call::new("a client's token", 200, move |http| {
        http.post(&token_url).basic_auth(&id, Some(&secret)).form(&[("grant_type", "client_credentials")])
    });
    let booking = declared.booking.clone();
    let (url, email) = (stack.auth_url(&format!("{MEET}/application/token")), declared.ada.email.clone());
    let application = Call::new("an application's token", 200, move |http| {
        http.post(&url).form(&[
            ("client_id", booking.id.as_str()),
            ("client_secret", &booking.secret),
            ("grant_type", "client_credentials"),
            ("scope", &email),
        ])
    });
    let token = stack.sign_in(&declared.ada, "lasuite_visio").await.expect(200).access_token();
    let Credentials { id, secret } = declared.gateway.clone();
    let url = stack.auth_url("/oauth/introspect");
    let introspect = Call::new("introspection", 200, move |http| {
        http.post(&url).basic_auth(&id, Some(&secret)).form(&[("token", &token)])
    });
    let (triple, url) = (stack.agent_sign_in(&declared.bob).await, stack.agents_url("/auth/validate_token"));
    let validate = Call::new("a session's state", 200, move |http| triple.on(http.get(&url)));
    vec![own, application, introspect, validate]
}

/// Requests to the services.
async fn serving(stack: &Stack) -> Vec<Call> {
    let declared = &stack.declared;
    let triple = stack.agent_sign_in(&declared.ada).await;
    let token = stack.application_token(&declared.booking, &declared.ada).await;
    let crm = stack.client_token(&declared.crm).await;
    let account = stack.account_token(&declared.ada).await;
    let base = stack.make_base(&account, &format!("Stock {}", uuid::Uuid::new_v4().simple())).await;
    let script = stack.api_token(&account, &base, "stock-sync", "rw").await;
    let mut calls: Vec<_> = rooms(stack, token, triple.clone()).into();
    calls.extend(agenda(stack, triple));
    let url = stack.applications_url(DESK_APPLICATION);
    calls.push(Call::new("an application", 200, move |http| http.get(&url).bearer_auth(&crm)));
    calls.extend(bases(stack, &account, &script));
    calls.extend(provisioning(stack));
    calls
}

fn rooms(stack: &Stack, token: String, triple: Triple) -> [Call; 3] {
    let (url, again) = (stack.rooms_url("/rooms?page_size=5"), token.clone());
    let list = Call::new("rooms", 200, move |http| http.get(&url).bearer_auth(&again));
    let url = stack.rooms_url("/rooms");
    let make = Call::making(
        ROOM,
        201,
        |answer, _| answer.text_of("id"),
        move |http, _| http.post(&url).bearer_auth(&token).json(&json!({ "access_level": "restricted" })),
    );
    let url = stack.rooms_url("/rooms?page_size=5");
    [list, make, Call::new("rooms of an agent", 200, move |http| triple.on(http.get(&url)))]
}

fn agenda(stack: &Stack, triple: Triple) -> [Call; 2] {
    let (url, again) = (stack.agents_url("/organisations"), triple.clone());
    let list = Call::new("organisations", 200, move |http| again.on(http.get(&url)));
    let (url, ada) = (stack.agents_url("/absences"), stack.declared.ada.clone());
    let id = |answer: &Answer, _: &str| answer.json()["absence"]["id"].to_string();
    let make = Call::making(ABSENCE, 200, id, move |http, name| {
        triple.on(http.post(&url).json(&absence(&ada, name)))
    });
    [list, make]
}

fn bases(stack: &Stack, account: &str, script: &str) -> [Call; 3] {
    let bearer = |token: &str| format!("Token {token}");
    let (url, mine, scripts) = (stack.bases_url("/groups/"), bearer(account), bearer(script));
    let list =
        Call::new("groups of a person", 200, move |http| http.get(&url).header("Authorization", &mine));
    let url = stack.bases_url("/dtable/app-access-token/");
    let exchange =
        Call::new("a script's token", 200, move |http| http.get(&url).header("Authorization", &scripts));
    let (url, mine) = (stack.bases_url("/dtables/"), bearer(account));
    let make = Call::making(
        BASE,
        201,
        |_, name| name.to_owned(),
        move |http, name| http.post(&url).header("Authorization", &mine).form(&[("name", name)]),
    );
    [list, exchange, make]
}

fn provisioning(stack: &Stack) -> [Call; 2] {
    let (ada, root) = (stack.declared.ada.clone(), stack.declared.root.clone());
    let (url, group) = (stack.ocs_url("/cloud/user?format=json"), stack.ocs_url("/cloud/groups?format=json"));
    let oneself = Call::new("oneself", 200, move |http| {
        http.get(&url).header("OCS-APIRequest", "true").basic_auth(ada.login, Some(&ada.password))
    });
    let make = Call::making(
        GROUP,
        200,
        |_, name| name.to_owned(),
        move |http, name| {
            let request = http.post(&group).header("OCS-APIRequest", "true");
            request.basic_auth(root.login, Some(&root.password)).json(&json!({ "groupid": name }))
        },
    );
    [oneself, make]
}

/// Asserts that everything that was acknowledged is there.
pub(super) async fn nothing_is_lost(stack: &mut Stack, record: &Record) {
    stack.face(Facing::Front);
    for (call, found) in [
        (ROOM, found_rooms(stack).await),
        (ABSENCE, found_absences(stack).await),
        (BASE, found_bases(stack).await),
        (GROUP, found_groups(stack).await),
    ] {
        let made = record.made.get(call).map_or(&[][..], Vec::as_slice);
        let lost: Vec<_> = made.iter().filter(|id| !found.contains(*id)).collect();
        assert!(!made.is_empty(), "{call}: nothing was made");
        assert!(lost.is_empty(), "{call}: {} of {} are lost: {lost:?}", lost.len(), made.len());
        println!("{call}: {} acknowledged, all of them there", made.len());
    }
}

async fn found_rooms(stack: &Stack) -> BTreeSet<String> {
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    let mut found = BTreeSet::new();
    let mut url = Some(stack.rooms_url("/rooms?page_size=100"));
    while let Some(next) = url {
        let page = stack.send(stack.http.get(next).bearer_auth(&token)).await.expect(200).json();
        let rooms = page["results"].as_array().unwrap();
        found.extend(rooms.iter().map(|room| room["id"].as_str().unwrap().to_owned()));
        url = page["next"].as_str().map(str::to_owned);
    }
    found
}

async fn found_absences(stack: &Stack) -> BTreeSet<String> {
    let triple = stack.agent_sign_in(&stack.declared.ada).await;
    let mut found = BTreeSet::new();
    let mut page = Some(1);
    while let Some(number) = page {
        let path = format!("/absences?page={number}");
        let list = stack.as_agent(&triple, Method::GET, &path).await.expect(200).json();
        found.extend(list["absences"].as_array().unwrap().iter().map(|absence| absence["id"].to_string()));
        page = list["meta"]["next_page"].as_i64();
    }
    found
}

async fn found_bases(stack: &Stack) -> BTreeSet<String> {
    let account = stack.account_token(&stack.declared.ada).await;
    let mut found = BTreeSet::new();
    names(&stack.bases_get(&account, "/workspaces/").await.expect(200).json(), &mut found);
    found
}

/// Every `name` in a document.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        Value::Object(members) => {
            found.extend(members.get("name").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| names(member, found));
        }
        _ => {}
    }
}

async fn found_groups(stack: &Stack) -> BTreeSet<String> {
    let found = stack.as_root(Method::GET, "/cloud/groups?search=load-", &json!({})).await;
    serde_json::from_value(found["groups"].clone()).unwrap()
}
