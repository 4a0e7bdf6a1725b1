//! Apps. `contracts/ocs-provisioning.md` §5.1–§5.4.

use identity::apps::{self, App, AppRefusal};
use ocs_dialect::version::NOT_FOUND;
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use super::caller::AppAdmin;
use super::pipeline::{Call, Operation};
use super::refused::refused;

const NO_APP: &str = "The request app was not found";
/// Stands before all others where there is one.
const FIRST: &str = "files";

/// `GET /cloud/apps`
#[derive(Debug)]
pub struct List;
/// `GET /cloud/apps/{app}`
#[derive(Debug)]
pub struct Show;
/// `POST /cloud/apps/{app}`
#[derive(Debug)]
pub struct Enable;
/// `DELETE /cloud/apps/{app}`
#[derive(Debug)]
pub struct Disable;

impl Operation for List {
    const NAME: &'static str = "apps.list";
    type Caller = AppAdmin;

    async fn run(call: Call<AppAdmin>) -> Result<Value, OcsError> {
        let belongs: fn(&App) -> bool = match call.parameters.text("filter")?.as_deref() {
            // Without a filter those that are always on are left out, so that all is not all.
            None | Some("") => |app| !app.always_on,
            Some("enabled") => |app| app.enabled,
            Some("disabled") => |app| !app.always_on && !app.enabled,
            Some(_) => return Err(OcsError::code(101)),
        };
        let found = call.app.db.read(apps::list).await?;
        let mut ids: Vec<String> = found.into_iter().filter(belongs).map(|app| app.id).collect();
        ids.sort_by_key(|id| id != FIRST);
        Ok(Value::of("apps", Value::list(ids)))
    }
}

impl Operation for Show {
    const NAME: &'static str = "apps.show";
    type Caller = AppAdmin;

    async fn run(call: Call<AppAdmin>) -> Result<Value, OcsError> {
        let id = call.parameters.required("app")?;
        let found = call.app.db.read(move |conn| apps::find(conn, &id)).await?;
        let app = found.ok_or(OcsError::with(NOT_FOUND, NO_APP))?;
        Ok(Value::map(app.manifest))
    }
}

impl Operation for Enable {
    const NAME: &'static str = "apps.enable";
    type Caller = AppAdmin;

    async fn run(call: Call<AppAdmin>) -> Result<Value, OcsError> {
        set_enabled(call, true).await
    }
}

impl Operation for Disable {
    const NAME: &'static str = "apps.disable";
    type Caller = AppAdmin;

    async fn run(call: Call<AppAdmin>) -> Result<Value, OcsError> {
        set_enabled(call, false).await
    }
}

async fn set_enabled(call: Call<AppAdmin>, enabled: bool) -> Result<Value, OcsError> {
    let (id, act) = (call.parameters.required("app")?, call.caller.act(&call.app));
    let change = move |conn: &mut DbConn| match apps::set_enabled(conn, &act, &id, enabled) {
        Ok(_) => Ok(Value::nothing()),
        Err(AppRefusal::Unknown) => Err(OcsError::with(NOT_FOUND, NO_APP)),
        // §5.4: the original fails here.
        Err(AppRefusal::AlwaysOn) => Err(OcsError::BadParameter("app".into())),
        Err(AppRefusal::Failed(error)) => Err(refused(error)),
    };
    call.app.revocations.write(&call.app.db, change).await
}
