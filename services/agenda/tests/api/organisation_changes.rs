//! §12.4: organisations are changed by their administrators.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, FORBIDDEN, ORGANISATIONS, Service};

/// §11.3: the role of an administrator there; nothing less, and none elsewhere.
#[rstest]
#[actix_web::test]
async fn an_organisation_is_changed_by_its_administrators(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("PATCH", "PUT")] method: &str,
) {
    let service = Service::on(backend).await;
    let number = service.people.organisation("o1");
    let path = format!("{ORGANISATIONS}/{number}");
    let change = json!({"phone_number": "0475000000", "email": " accueil@mds-die.example "});
    for viewer in ["a", "b", "c", "e", "f", "g", "h", "i"] {
        let session = service.sign_in(viewer);
        let answer = service.send_json(&session, method, &path, &change).await;
        answer.expect_body(403, FORBIDDEN).expect_no_session();
    }
    let session = service.sign_in("d");
    let changed = format!(
        r#"{{"organisation":{{"id":{number},"email":"accueil@mds-die.example","name":"MDS Die","phone_number":"0475000000","verticale":"rdv_solidarites"}}}}"#
    );
    service
        .send_json(&session, method, &path, &change)
        .await
        .expect_body(200, &changed)
        .expect_session(&session);
    service.send(&session, "GET", &path).await.expect_body(200, &changed);
    // d is basic in o2, administrator of nothing there.
    let other = format!("{ORGANISATIONS}/{}", service.people.organisation("o2"));
    service.send_json(&session, method, &other, &change).await.expect_body(403, FORBIDDEN);
}

/// "Updating with no known parameter is a 200 no-op", which leaves no trace; so does a change to what is there.
#[rstest]
#[actix_web::test]
async fn what_changes_nothing_is_no_change(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let path = format!("{ORGANISATIONS}/{}", service.people.organisation("o1"));
    let session = service.sign_in("d");
    let before = service.send(&session, "GET", &path).await.body;
    for body in
        [json!({}), json!({"id": 7, "territory_id": "t2", "x": 1}), json!([]), json!({"name": " MDS Die "})]
    {
        service.send_json(&session, "PATCH", &path, &body).await.expect_body(200, &before);
    }
    assert_eq!(service.audited("organization.update").await.len(), 0);
}

/// "Validation": the rows of the table, each with its code and its sentence.
fn rows() -> Vec<(Value, Value, Vec<&'static str>)> {
    vec![
        (json!({"name": ""}), json!({"name": [{"error": "blank"}]}), vec!["name doit être rempli(e)"]),
        (json!({"name": " "}), json!({"name": [{"error": "blank"}]}), vec!["name doit être rempli(e)"]),
        (json!({"name": null}), json!({"name": [{"error": "blank"}]}), vec!["name doit être rempli(e)"]),
        (
            json!({"name": " MDS Crest "}),
            json!({"name": [{"error": "taken", "value": "MDS Crest"}]}),
            vec!["name est déjà utilisé"],
        ),
        (
            json!({"phone_number": "12345"}),
            json!({"phone_number": [{"error": "invalid"}]}),
            vec!["phone_number n'est pas valide"],
        ),
        (
            json!({"verticale": "rdv_poney"}),
            json!({"verticale": [{"error": "inclusion"}]}),
            vec!["verticale n'est pas inclus(e) dans la liste"],
        ),
        (
            json!({"name": "", "phone_number": "abc", "verticale": ""}),
            json!({ "name": [{"error": "blank"}], "phone_number": [{"error": "invalid"}], "verticale": [{"error": "inclusion"}], }),
            vec![
                "name doit être rempli(e)",
                "phone_number n'est pas valide",
                "verticale n'est pas inclus(e) dans la liste",
            ],
        ),
    ]
}

/// All is told at once, and nothing is changed. 403 comes before 422.
#[rstest]
#[actix_web::test]
async fn what_is_not_valid_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let path = format!("{ORGANISATIONS}/{}", service.people.organisation("o1"));
    let (session, basic) = (service.sign_in("d"), service.sign_in("a"));
    let before = service.send(&session, "GET", &path).await.body;
    for (body, errors, messages) in rows() {
        service.send_json(&session, "PATCH", &path, &body).await.expect_invalid(&errors, &messages);
        service.send(&session, "GET", &path).await.expect_body(200, &before);
        service.send_json(&basic, "PATCH", &path, &body).await.expect_body(403, FORBIDDEN);
    }
}

/// A name is unique within its territory, and free in another.
#[rstest]
#[actix_web::test]
async fn values_that_are_allowed_are_kept(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let path = format!("{ORGANISATIONS}/{}", service.people.organisation("o1"));
    let session = service.sign_in("d");
    for (attribute, given, kept) in [
        ("name", json!("MDS Gap"), json!("MDS Gap")),
        ("name", json!(26), json!("26")),
        ("phone_number", json!("3949"), json!("3949")),
        ("phone_number", json!("+33 4 75 00 00 00"), json!("+33 4 75 00 00 00")),
        ("phone_number", json!(""), json!("")),
        ("phone_number", json!(null), json!(null)),
        ("email", json!(" x@y.example"), json!("x@y.example")),
        ("email", json!(null), json!(null)),
        ("verticale", json!("rdv_mairie"), json!("rdv_mairie")),
        ("verticale", json!("rdv_insertion"), json!("rdv_insertion")),
        ("verticale", json!("rdv_aide_numerique"), json!("rdv_aide_numerique")),
        ("verticale", json!("rdv_solidarites"), json!("rdv_solidarites")),
    ] {
        let answer =
            service.send_json(&session, "PATCH", &path, &json!({ attribute: given })).await.expect(200);
        assert_eq!(answer.json()["organisation"][attribute], kept, "{attribute} {given}");
    }
    let changes = service.audited("organization.update").await;
    assert!(!changes.is_empty());
    let d = service.people.account("d").id.to_string();
    assert!(changes.iter().all(|event| event.origin.actor.as_deref() == Some(&d)), "{changes:?}");
}
