//! §11.4: the worked example, through HTTP.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ABSENCES, AGENTS, Backend, FORBIDDEN, NAMES, ORGANISATIONS, Service};

/// Viewer, agents seen, organisations.
const EXAMPLE: [(&str, &str, &[&str]); 9] = [
    ("a", "ab", &["MDS Die"]),
    ("b", "ab", &["MDS Die", "MDS Crest"]),
    ("c", "cd", &["MDS Die"]),
    ("d", "abcdef", &["MDS Die", "MDS Crest"]),
    ("e", "abcde", &["MDS Die"]),
    ("f", "df", &["MDS Crest"]),
    ("g", "gh", &["MDS Gap"]),
    ("h", "abcdefgh", &["MDS Gap"]),
    ("i", "", &[]),
];

fn emails(names: &str) -> Vec<Value> {
    names.chars().map(|name| json!(format!("{name}@cd26.example"))).collect()
}

/// Who is seen, whose absences are listed, and which organisations.
#[rstest]
#[actix_web::test]
async fn lists_hold_what_the_viewer_may_see(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for name in NAMES {
        service.absence_of(name).await;
    }
    for (viewer, seen, organisations) in EXAMPLE {
        let session = service.sign_in(viewer);
        let agents = service.send(&session, "GET", AGENTS).await;
        assert_eq!(agents.listed("agents", "/email"), emails(seen), "{viewer}");
        assert_eq!(agents.json()["meta"]["total_count"], seen.len(), "{viewer}");
        let absences = service.send(&session, "GET", ABSENCES).await;
        let mut agents = absences.listed("absences", "/agent/email");
        agents.reverse();
        assert_eq!(agents, emails(seen), "{viewer}");
        let listed = service.send(&session, "GET", ORGANISATIONS).await;
        assert_eq!(listed.listed("organisations", "/name"), organisations, "{viewer}");
    }
}

/// Who is seen decides over every way to read and write an absence, and there is no difference between the two.
#[rstest]
#[actix_web::test]
async fn absences_are_read_and_written_by_whom_the_agent_is_seen(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for (viewer, seen, _) in EXAMPLE {
        let session = service.sign_in(viewer);
        for target in NAMES {
            let path = format!("{ABSENCES}/{}", service.absence_of(target).await);
            let new = json!({
                "agent_id": service.people.number(target), "title": "Formation", "first_day": "2027-03-01",
                "start_time": "08:30", "end_time": "09:30",
            });
            let calls = [
                ("GET", path.as_str(), json!({}), 200),
                ("PATCH", &path, json!({"title": "Congés"}), 200),
                ("PUT", &path, json!({"title": "Absence"}), 200),
                ("POST", ABSENCES, new, 200),
                ("DELETE", &path, json!({}), 204),
            ];
            for (method, path, body, status) in calls {
                let answer = service.send_json(&session, method, path, &body).await;
                if seen.contains(target) {
                    assert_eq!(answer.status, status, "{viewer} {method} {target} {answer:?}");
                } else {
                    answer.expect_body(403, FORBIDDEN).expect_no_session();
                }
            }
        }
    }
}

/// §12.3: the filter narrows to those with a role in an organisation of the viewer's, and is ignored for any other.
#[rstest]
#[actix_web::test]
async fn the_organisation_narrows_what_is_seen(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for name in NAMES {
        service.absence_of(name).await;
    }
    let number = |id: &str| service.people.organisation(id).to_string();
    for (viewer, organisation, seen) in [
        ("d", number("o1"), "abcde"),
        ("d", number("o2"), "bdf"),
        ("b", number("o2"), "b"),
        // Without a role there, ids of others, and what is no id: everything that is seen anyhow.
        ("d", number("o3"), "abcdef"),
        ("h", number("o1"), "abcdefgh"),
        ("h", number("o3"), "gh"),
        ("a", "0".to_owned(), "ab"),
        ("a", "99999999999999999999".to_owned(), "ab"),
        ("a", "o1".to_owned(), "ab"),
        ("a", String::new(), "ab"),
    ] {
        let session = service.sign_in(viewer);
        let agents = service.send(&session, "GET", &format!("{AGENTS}?organisation_id={organisation}")).await;
        assert_eq!(agents.listed("agents", "/email"), emails(seen), "{viewer} {organisation}");
        let absences =
            service.send(&session, "GET", &format!("{ABSENCES}?organisation_id={organisation}")).await;
        assert_eq!(absences.listed("absences", "/agent/email").len(), seen.len(), "{viewer} {organisation}");
    }
}
