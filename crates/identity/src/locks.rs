//! Locks that last until the end of the transaction, for what no row can stand for.
//!
//! Only PostgreSQL has them: on SQLite every `Db::write` is alone anyway.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use store::{DbConn, StoreError};

/// What is locked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lock {
    /// Revoking (alone) against starting families of refresh tokens (together).
    Revocations,
    /// Creating and retiring signing keys.
    SigningKeys,
    /// Sealing audit events, and pruning what is sealed. The version before has another lock with the number before it.
    AuditChain = 3,
}

impl Lock {
    /// An arbitrary number, but the same in every version that runs at the same time.
    const fn number(self) -> i64 {
        0x7465_7373_6572_6100 + self as i64
    }

    /// Waits until nobody else holds it.
    pub(crate) fn take(self, conn: &mut DbConn) -> Result<(), StoreError> {
        self.run("SELECT pg_advisory_xact_lock($1)", conn)
    }

    /// Waits until nobody holds it alone.
    pub(crate) fn share(self, conn: &mut DbConn) -> Result<(), StoreError> {
        self.run("SELECT pg_advisory_xact_lock_shared($1)", conn)
    }

    /// Takes it if nobody holds it.
    pub(crate) fn try_take(self, conn: &mut DbConn) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct Answer {
            #[diesel(sql_type = Bool)]
            taken: bool,
        }
        let DbConn::Pg(conn) = conn else { return Ok(true) };
        let query = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS taken");
        Ok(query.bind::<BigInt, _>(self.number()).get_result::<Answer>(conn)?.taken)
    }

    fn run(self, query: &str, conn: &mut DbConn) -> Result<(), StoreError> {
        if let DbConn::Pg(conn) = conn {
            diesel::sql_query(query).bind::<BigInt, _>(self.number()).execute(conn)?;
        }
        Ok(())
    }
}
