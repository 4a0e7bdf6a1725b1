//! The service switched off by an administrator: nobody else gets in, by whatever credential.

use identity::audit::Origin;
use identity::groups;
use rstest::rstest;
use serde_json::json;

use crate::support::{ABSENCES, AGENTS, Answer, Backend, ORGANISATIONS, People, Service, answer};

const DISABLED: &str = r#"{"errors":[{"base":"forbidden"}],"error_messages":["Ce service est désactivé."]}"#;

async fn by_signature(service: &Service, name: &str) -> Answer {
    let request = service.request("GET", AGENTS).header("uid", People::email(name));
    answer(request.header("X-Agent-Auth-Signature", service.signature(name))).await
}

#[rstest]
#[actix_web::test]
async fn threat_9_while_it_is_disabled_only_administrators_get_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let with_token = |name: &'static str, roles: &[&str]| {
        let mut claims = service.claims(name);
        claims["roles"] = json!(roles);
        answer(service.request("GET", AGENTS).bearer_auth(service.sign(&claims)))
    };
    with_token("a", &["AGENT"]).await.expect(200);
    by_signature(&service, "a").await.expect(200);

    service.switch(false);
    let absence = format!("{ABSENCES}/1");
    for (method, path) in [
        ("GET", AGENTS),
        ("GET", ORGANISATIONS),
        ("GET", ABSENCES),
        ("POST", ABSENCES),
        ("PATCH", &absence),
        ("DELETE", &absence),
    ] {
        service.send_as("a", method, path, &json!({})).await.expect_body(403, DISABLED);
    }
    with_token("a", &["AGENT", "ADMIN"]).await.expect_body(403, DISABLED);
    by_signature(&service, "a").await.expect_body(403, DISABLED);
    with_token("b", &["GLOBAL_ADMIN"]).await.expect(200);
    answer(service.request("GET", AGENTS)).await.expect_unauthenticated();
    // A signature says nothing of roles; the directory does.
    let (act, account) =
        (identity::act::Act::new(&service.clock, &Origin::default()), service.people.account("b").id);
    let join = move |conn: &mut store::DbConn| groups::add_member(conn, &act, groups::ADMIN, account);
    service.identity.db().write(join).await.unwrap();
    by_signature(&service, "b").await.expect(200);
    by_signature(&service, "a").await.expect_body(403, DISABLED);

    service.switch(true);
    by_signature(&service, "a").await.expect(200);
    service.send_as("a", "GET", AGENTS, &json!({})).await.expect(200);
}
