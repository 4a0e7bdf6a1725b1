//! Records of what was done to rooms, for whoever keeps the log. `contracts/meet.md` §9.

use crate::domain::access::{AccessId, Role};
use crate::domain::person::Person;
use crate::domain::room::RoomId;

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
