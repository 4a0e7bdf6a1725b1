//! An administrator's path over OCS: a group, a person with a sub-administrator's rights, what the person says of
//! themselves, disabling, apps and their configuration; in JSON, and once in XML.

use anyhow::bail;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::walk::{Answer, Walk};

/// The administrator of the demo directory, as in deploy/bootstrap.demo.yaml, and a person to be made.
const ADMIN: (&str, &str) = ("admin", "demo-admin-password");
const PERSON: (&str, &str) = ("jonas", "correct-Horse-9-staple");

const CLOUD: &str = "ocs/v2.php/cloud";
const CONFIG: &str = "ocs/v2.php/apps/provisioning_api/api/v1/config/apps";

/// A group and a person, from the beginning to the end.
pub(crate) async fn walk(walk: &mut Walk) -> anyhow::Result<()> {
    group_and_person(walk).await?;
    sub_admin(walk).await?;
    person(walk).await?;
    apps(walk).await?;
    let gone = call(walk, "The person's account goes", (Method::DELETE, "users/jonas"), &[]).await?;
    walk.expect(&gone.body["ocs"]["data"], &json!([]))?;
    call(walk, "And the group", (Method::DELETE, "groups/atelier"), &[]).await?;
    Ok(())
}

async fn group_and_person(walk: &mut Walk) -> anyhow::Result<()> {
    let body = [("groupid", "atelier"), ("displayname", "Atelier Nord")];
    call(walk, "An administrator makes a group", (Method::POST, "groups"), &body).await?;
    let body =
        [("userid", PERSON.0), ("password", PERSON.1), ("groups[]", "atelier"), ("displayName", "Jonas")];
    let made = call(walk, "And a person in it", (Method::POST, "users"), &body).await?;
    walk.expect(&made.body["ocs"]["data"]["id"], &json!(PERSON.0))?;
    let again = walk
        .step(
            "A second one of that name is refused",
            (Method::POST, &format!("{CLOUD}/users?format=json")),
            StatusCode::BAD_REQUEST,
            |request| as_caller(request, ADMIN).form(&body),
        )
        .await?;
    walk.expect(&again.body["ocs"]["meta"]["statuscode"], &json!(102))
}

async fn sub_admin(walk: &mut Walk) -> anyhow::Result<()> {
    let body = [("groupid", "atelier")];
    let title = "The person looks after the group from now on";
    call(walk, title, (Method::POST, "users/jonas/subadmins"), &body).await?;
    let seen = by(walk, "And sees its members", PERSON, "users", StatusCode::OK).await?;
    walk.expect(&seen.body["ocs"]["data"]["users"], &json!(["jonas"]))?;
    call(walk, "Until that ends", (Method::DELETE, "users/jonas/subadmins"), &body).await?;
    let refused = by(walk, "Then it sees nobody", PERSON, "users", StatusCode::FORBIDDEN).await?;
    walk.expect(&refused.body["ocs"]["meta"]["statuscode"], &json!(403))
}

async fn person(walk: &mut Walk) -> anyhow::Result<()> {
    for (title, key, value) in [
        ("The administrator sets a quota", "quota", "12MB"),
        ("And a telephone number", "phone", "+49 711 / 25 24 28-90"),
    ] {
        call(walk, title, (Method::PUT, "users/jonas"), &[("key", key), ("value", value)]).await?;
    }
    let found = by(walk, "That is what there is to know", ADMIN, "users/jonas", StatusCode::OK).await?;
    let data = &found.body["ocs"]["data"];
    walk.expect(&json!([data["phone"], data["quota"]["quota"]]), &json!(["+4971125242890", 12_582_912]))?;
    let xml = walk
        .step(
            "Whoever does not ask for JSON gets XML",
            (Method::GET, "ocs/v1.php/cloud/users/jonas/groups"),
            StatusCode::OK,
            |request| as_caller(request, ADMIN),
        )
        .await?;
    if !xml.body.as_str().is_some_and(|text| text.contains("<element>atelier</element>")) {
        bail!("the XML does not name the group");
    }
    call(walk, "The person is disabled", (Method::PUT, "users/jonas/disable"), &[]).await?;
    let refused = by(walk, "And cannot sign in", PERSON, "user", StatusCode::UNAUTHORIZED).await?;
    walk.expect(&refused.body["ocs"]["meta"]["statuscode"], &json!(997))
}

async fn apps(walk: &mut Walk) -> anyhow::Result<()> {
    let listed = by(walk, "The apps there are", ADMIN, "apps", StatusCode::OK).await?;
    if !listed.body["ocs"]["data"]["apps"].as_array().is_some_and(|apps| apps.contains(&json!("rooms"))) {
        bail!("rooms is none of the apps");
    }
    let key = format!("{CONFIG}/rooms/colour?format=json");
    for (title, method, value) in [
        ("A key of its configuration", Method::POST, Value::Null),
        ("Is read back", Method::GET, json!({ "data": "teal" })),
        ("And removed", Method::DELETE, Value::Null),
        ("Then it has no value", Method::GET, json!({ "data": "" })),
    ] {
        let writes = method == Method::POST;
        let answer = walk
            .step(title, (method, &key), StatusCode::OK, |request| {
                let request = as_caller(request, ADMIN);
                if writes { request.form(&[("value", "teal")]) } else { request }
            })
            .await?;
        if !value.is_null() {
            walk.expect(&answer.body["ocs"]["data"], &value)?;
        }
    }
    Ok(())
}

/// A call of the administrator that has to succeed.
async fn call(
    walk: &mut Walk,
    title: &str,
    (method, path): (Method, &str),
    body: &[(&str, &str)],
) -> anyhow::Result<Answer> {
    let path = format!("{CLOUD}/{path}?format=json");
    walk.step(title, (method, &path), StatusCode::OK, |request| {
        let request = as_caller(request, ADMIN);
        if body.is_empty() { request } else { request.form(body) }
    })
    .await
}

/// What somebody reads.
async fn by(
    walk: &mut Walk,
    title: &str,
    who: (&str, &str),
    path: &str,
    expected: StatusCode,
) -> anyhow::Result<Answer> {
    let path = format!("{CLOUD}/{path}?format=json");
    walk.step(title, (Method::GET, &path), expected, |request| as_caller(request, who)).await
}

fn as_caller(request: RequestBuilder, (login, password): (&str, &str)) -> RequestBuilder {
    request.basic_auth(login, Some(password)).header("OCS-APIRequest", "true")
}
