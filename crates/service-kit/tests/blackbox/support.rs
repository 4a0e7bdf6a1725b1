//! A server on free ports, and clients that send exactly what they are told.

use std::{net::SocketAddr, time::Duration};

use actix_web::rt::task::JoinHandle;
use service_kit::{Server, server::ServerError, settings::ServerSettings, shutdown::Shutdown};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than anything here takes on a busy machine; a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Settings with free ports and one worker.
pub(crate) fn settings() -> ServerSettings {
    let free: SocketAddr = ([127, 0, 0, 1], 0).into();
    ServerSettings { listen: free, management: free, workers: Some(1), ..ServerSettings::default() }
}

pub(crate) struct Running {
    pub(crate) listen: SocketAddr,
    pub(crate) management: SocketAddr,
    pub(crate) shutdown: Shutdown,
    ended: JoinHandle<Result<(), ServerError>>,
}

/// Starts what `build` makes of a server with these settings.
pub(crate) fn start(settings: &ServerSettings, build: impl FnOnce(Server) -> Server) -> Running {
    let server = build(Server::new(settings));
    let shutdown = server.shutdown();
    let bound = server.bind().unwrap();
    let (listen, management) = (bound.listen(), bound.management());
    Running { listen, management, shutdown, ended: actix_web::rt::spawn(bound.run()) }
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listen)
    }
    pub(crate) fn management_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.management)
    }
    pub(crate) async fn connect(&self) -> Connection {
        Connection(TcpStream::connect(self.listen).await.unwrap())
    }
    /// Sends a request with these header lines on a connection of its own and gives all that comes back.
    pub(crate) async fn raw(&self, path: &str, headers: &str) -> String {
        let mut connection = self.connect().await;
        connection
            .send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"))
            .await;
        connection.rest().await
    }
    /// Ends the server and waits for it.
    pub(crate) async fn stop(self) -> Result<(), ServerError> {
        self.shutdown.request();
        self.ended().await
    }
    pub(crate) async fn ended(self) -> Result<(), ServerError> {
        timeout(PATIENCE, self.ended).await.expect("the server ends").unwrap()
    }
}

pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The server may have closed already: what it answered is looked at, not this.
        let _ = self.0.write_all(bytes.as_ref()).await;
    }
    /// All that comes until the server closes the connection.
    pub(crate) async fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut bytes))
            .await
            .expect("the server closes the connection");
        String::from_utf8_lossy(&bytes).into_owned()
    }
    /// What comes until `end` has come.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.contains(end) {
            let mut part = [0; 4096];
            let read = timeout(PATIENCE, self.0.read(&mut part)).await.expect("the server answers").unwrap();
            assert_ne!(read, 0, "closed after {text}");
            text.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        text
    }
}

/// The body of a raw response.
pub(crate) fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}
