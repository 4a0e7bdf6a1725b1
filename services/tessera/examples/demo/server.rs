//! The server under demonstration: the `tessera` binary beside this example, on free ports and a temporary directory.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use url::Url;

/// How long the first start may take: a new database, and the hashes of the demo's passwords.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the server signs Base-Tokens with, shared with the data plane of the demonstration.
pub(crate) const BASE_KEY: &str = "demo-base-key-that-everybody-may-read-0123456789";

/// A running server; it is stopped and its data removed when this is dropped.
pub(crate) struct DemoServer {
    pub(crate) url: Url,
    child: Child,
    binary: PathBuf,
    data: tempfile::TempDir,
}

impl DemoServer {
    /// Starts the server and waits until it says that it is ready.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let example = std::env::current_exe()?;
        let folder = example.parent().and_then(|examples| examples.parent()).context("no target folder")?;
        let binary = folder.join("tessera");
        let (data, listen, management) = (tempfile::tempdir()?, free_address()?, free_address()?);
        let child = Command::new(&binary)
            .args([
                "serve",
                "--demo",
                "--listen",
                &listen.to_string(),
                "--management",
                &management.to_string(),
            ])
            .env("TESSERA_LOG__LEVEL", "warn")
            .env("TESSERA_BASES__TOKENS__BASE_KEY", BASE_KEY)
            .arg("--data-dir")
            .arg(data.path().join("tessera-data"))
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| {
                format!("cannot start {}: build it with `cargo build -p tessera`", binary.display())
            })?;
        let mut server = Self { url: Url::parse(&format!("http://{listen}/"))?, child, binary, data };
        server.wait_until_ready(management).await?;
        Ok(server)
    }

    /// What the command line answers about this server's directory.
    pub(crate) fn tessera(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(&self.binary)
            .args(arguments)
            .env("TESSERA_DEMO", "true")
            .arg("--data-dir")
            .arg(self.data.path().join("tessera-data"))
            .output()?;
        if !output.status.success() {
            bail!("tessera {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    async fn wait_until_ready(&mut self, management: SocketAddr) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended early with {status}");
            }
            let answer = client.get(format!("http://{management}/readyz")).send().await;
            if answer.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server was not ready within {PATIENCE:?}")
    }
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        // Nothing can be done about a server that has gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
