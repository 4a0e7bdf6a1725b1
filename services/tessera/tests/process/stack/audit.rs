//! The identity database, looked at and changed by other ways than the program's.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::Stack;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = BigInt)]
    events: i64,
}

/// How many events there are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Events {
    pub(crate) success: i64,
    pub(crate) failure: i64,
}

impl Stack {
    /// Counts the events of an action by a client.
    pub(crate) fn audit(&self, action: &str, client: &str) -> Events {
        let query = format!(
            "SELECT outcome, count(*) AS events FROM audit_events \
             WHERE action = '{action}' AND client_id = '{client}' GROUP BY outcome"
        );
        let rows: Vec<Row> = if let Some(database) = self.databases.first() {
            let mut conn = PgConnection::establish(&database.url()).expect("the identity database");
            sql_query(query).load(&mut conn).expect("events")
        } else {
            let path = self.home.path().join("data/identity.db").display().to_string();
            let mut conn = SqliteConnection::establish(&path).expect("the identity database");
            sql_query(query).load(&mut conn).expect("events")
        };
        rows.into_iter().fold(Events::default(), |events, row| match row.outcome.as_str() {
            "success" => Events { success: row.events, ..events },
            _ => Events { failure: events.failure + row.events, ..events },
        })
    }

    /// Changes the identity database behind the back of whoever runs on it.
    pub(crate) fn execute(&self, statement: &str) {
        if let Some(database) = self.databases.first() {
            let mut conn = PgConnection::establish(&database.url()).expect("the identity database");
            sql_query(statement).execute(&mut conn).expect(statement);
        } else {
            let path = self.home.path().join("data/identity.db").display().to_string();
            let mut conn = SqliteConnection::establish(&path).expect("the identity database");
            conn.batch_execute("PRAGMA busy_timeout = 10000").expect("a pragma");
            sql_query(statement).execute(&mut conn).expect(statement);
        }
    }
}
