//! The server under load.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use test_kit::TestDatabase;

use crate::process::Process;
use crate::seed::{self, Seed};
use crate::slower_disk;

/// How long a server may take until it is ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which kind of database the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(crate) enum Backend {
    /// Files of its own.
    Sqlite,
    /// Databases of its own on the server of `--postgres`.
    Postgres,
}

impl Backend {
    /// `SQLite` or `PostgreSQL`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// An empty database of this kind.
    pub(crate) fn database(self, setup: &Setup) -> anyhow::Result<TestDatabase> {
        match (self, &setup.postgres) {
            (Self::Sqlite, _) => Ok(TestDatabase::sqlite()),
            (Self::Postgres, Some(url)) => Ok(TestDatabase::on_server(url)),
            (Self::Postgres, None) => {
                bail!("no PostgreSQL: run under .ci/with-postgres, or name one with --postgres")
            }
        }
    }
}

/// What servers are started with.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Where the programs lie.
    pub(crate) binaries: PathBuf,
    /// A superuser's URL.
    pub(crate) postgres: Option<String>,
    /// The core that the server has to itself.
    pub(crate) server_core: usize,
    /// The generator's.
    pub(crate) client_core: usize,
    /// How many this machine lets us use.
    pub(crate) cores: usize,
    /// How much longer the server's flushes to disk shall take than they do here.
    pub(crate) slower_flush: Option<Duration>,
}

/// The services whose database is one of their own.
const DATABASES: [&str; 4] = ["identity", "applications", "bases", "rooms"];

/// In the names of settings that are places or secrets.
const HIDDEN: [&str; 7] = ["DIR", "FILE", "KEY", "LISTEN", "MANAGEMENT", "SECRET", "URL"];

/// `tessera` with databases of its own, killed and removed on drop.
pub(crate) struct Server {
    backend: Backend,
    program: PathBuf,
    home: TempDir,
    databases: Vec<(&'static str, TestDatabase)>,
    settings: Vec<(String, String)>,
    listen: SocketAddr,
    management: SocketAddr,
    core: usize,
    slower_flush: Option<Duration>,
    child: Option<Child>,
}

impl Server {
    /// Empty databases. Nothing is running yet, and [`Server::tessera`] works already.
    pub(crate) fn new(setup: &Setup, backend: Backend) -> anyhow::Result<Self> {
        let program = setup.binaries.join("tessera");
        if !program.is_file() {
            bail!("{} does not exist: build it first", program.display());
        }
        let home = tempfile::tempdir()?;
        let databases = match backend {
            Backend::Sqlite => Vec::new(),
            Backend::Postgres => DATABASES
                .iter()
                .map(|service| Ok((*service, backend.database(setup)?)))
                .collect::<anyhow::Result<_>>()?,
        };
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let mut server = Self {
            backend,
            program,
            databases,
            settings: seed::settings(home.path())?,
            home,
            listen: local(test_kit::free_port()),
            management: local(test_kit::free_port()),
            core: setup.server_core,
            slower_flush: setup.slower_flush,
            child: None,
        };
        server.settings.extend(server.own_settings());
        Ok(server)
    }

    fn own_settings(&self) -> Vec<(String, String)> {
        let path = self.home.path().join("data").display().to_string();
        let mut settings = vec![
            ("TESSERA_DATA_DIR".to_owned(), path),
            ("TESSERA_SERVER__LISTEN".to_owned(), self.listen.to_string()),
            ("TESSERA_SERVER__MANAGEMENT".to_owned(), self.management.to_string()),
            ("TESSERA_SERVER__WORKERS".to_owned(), "1".to_owned()),
            ("TESSERA_LOG__LEVEL".to_owned(), "warn".to_owned()),
        ];
        for (service, database) in &self.databases {
            settings.push((format!("TESSERA_{}__DATABASE__URL", service.to_uppercase()), database.url()));
        }
        settings
    }

    /// Starts one and makes what the scenarios find on it.
    pub(crate) async fn seeded(setup: &Setup, backend: Backend) -> anyhow::Result<(Self, Seed)> {
        let mut server = Self::new(setup, backend)?;
        server.start().await?;
        let seed = seed::seed(&server).await?;
        Ok((server, seed))
    }

    /// Starts it on its core and waits until it is ready.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        let log = File::create(self.log())?;
        let mut command = match self.slower_flush {
            Some(delay) => slower_disk::before(&self.command(&["serve"]), delay),
            None => self.command(&["serve"]),
        };
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = crate::cores::spawn_on(self.core, &mut command);
        self.child =
            Some(started.with_context(|| format!("{} cannot be started", command.get_program().display()))?);
        let client = reqwest::Client::builder().no_proxy().build()?;
        let (url, deadline) = (format!("http://{}/readyz", self.management), Instant::now() + PATIENCE);
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || Instant::now() > deadline {
                bail!("the server does not become ready:\n{}", fs::read_to_string(self.log())?);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Runs a command of the operator's on the server's databases; what it prints.
    pub(crate) fn tessera(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output().context("tessera cannot be started")?;
        if !output.status.success() {
            bail!("tessera {arguments:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Which kind of database it has.
    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    /// What it uses, once it is started.
    pub(crate) fn process(&self) -> anyhow::Result<Process> {
        self.child.as_ref().map(|child| Process(child.id())).context("the server is not started")
    }

    /// The settings that anybody may know and that are not about where things lie.
    pub(crate) fn shown_settings(&self) -> Vec<String> {
        let is_shown = |name: &str| !HIDDEN.iter().any(|word| name.contains(word));
        let shown = self.settings.iter().filter(|(name, _)| is_shown(name));
        shown.map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// Where clients are served.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listen
    }

    /// Where `/metrics` is.
    pub(crate) fn management(&self) -> SocketAddr {
        self.management
    }

    /// A folder of the server's own, for files; the SQLite databases are `data/NAME.db` in it.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The PostgreSQL URL of `identity`, `applications`, `bases` or `rooms`; `None` on SQLite.
    pub(crate) fn postgres(&self, service: &str) -> Option<String> {
        self.databases.iter().find(|(name, _)| *name == service).map(|(_, database)| database.url())
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("server.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
