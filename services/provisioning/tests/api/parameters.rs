//! §2.2: parameters in the query, in a form, in JSON, on every method.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, answer};

/// The Python client's way: everything in the query, and no body.
#[rstest]
#[actix_web::test]
async fn parameters_may_be_in_the_query_of_every_method(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for (method, path) in [
        ("POST", "/cloud/groups?groupid=by%20query&displayname=By"),
        ("PUT", "/cloud/groups/by%20query?key=displayname&value=Query"),
        ("POST", "/cloud/users/mira/groups?groupid=by%20query"),
        ("POST", "/cloud/users/mira/subadmins?groupid=by%20query"),
        ("DELETE", "/cloud/users/mira/subadmins?groupid=by%20query"),
        ("DELETE", "/cloud/users/mira/groups?groupid=by%20query"),
        ("PUT", "/cloud/users/mira?key=quota&value=12MB"),
        ("DELETE", "/cloud/groups/by%20query"),
    ] {
        service.send("root", method, path).await.data();
    }
    assert_eq!(service.get("root", "/cloud/users/mira").await["quota"]["quota"], 12_582_912);
}

/// Forms, with lists in brackets, of POST, PUT and DELETE.
#[actix_web::test]
async fn parameters_may_be_in_a_form() {
    let service = Service::on(Backend::Sqlite).await;
    let form = [
        ("userid", "formed"),
        ("password", "a long password"),
        ("groups[]", "staff"),
        ("groups[]", "atelier"),
        ("subadmin[]", "remote"),
    ];
    let made = answer(service.request("v1", "root", "POST", "/cloud/users").form(&form)).await;
    assert_eq!(made.data(), json!({"id": "formed"}));
    assert_eq!(service.get("root", "/cloud/users/formed").await["groups"], json!(["atelier", "staff"]));
    assert_eq!(service.get("root", "/cloud/users/formed/subadmins").await, json!(["remote"]));
    let form = [("key", "displayname"), ("value", "Formed by")];
    answer(service.request("v1", "root", "PUT", "/cloud/users/formed").form(&form)).await.data();
    let delete = service.request("v1", "root", "DELETE", "/cloud/users/formed/subadmins");
    answer(delete.form(&[("groupid", "remote")])).await.data();
    assert_eq!(service.get("root", "/cloud/users/formed").await["displayname"], "Formed by");
}

/// The seed's way: JSON with GET.
#[actix_web::test]
async fn a_get_may_have_a_json_body_but_no_form() {
    let service = Service::on(Backend::Sqlite).await;
    let found =
        service.send_json("root", "GET", "/cloud/groups?search=staff", &json!({"search": "remote"})).await;
    assert_eq!(found.data(), json!({"groups": ["remote"]}));
    let request = service.request("v2", "root", "GET", "/cloud/groups?search=staff");
    assert_eq!(answer(request.form(&[("search", "remote")])).await.data(), json!({"groups": ["staff"]}));
    for body in ["{", "[]", "null", "\"x\"", ""] {
        let request = service.request("v2", "root", "GET", "/cloud/groups?search=staff");
        let request = request.header("content-type", "application/json").body(body);
        assert_eq!(answer(request).await.data(), json!({"groups": ["staff"]}), "{body}");
    }
}

/// A body may override a placeholder: what is permitted is about whom the body names.
#[actix_web::test]
async fn a_body_that_overrides_the_path_is_judged_by_what_it_names() {
    let service = Service::on(Backend::Sqlite).await;
    let body = json!({"userId": "boss", "key": "displayname", "value": "Taken over"});
    service.refused("sub", "PUT", "/cloud/users/mira", &body, (998, "")).await;
    let body = json!({"groupId": "remote"});
    service.refused("sub", "GET", "/cloud/groups/staff", &body, (403, "")).await;
    let body = json!({"userId": "jonas", "key": "displayname", "value": "By body"});
    service.done("sub", "PUT", "/cloud/users/boss", &body).await;
    assert_eq!(service.get("root", "/cloud/users/jonas").await["displayname"], "By body");
    assert_eq!(service.get("root", "/cloud/users/boss").await["displayname"], "boss");
}

/// Integers are read leniently.
#[actix_web::test]
async fn integers_are_lenient() {
    let service = Service::on(Backend::Sqlite).await;
    for (query, count) in
        [("limit=2", 2), ("limit=2x", 2), ("limit=x", 0), ("limit=%202", 2), ("offset=x", 4)]
    {
        let listed = service.get("root", &format!("/cloud/groups?{query}")).await;
        assert_eq!(listed["groups"].as_array().unwrap().len(), count, "{query}");
    }
    for (limit, count) in [(json!(2), 2), (json!("2"), 2), (json!(2.9), 2), (json!(null), 4), (json!([]), 0)]
    {
        let listed =
            service.send_json("root", "GET", "/cloud/groups", &json!({ "limit": limit })).await.data();
        assert_eq!(listed["groups"].as_array().unwrap().len(), count, "{limit}");
    }
}
