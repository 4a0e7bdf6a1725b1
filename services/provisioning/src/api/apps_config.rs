//! The configuration of apps. `contracts/ocs-provisioning.md` §5.13–§5.16, §7.14.

use identity::apps::config::{self, ConfigRefusal};
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use super::caller::{AppAdmin, ConfigAdmin};
use super::pipeline::{Call, Operation};
use super::refused::refused;

/// `GET /apps/provisioning_api/api/v1/config/apps`
#[derive(Debug)]
pub struct ListApps;
/// `GET /apps/provisioning_api/api/v1/config/apps/{app}`
#[derive(Debug)]
pub struct ListKeys;
/// `GET /apps/provisioning_api/api/v1/config/apps/{app}/{key}`
#[derive(Debug)]
pub struct ShowValue;
/// `POST /apps/provisioning_api/api/v1/config/apps/{app}/{key}`
#[derive(Debug)]
pub struct SetValue;
/// `DELETE /apps/provisioning_api/api/v1/config/apps/{app}/{key}`
#[derive(Debug)]
pub struct DeleteKey;

/// The texts are in `data` (§5.14).
fn config_refused(refusal: ConfigRefusal) -> OcsError {
    match refusal {
        ConfigRefusal::IllegalApp => OcsError::told_in_data(403, "Invalid app id given"),
        ConfigRefusal::Protected | ConfigRefusal::Invalid => {
            OcsError::told_in_data(403, "The given key can not be set")
        }
        ConfigRefusal::UnlimitedForbidden => OcsError::told_in_data(
            403,
            "The given key can not be set, unlimited quota is forbidden on this instance",
        ),
        ConfigRefusal::Failed(error) => refused(error),
    }
}

impl Operation for ListApps {
    const NAME: &'static str = "apps_config.list_apps";
    type Caller = AppAdmin;

    async fn run(call: Call<AppAdmin>) -> Result<Value, OcsError> {
        Ok(Value::of("data", Value::list(call.app.db.read(config::apps).await?)))
    }
}

impl Operation for ListKeys {
    const NAME: &'static str = "apps_config.list_keys";
    type Caller = AppAdmin;

    async fn run(call: Call<AppAdmin>) -> Result<Value, OcsError> {
        let app = call.parameters.required("app")?;
        let keys = call.app.db.read(move |conn| config::keys(conn, &app).map_err(config_refused));
        Ok(Value::of("data", Value::list(keys.await?)))
    }
}

impl Operation for ShowValue {
    const NAME: &'static str = "apps_config.show_value";
    type Caller = AppAdmin;

    async fn run(call: Call<AppAdmin>) -> Result<Value, OcsError> {
        let (app, key) = (call.parameters.required("app")?, call.parameters.required("key")?);
        let default = call.parameters.text_or_empty("defaultValue")?;
        let value = call.app.db.read(move |conn| config::value(conn, &app, &key).map_err(config_refused));
        Ok(Value::of("data", value.await?.unwrap_or(default)))
    }
}

impl Operation for SetValue {
    const NAME: &'static str = "apps_config.set_value";
    type Caller = ConfigAdmin;

    async fn run(call: Call<ConfigAdmin>) -> Result<Value, OcsError> {
        let (app, key) = (call.parameters.required("app")?, call.parameters.required("key")?);
        let value = call.parameters.required("value")?;
        let unlimited = call.app.settings.accounts.unlimited_quota;
        let act = call.caller.act(&call.app);
        let set = move |conn: &mut DbConn| {
            config::set(conn, &act, (&app, &key), &value, unlimited).map_err(config_refused)?;
            Ok(Value::nothing())
        };
        call.app.db.write(set).await
    }
}

impl Operation for DeleteKey {
    const NAME: &'static str = "apps_config.delete_key";
    type Caller = AppAdmin;

    async fn run(call: Call<AppAdmin>) -> Result<Value, OcsError> {
        let (app, key) = (call.parameters.required("app")?, call.parameters.required("key")?);
        let act = call.caller.act(&call.app);
        let delete = move |conn: &mut DbConn| {
            config::delete(conn, &act, &app, &key).map_err(config_refused)?;
            Ok(Value::nothing())
        };
        call.app.db.write(delete).await
    }
}
