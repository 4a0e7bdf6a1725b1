//! A floor, running where the server runs and driven as the server is.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use test_kit::TestDatabase;

use crate::cores;
use crate::floor::Kind;
use crate::load::Script;
use crate::process::Process;
use crate::server::{Backend, Setup};

/// `load-bench floor` on the server's core, killed on drop.
pub(crate) struct Rival {
    child: Child,
    address: SocketAddr,
    /// Gone after the process.
    _database: Option<TestDatabase>,
}

impl Rival {
    /// Starts one that answers documents of this size.
    pub(crate) fn start(setup: &Setup, kind: Kind, bytes: usize, backend: Backend) -> anyhow::Result<Self> {
        let database = kind.reads().then(|| backend.database(setup)).transpose()?;
        let mut command = floor(kind);
        command.args(["--bytes", &bytes.to_string()]);
        if let Some(database) = &database {
            command.args(["--database", &database.url()]);
        }
        let mut child =
            cores::spawn_on(setup.server_core, command.stdout(Stdio::piped())).context("the floor")?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address =
            line.trim().parse().with_context(|| format!("floor {} does not start", kind.as_str()))?;
        Ok(Self { child, address, _database: database })
    }

    /// What it uses.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Argon2 hashes in a second on the server's core.
pub(crate) fn hashes(setup: &Setup, span: Duration) -> anyhow::Result<f64> {
    let mut command = floor(Kind::Argon2);
    command.args(["--seconds", &span.as_secs_f64().to_string()]).stdout(Stdio::piped());
    let output = cores::spawn_on(setup.server_core, &mut command)?.wait_with_output()?;
    ensure!(output.status.success(), "the hashing ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn floor(kind: Kind) -> Command {
    // This very program, even where another build has taken its place meanwhile.
    let mut command = Command::new("/proc/self/exe");
    let name = format!("{kind:?}").to_lowercase();
    command.args(["floor", &name]).stdin(Stdio::null());
    command
}

/// What a floor is asked: the bytes of one request of the scenario, again and again.
pub(crate) struct Same(pub(crate) Vec<u8>);

impl Same {
    /// One for each connection.
    pub(crate) fn scripts(request: &[u8], connections: usize) -> Vec<Box<dyn Script>> {
        (0..connections).map(|_| Box::new(Self(request.to_vec())) as Box<dyn Script>).collect()
    }
}

impl Script for Same {
    fn next(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn check(&mut self, status: u16, _: &[u8]) -> Result<(), String> {
        if status == 200 { Ok(()) } else { Err("not 200".to_owned()) }
    }
}
