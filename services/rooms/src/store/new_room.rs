//! Creating a room under a free slug and a free PIN.

use store::{DbConn, StoreCause, StoreError};

use super::{accesses, rooms};
use crate::domain::access::{Access, AccessId, Role};
use crate::domain::person::Person;
use crate::domain::pin::{Pin, PinLength};
use crate::domain::random::{Randomness, RandomnessError};
use crate::domain::room::{NewRoom, Room};
use crate::domain::slug::Slug;

/// How often a slug is drawn before creation gives up. One draw collides about once in 10^14 rooms.
const SLUG_DRAWS: u32 = 8;

/// How PINs are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinPolicy {
    /// How many digits.
    pub length: PinLength,
    /// How many colliding draws are borne before a room goes without.
    pub draws: u32,
}

/// Why no room was created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Every slug drawn was taken.
    #[error("Room with this Slug already exists.")]
    NoFreeSlug,
    /// Nothing could be drawn.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreCause for CreateError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Inserts a room and its creator as its owner.
///
/// # Errors
/// See [`CreateError`].
pub fn create(
    conn: &mut DbConn,
    new: &NewRoom,
    creator: &Person,
    pins: Option<PinPolicy>,
    source: &dyn Randomness,
) -> Result<Room, CreateError> {
    for _ in 0..SLUG_DRAWS {
        let pin = pins.map(|policy| draw_pin(conn, policy, source)).transpose()?.flatten();
        let room = new.clone().into_room(Slug::generate(source)?, pin);
        if rooms::insert_if_free(conn, &room)? {
            let owner = Access {
                id: AccessId::generate(),
                room: room.id,
                account: Some(creator.account),
                email: creator.email.clone(),
                role: Role::Owner,
            };
            accesses::insert(conn, &owner, room.created_at)?;
            return Ok(room);
        }
    }
    Err(CreateError::NoFreeSlug)
}

/// A PIN that no room has; none after too many collisions. `contracts/meet.md` §8.5.
fn draw_pin(
    conn: &mut DbConn,
    policy: PinPolicy,
    source: &dyn Randomness,
) -> Result<Option<Pin>, CreateError> {
    for _ in 0..policy.draws {
        let pin = Pin::generate(source, policy.length)?;
        if !rooms::is_pin_taken(conn, &pin)? {
            return Ok(Some(pin));
        }
    }
    tracing::warn!(draws = policy.draws, "no free PIN was found: the room goes without one");
    Ok(None)
}
