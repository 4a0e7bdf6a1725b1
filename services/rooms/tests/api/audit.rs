//! §9: creation is recorded with the application's client id.

use std::io;
use std::sync::{Mutex, OnceLock};

use rstest::rstest;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{ALL, Backend, ROOMS, Service, account_id, room_path, user_token};

/// Every record of this test binary, one JSON object a line.
static RECORDS: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Records;

impl io::Write for Records {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        RECORDS.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Records {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

/// Starts recording, once for all tests.
fn record() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let level = tracing_subscriber::filter::LevelFilter::INFO;
        tracing_subscriber::fmt().json().with_max_level(level).with_writer(Records).init();
    });
}

/// The records at INFO that name this room.
fn records_of(room: &str) -> Vec<Value> {
    let text = String::from_utf8(RECORDS.lock().unwrap().clone()).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|record| record["level"] == "INFO" && record["fields"]["room.id"] == room).collect()
}

/// §9: one INFO record: room, user, client, authentication method.
#[rstest]
#[case::application(true, "ApplicationJWTAuthentication")]
#[case::own_token(false, "ResourceServerAuthentication")]
#[actix_web::test]
async fn one_record_tells_who_made_a_room_through_which_client(
    #[case] application: bool,
    #[case] method: &str,
) {
    record();
    let service = Service::on(Backend::Sqlite).await;
    let token = if application {
        service.token_through("calendar", "ada")
    } else {
        let mut claims = user_token("ada", &format!("lasuite_visio {ALL}"), service.clock.now());
        claims["client_id"] = "calendar".into();
        service.sign(&claims)
    };
    let room = service.send_with(&token, "POST", ROOMS).await.expect(201);
    service.send_with(&token, "GET", &room_path(&room)).await.expect(200);
    let records = records_of(&room.id());
    assert_eq!(records.len(), 1, "{records:?}");
    let fields = &records[0]["fields"];
    for (name, value) in [
        ("room.id", room.id()),
        ("account.id", account_id("ada")),
        ("client.id", "calendar".to_owned()),
        ("auth.method", method.to_owned()),
        ("dialect", "meet".to_owned()),
    ] {
        assert_eq!(fields[name], json!(value), "{name}");
    }
    assert!(!String::from_utf8_lossy(&RECORDS.lock().unwrap()).contains(&token), "no token in the log");
}

/// A refused creation leaves no record of a room, a deletion leaves one.
#[actix_web::test]
async fn a_deletion_is_recorded_too() {
    record();
    let service = Service::on(Backend::Sqlite).await;
    let room = service.room_of("ada").await;
    service.send("bob", "DELETE", &room_path(&room)).await.expect(403);
    assert_eq!(records_of(&room.id()).len(), 1);
    service.send("ada", "DELETE", &room_path(&room)).await.expect(204);
    let records = records_of(&room.id());
    assert_eq!(records.len(), 2);
    assert_eq!(records[1]["fields"]["client.id"], "booking");
}
