//! §7, the last row of the table.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, CONFIG, Service};

/// No service of the platform has preferences; an app of a bootstrap file may.
#[rstest]
#[actix_web::test]
async fn a_key_that_no_app_vouches_for_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for path in ["rooms/colour", "ghost/x", "a..b/x"] {
        let path = format!("{CONFIG}/users/{path}");
        service.refused("mira", "POST", &path, &json!({"configValue": "blue"}), (400, "")).await;
        service.refused("mira", "DELETE", &path, &json!({}), (400, "")).await;
        service.refused("mira", "POST", &path, &json!({}), (996, "Internal Server Error\n")).await;
    }
    service
        .refused(
            "",
            "POST",
            &format!("{CONFIG}/users/rooms/x"),
            &json!({"configValue": "y"}),
            (997, "Current user is not logged in"),
        )
        .await;
}
