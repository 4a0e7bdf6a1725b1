//! The helpers themselves, on the real thing.

use diesel::{Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection, dsl::sql, sql_types::Text};
use std::time::Duration;
use test_kit::{Launch, PostgresServer, TestDatabase, dump_with, free_port};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

#[test]
fn a_postgres_database_is_empty_its_own_and_gone_afterwards() {
    let (one, other) = (TestDatabase::postgres(), TestDatabase::postgres());
    assert_ne!(one.url(), other.url());
    let mut conn = PgConnection::establish(&one.url()).unwrap();
    let name: String = diesel::select(sql::<Text>("current_database()::text")).get_result(&mut conn).unwrap();
    assert!(one.url().ends_with(&format!("/{name}")), "{name}");
    let url = one.url();
    drop(one); // although `conn` still uses it
    let gone = PgConnection::establish(&url).err().unwrap().to_string();
    assert!(gone.contains("does not exist"), "{gone}");
}

#[test]
fn a_sqlite_database_is_gone_afterwards() {
    let database = TestDatabase::sqlite();
    let url = database.url();
    let path = url.strip_prefix("sqlite:").unwrap();
    SqliteConnection::establish(path).unwrap();
    assert!(std::fs::exists(path).unwrap());
    drop(database);
    assert!(!std::fs::exists(path).unwrap());
}

#[test]
fn a_server_of_ones_own_stops_and_comes_back() {
    let mut server = PostgresServer::start();
    PgConnection::establish(&server.url()).unwrap();
    server.crash();
    assert!(PgConnection::establish(&server.url()).is_err());
    server.resume();
    PgConnection::establish(&server.url()).unwrap();
}

#[test]
fn a_process_gets_only_the_given_environment_and_stops_when_asked() {
    let script = "trap 'echo asked; exit 7' TERM; env; echo ready; while :; do sleep 0.01; done";
    let mut process =
        Launch::new("/bin/sh").args(["-c", script]).env("GIVEN", "yes").env("PATH", "/usr/bin:/bin").start();
    while !process.output().contains("ready") {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(process.output().contains("GIVEN=yes"), "{}", process.output());
    assert!(!process.output().contains("HOME="), "{}", process.output());
    assert_eq!(process.terminate().code(), Some(7));
}

#[test]
#[should_panic(expected = "cargo build --workspace --bins")]
fn a_binary_that_is_not_built_says_what_to_do() {
    let _ = test_kit::binary("no-such-binary");
}

#[tokio::test]
#[should_panic(expected = "ended with exit status: 3 before")]
async fn waiting_for_a_process_that_ends_fails_at_once() {
    let url = format!("http://127.0.0.1:{}/readyz", free_port());
    Launch::new("/bin/sh").args(["-c", "exit 3"]).start().wait_until_ok(&url).await;
}

#[tokio::test]
async fn an_answer_is_dumped_with_the_headers_of_a_contract() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let answer = "HTTP/1.1 401 Unauthorized\r\ndate: now\r\nwww-authenticate: Bearer\r\ncontent-type: text/plain\r\n\
                      x-more: 1\r\ncontent-length: 3\r\nconnection: close\r\n\r\nno\n";
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!(
        dump_with(answer, &["x-more"]).await,
        "401 Unauthorized\ncontent-type: text/plain\nwww-authenticate: Bearer\nx-more: 1\nno\n"
    );
    server.await.unwrap();
}

#[test]
fn the_output_of_a_process_that_has_ended_is_complete() {
    for _ in 0..20 {
        let mut process = Launch::new("/bin/sh").args(["-c", "echo one; echo two >&2; echo last"]).start();
        assert!(process.wait().success());
        assert!(
            process.output().contains("two") && process.output().contains("last"),
            "{}",
            process.output()
        );
    }
}

#[test]
fn free_ports_differ_and_are_none_that_outgoing_connections_get() {
    let ports: std::collections::BTreeSet<u16> = (0..100).map(|_| free_port()).collect();
    assert_eq!(ports.len(), 100);
    assert!(ports.iter().all(|port| (10_000..32_000).contains(port)), "{ports:?}");
}
