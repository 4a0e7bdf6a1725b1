//! A way to the auth server on which the revocation feed, or the answers to what is told of applications, can be held
//! back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use test_kit::free_port;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How a request for the feed begins.
const FEED: &[u8] = b"GET /internal/revocations";
/// How a request begins that tells something of an application.
const TELLING: &[u8] = b"PUT /internal/applications/";

/// Passes bytes on; requests for the feed only while it is open, and what is answered to news of applications only while
/// that is let through.
pub(crate) struct Gate {
    origin: String,
    open: Arc<watch::Sender<bool>>,
    answers: Arc<watch::Sender<bool>>,
    task: JoinHandle<()>,
}

impl Gate {
    /// An open gate in front of this server, which need not run yet.
    pub(crate) async fn before(upstream: &str) -> Self {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let address = format!("127.0.0.1:{}", free_port());
        let listener = TcpListener::bind(&address).await.expect("a free port");
        let open = Arc::new(watch::Sender::new(true));
        let answers = Arc::new(watch::Sender::new(true));
        let task = tokio::spawn(accept(listener, upstream, Arc::clone(&open), Arc::clone(&answers)));
        Self { origin: format!("http://{address}"), open, answers, task }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Holds back what is asked from now on.
    pub(crate) fn close(&self) {
        self.open.send_replace(false);
    }

    /// Holds back the answers to what is told of applications from now on: it is done, and nobody learns of it.
    pub(crate) fn hold_answers(&self) {
        self.answers.send_replace(false);
    }

    /// Lets these answers through again.
    pub(crate) fn let_answers_through(&self) {
        self.answers.send_replace(true);
    }

    /// Lets everything through again.
    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    upstream: String,
    open: Arc<watch::Sender<bool>>,
    answers: Arc<watch::Sender<bool>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        if let Ok(server) = TcpStream::connect(&upstream).await {
            tokio::spawn(pass_on(client, server, open.subscribe(), answers.subscribe()));
        }
    }
}

async fn pass_on(
    client: TcpStream,
    server: TcpStream,
    mut open: watch::Receiver<bool>,
    mut answers: watch::Receiver<bool>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let telling = Arc::new(AtomicBool::new(false));
    let is_telling = Arc::clone(&telling);
    let answers = tokio::spawn(async move {
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_server.read(&mut chunk).await {
            let is_held = is_telling.load(Ordering::Acquire);
            let through = !is_held || answers.wait_for(|through| *through).await.is_ok();
            if !through || to_client.write_all(&chunk[..length]).await.is_err() {
                break;
            }
        }
    });
    let mut chunk = vec![0; 64 * 1024];
    // The client sends each request's head in one piece.
    while let Ok(length @ 1..) = from_client.read(&mut chunk).await {
        // A body may come by itself; it belongs to the request before.
        let is_head =
            [&b"GET "[..], b"POST ", b"PUT ", b"DELETE "].iter().any(|method| chunk.starts_with(method));
        if is_head {
            telling.store(chunk.starts_with(TELLING), Ordering::Release);
        }
        if chunk[..length].starts_with(FEED) && open.wait_for(|open| *open).await.is_err() {
            break;
        }
        if to_server.write_all(&chunk[..length]).await.is_err() {
            break;
        }
    }
    answers.abort();
}
