//! §10: the shared-secret signature.

use rstest::rstest;
use serde_json::json;

use crate::support::{
    ABSENCES, AGENTS, Answer, Backend, ORGANISATIONS, People, SHARED_SECRET, Service, answer, signed,
};

const SIGNATURE: &str = "X-Agent-Auth-Signature";

async fn get(service: &Service, path: &str, uid: &str, signature: &str) -> Answer {
    answer(service.request("GET", path).header("uid", uid).header(SIGNATURE, signature)).await
}

/// §10, "Accepted on", "Result": everywhere, as that agent, with that agent's permissions, without headers.
#[rstest]
#[actix_web::test]
async fn the_partner_acts_as_the_agent(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (signature, uid) = (service.signature("a"), People::email("a"));
    let agents = get(&service, AGENTS, &uid, &signature).await;
    assert_eq!(agents.listed("agents", "/email"), ["a@cd26.example", "b@cd26.example"]);
    agents.expect_no_session();
    let organisations = get(&service, ORGANISATIONS, &uid, &signature).await;
    assert_eq!(organisations.listed("organisations", "/name"), ["MDS Die"]);
    let foreign = format!("{ABSENCES}/{}", service.absence_of("c").await);
    get(&service, &foreign, &uid, &signature).await.expect(403).expect_no_session();
    let body = json!({
        "agent_email": "b@cd26.example", "title": "Formation", "first_day": "2027-02-09", "start_time": "8:30",
        "end_time": "9:30",
    });
    let request = service.request("POST", ABSENCES).header("uid", &uid).header(SIGNATURE, &signature);
    answer(request.json(&body)).await.expect(200).expect_no_session();
    get(&service, &format!("{ABSENCES}/0"), &uid, &signature).await.expect(404).expect_no_session();
}

/// §10, "Failure": wrong, empty, of somebody else, for nobody.
#[rstest]
#[actix_web::test]
async fn whatever_is_wrong_with_it_is_401(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (signature, uid) = (service.signature("a"), People::email("a"));
    let of_nobody = signed(SHARED_SECRET, &[json!(0), json!(null), json!(null), json!(null)]);
    let account = service.people.account("a");
    let message = [json!(account.number), json!(account.given_name), json!(account.family_name), json!(uid)];
    for (uid, signature) in [
        (uid.as_str(), ""),
        (&uid, &signature[..63]),
        (&uid, &signature.to_uppercase()),
        (&uid, &format!("{signature}0")),
        (&uid, &service.signature("b")),
        (&uid, &signed("another-secret-of-the-partner-001", &message)),
        (&uid, &signed("", &message)),
        (&uid.to_uppercase(), &signature),
        ("nobody@cd26.example", &signature),
        ("nobody@cd26.example", &of_nobody),
        ("", &of_nobody),
        ("' OR '1'='1", &of_nobody),
    ] {
        get(&service, AGENTS, uid, signature).await.expect_unauthenticated();
    }
    let without_uid = service.request("GET", AGENTS).header(SIGNATURE, &signature);
    answer(without_uid).await.expect_unauthenticated();
    let parameter = service.request("GET", AGENTS).header(SIGNATURE, &signature).query(&[("uid", &uid)]);
    answer(parameter).await.expect_unauthenticated();
    let twice = service.request("GET", AGENTS).header(SIGNATURE, &signature).header(SIGNATURE, &signature);
    answer(twice.header("uid", &uid)).await.expect_unauthenticated();
}

/// §10, "Trigger": with the header, be it empty, nothing else is looked at.
#[rstest]
#[case::empty("")]
#[case::wrong("0123")]
#[actix_web::test]
async fn there_is_no_fallback(#[case] signature: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let (session, token) = (service.sign_in("a"), service.sign(&service.claims("a")));
    let request = service.request_with(&session, "GET", AGENTS).header(SIGNATURE, signature);
    answer(request).await.expect_unauthenticated();
    let request = service.request("GET", AGENTS).bearer_auth(token).header(SIGNATURE, signature);
    answer(request).await.expect_unauthenticated();
}

/// §10, "Not configured": always 401, also for what an empty secret would sign.
#[rstest]
#[case::absent(json!({}))]
#[case::empty(json!({"shared_secret": ""}))]
#[actix_web::test]
async fn without_a_secret_nothing_is_accepted(#[case] settings: serde_json::Value) {
    let service = Service::with(Backend::Sqlite, settings).await;
    let account = service.people.account("a");
    let uid = People::email("a");
    let message = [json!(account.number), json!(account.given_name), json!(account.family_name), json!(uid)];
    for secret in ["", SHARED_SECRET] {
        get(&service, AGENTS, &uid, &signed(secret, &message)).await.expect_unauthenticated();
    }
}

/// §10, "Replay": it holds at any time, but not for an agent who is disabled.
#[actix_web::test]
async fn it_ends_with_the_agent() {
    let service = Service::on(Backend::Sqlite).await;
    let (signature, uid) = (service.signature("a"), People::email("a"));
    get(&service, AGENTS, &uid, &signature).await.expect(200);
    service.advance(1_000_000);
    get(&service, AGENTS, &uid, &signature).await.expect(200);
    service.disable("a").await;
    get(&service, AGENTS, &uid, &signature).await.expect_unauthenticated();
}
