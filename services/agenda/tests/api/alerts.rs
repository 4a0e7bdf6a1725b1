//! §10, "Failure": a security alert in the log.

use std::io;
use std::sync::{Mutex, OnceLock};

use rstest::rstest;
use serde_json::Value;
use tracing_subscriber::Layer as _;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::{AGENTS, Backend, Service, answer};

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
        let level = tracing_subscriber::filter::LevelFilter::WARN;
        let records = tracing_subscriber::fmt::layer().json().with_writer(Records).with_filter(level);
        tracing_subscriber::registry().with(records).with(test_kit::logs::Listener).init();
    });
}

/// The alerts about this account; without one, about nobody.
fn alerts(account: Option<&str>) -> Vec<Value> {
    let text = String::from_utf8(RECORDS.lock().unwrap().clone()).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let alerts = all.filter(|record| record["fields"]["security.alert"] == "agent_signature");
    alerts.filter(|alert| alert["fields"]["account.id"].as_str() == account).collect()
}

/// One alert for each attempt, with whom it was about; neither the signature nor the address is in the log.
#[rstest]
#[case::wrong("5ecre7-s1gnature")]
#[case::empty("")]
#[actix_web::test]
async fn a_refused_signature_is_an_alert(#[case] signature: &str) {
    let service = Service::on(Backend::Sqlite).await;
    for uid in ["a@cd26.example", "nobody-of-this-name@cd26.example"] {
        let request = service.request("GET", AGENTS).header("uid", uid);
        answer(request.header("X-Agent-Auth-Signature", signature)).await.expect_unauthenticated();
    }
    let account = service.people.account("a").id.to_string();
    let known = alerts(Some(&account));
    let [alert] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!((&alert["level"], &alert["fields"]["client.address"]), (&"WARN".into(), &"127.0.0.1".into()));
    assert!(!alerts(None).is_empty());
    let text = String::from_utf8(RECORDS.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("5ecre7") && !text.contains("nobody-of-this-name"), "{text}");
}
