//! One transaction around a closure, on either backend.

use diesel::{
    Connection, QueryResult,
    connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager},
    result::Error as DieselError,
};

use crate::{DbConn, StoreCause, StoreError};

type Transactions = <DbConn as Connection>::TransactionManager;

/// How far a failed transaction came.
pub(crate) enum Failure<E> {
    /// It never began, so nothing has happened.
    Begin(StoreError),
    /// The work or the commit failed.
    Inside(E),
}

impl<E: From<StoreError> + StoreCause> Failure<E> {
    pub(crate) fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Begin(error) => Some(error),
            Self::Inside(error) => error.store_error(),
        }
    }

    pub(crate) fn into_error(self) -> E {
        match self {
            Self::Begin(error) => error.into(),
            Self::Inside(error) => error,
        }
    }
}

/// Commits when `work` returns `Ok`, rolls back when it returns `Err`. A panic leaves the transaction open, and the
/// pool then closes the connection.
pub(crate) fn run<T, E: From<StoreError>>(
    conn: &mut DbConn,
    work: impl FnOnce(&mut DbConn) -> Result<T, E>,
) -> Result<T, Failure<E>> {
    match conn {
        // A deferred transaction that reads before it writes fails at once when somebody else has written in between.
        DbConn::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE"),
        DbConn::Pg(_) => Transactions::begin_transaction(conn),
    }
    .map_err(|error| Failure::Begin(error.into()))?;
    let outcome = match work(conn) {
        Ok(value) => commit(conn).map(|()| value).map_err(|error| StoreError::from(error).into()),
        Err(error) => Err(error),
    };
    outcome.map_err(|error| {
        // A commit may have ended the transaction although it failed. Should the rollback fail, the connection counts
        // as broken and the pool closes it, which rolls back too.
        match Transactions::rollback_transaction(conn) {
            Ok(()) | Err(DieselError::NotInTransaction) => {}
            Err(failed) => tracing::debug!(error = &failed as &dyn std::error::Error, "rollback failed"),
        }
        Failure::Inside(error)
    })
}

/// Runs `work` under a savepoint that its failure undoes, and keeps what came of it apart from what came of the savepoint.
///
/// # Errors
/// When the savepoint could not be made, kept or undone: the transaction around it must not be committed.
pub(crate) fn step<T, E>(
    conn: &mut DbConn,
    work: impl FnOnce(&mut DbConn) -> Result<T, E>,
) -> Result<Result<T, E>, StoreError> {
    Transactions::begin_transaction(conn)?;
    let outcome = work(conn);
    if outcome.is_ok() {
        Transactions::commit_transaction(conn)?;
    } else {
        Transactions::rollback_transaction(conn)?;
    }
    Ok(outcome)
}

/// PostgreSQL answers `COMMIT` with success when a statement has failed before and `work` went on regardless, and
/// nothing is stored. Any statement fails then, so one goes ahead of `COMMIT` in the same message.
fn commit(conn: &mut DbConn) -> QueryResult<()> {
    match conn {
        DbConn::Sqlite(_) => Transactions::commit_transaction(conn),
        DbConn::Pg(pg) => pg.batch_execute("SELECT 1; COMMIT"),
    }
}

/// Runs `work` under a savepoint inside [`Db::write`](crate::Db::write): its failure undoes only its own statements
/// and leaves the transaction usable, on PostgreSQL too.
///
/// # Errors
/// Those of `work`, and those of the savepoint itself.
#[expect(
    clippy::disallowed_methods,
    reason = "inside a transaction that Db::write has begun, this is a savepoint"
)]
pub fn savepoint<T, E: From<StoreError> + From<diesel::result::Error>>(
    conn: &mut DbConn,
    work: impl FnOnce(&mut DbConn) -> Result<T, E>,
) -> Result<T, E> {
    conn.transaction(work)
}
