//! Who is sub-administrator of what. `contracts/ocs-provisioning.md` §5.10–§5.12.

use identity::groups::{self, ADMIN};
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use super::caller::Admin;
use super::pipeline::{Call, Operation};
use super::refused::invalid_as;
use super::targets::{group_or, user_id, user_or};

const NO_USER: &str = "User does not exist";
const NO_GROUP: &str = "Group does not exist";
const ADMIN_GROUP: &str = "Cannot create sub-admins for admin group";

/// `GET /cloud/users/{userId}/subadmins`
#[derive(Debug)]
pub struct GroupsOfUser;
/// `POST /cloud/users/{userId}/subadmins`
#[derive(Debug)]
pub struct Add;
/// `DELETE /cloud/users/{userId}/subadmins`
#[derive(Debug)]
pub struct Remove;

impl Operation for GroupsOfUser {
    const NAME: &'static str = "sub_admins.groups_of_user";
    type Caller = Admin;

    async fn run(call: Call<Admin>) -> Result<Value, OcsError> {
        let id = user_id(&call.parameters)?;
        let groups = call.app.db.read(move |conn| {
            let user = user_or(conn, &id, || OcsError::with(404, NO_USER))?;
            Ok::<_, OcsError>(groups::subadmin_of(conn, user.id)?)
        });
        Ok(Value::list(groups.await?))
    }
}

impl Operation for Add {
    const NAME: &'static str = "sub_admins.add";
    type Caller = Admin;

    async fn run(call: Call<Admin>) -> Result<Value, OcsError> {
        let (id, group) = (user_id(&call.parameters)?, call.parameters.required("groupid")?);
        let act = call.caller.act(&call.app);
        let add = move |conn: &mut DbConn| {
            let user = user_or(conn, &id, || OcsError::with(101, NO_USER))?;
            let group = group_or(conn, &group, || OcsError::with(102, NO_GROUP))?;
            if group.id == ADMIN {
                return Err(OcsError::with(103, ADMIN_GROUP));
            }
            groups::add_subadmin(conn, &act, &group.id, user.id)
                .map_err(|error| invalid_as(error, 103, ADMIN_GROUP))?;
            Ok(Value::nothing())
        };
        call.app.db.write(add).await
    }
}

impl Operation for Remove {
    const NAME: &'static str = "sub_admins.remove";
    type Caller = Admin;

    async fn run(call: Call<Admin>) -> Result<Value, OcsError> {
        let (id, group) = (user_id(&call.parameters)?, call.parameters.required("groupid")?);
        let act = call.caller.act(&call.app);
        let remove = move |conn: &mut DbConn| {
            let user = user_or(conn, &id, || OcsError::with(101, NO_USER))?;
            // Here it is 101, unlike where one is made (§5.12).
            let group = group_or(conn, &group, || OcsError::with(101, NO_GROUP))?;
            let removed = groups::remove_subadmin(conn, &act, &group.id, user.id);
            if removed.map_err(|error| invalid_as(error, 101, NO_GROUP))? {
                Ok(Value::nothing())
            } else {
                Err(OcsError::with(102, "User is not a sub-admin of this group"))
            }
        };
        call.app.db.write(remove).await
    }
}
