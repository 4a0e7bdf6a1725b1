//! Which fields of an account may be edited. `contracts/ocs-provisioning.md` §7.7.

use ocs_dialect::version::NOT_FOUND;
use ocs_dialect::{OcsError, Value};

use super::caller::Person;
use super::pipeline::{Call, Operation};
use super::targets::{user_id, user_or};

const FIELDS: [&str; 13] = [
    "displayname",
    "email",
    "additional_mail",
    "phone",
    "address",
    "website",
    "twitter",
    "fediverse",
    "organisation",
    "role",
    "headline",
    "biography",
    "profile_enabled",
];

/// `GET /cloud/user/fields`
#[derive(Debug)]
pub struct OfOneself;
/// `GET /cloud/user/fields/{userId}`
#[derive(Debug)]
pub struct OfSomebody;

impl Operation for OfOneself {
    const NAME: &'static str = "user_fields.of_oneself";
    type Caller = Person;

    async fn run(_: Call<Person>) -> Result<Value, OcsError> {
        Ok(Value::list(FIELDS))
    }
}

impl Operation for OfSomebody {
    const NAME: &'static str = "user_fields.of_somebody";
    type Caller = Person;

    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let (id, caller) = (user_id(&call.parameters)?, call.caller);
        let reached = call.app.db.read(move |conn| {
            let target = user_or(conn, &id, || OcsError::code(NOT_FOUND))?;
            Ok::<_, OcsError>(caller.reaches(&target))
        });
        if reached.await? { Ok(Value::list(FIELDS)) } else { Err(OcsError::code(NOT_FOUND)) }
    }
}
