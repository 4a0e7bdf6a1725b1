//! A replica that goes away under a request: another one is asked, unless that might do the same thing twice.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use auth_client::directory::{Directory as _, DirectoryError};
use auth_client::{Authority, AuthoritySettings};
use futures_util::future::join_all;
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

/// Connections that are open at once before the replica behind them goes away.
const OPEN: usize = 8;

/// A replica, and another one that takes its place.
struct Replaced {
    address: SocketAddr,
    /// Connections that there were so far.
    opened: Arc<AtomicUsize>,
    /// So many of them, the first ones, lead nowhere: noticed when a request is sent.
    dead: Arc<AtomicUsize>,
}

impl Replaced {
    /// Answers [`OPEN`] questions together, and those that come later one by one.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, opened) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let (dead, together) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(OPEN)));
        let replaced = Self { address, opened: Arc::clone(&opened), dead: Arc::clone(&dead) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = opened.fetch_add(1, Ordering::AcqRel);
                let (dead, together) = (Arc::clone(&dead), Arc::clone(&together));
                std::thread::spawn(move || answer_on(stream, number, &dead, &together));
            }
        });
        replaced
    }

    fn replace(&self) {
        self.dead.store(self.opened.load(Ordering::Acquire), Ordering::Release);
    }
}

fn answer_on(mut stream: TcpStream, number: usize, dead: &AtomicUsize, together: &Barrier) {
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        let asked = buffer[..read].starts_with(b"GET");
        let (status, body) = if asked {
            ("404 Not Found", r#"{"error":"not_found"}"#)
        } else {
            ("200 OK", r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#)
        };
        match dead.load(Ordering::Acquire) {
            0 if asked => drop(together.wait()),
            dead if number < dead => return,
            _ => {}
        }
        let head = "content-type: application/json\r\ncontent-length";
        let _ = write!(stream, "HTTP/1.1 {status}\r\n{head}: {}\r\n\r\n{body}", body.len());
    }
}

/// Of many connections that went with a replica, the second try does not take another one.
#[tokio::test]
async fn the_second_try_has_a_connection_of_its_own() {
    let replaced = Replaced::start();
    let authority = authority(replaced.address);
    authority.service_token().await.unwrap();
    let answers = join_all((0..OPEN).map(|_| authority.group(7))).await;
    assert!(answers.iter().all(|answer| *answer == Ok(None)), "{answers:?}");
    replaced.replace();
    assert_eq!(authority.group(9).await, Ok(None));
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
