//! SIGTERM: no new work, what is open is finished, what happened is written down, exit 0.

use std::time::{Duration, Instant};

use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stack::{MEET, Stack, Topology};

const CONTINUE: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";
const BODY: &str = r#"{"access_level": "restricted"}"#;

#[rstest]
#[tokio::test]
async fn a_stopping_service_finishes_what_is_open(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    let address = format!("127.0.0.1:{}", stack.rooms().port());
    let mut open = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST {MEET}/rooms HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        BODY.len()
    );
    open.write_all(head.as_bytes()).await.unwrap();
    // RFC 9110 §10.1.1: whoever asks for the rest has begun to serve the request.
    let mut go_on = [0; CONTINUE.len()];
    open.read_exact(&mut go_on).await.unwrap();
    assert_eq!(go_on, *CONTINUE, "{}", String::from_utf8_lossy(&go_on));
    open.write_all(&BODY.as_bytes()[..5]).await.unwrap();

    stack.rooms().running().request_stop();
    let readiness = stack.rooms().management_url("/readyz");
    let start = Instant::now();
    loop {
        let report = stack.send(stack.http.get(&readiness)).await;
        if report.status == 503 {
            assert_eq!(report.json()["status"], "draining", "{report:?}");
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "still {report:?}");
    }
    open.write_all(&BODY.as_bytes()[5..]).await.unwrap();
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 201 ") && answer.contains(r#""access_level":"restricted""#),
        "{answer}"
    );
    let status = stack.rooms().running().wait();
    assert_eq!(status.code(), Some(0));
    assert!(TcpStream::connect(&address).await.is_err(), "somebody still listens");
}

/// Events wait in memory to be written together; the end of the process does not lose them.
#[rstest]
#[tokio::test]
async fn what_happened_last_is_in_the_audit_trail(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let (booking, ada) = (stack.declared.booking.clone(), stack.declared.ada.clone());
    for _ in 0..20 {
        stack.application_token(&booking, &ada).await;
    }
    let stranger = crate::stack::Credentials { id: "stranger".to_owned(), ..booking };
    stack.application(&stranger, &ada.email).await.expect(401);
    assert_eq!(stack.auth().terminate().code(), Some(0));
    let (issued, refused) = (stack.audit("token.issue", "booking"), stack.audit("token.issue", "stranger"));
    assert_eq!((issued.success, issued.failure), (20, 0));
    assert_eq!((refused.success, refused.failure), (0, 1));
}

/// An idle service stops at once: long polls and idle connections do not hold it up.
#[rstest]
#[tokio::test]
async fn nobody_waits_for_idle_connections(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    stack.call(&token, reqwest::Method::GET, "/rooms").await.expect(200);
    // The auth server first: the rooms service is waiting for its feed.
    for unit in stack.units() {
        let start = Instant::now();
        assert_eq!(unit.terminate().code(), Some(0));
        assert!(start.elapsed() < Duration::from_secs(15), "{} took {:?}", unit.name(), start.elapsed());
    }
}
