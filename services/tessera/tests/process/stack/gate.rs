//! A way to the auth server on which the revocation feed can be held back.

use std::sync::Arc;

use test_kit::free_port;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How a request for the feed begins.
const FEED: &[u8] = b"GET /internal/revocations";

/// Passes bytes on; requests for the feed only while it is open.
pub(crate) struct Gate {
    origin: String,
    open: Arc<watch::Sender<bool>>,
    task: JoinHandle<()>,
}

impl Gate {
    /// An open gate in front of this server, which need not run yet.
    pub(crate) async fn before(upstream: &str) -> Self {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let address = format!("127.0.0.1:{}", free_port());
        let listener = TcpListener::bind(&address).await.expect("a free port");
        let open = Arc::new(watch::Sender::new(true));
        let task = tokio::spawn(accept(listener, upstream, Arc::clone(&open)));
        Self { origin: format!("http://{address}"), open, task }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Holds back what is asked from now on.
    pub(crate) fn close(&self) {
        self.open.send_replace(false);
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

async fn accept(listener: TcpListener, upstream: String, open: Arc<watch::Sender<bool>>) {
    while let Ok((client, _)) = listener.accept().await {
        if let Ok(server) = TcpStream::connect(&upstream).await {
            tokio::spawn(pass_on(client, server, open.subscribe()));
        }
    }
}

async fn pass_on(client: TcpStream, server: TcpStream, mut open: watch::Receiver<bool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    let mut chunk = vec![0; 64 * 1024];
    // The client sends each request's head in one piece.
    while let Ok(length @ 1..) = from_client.read(&mut chunk).await {
        if chunk[..length].starts_with(FEED) && open.wait_for(|open| *open).await.is_err() {
            break;
        }
        if to_server.write_all(&chunk[..length]).await.is_err() {
            break;
        }
    }
    answers.abort();
}
