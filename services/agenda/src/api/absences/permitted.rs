//! Whose absences a caller may read and write. `contracts/rdv-sign-in.md` §11.3, §12.5.

use identity::absences::{self, Absence};
use identity::accounts::AccountId;
use identity::agents;
use rdv_dialect::error::{ForbiddenText, RdvError};
use rdv_dialect::parameters::{Integer, Parameters};
use rdv_dialect::paths;
use store::DbConn;

/// Fails unless `viewer` sees `agent`.
pub(super) fn require_sees(conn: &mut DbConn, viewer: AccountId, agent: AccountId) -> Result<(), RdvError> {
    if agents::sees(conn, viewer, agent)? { Ok(()) } else { Err(RdvError::Forbidden(ForbiddenText::Action)) }
}

/// The absence with this id, which is one if it is a number: 404, then 403.
pub(super) fn readable(conn: &mut DbConn, viewer: AccountId, id: &str) -> Result<Absence, RdvError> {
    let found = paths::id(id).map(|id| absences::find(conn, id)).transpose()?.flatten();
    permitted(conn, viewer, found)
}

/// The same in a transaction that goes on to change it.
pub(super) fn writable(conn: &mut DbConn, viewer: AccountId, id: &str) -> Result<Absence, RdvError> {
    let found = paths::id(id).map(|id| absences::find_for_change(conn, id)).transpose()?.flatten();
    permitted(conn, viewer, found)
}

fn permitted(conn: &mut DbConn, viewer: AccountId, found: Option<Absence>) -> Result<Absence, RdvError> {
    let absence = found.ok_or(RdvError::NotFoundAbsence)?;
    require_sees(conn, viewer, absence.agent.id)?;
    Ok(absence)
}

/// The agent of a new absence: by `agent_id`, and only without one by `agent_email`. None if neither names anybody.
///
/// # Errors
/// 404 for an unknown e-mail address; an unknown id is for the validation to tell.
pub(super) fn target(conn: &mut DbConn, parameters: &Parameters) -> Result<Option<AccountId>, RdvError> {
    let agent = match parameters.integer("agent_id") {
        Integer::Value(number) => agents::find_by_number(conn, number)?,
        Integer::Invalid => None,
        Integer::Absent => {
            let email = parameters.scalar("agent_email").filter(|email| !email.trim().is_empty());
            match email {
                Some(email) => Some(agents::find_by_uid(conn, &email)?.ok_or(RdvError::NotFoundAgent)?),
                None => None,
            }
        }
    };
    Ok(agent.map(|agent| agent.id))
}
