//! Which path and method leads where. `contracts/ocs-provisioning.md` §5, §6, §7.
//!
//! Literal routes stand before those with a placeholder (§2.3), and longer ones before a placeholder that may hold slashes. A
//! literal wins for its own methods: the others are for whoever, or whatever group, is called like it.

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::{self, GuardContext};
use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, Resource};
use auth_claims::caller::Authenticator;
use ocs_dialect::OcsError;

use super::caller::Level as _;
use super::pipeline::{Operation, astray, handle};
use super::{
    apps, apps_config, capabilities, group_members, groups, memberships, preferences, sub_admins,
    user_fields, users,
};
use crate::app::App;

/// Both entry points lead to the same operations.
const ENTRIES: [&str; 2] = ["/ocs/v1.php", "/ocs/v2.php"];
/// The configuration of apps.
const CONFIG: &str = "/apps/provisioning_api/api/v1/config";

/// What every route finds in its request.
#[derive(Clone)]
pub struct State {
    /// The service.
    pub app: Data<App>,
    /// This service's own: another one in the same process expects another audience.
    pub authenticator: Data<Authenticator>,
}

/// Mounts everything.
pub fn configure(cfg: &mut ServiceConfig, state: &State) {
    for entry in ENTRIES {
        cfg.service(web::scope(entry).configure(|cfg| below(cfg, state)));
    }
}

fn below(cfg: &mut ServiceConfig, state: &State) {
    if state.app.settings.enabled {
        for route in routes() {
            cfg.service(route.mounted(state));
        }
    }
    let astray = |request: HttpRequest| astray(request, OcsError::UnknownRoute);
    let nowhere = web::resource(["", "/{nowhere:.*}"]).default_service(web::to(astray));
    cfg.service(nowhere.app_data(state.app.clone()).app_data(state.authenticator.clone()));
}

/// Every route, in the order in which they are looked at.
pub(super) fn routes() -> Vec<Route> {
    [oneself(), users(), groups(), apps()].into_iter().flatten().collect()
}

fn oneself() -> Vec<Route> {
    vec![
        Route::at("/cloud/capabilities").get::<capabilities::Show>(),
        Route::at("/cloud/user").get::<users::ShowOneself>(),
        Route::at("/cloud/user/fields").get::<user_fields::OfOneself>(),
        Route::at("/cloud/user/fields/{userId}").get::<user_fields::OfSomebody>(),
        Route::at(&format!("{CONFIG}/users/{{appId}}/{{configKey}}"))
            .post::<preferences::Set>()
            .delete::<preferences::Delete>(),
    ]
}

fn users() -> Vec<Route> {
    vec![
        Route::at("/cloud/users").get::<users::ListIds>().post::<users::Create>(),
        Route::before("/cloud/users/details").get::<users::ListDetails>(),
        Route::before("/cloud/users/disabled").get::<users::ListDisabled>(),
        Route::before("/cloud/users/recent").get::<users::ListRecent>(),
        Route::at("/cloud/users/search/by-phone").post::<users::SearchByPhone>(),
        Route::at("/cloud/users/{userId}")
            .get::<users::Show>()
            .put::<users::Edit>()
            .delete::<users::Delete>(),
        Route::at("/cloud/users/{userId}/enable").put::<users::Enable>(),
        Route::at("/cloud/users/{userId}/disable").put::<users::Disable>(),
        Route::at("/cloud/users/{userId}/wipe").put::<users::EditCollection>().post::<users::Wipe>(),
        Route::at("/cloud/users/{userId}/welcome").put::<users::EditCollection>().post::<users::Welcome>(),
        Route::at("/cloud/users/{userId}/groups")
            .get::<memberships::List>()
            .post::<memberships::Add>()
            .delete::<memberships::Remove>(),
        Route::at("/cloud/users/{userId}/subadmins")
            .get::<sub_admins::GroupsOfUser>()
            .post::<sub_admins::Add>()
            .delete::<sub_admins::Remove>(),
        Route::at("/cloud/users/{userId}/{collectionName:[A-Za-z0-9_]+}").put::<users::EditCollection>(),
    ]
}

/// The id of a group may hold slashes, so that what follows it is looked for first.
fn groups() -> Vec<Route> {
    vec![
        Route::at("/cloud/groups").get::<groups::List>().post::<groups::Create>(),
        Route::before("/cloud/groups/details").get::<groups::ListDetails>(),
        Route::before("/cloud/groups/{groupId:.+}/users/details").get::<group_members::ListDetails>(),
        Route::before("/cloud/groups/{groupId:.+}/users").get::<group_members::ListIds>(),
        Route::before("/cloud/groups/{groupId:.+}/subadmins").get::<group_members::ListSubAdmins>(),
        Route::at("/cloud/groups/{groupId:.+}")
            .get::<group_members::ListIds>()
            .put::<groups::Update>()
            .delete::<groups::Delete>(),
    ]
}

fn apps() -> Vec<Route> {
    vec![
        Route::at("/cloud/apps").get::<apps::List>(),
        Route::at("/cloud/apps/{app}").get::<apps::Show>().post::<apps::Enable>().delete::<apps::Disable>(),
        Route::at(&format!("{CONFIG}/apps")).get::<apps_config::ListApps>(),
        Route::at(&format!("{CONFIG}/apps/{{app}}")).get::<apps_config::ListKeys>(),
        Route::at(&format!("{CONFIG}/apps/{{app}}/{{key}}"))
            .get::<apps_config::ShowValue>()
            .post::<apps_config::SetValue>()
            .delete::<apps_config::DeleteKey>(),
    ]
}

/// A path, and the operations that its methods lead to.
pub(super) struct Route {
    /// Below an entry point.
    pub(super) path: String,
    /// The methods, and what they lead to.
    pub(super) methods: Vec<Led>,
    resource: Resource,
    /// Whether its other methods are those of a placeholder that matches its path, too.
    is_shared: bool,
}

/// What a method leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Led {
    /// The method.
    pub(super) method: &'static str,
    /// The name of the operation.
    pub(super) operation: &'static str,
    /// Who may call it.
    pub(super) caller: &'static str,
}

impl Route {
    fn at(path: &str) -> Self {
        let resource = web::resource(path.to_owned());
        Self { path: path.to_owned(), methods: Vec::new(), resource, is_shared: false }
    }

    /// A path that a placeholder further down matches, too.
    fn before(path: &str) -> Self {
        Self { is_shared: true, ..Self::at(path) }
    }

    fn on<O: Operation>(mut self, method: Method, name: &'static str) -> Self {
        self.methods.push(Led { method: name, operation: O::NAME, caller: O::Caller::WHO });
        Self { resource: self.resource.route(web::method(method).to(handle::<O>)), ..self }
    }

    fn get<O: Operation>(self) -> Self {
        self.on::<O>(Method::GET, "GET").on::<O>(Method::HEAD, "HEAD")
    }

    fn post<O: Operation>(self) -> Self {
        self.on::<O>(Method::POST, "POST")
    }

    fn put<O: Operation>(self) -> Self {
        self.on::<O>(Method::PUT, "PUT")
    }

    fn delete<O: Operation>(self) -> Self {
        self.on::<O>(Method::DELETE, "DELETE")
    }

    fn mounted(self, state: &State) -> impl HttpServiceFactory + 'static {
        let allowed: Vec<&str> = self.methods.iter().map(|led| led.method).collect();
        let allowed = allowed.join(", ");
        let wrong = move |request: HttpRequest| astray(request, OcsError::WrongMethod(allowed.clone()));
        let mut resource = self.resource.default_service(web::to(wrong));
        if self.is_shared {
            let own = move |context: &GuardContext<'_>| {
                let method = context.head().method.as_str();
                self.methods.iter().any(|led| led.method == method)
            };
            resource = resource.guard(guard::fn_guard(own));
        }
        resource.app_data(state.app.clone()).app_data(state.authenticator.clone())
    }
}
