//! What apps keep for the caller. `contracts/ocs-provisioning.md` §7, the last row of the table.

use identity::IdentityError;
use identity::apps::preferences;
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use super::caller::Person;
use super::pipeline::{Call, Operation};
use super::refused::refused;

/// `POST /apps/provisioning_api/api/v1/config/users/{appId}/{configKey}`
#[derive(Debug)]
pub struct Set;
/// `DELETE /apps/provisioning_api/api/v1/config/users/{appId}/{configKey}`
#[derive(Debug)]
pub struct Delete;

impl Operation for Set {
    const NAME: &'static str = "preferences.set";
    type Caller = Person;

    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let (app, key) = (call.parameters.required("appId")?, call.parameters.required("configKey")?);
        let value = call.parameters.required("configValue")?;
        let (act, account) = (call.caller.act(&call.app), call.caller.account.id);
        let set =
            move |conn: &mut DbConn| vouched_for(preferences::set(conn, &act, account, (&app, &key), &value));
        call.app.db.write(set).await
    }
}

impl Operation for Delete {
    const NAME: &'static str = "preferences.delete";
    type Caller = Person;

    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let (app, key) = (call.parameters.required("appId")?, call.parameters.required("configKey")?);
        let (act, account) = (call.caller.act(&call.app), call.caller.account.id);
        let delete =
            move |conn: &mut DbConn| vouched_for(preferences::delete(conn, &act, account, (&app, &key)));
        call.app.db.write(delete).await
    }
}

fn vouched_for(outcome: Result<bool, IdentityError>) -> Result<Value, OcsError> {
    match outcome {
        Ok(true) => Ok(Value::nothing()),
        Ok(false) | Err(IdentityError::Invalid(_)) => Err(OcsError::code(400)),
        Err(error) => Err(refused(error)),
    }
}
