//! The service switched off by an administrator: nobody else gets in, by whatever token or link.

use identity::act::Act;
use identity::apps;
use identity::audit::Origin;
use rstest::rstest;

use crate::authentication::ENDPOINTS;
use crate::support::{Answer, Backend, Service};
use crate::tokens_support::of;

const DISABLED: &str = "Service is disabled.";

/// As the provisioning API does it; the service follows the feed.
async fn switch(service: &Service, enabled: bool) {
    let act = Act::new(&service.clock, &Origin::default());
    let change = move |conn: &mut store::DbConn| apps::set_enabled(conn, &act, "bases", enabled);
    assert!(service.identity.db().write(change).await.unwrap());
    let status = if enabled { 200 } else { 503 };
    service.until(async || service.get("mira", "/api/v2.1/workspaces/").await.status == status).await;
}

#[rstest]
#[actix_web::test]
async fn threat_9_while_it_is_disabled_only_administrators_get_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    service.make_global_admin("root").await;
    let token = service.api_token("mira", &base, "stock-sync", "rw").await;
    let temporary = service.temporary_token("mira", &base).await;
    let link = service.link("mira", &base, &[]).await;
    let exchanged = service.exchange(&token).await.expect(200).json();
    let base_token = format!("Token {}", exchanged["access_token"].as_str().unwrap());
    let related = format!("/api/v2.1/dtables/{}/related-users/", base["uuid"].as_str().unwrap());
    service.get_with(&base_token, &related).await.expect(200);

    switch(&service, false).await;
    for (method, path) in ENDPOINTS {
        let answer = service.send("mira", method, path).await;
        assert_eq!(answer.header("retry-after"), "60");
        if method == "HEAD" {
            answer.expect(503);
        } else {
            answer.expect_msg(503, DISABLED);
        }
    }
    for token in [token.as_str(), &temporary, "0123456789012345678901234567890123456789"] {
        service.exchange(token).await.expect_msg(503, DISABLED);
    }
    service.exchange_link(&link).await.expect_msg(503, DISABLED);
    service.get_with(&base_token, &related).await.expect_msg(503, DISABLED);
    service.get("root", "/api/v2.1/workspaces/").await.expect(200);
    service
        .get("", "/api/v2.1/workspaces/")
        .await
        .expect_detail(403, "Authentication credentials were not provided.");

    // A replica that starts now knows as well.
    let replica = service.restarted().await;
    replica.get("mira", "/api/v2.1/workspaces/").await.expect_msg(503, DISABLED);
    replica.exchange(&token).await.expect_msg(503, DISABLED);

    switch(&service, true).await;
    service.exchange(&token).await.expect(200);
    service.exchange(&temporary).await.expect(200);
    service.exchange_link(&link).await.expect(200);
    let own: Answer = service.get("mira", &of(&base, "access-token/")).await;
    own.expect(200);
}
