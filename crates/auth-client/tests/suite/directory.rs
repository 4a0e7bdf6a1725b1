//! People and groups over HTTP.

use std::sync::atomic::Ordering;
use std::time::Duration;

use auth_client::directory::{
    Directory as _, DirectoryError, DirectoryGroup, GroupRole, MOST_PEOPLE, Membership, Person,
};
use auth_client::{Authority, AuthoritySettings};
use rstest::rstest;
use serde_json::{Value, json};

use crate::authority::{Served, State, serve};

const ADA: &str = "019a9c2e-5d41-7c60-9b1f-0d6d2c7a4e11";

fn answering(status: u16, body: &Value) -> Served {
    let served = serve();
    *served.state.directory.lock().unwrap() = (status, body.to_string());
    served
}

fn asked(served: &Served) -> Vec<(String, String, String)> {
    served.state.told.lock().unwrap().clone()
}

fn group() -> Value {
    json!({ "id": "night/é", "number": 12, "name": "Night", "owner": ADA, "admins": [ADA], "member_count": 3 })
}

fn expected() -> DirectoryGroup {
    DirectoryGroup {
        id: "night/é".to_owned(),
        number: 12,
        name: "Night".to_owned(),
        owner: Some(ADA.to_owned()),
        admins: vec![ADA.to_owned()],
        member_count: 3,
    }
}

#[actix_web::test]
async fn people_are_asked_for_with_a_token_for_that() {
    let told =
        json!([{ "id": ADA, "login": "ada", "name": "Ada L", "email": null, "enabled": true, "later": 1 }]);
    let served = answering(200, &told);
    let authority = served.authority();
    let ada = Person {
        id: ADA.to_owned(),
        login: "ada".to_owned(),
        name: "Ada L".to_owned(),
        email: None,
        enabled: true,
    };
    assert_eq!(authority.people(&[ADA.to_owned(), "x".to_owned()]).await, Ok(vec![ada.clone()]));
    assert_eq!(authority.members(12).await, Ok(vec![ada]));
    assert_eq!(authority.people(&[]).await, Ok(Vec::new()));
    let many = vec![ADA.to_owned(); MOST_PEOPLE + 1];
    assert!(matches!(authority.people(&many).await, Err(DirectoryError::Refused(_))));
    let path = "/base/internal/directory";
    assert_eq!(
        asked(&served),
        [
            ("POST".to_owned(), format!("{path}/people"), format!(r#"{{"ids":["{ADA}","x"]}}"#)),
            ("GET".to_owned(), format!("{path}/groups/12/members"), String::new()),
        ]
    );
    let scopes: Vec<_> = served.state.forms.lock().unwrap().iter().map(|form| form.scope.clone()).collect();
    assert_eq!(scopes, [Some("internal:directory".to_owned())], "one token for both");
}

#[actix_web::test]
async fn groups_are_asked_for_made_and_removed() {
    let served = answering(200, &json!([{ "group": group(), "role": "admin" }]));
    let authority = served.authority();
    let held = vec![Membership { group: expected(), role: GroupRole::Admin }];
    assert_eq!(authority.groups_of(ADA).await, Ok(held));
    *served.state.directory.lock().unwrap() = (200, group().to_string());
    assert_eq!(authority.group(-12).await, Ok(Some(expected())));
    *served.state.directory.lock().unwrap() = (201, group().to_string());
    assert_eq!(authority.create_group("Night \"é\"", ADA).await, Ok(expected()));
    *served.state.directory.lock().unwrap() = (204, String::new());
    assert_eq!(authority.delete_group(12, "a&b=c#d").await, Ok(true));
    let calls: Vec<_> =
        asked(&served).into_iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let path = "/base/internal/directory";
    assert_eq!(
        calls,
        [
            format!("GET {path}/people/{ADA}/groups"),
            format!("GET {path}/groups/-12"),
            format!("POST {path}/groups"),
            format!("DELETE {path}/groups/12?by=a%26b%3Dc%23d"),
        ]
    );
    assert_eq!(asked(&served)[2].2, format!(r#"{{"name":"Night \"é\"","owner":"{ADA}"}}"#));
}

/// Only what the directory itself says about the thing is an answer; everything else is no reason to refuse a caller.
#[rstest]
#[case::gone(404, r#"{"error":"not_found","error_description":"…"}"#, Some(false))]
#[case::wrong_address(404, "not found", None)]
#[case::another_404(404, r#"{"error":"nope"}"#, None)]
#[case::refused(
    409,
    r#"{"error":"conflict","error_description":"neither owner nor administrator"}"#,
    Some(true)
)]
#[case::malformed(400, r#"{"error":"invalid_request","error_description":"…"}"#, Some(true))]
#[case::too_large(413, r#"{"error":"invalid_request","error_description":"…"}"#, Some(true))]
#[case::a_proxy_refuses(409, "<html>", None)]
#[case::not_let_in(403, r#"{"error":"insufficient_scope"}"#, None)]
#[case::redirect(302, "", None)]
#[case::down(503, r#"{"error":"temporarily_unavailable"}"#, None)]
#[case::nonsense(200, r#"{"id":12}"#, None)]
#[actix_web::test]
async fn an_answer_is_what_was_agreed(
    #[case] status: u16,
    #[case] body: &str,
    #[case] refused: Option<bool>,
) {
    let served = serve();
    *served.state.directory.lock().unwrap() = (status, body.to_owned());
    let (group, gone) = (served.authority().group(12).await, served.authority().delete_group(12, ADA).await);
    match refused {
        Some(false) => assert_eq!((group, gone), (Ok(None), Ok(false))),
        Some(true) => {
            assert!(matches!(group, Err(DirectoryError::Refused(_))), "{group:?}");
            assert!(matches!(gone, Err(DirectoryError::Refused(_))), "{gone:?}");
        }
        None => {
            assert!(matches!(group, Err(DirectoryError::Unreachable(_))), "{group:?}");
            assert!(status == 200 || matches!(gone, Err(DirectoryError::Unreachable(_))), "{gone:?}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn directions_are_no_ids(#[values("", ".", "..")] id: &str) {
    let served = serve();
    let refused = Err(DirectoryError::Refused("no id".to_owned()));
    assert_eq!(served.authority().groups_of(id).await, refused);
    assert_eq!(asked(&served), []);
}

#[rstest]
#[case("a/b", "a%2Fb")]
#[case("../groups", "..%2Fgroups")]
#[case("a?b#c", "a%3Fb%23c")]
#[actix_web::test]
async fn an_id_is_one_segment(#[case] id: &str, #[case] segment: &str) {
    let served = serve();
    assert_eq!(served.authority().groups_of(id).await, Ok(Vec::new()));
    assert_eq!(asked(&served)[0].1, format!("/base/internal/directory/people/{segment}/groups"));
}

#[actix_web::test]
async fn a_refused_token_is_renewed_once() {
    let served = answering(200, &group());
    let authority = served.authority();
    authority.group(1).await.unwrap();
    served.state.expire_service_token();
    authority.group(1).await.unwrap();
    assert_eq!(State::count(&served.state.service_tokens), 2);
    served.state.set(|mood| mood.refuses = true);
    let refused = authority.group(1).await;
    assert!(matches!(refused, Err(DirectoryError::Unreachable(_))), "{refused:?}");
    assert_eq!(asked(&served).len(), 2);
}

#[actix_web::test]
async fn silence_and_floods_are_no_answers() {
    let served = answering(200, &group());
    let timeout = Duration::from_millis(300);
    let authority = Authority::connect(AuthoritySettings { timeout, ..served.settings() }).unwrap();
    authority.group(1).await.unwrap();
    served.state.slow.store(true, Ordering::SeqCst);
    let outcome = authority.group(1).await;
    served.state.slow.store(false, Ordering::SeqCst);
    assert!(matches!(outcome, Err(DirectoryError::Unreachable(_))), "{outcome:?}");
    let patient = served.authority();
    *served.state.directory.lock().unwrap() = (200, "x".repeat(9 * 1024 * 1024));
    let outcome = patient.group(1).await;
    assert!(matches!(outcome, Err(DirectoryError::Unreachable(_))), "{outcome:?}");
}
