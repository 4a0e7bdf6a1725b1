//! §9: creation is recorded with the application's client id.

use std::io;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use auth_claims::revocations::{RevocationKind, RevocationReason};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tracing_subscriber::Layer as _;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::{ALL, Backend, ROOMS, Service, account_id, attendees_path, room_path, user_token};

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

/// Starts recording, once for all tests; the subscriber of the process is the one that looks for secrets, too.
pub(crate) fn record() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let level = tracing_subscriber::filter::LevelFilter::INFO;
        let records = tracing_subscriber::fmt::layer().json().with_writer(Records).with_filter(level);
        tracing_subscriber::registry().with(records).with(test_kit::logs::Listener).init();
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
        ("action", "room.create".to_owned()),
    ] {
        assert_eq!(fields[name], json!(value), "{name}");
    }
    assert!(!String::from_utf8_lossy(&RECORDS.lock().unwrap()).contains(&token), "no token in the log");
}

/// Every other change leaves one record too, a refusal and a request that changes nothing leave none.
#[rstest]
#[actix_web::test]
async fn every_change_leaves_one_record(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let (path, attendees) = (room_path(&room), attendees_path(&room));
    service.send("bob", "DELETE", &path).await.expect(403);
    service.send_json("ada", "PATCH", &path, json!({"access_level": "public"})).await.expect(400);
    service.send_json("ada", "PATCH", &path, json!({"access_level": "restricted"})).await.expect(200);
    let bob = service.invite("ada", &room, "bob", "member").await.id();
    let again = json!({"email": "bob@agency.example"});
    service.send_json("ada", "POST", &attendees, again).await.expect(200);
    let promoted = json!({"email": "bob@agency.example", "role": "administrator"});
    service.send_json("ada", "POST", &attendees, promoted).await.expect(200);
    service.send("ada", "DELETE", &format!("{attendees}/{bob}")).await.expect(204);
    service.send("ada", "DELETE", &path).await.expect(204);
    let records = records_of(&room.id());
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            let field = |name: &str| record["fields"][name].as_str().unwrap_or("-").to_owned();
            (field("action"), field("attendee.id"), field("role"))
        })
        .collect();
    let act =
        |action: &str, attendee: &str, role: &str| (action.to_owned(), attendee.to_owned(), role.to_owned());
    assert_eq!(
        told,
        [
            act("room.create", "-", "-"),
            act("room.update", "-", "-"),
            act("attendee.add", &bob, "member"),
            act("attendee.change", &bob, "administrator"),
            act("attendee.remove", &bob, "-"),
            act("room.delete", "-", "-"),
        ]
    );
    assert!(records.iter().all(|record| record["fields"]["client.id"] == "booking"));
    assert!(!records.iter().any(|record| record.to_string().contains("bob@")), "no e-mail in the log");
}

/// What a deleted account leaves behind is recorded under its id.
#[rstest]
#[actix_web::test]
async fn a_deleted_account_leaves_records(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (shared, own) = (service.room_of("ada").await, service.room_of("ada").await);
    let bob = service.invite("ada", &shared, "bob", "administrator").await.id();
    service.revoke(RevocationKind::Sub, &account_id("ada"), RevocationReason::AccountDeleted);
    let actions = |room: &str| -> Vec<Value> {
        records_of(room).iter().skip(1).map(|record| record["fields"].clone()).collect()
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while actions(&shared.id()).len() < 3 || actions(&own.id()).is_empty() {
        assert!(Instant::now() < deadline, "no record of what has become of the rooms");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (shared, own) = (actions(&shared.id()), actions(&own.id()));
    let told: Vec<_> = shared.iter().chain(&own).map(|fields| fields["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["attendee.add", "attendee.remove", "attendee.change", "room.delete"]);
    assert_eq!((&shared[2]["attendee.id"], &shared[2]["role"]), (&json!(bob), &json!("owner")));
    for fields in shared.iter().skip(1).chain(&own) {
        assert_eq!(fields["account.id"], json!(account_id("ada")));
        assert_eq!(fields["reason"], "account_deleted");
    }
}

/// A client that hangs up while its room is being made: what is committed is recorded.
#[actix_web::test]
async fn a_client_that_hangs_up_does_not_lose_the_record() {
    let service = Service::on(Backend::Postgres).await;
    let lock = service.lock_rooms();
    let mut stream = TcpStream::connect(service.url().strip_prefix("http://").unwrap()).await.unwrap();
    let token = service.token_through("hanging-up", "ada");
    let head = format!(
        "POST {ROOMS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let lock = lock.wait_until_somebody_waits();
    stream.set_zero_linger().unwrap();
    drop(stream);
    // Time for the server to notice; should it take longer, the test proves less and fails no sooner.
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(lock);
    let deadline = Instant::now() + Duration::from_secs(20);
    let recorded = || String::from_utf8_lossy(&RECORDS.lock().unwrap()).contains("hanging-up");
    while !recorded() {
        assert!(Instant::now() < deadline, "no record");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(service.send("ada", "GET", ROOMS).await.json()["count"], 1);
}
