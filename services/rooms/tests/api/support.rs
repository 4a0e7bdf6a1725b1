//! A running service, people with tokens, and answers.

mod answer;
mod service;
mod sessions;
mod tokens;

pub(crate) use self::{
    answer::Answer,
    service::Service,
    sessions::Sessions,
    tokens::{ISSUER, account_id, application_token, keyring, user_token},
};
pub(crate) use test_kit::Backend;

/// The collection, as most clients write it.
pub(crate) const ROOMS: &str = "/external-api/v1.0/rooms";
/// Every scope there is.
pub(crate) const ALL: &str = "rooms:list rooms:create rooms:retrieve rooms:update rooms:delete";

/// The path of a room.
pub(crate) fn room_path(room: &Answer) -> String {
    format!("{ROOMS}/{}", room.id())
}

/// The path of a room's attendees.
pub(crate) fn attendees_path(room: &Answer) -> String {
    format!("{ROOMS}/{}/attendees", room.id())
}
