//! The groups of a user. `contracts/ocs-provisioning.md` §7.11.

use identity::accounts::Account;
use identity::groups::{self, ADMIN};
use ocs_dialect::version::NOT_FOUND;
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use super::caller::{Person, SubAdmin};
use super::pipeline::{Call, Operation};
use super::refused::invalid_as;
use super::targets::{group_or, user_id, user_or};
use crate::domain::access::Standing;

const YOURSELF_FROM_ADMIN: &str = "Cannot remove yourself from the admin group";
const YOURSELF: &str = "Cannot remove yourself from this group as you are a sub-admin";
const LAST_GROUP: &str = "Not viable to remove user from the last group you are sub-admin of";

/// `GET /cloud/users/{userId}/groups`
#[derive(Debug)]
pub struct List;
/// `POST /cloud/users/{userId}/groups`
#[derive(Debug)]
pub struct Add;
/// `DELETE /cloud/users/{userId}/groups`
#[derive(Debug)]
pub struct Remove;

impl Operation for List {
    const NAME: &'static str = "memberships.list";
    type Caller = Person;

    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let (id, caller) = (user_id(&call.parameters)?, call.caller);
        let groups = call.app.db.read(move |conn| {
            let target = user_or(conn, &id, || OcsError::code(NOT_FOUND))?;
            if caller.is_admin() || caller.is(&target) {
                Ok(target.groups)
            } else if caller.has_power_over(&target) {
                Ok(common(&caller, &target))
            } else {
                Err(OcsError::code(NOT_FOUND))
            }
        });
        Ok(Value::of("groups", Value::list(groups.await?)))
    }
}

/// The groups of an account that the caller is sub-administrator of.
fn common(caller: &Standing, target: &Account) -> Vec<String> {
    target.groups.iter().filter(|group| caller.is_sub_admin_of(group)).cloned().collect()
}

impl Operation for Add {
    const NAME: &'static str = "memberships.add";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let id = user_id(&call.parameters)?;
        let group = call.parameters.text_or_empty("groupid")?;
        if group.is_empty() {
            return Err(OcsError::code(101));
        }
        let (act, caller) = (call.caller.act(&call.app), call.caller);
        let add = move |conn: &mut DbConn| {
            let group = group_or(conn, &group, || OcsError::code(102))?;
            let target = user_or(conn, &id, || OcsError::code(103))?;
            // Whoever could draw anybody into a group of their own could then set that account's password.
            if !caller.administers(&group.id) || !caller.reaches(&target) {
                return Err(OcsError::code(104));
            }
            groups::add_member(conn, &act, &group.id, target.id)
                .map_err(|error| invalid_as(error, 101, ""))?;
            Ok(Value::nothing())
        };
        call.app.db.write(add).await
    }
}

impl Operation for Remove {
    const NAME: &'static str = "memberships.remove";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let id = user_id(&call.parameters)?;
        let group = call.parameters.required("groupid")?;
        if group.trim().is_empty() {
            return Err(OcsError::code(101));
        }
        let (act, caller) = (call.caller.act(&call.app), call.caller);
        let remove = move |conn: &mut DbConn| {
            let group = group_or(conn, &group, || OcsError::code(102))?;
            let target = user_or(conn, &id, || OcsError::code(103))?;
            // An administrator is in no sub-administrator's power, in a common group either.
            let is_beyond = target.is_administrator() && !caller.is_admin() && !caller.is(&target);
            if !caller.administers(&group.id) || is_beyond {
                return Err(OcsError::code(104));
            }
            may_leave(&caller, &target, &group.id)?;
            groups::remove_member(conn, &act, &group.id, target.id)
                .map_err(|error| invalid_as(error, 101, ""))?;
            Ok(Value::nothing())
        };
        call.app.db.write(remove).await
    }
}

/// The three ways of code 105.
fn may_leave(caller: &Standing, target: &Account, group: &str) -> Result<(), OcsError> {
    if caller.is(target) {
        return match (caller.is_admin(), group) {
            (true, ADMIN) => Err(OcsError::with(105, YOURSELF_FROM_ADMIN)),
            (true, _) => Ok(()),
            (false, _) => Err(OcsError::with(105, YOURSELF)),
        };
    }
    if !caller.is_admin() && common(caller, target).len() <= 1 {
        return Err(OcsError::with(105, LAST_GROUP));
    }
    Ok(())
}
