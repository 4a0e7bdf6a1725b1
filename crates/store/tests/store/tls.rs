//! PostgreSQL over TLS, by the libpq and the OpenSSL that are linked into this program.

use std::process::Command;

use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use store::{DatabaseSettings, Db, StoreError};
use test_kit::{PostgresServer, binary};

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

/// Nearly every run of this failed while OpenSSL took itself apart at the end, under the threads that used it.
#[test]
fn a_process_ends_in_order_while_its_connections_are_in_use() {
    let server = PostgresServer::start();
    let url = format!("{}&sslmode=require", server.url());
    for round in 0..20 {
        let ended = Command::new(binary("examples/ending")).arg(&url).output().unwrap();
        assert!(ended.status.success(), "round {round}: {ended:?}");
    }
}
