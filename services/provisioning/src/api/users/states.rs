//! Enabling, disabling, removing, signing out. §7.8–§7.10.

use auth_claims::revocations::RevocationReason;
use identity::accounts::{self, Account};
use identity::audit::{self, AuditEvent};
use identity::revocations::{self, Revocation};
use ocs_dialect::version::NOT_FOUND;
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use crate::api::caller::SubAdmin;
use crate::api::pipeline::{Call, Operation, standing};
use crate::api::refused::refused;
use crate::api::targets::{user_id, user_or};
use crate::domain::access::Standing;

/// `PUT /cloud/users/{userId}/enable`
#[derive(Debug)]
pub struct Enable;
/// `PUT /cloud/users/{userId}/disable`
#[derive(Debug)]
pub struct Disable;
/// `DELETE /cloud/users/{userId}`
#[derive(Debug)]
pub struct Delete;
/// `POST /cloud/users/{userId}/wipe`
#[derive(Debug)]
pub struct Wipe;
/// `POST /cloud/users/{userId}/welcome`
#[derive(Debug)]
pub struct Welcome;

impl Operation for Enable {
    const NAME: &'static str = "users.enable";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        set_enabled(call, true).await
    }
}

impl Operation for Disable {
    const NAME: &'static str = "users.disable";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        set_enabled(call, false).await
    }
}

async fn set_enabled(call: Call<SubAdmin>, enabled: bool) -> Result<Value, OcsError> {
    let id = user_id(&call.parameters)?;
    let (act, caller) = (call.caller.act(&call.app), call.caller);
    let change = move |conn: &mut DbConn| {
        let target = user_or(conn, &id, || OcsError::code(101))?;
        let target = in_power(conn, &caller, &target)?;
        accounts::set_enabled(conn, &act, target.id, enabled).map_err(refused)?;
        Ok(Value::nothing())
    };
    call.app.revocations.write(&call.app.db, change).await
}

/// The account, held until the transaction ends, as the caller is: of two administrators who put each other out at the same
/// time one stays.
///
/// # Errors
/// 101 for oneself, 998 for whom the caller has no power over.
fn in_power(conn: &mut DbConn, caller: &Standing, target: &Account) -> Result<Account, OcsError> {
    let (caller, target) = (caller.account.id, target.id);
    for id in [caller.min(target), caller.max(target)] {
        accounts::find_for_change(conn, id)?;
    }
    let caller = standing(conn, caller)?.ok_or(OcsError::NotLoggedIn)?;
    let target = accounts::find(conn, target)?.ok_or(OcsError::code(NOT_FOUND))?;
    if caller.is(&target) {
        Err(OcsError::code(101))
    } else if caller.has_power_over(&target) {
        Ok(target)
    } else {
        Err(OcsError::code(NOT_FOUND))
    }
}

impl Operation for Delete {
    const NAME: &'static str = "users.delete";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let id = user_id(&call.parameters)?;
        let (act, caller) = (call.caller.act(&call.app), call.caller);
        let delete = move |conn: &mut DbConn| {
            let target = user_or(conn, &id, || OcsError::code(NOT_FOUND))?;
            let target = in_power(conn, &caller, &target)?;
            accounts::delete(conn, &act, target.id).map_err(refused)?;
            Ok(Value::nothing())
        };
        call.app.revocations.write(&call.app.db, delete).await
    }
}

impl Operation for Wipe {
    const NAME: &'static str = "users.wipe";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let id = user_id(&call.parameters)?;
        let (act, origin) = (call.caller.act(&call.app), call.caller.origin.clone());
        let caller = call.caller;
        let wipe = move |conn: &mut DbConn| {
            let target = user_or(conn, &id, || OcsError::code(NOT_FOUND))?;
            let target = in_power(conn, &caller, &target)?;
            let ended = Revocation::of_account(target.id, RevocationReason::Revoked, act.now());
            revocations::revoke(conn, &ended)?;
            let wiped = AuditEvent::new(act.now(), "account.wipe", &origin).target(target.id.to_string());
            audit::insert(conn, &wiped)?;
            Ok(Value::nothing())
        };
        call.app.revocations.write(&call.app.db, wipe).await
    }
}

impl Operation for Welcome {
    const NAME: &'static str = "users.welcome";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let (id, caller) = (user_id(&call.parameters)?, call.caller);
        let target = call.app.db.read(move |conn| {
            let target = user_or(conn, &id, || OcsError::code(NOT_FOUND))?;
            if caller.reaches(&target) { Ok(target) } else { Err(OcsError::code(NOT_FOUND)) }
        });
        match target.await?.email {
            None => Err(OcsError::with(101, "Email address not available")),
            // The platform sends no mail.
            Some(_) => Err(OcsError::with(102, "Sending email failed")),
        }
    }
}
