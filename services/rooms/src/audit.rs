//! Records of what was done to rooms, for whoever keeps the log. `contracts/meet.md` §9.

use crate::domain::access::{AccessId, Role};
use crate::domain::person::{AccountId, Person};
use crate::domain::room::RoomId;
use crate::store::leavers::{Departure, Fate};

/// Something that was done, and is committed.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    /// Such as `room.create`.
    pub action: &'static str,
    /// The room.
    pub room: RoomId,
    /// The attendee it concerns. E-mails stay out of the log.
    pub attendee: Option<AccessId>,
    /// The role that the attendee has now.
    pub role: Option<Role>,
}

impl Act {
    /// Something done to a room.
    #[must_use]
    pub fn on_room(action: &'static str, room: RoomId) -> Self {
        Self { action, room, attendee: None, role: None }
    }

    /// Something done to an attendee.
    #[must_use]
    pub fn on_attendee(action: &'static str, room: RoomId, attendee: AccessId, role: Option<Role>) -> Self {
        Self { action, room, attendee: Some(attendee), role }
    }

    /// Leaves one record at INFO.
    pub fn record(self, person: &Person) {
        let Self { action, room, attendee, role } = self;
        let Person { account, client, .. } = person;
        tracing::info!(
            dialect = "meet",
            action,
            room.id = %room,
            attendee.id = attendee.map(display),
            role = role.map(Role::as_str),
            account.id = %account,
            client.id = %client,
            auth.method = person.method.audit_name(),
            "{action}: room {room}, account {account}, client {client}"
        );
    }
}

/// Leaves one record at INFO of a role that went with its account, and one of what it has changed for others. A room that
/// nobody runs any more is for an operator to look at.
pub(crate) fn record_departure(account: AccountId, departure: Departure) {
    let Departure { room, access, fate } = departure;
    if fate == Fate::Removed {
        of_departure("room.delete", account, room, None, None);
        return;
    }
    of_departure("attendee.remove", account, room, Some(access), None);
    match fate {
        Fate::Inherited(heir) => {
            of_departure("attendee.change", account, room, Some(heir), Some(Role::Owner));
        }
        Fate::Ownerless => tracing::warn!(
            dialect = "meet",
            room.id = %room,
            account.id = %account,
            "room {room} has no owner any more: account {account} is deleted, and no administrator is left"
        ),
        Fate::Stays | Fate::Removed => {}
    }
}

fn of_departure(
    action: &'static str,
    account: AccountId,
    room: RoomId,
    attendee: Option<AccessId>,
    role: Option<Role>,
) {
    tracing::info!(
        dialect = "meet",
        action,
        room.id = %room,
        attendee.id = attendee.map(display),
        role = role.map(Role::as_str),
        account.id = %account,
        reason = "account_deleted",
        "{action}: room {room}, account {account} is deleted"
    );
}
