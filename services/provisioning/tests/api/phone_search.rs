//! §7, the row of `search/by-phone`.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service, answer};

const PATH: &str = "/cloud/users/search/by-phone";

/// With the telephone numbers of some.
async fn with_numbers(backend: Backend, settings: Value) -> Service {
    let service = Service::with(backend, settings).await;
    for (who, number) in [("mira", "+4971125242890"), ("jonas", "+33475000000"), ("sub", "+4971125242891")] {
        let change = json!({"key": "phone", "value": number});
        service.done("root", "PUT", &format!("/cloud/users/{who}"), &change).await;
    }
    service
}

fn unlimited() -> Value {
    json!({"limits": {"edits": 0, "phone_searches": 0}})
}

/// What somebody finds, without the server behind each id.
async fn found(service: &Service, who: &str, location: &str, search: Value) -> Value {
    let body = json!({"location": location, "search": search});
    let found = service.send_json(who, "POST", PATH, &body).await.data();
    let Value::Object(found) = found else { return found };
    let server = service.address();
    let without = |id: &Value| id.as_str().unwrap().strip_suffix(&format!("@{server}")).unwrap().to_owned();
    found.iter().map(|(key, id)| (key.clone(), Value::String(without(id)))).collect()
}

#[rstest]
#[actix_web::test]
async fn an_address_book_is_matched(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = with_numbers(backend, unlimited()).await;
    let book = json!({
        "at home": ["0711 252428-90", "+44 20 7946 0000"],
        "9": ["+33 4 75 00 00 00"],
        "nobody": ["0711 1"],
        "text": ["not a number", ""],
        "none": [],
    });
    assert_eq!(found(&service, "solo", "DE", book).await, json!({"at home": "mira", "9": "jonas"}));
    // In France, the first is no number of hers.
    let book = json!({"a": ["0711 252428-90"], "b": ["04 75 00 00 00"]});
    assert_eq!(found(&service, "solo", "FR", book).await, json!({"b": "jonas"}));
    // A list has numbers for keys; who has nothing gets an empty one.
    assert_eq!(found(&service, "solo", "DE", json!([["1"], ["+33475000000"]])).await, json!({"1": "jonas"}));
    assert_eq!(found(&service, "solo", "DE", json!({"a": []})).await, json!([]));
    assert_eq!(found(&service, "solo", "DE", json!({})).await, json!([]));
}

/// A number without a country code may be of this installation's country, too.
#[actix_web::test]
async fn the_own_country_is_a_second_guess() {
    let settings = json!({"limits": {"edits": 0}, "accounts": {"phone_region": "DE"}});
    let service = with_numbers(Backend::Sqlite, settings).await;
    let book = json!({"a": ["0711 252428-90"], "b": ["04 75 00 00 00"]});
    assert_eq!(found(&service, "solo", "FR", book).await, json!({"a": "mira", "b": "jonas"}));
}

#[rstest]
#[actix_web::test]
async fn a_form_says_the_same(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = with_numbers(backend, unlimited()).await;
    let form = [
        ("location", "DE"),
        ("search[x y][]", "0711 1"),
        ("search[x y][]", "0711 252428-90"),
        ("search[9][0]", "+33475000000"),
    ];
    let found = answer(service.request("v2", "solo", "POST", PATH).form(&form)).await.data();
    let server = service.address();
    assert_eq!(found, json!({"x y": format!("mira@{server}"), "9": format!("jonas@{server}")}));
}

/// Who hides the number, or may not sign in, is not found.
#[rstest]
#[actix_web::test]
async fn hidden_numbers_are_nobodys(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = with_numbers(backend, unlimited()).await;
    let book = json!({"a": ["+4971125242890"], "b": ["+33475000000"], "c": ["+4971125242891"]});
    let hide = json!({"key": "phoneScope", "value": "v2-private"});
    service.done("mira", "PUT", "/cloud/users/mira", &hide).await;
    service.done("root", "PUT", "/cloud/users/jonas/disable", &json!({})).await;
    assert_eq!(found(&service, "solo", "DE", book.clone()).await, json!({"c": "sub"}));
    // Not even by an administrator.
    assert_eq!(found(&service, "root", "DE", book).await, json!({"c": "sub"}));
}

#[rstest]
#[actix_web::test]
async fn what_is_no_search_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = with_numbers(backend, unlimited()).await;
    let missing = (996, "Internal Server Error\n");
    for (body, refusal) in [
        (json!({"location": "ZZ", "search": {"a": ["1"]}}), (400, "")),
        (json!({"location": "", "search": {"a": ["1"]}}), (400, "")),
        (json!({"location": "Germany", "search": {"a": ["1"]}}), (400, "")),
        (json!({"search": {"a": ["1"]}}), missing),
        (json!({"location": ["DE"], "search": {}}), missing),
        (json!({"location": "DE"}), missing),
        (json!({"location": "DE", "search": "0711"}), missing),
        (json!({"location": "DE", "search": {"a": "0711"}}), missing),
        (json!({"location": "DE", "search": {"a": [["0711"]]}}), missing),
    ] {
        service.refused("solo", "POST", PATH, &body, refusal).await;
    }
    for method in ["GET", "PUT", "DELETE"] {
        let found = service.send("solo", method, PATH).await;
        assert_eq!((found.status, found.body.as_str()), (405, ""), "{method} {found:?}");
    }
    let body = json!({"location": "DE", "search": {"a": ["1"]}});
    service.refused("", "POST", PATH, &body, (997, "Current user is not logged in")).await;
}

/// Threat 10: nobody finds out by trying whose every number is.
#[actix_web::test]
async fn threat_10_searches_are_counted() {
    let service = with_numbers(Backend::Sqlite, json!({"limits": {"edits": 0}})).await;
    let body = json!({"location": "DE", "search": {"a": ["+33475000000"]}});
    for _ in 0..20 {
        service.send_json("solo", "POST", PATH, &body).await.data();
    }
    service.refused("solo", "POST", PATH, &body, (429, "Too many requests")).await;
    service.send_json("sub", "POST", PATH, &body).await.data();
    service.advance(3600);
    service.send_json("solo", "POST", PATH, &body).await.data();
}
