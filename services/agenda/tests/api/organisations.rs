//! §12.4: organisations are listed and shown.

use auth_claims::roles::Role;
use rstest::rstest;

use crate::support::{Backend, FORBIDDEN_ORGANISATION, ORGANISATIONS, Service};

/// §11.3: any role there, whatever its level; not a territorial role, and not a role elsewhere.
#[rstest]
#[actix_web::test]
async fn an_organisation_is_shown_to_its_agents(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let mut service = Service::on(backend).await;
    let identity = service.identity.clone();
    for (name, role) in [("j", Role::Intervenant), ("k", Role::Customer), ("l", Role::GlobalAdmin)] {
        service.people.add(&identity, name, &["soc"], &[("o1", role)], &[]).await;
    }
    let number = service.people.organisation("o1");
    let shown = format!(
        r#"{{"organisation":{{"id":{number},"email":null,"name":"MDS Die","phone_number":null,"verticale":"rdv_solidarites"}}}}"#
    );
    let path = format!("{ORGANISATIONS}/{number}");
    for (viewer, permitted) in [
        ("a", true),
        ("d", true),
        ("e", true),
        ("f", false),
        ("h", false),
        ("i", false),
        ("j", true),
        ("k", false),
        ("l", true),
    ] {
        let session = service.sign_in(viewer);
        let answer = service.send(&session, "GET", &path).await;
        let listed = service.send(&session, "GET", ORGANISATIONS).await.listed("organisations", "/id");
        assert_eq!(listed.contains(&number.into()), permitted, "{viewer}");
        if permitted {
            answer.expect_body(200, &shown).expect_session(&session);
        } else {
            answer.expect_body(403, FORBIDDEN_ORGANISATION).expect_no_session();
        }
    }
}

/// §12.2, 404 organisation: for whoever asks; the id is told as it was given. §16: `12abc` is not 12.
#[rstest]
#[actix_web::test]
async fn an_unknown_organisation_is_told_by_its_id(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("d");
    let known = service.people.organisation("o1");
    for id in [
        "99999".to_owned(),
        "0".to_owned(),
        "-1".to_owned(),
        "abc".to_owned(),
        format!("{known}abc"),
        "9223372036854775808".to_owned(),
        "99999999999999999999999999".to_owned(),
    ] {
        let expected =
            format!(r#"{{"success":false,"errors":["Couldn't find Organisation with 'id'={id}"]}}"#);
        for path in [format!("{ORGANISATIONS}/{id}"), format!("{ORGANISATIONS}/{id}.json")] {
            for method in ["GET", "PATCH", "PUT"] {
                service.send(&session, method, &path).await.expect_body(404, &expected).expect_no_session();
                // 401 comes first.
                crate::support::answer(service.request(method, &path)).await.expect_unauthenticated();
            }
        }
    }
}

/// An id in a path is the decoded one, and stays text in the answer.
#[actix_web::test]
async fn an_odd_id_is_text() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("d");
    let answer = service.send(&session, "GET", &format!("{ORGANISATIONS}/%22%3C%C3%A9")).await.expect(404);
    assert_eq!(answer.json()["errors"][0], "Couldn't find Organisation with 'id'=\"<é");
}
