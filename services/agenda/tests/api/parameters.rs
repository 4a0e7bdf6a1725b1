//! §2, "Request bodies": parameters in bodies of three types and in the query of any method.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ABSENCES, AGENTS, Backend, ORGANISATIONS, Service, answer};

fn attributes(service: &Service) -> Vec<(&'static str, String)> {
    vec![
        ("agent_id", service.people.number("a").to_string()),
        ("title", "Réunion à l’étage".to_owned()),
        ("first_day", "2027-02-09".to_owned()),
        ("start_time", "8:30".to_owned()),
        ("end_time", "17:00".to_owned()),
    ]
}

/// The parameters as a form with a file in it.
fn multipart(pairs: &[(&str, String)]) -> String {
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts: String = pairs.iter().map(|(name, value)| part(name, value)).collect();
    let file = part("title\"; filename=\"x.pdf", "%PDF");
    format!("{parts}{file}--b--\r\n")
}

/// JSON, form, multipart, and the query of a POST: the same absence.
#[rstest]
#[actix_web::test]
async fn parameters_may_be_anywhere(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let pairs = attributes(&service);
    let object: Value = pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let post = || service.request_with(&session, "POST", ABSENCES);
    for request in [
        post().json(&object),
        post().form(&pairs),
        post().header("content-type", "multipart/form-data; boundary=b").body(multipart(&pairs)),
        post().query(&pairs),
        post().query(&pairs).json(&json!({})),
        // The body wins, one by one.
        post().query(&pairs).query(&[("title", "Query")]).json(&json!({"title": "Réunion à l’étage"})),
    ] {
        let absence = answer(request).await.expect(200).json()["absence"].clone();
        assert_eq!(
            (&absence["title"], &absence["start_time"]),
            (&json!("Réunion à l’étage"), &json!("08:30:00"))
        );
    }
    let id = service.absence_of("a").await;
    let request =
        service.request_with(&session, "PATCH", &format!("{ABSENCES}/{id}")).query(&[("title", "Congés")]);
    assert_eq!(answer(request).await.expect(200).json()["absence"]["title"], "Congés");
    let page = service.request_with(&session, "GET", AGENTS).json(&json!({"page": 2}));
    assert_eq!(answer(page).await.expect(200).json()["meta"]["current_page"], 2);
}

/// The id of a path wins over one in the body or the query.
#[actix_web::test]
async fn the_path_wins() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    let (one, other) = (service.absence_of("a").await, service.absence_of("a").await);
    let path = format!("{ABSENCES}/{one}?id={other}");
    let answer = service.send_json(&session, "PATCH", &path, &json!({"id": other, "title": "x"})).await;
    assert_eq!(answer.expect(200).json()["absence"]["id"], one);
}

/// "Unparsable JSON with a JSON content type": 400 with an empty body, on every route and method, once it is known who
/// calls.
#[rstest]
#[actix_web::test]
async fn json_that_cannot_be_parsed_is_400(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("d");
    let absence = format!("{ABSENCES}/{}", service.absence_of("a").await);
    let organisation = format!("{ORGANISATIONS}/{}", service.people.organisation("o1"));
    for (method, path) in [
        ("GET", AGENTS),
        ("GET", ORGANISATIONS),
        ("GET", &organisation),
        ("PATCH", &organisation),
        ("PUT", &organisation),
        ("GET", ABSENCES),
        ("POST", ABSENCES),
        ("GET", &absence),
        ("PATCH", &absence),
        ("PUT", &absence),
        ("DELETE", &absence),
    ] {
        for body in ["{", "{'title': 'x'}", "nonsense", " "] {
            let broken = |request: reqwest::RequestBuilder| {
                answer(request.header("content-type", "application/json; charset=utf-8").body(body))
            };
            broken(service.request_with(&session, method, path))
                .await
                .expect_body(400, "")
                .expect_no_session();
            broken(service.request(method, path)).await.expect_unauthenticated();
        }
    }
    service.send(&session, "GET", &absence).await.expect(200);
}

/// "JSON body that is not an object": no parameters; "Unknown parameters": ignored.
#[actix_web::test]
async fn what_is_no_object_has_no_parameters() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    let path = format!("{ABSENCES}/{}", service.absence_of("a").await);
    let before = service.send(&session, "GET", &path).await.body;
    for body in [
        json!([{"title": "x"}]),
        json!(null),
        json!("title"),
        json!(7),
        json!({"titel": "x", "a": {"b": []}}),
    ] {
        service.send_json(&session, "PATCH", &path, &body).await.expect_body(200, &before);
    }
    let text = service
        .request_with(&session, "PATCH", &path)
        .header("content-type", "text/plain")
        .body("{\"title\":1}");
    answer(text).await.expect_body(200, &before);
}
