//! `GET /server-info/` (`contracts/seatable-tokens.md` §11).

use actix_web::{HttpResponse, web};
use seatable_dialect::response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// What clients ask before they rely on anything.
#[derive(Serialize, ToSchema)]
#[schema(as = SeaTableServerInfo)]
pub(crate) struct ServerInfo<'a> {
    /// The version of the original that the server keeps to.
    #[schema(example = "5.1.9")]
    version: &'a str,
    /// `enterprise edition` or `developer edition`.
    #[schema(example = "enterprise edition")]
    edition: &'a str,
}

/// Tells version and edition, to anybody and as often as they like.
#[utoipa::path(
    get,
    path = "/server-info/",
    tag = "SeaTable",
    responses((status = 200, description = "Version and edition", body = ServerInfo)),
)]
pub(crate) async fn server_info(app: web::Data<App>) -> HttpResponse {
    let settings = &app.settings.seatable;
    response::ok(&ServerInfo { version: &settings.version, edition: &settings.edition })
}
