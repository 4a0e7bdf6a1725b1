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
        if rooms::insert_if_free(conn, &room, new.created_at)? {
            let owner = Access {
                id: AccessId::generate(),
                room: room.id,
                account: Some(creator.account),
                email: creator.email.clone(),
                role: Role::Owner,
            };
            accesses::insert(conn, &owner, new.created_at)?;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::DateTime;
    use rstest::rstest;
    use store::{DatabaseSettings, Db};
    use test_kit::{Backend, TestDatabase};

    use super::{CreateError, PinPolicy, create};
    use crate::domain::changes::{LevelPolicy, RoomChanges};
    use crate::domain::client::ClientId;
    use crate::domain::person::{AuthenticationMethod, Person};
    use crate::domain::pin::{Pin, PinLength};
    use crate::domain::random::{Randomness, RandomnessError};
    use crate::domain::room::{AccessLevel, NewRoom, Room};
    use crate::store::MIGRATIONS;

    /// Gives the same bytes in every draw, until the given one; then others.
    struct Stuck {
        until: usize,
        draws: AtomicUsize,
    }

    impl Randomness for Stuck {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
            let moved = u8::from(self.draws.fetch_add(1, Ordering::Relaxed) >= self.until);
            buffer.fill(moved);
            Ok(())
        }
    }

    fn stuck(until: usize) -> Stuck {
        Stuck { until, draws: AtomicUsize::new(0) }
    }

    async fn database(backend: Backend) -> (TestDatabase, Db) {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        db.migrate(&MIGRATIONS).await.unwrap();
        (database, db)
    }

    async fn create_in(db: &Db, pins: Option<PinPolicy>, source: Stuck) -> Result<Room, CreateError> {
        let person = Person {
            account: "7b8d9c40-3a2b-4edf-871c-2f3d4e5f6a7b".parse().unwrap(),
            email: None,
            client: ClientId::new("booking"),
            method: AuthenticationMethod::Application,
        };
        let policy = LevelPolicy { default: AccessLevel::Trusted, allow_public: false };
        let new = NewRoom::new(RoomChanges::default(), policy, person.client.clone(), DateTime::UNIX_EPOCH);
        db.write(move |conn| create(conn, &new, &person, pins, &source)).await
    }

    #[rstest]
    #[actix_web::test]
    async fn a_taken_slug_is_drawn_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
        let (_database, db) = database(backend).await;
        assert_eq!(create_in(&db, None, stuck(9)).await.unwrap().slug.as_str(), "aaa-aaaa-aaa");
        assert_eq!(create_in(&db, None, stuck(3)).await.unwrap().slug.as_str(), "bbb-bbbb-bbb");
    }

    #[rstest]
    #[actix_web::test]
    async fn after_many_taken_slugs_creation_gives_up_and_leaves_nothing(
        #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    ) {
        let (_database, db) = database(backend).await;
        create_in(&db, None, stuck(9)).await.unwrap();
        let error = create_in(&db, None, stuck(99)).await.unwrap_err();
        assert_eq!(error.to_string(), "Room with this Slug already exists.");
        let person = "7b8d9c40-3a2b-4edf-871c-2f3d4e5f6a7b".parse().unwrap();
        assert_eq!(db.read(move |conn| crate::store::rooms::count(conn, person)).await.unwrap(), 1);
    }

    #[rstest]
    #[case::one_too_many(4, None)]
    #[case::just_enough(5, Some("1111"))]
    #[actix_web::test]
    async fn colliding_pins_are_drawn_as_often_as_the_setting_says(
        #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
        #[case] draws: u32,
        #[case] expected: Option<&str>,
    ) {
        let (_database, db) = database(backend).await;
        let policy = |draws| Some(PinPolicy { length: PinLength::try_from(4).unwrap(), draws });
        let first = create_in(&db, policy(1), stuck(99)).await.unwrap();
        assert_eq!(first.pin.unwrap().as_str(), "0000");
        // Four draws collide, the fifth does not.
        let second = create_in(&db, policy(draws), stuck(4)).await.unwrap();
        assert_eq!(second.pin.as_ref().map(Pin::as_str), expected);
    }
}
