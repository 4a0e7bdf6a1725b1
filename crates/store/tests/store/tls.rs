//! PostgreSQL over TLS, by the libpq and the OpenSSL that are linked into this program.

use std::{env, process::Command, thread, time::Duration};

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Text},
};
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::PostgresServer;

/// Whether the session's connection is encrypted, as the server sees it.
async fn encrypted(server: &PostgresServer, parameters: &str) -> Result<bool, StoreError> {
    let db = Db::open(&DatabaseSettings::at(format!("{}&{parameters}", server.url())))?;
    db.read(|conn| {
        let ssl = sql::<Bool>("(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())");
        Ok(diesel::select(ssl).get_result(conn)?)
    })
    .await
}

#[tokio::test]
async fn postgres_is_reached_over_tls_and_its_certificate_is_checked() {
    let server = PostgresServer::start();
    assert!(encrypted(&server, "sslmode=require").await.unwrap());
    assert!(!encrypted(&server, "sslmode=disable").await.unwrap());

    let authority = format!("sslmode=verify-full&sslrootcert={}", server.certificate().display());
    assert!(encrypted(&server, &authority).await.unwrap());

    let stranger = PostgresServer::start();
    let authority = format!("sslmode=verify-full&sslrootcert={}", stranger.certificate().display());
    let refused = encrypted(&server, &authority).await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused:?}");
    assert!(refused.to_string().contains("certificate verify failed"), "{refused}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let server = PostgresServer::start();
    let url = server.url().replace("@localhost:", "@elsewhere:");
    let url = format!("{url}&sslmode=verify-full&sslrootcert={}", server.certificate().display());
    let refused = Db::open(&DatabaseSettings::at(url)).unwrap().ping().await.unwrap_err();
    assert!(refused.to_string().contains("does not match host name \"elsewhere\""), "{refused}");
}

/// The variable in which the program that is run once more finds the server.
const ENDING: &str = "TESSERA_TEST_ENDING";

/// About every second run of this failed while OpenSSL took itself apart at the end, under the threads that used it.
#[test]
fn a_process_ends_in_order_while_its_connections_are_in_use() {
    let server = PostgresServer::start();
    let test = ["tls::ends_while_connections_are_in_use", "--exact", "--ignored"];
    for round in 0..20 {
        let mut again = Command::new(env::current_exe().unwrap());
        let ended =
            again.args(test).env(ENDING, format!("{}&sslmode=require", server.url())).output().unwrap();
        assert!(ended.status.success(), "round {round}: {ended:?}");
        assert!(String::from_utf8_lossy(&ended.stdout).contains("1 passed"), "{ended:?}");
    }
}

#[test]
#[ignore = "a part of the test above, which ends the process that it runs in"]
#[expect(clippy::disallowed_methods, reason = "how the test above tells where the server is")]
fn ends_while_connections_are_in_use() {
    let settings = DatabaseSettings::at(env::var(ENDING).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(Db::open(&settings).unwrap().ping()).unwrap();
    for _ in 0..8 {
        let settings = settings.clone();
        runtime.spawn(async move { while sent(&Db::open(&settings).unwrap()).await {} });
    }
    thread::sleep(Duration::from_millis(100));
    runtime.shutdown_background();
}

/// Whether the server sent a long answer.
async fn sent(db: &Db) -> bool {
    let long = |conn: &mut DbConn| {
        let text: String = diesel::select(sql::<Text>("repeat('x', 100000)")).get_result(conn)?;
        Ok::<_, StoreError>(text.len())
    };
    db.read(long).await.is_ok()
}
