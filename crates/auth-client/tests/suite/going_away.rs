//! A replica that goes away under a request: another one is asked, unless that might do the same thing twice.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use auth_client::directory::{Directory as _, DirectoryError};
use auth_client::{Authority, AuthoritySettings};
use url::Url;

use crate::authority::SECRET;

/// How often each request came, by its first line without the version.
type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

/// Takes each request and goes away; answers it when it comes again.
fn going_away() -> (SocketAddr, Counts) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, counts) = (listener.local_addr().unwrap(), Counts::default());
    let counter = Arc::clone(&counts);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 8192];
            let read = stream.read(&mut buffer).unwrap_or(0);
            let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
            let line = text.split(" HTTP/").next().unwrap_or_default().to_owned();
            let times = {
                let mut counts = counter.lock().unwrap();
                let times = counts.entry(line.clone()).or_default();
                *times += 1;
                *times
            };
            let (status, body) = if line.starts_with("POST /oauth/token") {
                ("200 OK", r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#)
            } else {
                ("404 Not Found", r#"{"error":"not_found"}"#)
            };
            if times > 1 {
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                     connection: close\r\n\r\n{body}"
                );
                // Unread octets would turn the end of the connection into a reset, which could overtake the answer.
                let _ = stream.shutdown(Shutdown::Write);
                while stream.read(&mut buffer).is_ok_and(|octets| octets > 0) {}
            }
        }
    });
    (address, counts)
}

fn authority(address: SocketAddr) -> Authority {
    let url = Url::parse(&format!("http://{address}")).unwrap();
    Authority::connect(AuthoritySettings::new(url, "bases", SECRET.into())).unwrap()
}

fn times(counts: &Counts, request: &str) -> usize {
    counts.lock().unwrap().get(request).copied().unwrap_or_default()
}

#[tokio::test]
async fn a_question_is_asked_again() {
    let (address, counts) = going_away();
    let authority = authority(address);
    authority.service_token().await.unwrap();
    assert_eq!(times(&counts, "POST /oauth/token"), 2);
    assert_eq!(authority.group(7).await, Ok(None));
    assert_eq!(times(&counts, "GET /internal/directory/groups/7"), 2);
}

/// What may have been done is not asked for again: nobody wants a second group, or to hear of a group that is gone that
/// there was none.
#[tokio::test]
async fn an_order_is_given_once() {
    let (address, counts) = going_away();
    let authority = authority(address);
    let made = authority.create_group("Crew", "ada").await;
    assert!(matches!(made, Err(DirectoryError::Unreachable(_))), "{made:?}");
    assert_eq!(times(&counts, "POST /internal/directory/groups"), 1);
    let gone = authority.delete_group(7, "ada").await;
    assert!(matches!(gone, Err(DirectoryError::Unreachable(_))), "{gone:?}");
    assert_eq!(times(&counts, "DELETE /internal/directory/groups/7?by=ada"), 1);
}

/// Nothing was sent where nobody listens: every request may go elsewhere, and it is told when there is nobody at all.
#[tokio::test]
async fn nobody_at_all_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let made = authority(address).create_group("Crew", "ada").await;
    assert!(matches!(made, Err(DirectoryError::Unreachable(_))), "{made:?}");
}
