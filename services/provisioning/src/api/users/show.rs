//! One account. §7.4.

use ocs_dialect::version::NOT_FOUND;
use ocs_dialect::{OcsError, Value};

use crate::api::caller::Person;
use crate::api::people::{self, Viewer};
use crate::api::pipeline::{Call, Operation};
use crate::api::targets::{user_id, user_or};

/// `GET /cloud/users/{userId}`
#[derive(Debug)]
pub struct Show;
/// `GET /cloud/user`
#[derive(Debug)]
pub struct ShowOneself;

impl Operation for Show {
    const NAME: &'static str = "users.show";
    type Caller = Person;

    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let (id, caller) = (user_id(&call.parameters)?, call.caller);
        let language = call.app.settings.accounts.language.clone();
        let shown = call.app.db.read(move |conn| {
            let target = user_or(conn, &id, || OcsError::with(404, "User does not exist"))?;
            if !caller.reaches(&target) {
                return Err(OcsError::code(NOT_FOUND));
            }
            // §7.4: only for the exact spelling.
            let has_scopes = caller.is(&target) && target.login == id;
            people::one(conn, &Viewer { standing: &caller, language: &language }, target.id, has_scopes)
        });
        shown.await?.ok_or(OcsError::with(404, "User does not exist"))
    }
}

impl Operation for ShowOneself {
    const NAME: &'static str = "users.show_oneself";
    type Caller = Person;

    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let caller = call.caller;
        let language = call.app.settings.accounts.language.clone();
        let shown = call.app.db.read(move |conn| {
            let viewer = Viewer { standing: &caller, language: &language };
            people::one(conn, &viewer, caller.account.id, true)
        });
        shown.await?.ok_or(OcsError::NotLoggedIn)
    }
}
