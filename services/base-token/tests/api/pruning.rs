//! No table grows for ever, and however much there is to delete, no transaction deletes more than its batch.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use base_token::BasesSettings;
use base_token::pruning::{self, LEASE};
use chrono::TimeDelta;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use rstest::rstest;
use serde_json::json;
use store::pruning::PruneSettings;
use store::{DbConn, StoreError};

use crate::support::{Backend, Service};
use crate::tokens_support::of;

const DAY: i64 = 24 * 3600;

/// What is deleted, and what is not, with the reason.
const PRUNED: [&str; 6] =
    ["api_tokens", "bases", "external_links", "group_shares", "user_shares", "workspaces"];
const KEPT: [(&str, &[&str]); 2] = [
    ("rotation deletes them, and there are two secrets", &["base_token_keys", "base_token_secrets"]),
    ("a row or few, whatever happens", &["bases_leases", "tessera_migrations"]),
];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[rstest]
#[actix_web::test]
async fn every_table_is_pruned_or_kept_for_a_reason(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let query = match backend {
        Backend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Backend::Postgres => "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'",
    };
    let tables: Vec<Name> = service
        .db()
        .read(move |conn| Ok::<_, StoreError>(diesel::sql_query(query).load(conn)?))
        .await
        .unwrap();
    let tables: BTreeSet<String> = tables.into_iter().map(|row| row.name).collect();
    let kept = KEPT.iter().flat_map(|(_, tables)| tables.iter());
    let accounted: BTreeSet<String> = PRUNED.iter().chain(kept).map(ToString::to_string).collect();
    assert_eq!(tables, accounted);
}

fn count(conn: &mut DbConn, table: &str) -> Result<i64, StoreError> {
    let query = format!("SELECT count(*) AS count FROM {table}");
    Ok(diesel::sql_query(query).get_result::<Count>(conn)?.count)
}

async fn counts(service: &Service) -> [i64; 6] {
    let work = |conn: &mut DbConn| {
        let mut counts = [0; 6];
        for (count_of, table) in counts.iter_mut().zip(PRUNED) {
            *count_of = count(conn, table)?;
        }
        Ok::<_, StoreError>(counts)
    };
    service.db().read(work).await.unwrap()
}

/// `rows` tokens, links and shares of every base that there is.
async fn hang_on_bases(service: &Service, backend: Backend, rows: u32) {
    let bytes = if backend == Backend::Sqlite { "BLOB" } else { "BYTEA" };
    let sql = format!(
        "CREATE TEMPORARY TABLE numbers AS
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) SELECT n FROM numbers;
         INSERT INTO api_tokens (base_id, app_name, token_mac, sealed, permission, generated_by, generated_at, last_access)
         SELECT id, 'app-' || n, CAST(id || '-' || n AS {bytes}), CAST('' AS {bytes}), 'rw', 'x', created_at, created_at
         FROM bases, numbers;
         INSERT INTO external_links (token, base_id, is_custom, created_by, created_at)
         SELECT 'link-' || id || '-' || n, id, FALSE, 'x', created_at FROM bases, numbers;
         INSERT INTO user_shares (base_id, account_id, permission, shared_by, created_at)
         SELECT id, 'account-' || n, 'r', 'x', created_at FROM bases, numbers;
         INSERT INTO group_shares (base_id, group_number, permission, shared_by, created_at)
         SELECT id, n, 'r', 'x', created_at FROM bases, numbers;
         DROP TABLE numbers;"
    );
    service.db().write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&sql)?)).await.unwrap();
}

fn in_batches_of(rows: u32) -> BasesSettings {
    let pruning = PruneSettings { batch: NonZeroU32::new(rows).unwrap(), ..PruneSettings::default() };
    BasesSettings { pruning, ..BasesSettings::default() }
}

/// What the database wrote down of each `DELETE`: the rows of a table that went at once. SQLite and PostgreSQL tell it by a
/// trigger, for deleting by a foreign key's cascade counts, too.
async fn watch_deletions(service: &Service, backend: Backend) {
    let mut sql = vec!["CREATE TABLE deletions (of TEXT NOT NULL, turn BIGINT NOT NULL);".to_owned()];
    if backend == Backend::Postgres {
        sql.push(
            "CREATE FUNCTION note_deletion() RETURNS TRIGGER LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO deletions VALUES (TG_TABLE_NAME, txid_current()); RETURN NULL; END $$;"
                .to_owned(),
        );
    }
    for table in PRUNED {
        sql.push(match backend {
            // The lease is taken anew in every transaction, so its end tells one from the other.
            Backend::Sqlite => format!(
                "CREATE TRIGGER note_{table} AFTER DELETE ON {table} BEGIN
                 INSERT INTO deletions VALUES ('{table}', (SELECT turn FROM turns)); END;"
            ),
            Backend::Postgres => format!(
                "CREATE TRIGGER note AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION note_deletion();"
            ),
        });
    }
    if backend == Backend::Sqlite {
        sql.push(
            "CREATE TABLE turns (turn BIGINT NOT NULL); INSERT INTO turns VALUES (0);
             CREATE TRIGGER turn_taken AFTER UPDATE ON bases_leases BEGIN UPDATE turns SET turn = turn + 1; END;
             CREATE TRIGGER turn_begun AFTER INSERT ON bases_leases BEGIN UPDATE turns SET turn = turn + 1; END;"
                .to_owned(),
        );
    }
    let sql = sql.concat();
    service.db().write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&sql)?)).await.unwrap();
}

/// Bases on which a great deal hangs.
#[rstest]
#[actix_web::test]
async fn a_base_goes_a_little_at_a_time(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for name in ["one", "two", "three"] {
        service.base("mira", name).await;
    }
    hang_on_bases(&service, backend, 130).await;
    let (db, now) = (service.db(), service.clock.now().naive_utc());
    let trash =
        diesel::sql_query("UPDATE bases SET trashed_at = $1").bind::<diesel::sql_types::Timestamp, _>(now);
    db.write(move |conn| Ok::<_, StoreError>(trash.clone().execute(conn)?)).await.unwrap();
    let kept = service.base("mira", "kept").await;
    service.api_token("mira", &kept, "sync", "rw").await;
    service.link("mira", &kept, &[]).await;
    watch_deletions(&service, backend).await;

    service.advance(30 * DAY);
    let deleted = pruning::prune(&db, &service.clock, &in_batches_of(50)).await.unwrap();
    assert_eq!(deleted, 3 * (1 + 4 * 130));
    assert_eq!(counts(&service).await, [1, 1, 1, 0, 0, 1], "{PRUNED:?}");
    let largest =
        "SELECT MAX(rows) AS count FROM (SELECT count(*) AS rows FROM deletions GROUP BY turn) AS turns";
    let largest: Count =
        db.read(move |conn| Ok::<_, StoreError>(diesel::sql_query(largest).get_result(conn)?)).await.unwrap();
    assert_eq!(largest.count, 50, "rows of one transaction");
}

/// §10: a link that has expired is listed as such for a while.
#[rstest]
#[actix_web::test]
async fn expired_links_go_after_a_while(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock").await;
    service.link("mira", &base, &[("token", "spring-fair"), ("expire_days", "1")]).await;
    service.link("mira", &base, &[("token", "autumn-fair"), ("expire_days", "2")]).await;
    service.link("mira", &base, &[("token", "for-ever")]).await;
    let tokens = async || {
        let list = service.get("mira", &of(&base, "external-links/")).await.expect(200).json();
        let links = list["links"].as_array().unwrap().clone();
        links.into_iter().map(|link| (link["token"].clone(), link["is_expired"].clone())).collect::<Vec<_>>()
    };
    service.advance(91 * DAY - 1);
    assert_eq!(service.prune().await, 0);
    service.advance(1);
    assert_eq!(service.prune().await, 1);
    let left = [(json!("for-ever"), json!(false)), (json!("autumn-fair"), json!(true))];
    assert_eq!(tokens().await, left);
    service.exchange_link("spring-fair").await.expect_msg(404, "External link not found.");
    let other = service.base("noa", "Other").await;
    service.link("noa", &other, &[("token", "spring-fair")]).await;
}

/// While another replica is at it, this one leaves it alone.
#[rstest]
#[actix_web::test]
async fn one_replica_prunes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock").await;
    service.link("mira", &base, &[("token", "spring-fair"), ("expire_days", "1")]).await;
    service.advance(100 * DAY);
    let (db, now) = (service.db(), service.clock.now());
    let ttl = TimeDelta::minutes(1);
    assert!(db.write(move |conn| LEASE.take(conn, "another", now, ttl)).await.unwrap());
    assert_eq!(service.prune().await, 0);
    db.write(|conn| LEASE.release(conn, "another")).await.unwrap();
    assert_eq!(service.prune().await, 1);
}
