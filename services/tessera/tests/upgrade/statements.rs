//! Every statement that replicas of the version before send is understood by the schema of this one.

use diesel::connection::SimpleConnection as _;
use rstest::rstest;
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::schemas::{Schema, components};

/// One a line, as `make statements` wrote them down.
const SQLITE: &str = include_str!("previous/sqlite.sql");
const POSTGRES: &str = include_str!("previous/postgres.sql");

/// Makes the database plan a statement without running it: it knows every table, column and trigger, or says which not.
fn plan(conn: &mut DbConn, statement: &str) -> Result<(), StoreError> {
    let planned = match conn {
        DbConn::Sqlite(conn) => conn.batch_execute(&format!("EXPLAIN {statement}")),
        DbConn::Pg(conn) => {
            conn.batch_execute(&format!("PREPARE replica AS {statement}; DEALLOCATE replica"))
        }
    };
    Ok(planned?)
}

/// The statements that this schema understands, by their lines, and what the database said of each of the others.
async fn judge(schema: &Schema, statements: &'static str) -> (Vec<usize>, Vec<(usize, String)>) {
    let judge_all = move |conn: &mut DbConn| {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (line, statement) in statements.lines().enumerate() {
            match plan(conn, statement) {
                Ok(()) => good.push(line),
                Err(error) => bad.push((line, format!("{statement}\n    {}", reason(&error)))),
            }
        }
        Ok::<_, StoreError>((good, bad))
    };
    schema.db.read(judge_all).await.unwrap()
}

fn reason(error: &StoreError) -> String {
    match error {
        StoreError::Query(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite, SQLITE)]
#[case::postgres(Backend::Postgres, POSTGRES)]
#[tokio::test]
async fn replicas_of_the_version_before_are_understood(
    #[case] backend: Backend,
    #[case] statements: &'static str,
) {
    let mut unknown: Vec<&str> = statements.lines().collect();
    let total = unknown.len();
    assert!(total > 300, "{total} statements are not what five services send");
    let mut broken = Vec::new();
    for component in components() {
        let schema = Schema::before(component, backend).await;
        let (understood, _) = judge(&schema, statements).await;
        schema.upgrade().await;
        let (_, refused) = judge(&schema, statements).await;
        println!("{}: {} statements", component.name, understood.len());
        broken.extend(refused.into_iter().filter(|(line, _)| understood.contains(line)).map(|(_, why)| why));
        let known: Vec<&str> =
            understood.into_iter().filter_map(|line| statements.lines().nth(line)).collect();
        unknown.retain(|statement| !known.contains(statement));
    }
    assert!(broken.is_empty(), "replicas of the version before fail on:\n{}", broken.join("\n"));
    // A statement that no database understood then is of another version: the record does not belong to its schema.
    assert!(unknown.is_empty(), "not of the version before:\n{}", unknown.join("\n"));
}
