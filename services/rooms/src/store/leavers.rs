//! What deleted accounts leave in rooms.
//!
//! | who else holds a role in the room | what becomes of it |
//! | --- | --- |
//! | an owner, waiting ones included | it stays as it is |
//! | an administrator | the one of longest standing becomes owner, of those with an account if there is one |
//! | members only | it stays for them, without an owner: nobody gets a power that nobody gave them |
//! | nobody | it goes |

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::schema::accesses as table;
use super::{accesses, rooms};
use crate::domain::access::{AccessId, Role};
use crate::domain::person::AccountId;
use crate::domain::room::RoomId;

/// How many rooms one transaction changes: somebody who is in ten thousand must not hold all of them at once.
pub const BATCH: i64 = 100;

/// What a leaver's room has become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The room has the owners it had.
    Stays,
    /// The room has another owner.
    Inherited(AccessId),
    /// Its members are all it has.
    Ownerless,
    /// It is gone.
    Removed,
}

/// A room that somebody has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// The room.
    pub room: RoomId,
    /// The role that was theirs, by its id.
    pub access: AccessId,
    /// What has become of the room.
    pub fate: Fate,
}

/// Which of these accounts hold a role in any room.
///
/// # Errors
/// The database's.
pub fn holders_among(conn: &mut DbConn, accounts: &[AccountId]) -> Result<Vec<String>, StoreError> {
    let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let holders = table::table
        .filter(table::account_id.eq_any(ids))
        .select(table::account_id.assume_not_null())
        .distinct()
        .order(table::account_id)
        .load(conn)?;
    Ok(holders)
}

/// Removes the roles of an account in some of its rooms. None when there are no more.
///
/// # Errors
/// The database's.
pub fn leave(
    conn: &mut DbConn,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Vec<Departure>, StoreError> {
    // In the order of rooms, so that two replicas do not wait for each other in a circle.
    let held = table::table
        .filter(table::account_id.eq(account.to_string()))
        .order(table::room_id)
        .limit(BATCH)
        .select((table::id, table::room_id))
        .load::<(String, String)>(conn)?;
    let mut departures = Vec::with_capacity(held.len());
    for (access, room) in held {
        rooms::hold(conn, &room)?;
        // Another replica may have done it before the room was held.
        if diesel::delete(table::table.find(&access)).execute(conn)? == 0 {
            continue;
        }
        let room = room.parse().map_err(|error| StoreError::corrupt("room id", error))?;
        let access = access_id(&access)?;
        departures.push(Departure { room, access, fate: settle(conn, room, now)? });
    }
    Ok(departures)
}

/// Sees to it that a room that this transaction holds has an owner, if anybody can be one.
fn settle(conn: &mut DbConn, room: RoomId, now: DateTime<Utc>) -> Result<Fate, StoreError> {
    if accesses::count_owners(conn, room)? > 0 {
        return Ok(Fate::Stays);
    }
    let left = || table::table.filter(table::room_id.eq(room.to_string()));
    let heir = left()
        .filter(table::role.eq(Role::Administrator.as_str()))
        .order((table::account_id.is_null(), table::created_at, table::id))
        .select(table::id)
        .first::<String>(conn)
        .optional()?;
    if let Some(heir) = heir {
        let heir = access_id(&heir)?;
        accesses::set_role(conn, heir, Role::Owner, now)?;
        return Ok(Fate::Inherited(heir));
    }
    if accesses::count(conn, room)? > 0 {
        return Ok(Fate::Ownerless);
    }
    rooms::delete(conn, room)?;
    Ok(Fate::Removed)
}

fn access_id(text: &str) -> Result<AccessId, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("access id", error))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use rstest::rstest;
    use store::{DatabaseSettings, Db, StoreError};
    use test_kit::{Backend, TestDatabase};
    use uuid::Uuid;

    use super::{BATCH, Fate, holders_among, leave};
    use crate::domain::access::{Access, AccessId, Role};
    use crate::domain::changes::{LevelPolicy, RoomChanges};
    use crate::domain::client::ClientId;
    use crate::domain::email::EmailAddress;
    use crate::domain::pagination::{PageRequest, PageSizes};
    use crate::domain::person::AccountId;
    use crate::domain::room::{AccessLevel, NewRoom, Room, RoomId};
    use crate::domain::slug::Slug;
    use crate::store::{MIGRATIONS, accesses, rooms};

    use Role::{Administrator, Member, Owner};

    /// A role of somebody who has an account, or whose account is waited for.
    type Held = (Role, bool);

    const LEAVER: u128 = 1;

    fn account(number: u128) -> AccountId {
        Uuid::from_u128(number).to_string().parse().unwrap()
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    async fn database(backend: Backend) -> (TestDatabase, Db) {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        db.migrate(&MIGRATIONS).await.unwrap();
        (database, db)
    }

    /// A room in which the leaver holds a role since before everybody else, and the others since one second after the
    /// other.
    async fn room(db: &Db, leaver: Role, others: &[Held]) -> RoomId {
        let policy = LevelPolicy { default: AccessLevel::Trusted, allow_public: false };
        let new = NewRoom::new(RoomChanges::default(), policy, ClientId::new("c"), at(0));
        let room: Room = new.into_room(Slug::from_stored(Uuid::now_v7().to_string()), None);
        let (id, others) = (room.id, others.to_vec());
        let made = db.write(move |conn| {
            assert!(rooms::insert_if_free(conn, &room, DateTime::UNIX_EPOCH)?);
            let held = [(leaver, true)].into_iter().chain(others.clone());
            for (number, (role, known)) in (LEAVER..).zip(held) {
                let email = Some(EmailAddress::from_stored(format!("p{number}@agency.example")));
                let account = known.then(|| account(number));
                let access = Access { id: AccessId::generate(), room: room.id, account, email, role };
                let joined_at = at(i64::try_from(number).unwrap());
                accesses::insert(conn, &access, joined_at)?;
            }
            Ok::<_, StoreError>(())
        });
        made.await.unwrap();
        id
    }

    /// The roles that are left, with the number of who holds them.
    async fn roles(db: &Db, room: RoomId) -> Vec<String> {
        let all = PageRequest::parse(None, None, PageSizes { default: 20, max: 20 }).of(20).unwrap();
        let listed = db.read(move |conn| accesses::list(conn, room, all)).await.unwrap();
        let named = |access: &Access| {
            let email = access.email.as_ref().unwrap().to_string();
            format!("{} {}", email.split_once('@').unwrap().0, access.role.as_str())
        };
        listed.iter().map(named).collect()
    }

    #[rstest]
    #[case::another_owner(Owner, &[(Member, true), (Owner, true)], &["p2 member", "p3 owner"])]
    #[case::an_owner_who_waits(Owner, &[(Administrator, true), (Owner, false)], &["p2 administrator", "p3 owner"])]
    #[case::the_first_administrator(
        Owner, &[(Member, true), (Administrator, true), (Administrator, true)],
        &["p2 member", "p3 owner", "p4 administrator"]
    )]
    #[case::of_those_with_an_account(
        Owner, &[(Administrator, false), (Administrator, true)], &["p2 administrator", "p3 owner"]
    )]
    #[case::one_who_waits(Owner, &[(Administrator, false), (Member, true)], &["p2 owner", "p3 member"])]
    #[case::members_only(Owner, &[(Member, true), (Member, false)], &["p2 member", "p3 member"])]
    #[case::nobody(Owner, &[], &[])]
    #[case::a_members_room(Member, &[(Owner, true)], &["p2 owner"])]
    #[actix_web::test]
    async fn a_room_goes_to_whoever_has_run_it(
        #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
        #[case] leaver: Role,
        #[case] others: &[Held],
        #[case] left: &[&str],
    ) {
        let (_database, db) = database(backend).await;
        let (room, other) = (room(&db, leaver, others).await, room(&db, Member, &[(Owner, true)]).await);
        let asked: Vec<AccountId> = (0..9).map(account).collect();
        let holders = db.read(move |conn| holders_among(conn, &asked[..2])).await.unwrap();
        assert_eq!(holders, [account(LEAVER).to_string()]);
        let departures = db.write(|conn| leave(conn, account(LEAVER), at(100))).await.unwrap();
        assert_eq!(departures.len(), 2);
        let fate = departures.iter().find(|departure| departure.room == room).unwrap().fate;
        assert_eq!(roles(&db, room).await, left);
        assert_eq!(roles(&db, other).await, ["p2 owner"], "others' rooms stay as they are");
        let found = db.read(move |conn| rooms::find(conn, room, account(2))).await.unwrap();
        assert_eq!(found.is_none(), fate == Fate::Removed);
        assert_eq!(left.is_empty(), fate == Fate::Removed);
        // Once more, as every replica and every restart does.
        let again = db.write(|conn| leave(conn, account(LEAVER), at(200))).await.unwrap();
        assert_eq!(again, []);
        assert_eq!(roles(&db, room).await, left);
    }

    #[rstest]
    #[actix_web::test]
    async fn many_rooms_are_left_some_at_a_time(
        #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    ) {
        let (_database, db) = database(backend).await;
        for _ in 0..=BATCH {
            room(&db, Member, &[(Owner, true)]).await;
        }
        let mut left = Vec::new();
        for _ in 0..3 {
            let departures = db.write(|conn| leave(conn, account(LEAVER), at(100))).await.unwrap();
            assert!(departures.iter().all(|departure| departure.fate == Fate::Stays));
            left.push(departures.len());
        }
        assert_eq!(left, [100, 1, 0]);
    }
}
