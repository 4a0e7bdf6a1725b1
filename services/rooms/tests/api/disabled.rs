//! The service switched off by an administrator: nobody else gets in, by whatever credential.

use rstest::rstest;
use serde_json::json;

use crate::support::{ALL, Answer, Backend, ROOMS, Service, user_token};

const DISABLED: &str = "This service is disabled.";

#[rstest]
#[actix_web::test]
async fn threat_9_while_it_is_disabled_only_administrators_get_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await.id();
    let (delegated, own) = (service.token("ada"), service.own_token("ada"));
    let triple = service.sessions.sign_in("ada", "lasuite_visio rooms:list");
    let administrator = {
        let mut claims = user_token("root", &format!("lasuite_visio {ALL}"), service.clock.now());
        claims["roles"] = json!(["GLOBAL_ADMIN"]);
        service.sign(&claims)
    };
    let device =
        || async { Answer::read(service.request_from(&triple, "GET", ROOMS).send().await.unwrap()).await };
    for token in [&delegated, &own, &administrator] {
        service.send_with(token, "GET", ROOMS).await.expect(200);
    }
    device().await.expect(200);

    service.switch(false);
    for token in [&delegated, &own] {
        for (method, path) in [
            ("GET", ROOMS.to_owned()),
            ("POST", ROOMS.to_owned()),
            ("GET", format!("{ROOMS}/{room}")),
            ("PATCH", format!("{ROOMS}/{room}")),
            ("DELETE", format!("{ROOMS}/{room}")),
            ("GET", format!("{ROOMS}/{room}/attendees")),
            ("POST", format!("{ROOMS}/{room}/attendees")),
        ] {
            service.send_with(token, method, &path).await.expect_detail(403, DISABLED);
        }
    }
    device().await.expect_detail(403, DISABLED);
    service.send_with(&administrator, "GET", ROOMS).await.expect(200);
    service.send_with("x", "GET", ROOMS).await.expect_detail(401, "Invalid token.");
    let none = Answer::read(service.request("GET", ROOMS).send().await.unwrap()).await;
    none.expect_detail(401, "Authentication credentials were not provided.");

    service.switch(true);
    for token in [&delegated, &own] {
        service.send_with(token, "GET", &format!("{ROOMS}/{room}")).await.expect(200);
    }
    device().await.expect(200);
}
