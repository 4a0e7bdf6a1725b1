//! Rooms and accesses in the database. `contracts/meet.md` §3.5, §3.6.

pub mod accesses;
pub mod new_room;
pub mod rooms;
mod schema;
pub mod takeover;

use store::Migrations;
use store::diesel_migrations::embed_migrations;

/// The tables of this service, for both databases.
pub static MIGRATIONS: Migrations = Migrations {
    name: "rooms",
    sqlite: embed_migrations!("migrations/sqlite"),
    postgres: embed_migrations!("migrations/postgres"),
};
