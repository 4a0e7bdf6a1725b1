//! The service switched off by an administrator: nobody else gets in.

use rstest::rstest;
use serde_json::json;

use crate::support::{APPLICATIONS, Backend, Service, path};

#[rstest]
#[actix_web::test]
async fn threat_9_while_it_is_disabled_only_administrators_get_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let config = json!({"agentParameters": 1});
    service.application("a", "helios", "TEST", &config).await;
    let everybody = ["SERVICE", "AGENT@helios", "ADMIN@helios+edit", "CUSTOMER"];
    let availability = format!("{}/availability", path("a"));
    service.switch(false);
    for who in everybody {
        for (method, path) in [
            ("GET", APPLICATIONS.to_owned()),
            ("POST", APPLICATIONS.to_owned()),
            ("GET", path("a")),
            ("PUT", path("a")),
            ("DELETE", path("a")),
            ("GET", availability.clone()),
            ("GET", format!("{APPLICATIONS}/organizations/org-helios")),
        ] {
            let refused = service.send(who, method, &path).await;
            refused.expect_oauth(403, "access_denied", "Service is disabled");
        }
    }
    service.get("GLOBAL_ADMIN", &path("a")).await.expect(200);
    let nobody = service.send_with("x", "GET", APPLICATIONS).await;
    nobody.expect_oauth(401, "invalid_token", "Cannot convert access token to JSON");

    service.switch(true);
    service.get("AGENT@helios", &path("a")).await.expect(200);
}
