//! Queries on rooms.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::accesses::parse_role;
use super::schema::{accesses, rooms};
use crate::domain::access::RoomOf;
use crate::domain::client::ClientId;
use crate::domain::configuration::Configuration;
use crate::domain::email::EmailKey;
use crate::domain::pagination::Page;
use crate::domain::person::AccountId;
use crate::domain::pin::Pin;
use crate::domain::room::{Room, RoomId};
use crate::domain::slug::Slug;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rooms)]
struct RoomRow {
    id: String,
    name: String,
    slug: String,
    access_level: String,
    configuration: String,
    pin: Option<String>,
    created_by_client_id: String,
}

impl TryFrom<&Room> for RoomRow {
    type Error = StoreError;

    fn try_from(room: &Room) -> Result<Self, StoreError> {
        let configuration = room.configuration.to_stored();
        Ok(Self {
            id: room.id.to_string(),
            name: room.name.clone(),
            slug: room.slug.to_string(),
            access_level: room.access_level.as_str().to_owned(),
            configuration: configuration.map_err(|error| StoreError::corrupt("configuration", error))?,
            pin: room.pin.as_ref().map(ToString::to_string),
            created_by_client_id: room.created_by.to_string(),
        })
    }
}

impl TryFrom<RoomRow> for Room {
    type Error = StoreError;

    fn try_from(row: RoomRow) -> Result<Self, StoreError> {
        let configuration = Configuration::from_stored(&row.configuration);
        Ok(Self {
            id: row.id.parse().map_err(|error| StoreError::corrupt("room id", error))?,
            name: row.name,
            slug: Slug::from_stored(row.slug),
            access_level: row
                .access_level
                .parse()
                .map_err(|error| StoreError::corrupt("access level", error))?,
            configuration: configuration.map_err(|error| StoreError::corrupt("configuration", error))?,
            pin: row.pin.map(Pin::from_stored),
            created_by: ClientId::new(row.created_by_client_id),
        })
    }
}

/// Inserts a room that is made at this time, unless its slug or PIN is taken; whether it did.
///
/// # Errors
/// The database's.
pub fn insert_if_free(conn: &mut DbConn, room: &Room, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let (row, now) = (RoomRow::try_from(room)?, now.naive_utc());
    let inserted = on_backend!(conn, |c| diesel::insert_into(rooms::table)
        .values((&row, rooms::created_at.eq(now), rooms::updated_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// Whether a room has this PIN.
///
/// # Errors
/// The database's.
pub fn is_pin_taken(conn: &mut DbConn, pin: &Pin) -> Result<bool, StoreError> {
    let taken = diesel::dsl::exists(rooms::table.filter(rooms::pin.eq(pin.as_str())));
    Ok(diesel::select(taken).get_result(conn)?)
}

/// A room, with the role an account holds in it.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut DbConn, id: RoomId, account: AccountId) -> Result<Option<RoomOf>, StoreError> {
    let own = accesses::room_id.eq(rooms::id).and(accesses::account_id.eq(account.to_string()));
    let found = rooms::table.left_join(accesses::table.on(own)).filter(rooms::id.eq(id.to_string()));
    let found = on_backend!(conn, |c| found
        .select((RoomRow::as_select(), accesses::role.nullable()))
        .get_result::<(RoomRow, Option<String>)>(c)
        .optional())?;
    found.map(|(row, role)| room_of(row, role.as_deref())).transpose()
}

/// Like [`find`] for somebody whose e-mail this is; `None` as well when roles wait for it, as
/// [`is_awaited`](super::takeover::is_awaited) tells. All in one statement.
///
/// # Errors
/// The database's.
pub fn find_unless_awaited(
    conn: &mut DbConn,
    id: RoomId,
    account: AccountId,
    email: Option<&EmailKey>,
) -> Result<Option<RoomOf>, StoreError> {
    let own = accesses::room_id.eq(rooms::id).and(accesses::account_id.eq(account.to_string()));
    let found = rooms::table.left_join(accesses::table.on(own)).filter(rooms::id.eq(id.to_string()));
    let waiting = diesel::alias!(accesses as waiting);
    let for_email = waiting.field(accesses::email_key).eq(email.map(EmailKey::as_str));
    let rows = waiting.filter(waiting.field(accesses::account_id).is_null().and(for_email));
    let awaited = diesel::dsl::exists(rows.select(waiting.field(accesses::id)));
    let found = on_backend!(conn, |c| found
        .select((RoomRow::as_select(), accesses::role.nullable(), awaited))
        .get_result::<(RoomRow, Option<String>, bool)>(c)
        .optional())?;
    let found = found.filter(|(_, _, awaited)| !awaited);
    found.map(|(row, role, _)| room_of(row, role.as_deref())).transpose()
}

fn room_of(row: RoomRow, role: Option<&str>) -> Result<RoomOf, StoreError> {
    Ok(RoomOf::new(row.try_into()?, role.map(parse_role).transpose()?))
}

/// Like [`find`], and holds the room until the transaction ends: nobody else changes it or its attendees meanwhile.
///
/// The number it takes is a write, so that the second of two waits for the first and then sees what it did.
///
/// # Errors
/// The database's.
pub fn find_and_hold(
    conn: &mut DbConn,
    id: RoomId,
    account: AccountId,
) -> Result<Option<RoomOf>, StoreError> {
    hold(conn, &id.to_string())?;
    find(conn, id, account)
}

/// Holds a room until the transaction ends.
pub(super) fn hold(conn: &mut DbConn, id: &str) -> Result<(), StoreError> {
    diesel::update(rooms::table.find(id)).set(rooms::revision.eq(rooms::revision + 1)).execute(conn)?;
    Ok(())
}

/// How many rooms an account holds a role in.
///
/// # Errors
/// The database's.
pub fn count(conn: &mut DbConn, account: AccountId) -> Result<i64, StoreError> {
    let own = accesses::table.filter(accesses::account_id.eq(account.to_string()));
    Ok(own.count().get_result(conn)?)
}

/// A page of the rooms an account holds a role in, by name. The unique index of accesses gives each room once.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut DbConn, account: AccountId, page: Page) -> Result<Vec<Room>, StoreError> {
    let rows = accesses::table
        .inner_join(rooms::table)
        .filter(accesses::account_id.eq(account.to_string()))
        .order((rooms::name, rooms::id))
        .offset(page.offset)
        .limit(page.limit)
        .select(RoomRow::as_select())
        .load::<RoomRow>(conn)?;
    rows.into_iter().map(Room::try_from).collect()
}

/// Writes what may change of a room, which changes at this time.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut DbConn, room: &Room, now: DateTime<Utc>) -> Result<(), StoreError> {
    let row = RoomRow::try_from(room)?;
    diesel::update(rooms::table.find(row.id))
        .set((
            rooms::access_level.eq(row.access_level),
            rooms::configuration.eq(row.configuration),
            rooms::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes a room and with it all accesses.
///
/// # Errors
/// The database's.
pub fn delete(conn: &mut DbConn, id: RoomId) -> Result<(), StoreError> {
    diesel::delete(rooms::table.find(id.to_string())).execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use rstest::rstest;
    use store::{DatabaseSettings, Db, StoreError};
    use test_kit::{Backend, TestDatabase};

    use super::{insert_if_free, list};
    use crate::domain::access::{Access, AccessId, Role};
    use crate::domain::changes::{LevelPolicy, RoomChanges};
    use crate::domain::client::ClientId;
    use crate::domain::pagination::{PageRequest, PageSizes};
    use crate::domain::person::AccountId;
    use crate::domain::room::{AccessLevel, NewRoom};
    use crate::domain::slug::Slug;
    use crate::store::{MIGRATIONS, accesses};

    /// Names that linguistic collations would order otherwise.
    const NAMES: [&str; 8] = ["a-z", "a", "B", "é", "ab", "", "-b", "Z"];

    #[rstest]
    #[actix_web::test]
    async fn rooms_are_listed_by_the_bytes_of_their_names(
        #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    ) {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        db.migrate(&MIGRATIONS).await.unwrap();
        let account: AccountId = "7b8d9c40-3a2b-4edf-871c-2f3d4e5f6a7b".parse().unwrap();
        let listed = db.write(move |conn| {
            for name in NAMES {
                let policy = LevelPolicy { default: AccessLevel::Trusted, allow_public: false };
                let new =
                    NewRoom::new(RoomChanges::default(), policy, ClientId::new("c"), DateTime::UNIX_EPOCH);
                let room = new.into_room(Slug::from_stored(name.to_owned()), None);
                assert!(insert_if_free(conn, &room, DateTime::UNIX_EPOCH)?);
                assert!(!insert_if_free(conn, &room, DateTime::UNIX_EPOCH)?, "its slug is taken by now");
                let (id, room, account) = (AccessId::generate(), room.id, Some(account));
                let access = Access { id, room, account, email: None, role: Role::Owner };
                accesses::insert(conn, &access, DateTime::UNIX_EPOCH)?;
            }
            let all = PageRequest::parse(None, None, PageSizes { default: 20, max: 20 });
            let page = all.of(8).map_err(|error| StoreError::corrupt("page", error))?;
            list(conn, account, page)
        });
        let names: Vec<_> = listed.await.unwrap().into_iter().map(|room| room.name).collect();
        let mut sorted = NAMES;
        sorted.sort_unstable();
        assert_eq!(names, sorted);
    }
}
