//! Which path and method leads where. `contracts/seatable-tokens.md` §6–§8, §10, §11.
//!
//! `/api/v2.1` is this service's: what else is below it leads nowhere. The auth server serves SeaTable paths beside it.

use actix_web::web::{self, Data, ServiceConfig};
use auth_claims::caller::Authenticator;
use auth_claims::scopes::Scope;
use seatable_dialect::Endpoint;
use seatable_dialect::endpoint::mount_below;
use seatable_dialect::parameters::BodyLimit;

use super::{
    access_tokens, api_tokens, bases, copies, external_links, group_shares, groups, jwks, related_users,
    shares, temp_api_token, workspaces,
};
use crate::app::App;

const PREFIX: &str = "/api/v2.1";
/// A base's name is one segment, whatever is in it: an encoded slash stays encoded here.
const BASE: &str = "/workspace/{workspace_id:[0-9]+}/dtable/{base_name:[^/]+}/";
const OF_WORKSPACE: &str = "/workspace/{workspace_id:[0-9]+}/dtable/";

/// What every route finds in its request.
#[derive(Clone)]
pub struct State {
    /// The service.
    pub app: Data<App>,
    /// This service's own: another one in the same process expects another audience.
    pub authenticator: Data<Authenticator>,
    /// What access tokens have to permit.
    pub scope: Data<Scope>,
}

/// Mounts everything.
pub fn configure(cfg: &mut ServiceConfig, state: &State) {
    mount_below(cfg, PREFIX, |cfg| {
        if state.app.settings.enabled {
            literal(cfg, state);
            of_workspaces(cfg, state);
            of_bases(cfg, state);
            of_links(cfg, state);
        }
    });
}

/// What has no placeholder: it is compared, while each of the others is an expression, so it comes first.
fn literal(cfg: &mut ServiceConfig, state: &State) {
    let at = |path: &str| at(path, state);
    cfg.service(at("/dtable/app-access-token/").get(access_tokens::of_api_token).mount())
        .service(at("/workspaces/").get(workspaces::list).mount())
        .service(at("/dtables/").post(bases::create).mount())
        .service(at("/dtables/shared/").get(workspaces::shared).mount())
        .service(at("/dtable-copy/").post(copies::copy).mount())
        .service(at("/groups/").get(groups::list).post(groups::create).mount())
        // Published keys are fetched by what is no client of this dialect: no slash at the end.
        .service(at("/dtable/jwks.json").get(jwks::published).mount());
}

fn of_workspaces(cfg: &mut ServiceConfig, state: &State) {
    let at = |path: &str| at(path, state);
    cfg.service(at("/dtables/{dtable_uuid:[^/]+}/related-users/").get(related_users::list).mount())
        .service(at("/groups/{group_id:[0-9]+}/").delete(groups::delete).mount())
        .service(at(OF_WORKSPACE).put(bases::update).delete(bases::delete).mount());
}

fn of_bases(cfg: &mut ServiceConfig, state: &State) {
    let at = |path: &str| at(&format!("{BASE}{path}"), state);
    let share = at("share/").get(shares::list).post(shares::add).put(shares::update).delete(shares::delete);
    cfg.service(share.mount())
        .service(at("group-shares/").get(group_shares::list).post(group_shares::add).mount())
        .service(
            at("group-shares/{group_id:[0-9]+}/")
                .put(group_shares::update)
                .delete(group_shares::delete)
                .mount(),
        )
        .service(at("api-tokens/").get(api_tokens::list).post(api_tokens::create).mount())
        // §2.1: an app_name may have slashes.
        .service(at("api-tokens/{app_name:.+}/").put(api_tokens::update).delete(api_tokens::delete).mount())
        .service(at("temp-api-token/").get(temp_api_token::issue).mount())
        .service(at("access-token/").get(access_tokens::of_account).mount())
        .service(at("external-links/").get(external_links::list).post(external_links::create).mount())
        .service(at("external-links/{token:[^/]+}/").delete(external_links::delete).mount());
}

fn of_links(cfg: &mut ServiceConfig, state: &State) {
    let of_link = at("/external-link-tokens/{token:[^/]+}/access-token/", state);
    cfg.service(of_link.get(access_tokens::of_link).mount());
}

fn at(path: &str, state: &State) -> Endpoint {
    Endpoint::at(path)
        .data(state.app.clone())
        .data(state.authenticator.clone())
        .data(state.scope.clone())
        .data(web::Data::new(BodyLimit(state.app.settings.limits.body)))
}
