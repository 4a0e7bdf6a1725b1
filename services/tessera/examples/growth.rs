//! `make bench-growth`: what tokens, questions about tokens and reads of rooms take while a million rows of long ago are
//! deleted, beside what they take before that, in the same run. On both databases. Prints the ratios; judges nothing.
//!
//! Needs a PostgreSQL on which it may create databases, in `TESSERA_TEST_POSTGRES_URL`.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use reqwest::RequestBuilder;
use serde_json::Value;
use test_kit::{Backend, TestDatabase};

/// Fills every table that is pruned.
const FILL: &str = include_str!("../../../crates/identity/tests/growth/fill.sql");
/// The tables that it fills.
const TABLES: u32 = 10;
/// Rows in all, unless the first argument says otherwise.
const ROWS: u32 = 1_000_000;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(5);

/// The demo's clients, as in deploy/bootstrap.demo.yaml.
const CLIENT: (&str, &str) = ("demo-visio", "demo-visio-secret-0123456789abcdef");
const MEET: &str = "external-api/v1.0";

const BEFORE: u8 = 0;
const DURING: u8 = 1;
const OVER: u8 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let rows = std::env::args().nth(1).map_or(Ok(ROWS), |text| text.parse().context("the number of rows"))?;
    for backend in [Backend::Sqlite, Backend::Postgres] {
        measure(backend, rows / TABLES).await?;
    }
    Ok(())
}

async fn measure(backend: Backend, rows: u32) -> anyhow::Result<()> {
    let mut server = Server::new(backend)?;
    server.prepare()?;
    let begun = Instant::now();
    server.fill(rows)?;
    println!("{backend:?}: {} rows in {TABLES} tables, filled in {:.1?}", rows * TABLES, begun.elapsed());
    server.start().await?;
    let phase = AtomicU8::new(BEFORE);
    let token = token(&server).await?;
    let (went, issued, asked, read) = tokio::join!(
        server.watch(u64::from(rows * TABLES), &phase),
        observe(&phase, || server.token_request()),
        observe(&phase, || server
            .post("oauth/introspect")
            .basic_auth(CLIENT.0, Some(CLIENT.1))
            .form(&[("token", &token)])),
        observe(&phase, || server.get(&format!("{MEET}/rooms")).bearer_auth(&token)),
    );
    let took = went?;
    println!("  they went in {took:.1?}, {:.0} a second", f64::from(rows * TABLES) / took.as_secs_f64());
    println!("  {:<16} {:>9} {:>9} {:>9} {:>9} {:>7}", "", "before", "", "during", "", "ratio");
    println!("  {:<16} {:>9} {:>9} {:>9} {:>9} {:>7}", "ms", "median", "99 %", "median", "99 %", "median");
    for (name, times) in [("token", issued?), ("introspection", asked?), ("list of rooms", read?)] {
        times.print(name);
    }
    Ok(())
}

async fn token(server: &Server) -> anyhow::Result<String> {
    let answer: Value = server.token_request().send().await?.error_for_status()?.json().await?;
    answer["access_token"].as_str().map(str::to_owned).context("no access token")
}

/// What requests took before anything was deleted, and while.
#[derive(Default)]
struct Times {
    before: Vec<Duration>,
    during: Vec<Duration>,
}

/// Sends a request again and again until it is over. Whatever is refused ends the measurement.
async fn observe(phase: &AtomicU8, request: impl Fn() -> RequestBuilder) -> anyhow::Result<Times> {
    let mut times = Times::default();
    loop {
        let now = phase.load(Ordering::Acquire);
        if now == OVER {
            return Ok(times);
        }
        let begun = Instant::now();
        request().send().await?.error_for_status()?.bytes().await?;
        if now == BEFORE { &mut times.before } else { &mut times.during }.push(begun.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
}

impl Times {
    fn print(mut self, name: &str) {
        self.before.sort_unstable();
        self.during.sort_unstable();
        let at = |times: &[Duration], percent: usize| {
            let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
        };
        let (before, during) = (at(&self.before, 50), at(&self.during, 50));
        println!(
            "  {name:<16} {before:>9.2} {:>9.2} {during:>9.2} {:>9.2} {:>7.2}   ({} and {} requests)",
            at(&self.before, 99),
            at(&self.during, 99),
            during / before,
            self.before.len(),
            self.during.len(),
        );
    }
}

/// The binary beside this example, and its database.
struct Server {
    backend: Backend,
    listen: String,
    management: String,
    client: reqwest::Client,
    child: Option<Child>,
    data: tempfile::TempDir,
    database: Option<TestDatabase>,
}

impl Server {
    fn new(backend: Backend) -> anyhow::Result<Self> {
        Ok(Self {
            backend,
            listen: free()?,
            management: free()?,
            client: reqwest::Client::builder().no_proxy().build()?,
            child: None,
            data: tempfile::tempdir()?,
            database: (backend == Backend::Postgres).then(TestDatabase::postgres),
        })
    }

    /// `tessera` on the databases. The directory's is filled; those of the other services are files in both cases.
    fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let example = std::env::current_exe()?;
        let folder = example.parent().and_then(|examples| examples.parent()).context("no target folder")?;
        let mut command = Command::new(folder.join("tessera"));
        command.args(arguments).arg("--data-dir").arg(self.data.path().join("data"));
        command.env("TESSERA_LOG__LEVEL", "warn").stdout(Stdio::null());
        if let Some(database) = &self.database {
            command.env("TESSERA_IDENTITY__DATABASE__URL", database.url());
        }
        Ok(command)
    }

    /// Makes the tables and the demo's directory, without a server that would seal the trail.
    fn prepare(&self) -> anyhow::Result<()> {
        let file = &test_kit::checked_in("deploy/bootstrap.demo.yaml").display().to_string();
        let status =
            self.command(&["apply", "--demo", file])?.status().context("no tessera beside this example")?;
        if !status.success() {
            bail!("tessera apply: {status}");
        }
        Ok(())
    }

    /// The first pass comes half a minute after the start.
    async fn start(&mut self) -> anyhow::Result<()> {
        let mut command =
            self.command(&["serve", "--demo", "--listen", &self.listen, "--management", &self.management])?;
        command.env("TESSERA_AUTH__AUDIT_KEPT", "30d");
        self.child = Some(command.spawn()?);
        for _ in 0..400 {
            let ready = self.client.get(format!("http://{}/readyz", self.management)).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server does not become ready")
    }

    /// Names that sort before the program's own, for the audit trail is pruned from its beginning.
    fn fill(&self, rows: u32) -> anyhow::Result<()> {
        let (at, bytes) = match self.backend {
            Backend::Sqlite => ("datetime('now', '-200 days', '-' || n || ' seconds')", "BLOB"),
            Backend::Postgres => (
                "date_trunc('second', now() AT TIME ZONE 'utc') - INTERVAL '200 days' - n * INTERVAL '1 second'",
                "BYTEA",
            ),
        };
        let sql = FILL
            .replace("$COUNT", &rows.to_string())
            .replace("$NAME", "0-over")
            .replace("$AT", at)
            .replace("$BYTES", bytes);
        if let Some(database) = &self.database {
            PgConnection::establish(&database.url())?
                .batch_execute(&format!("BEGIN; {sql}; COMMIT; ANALYZE"))?;
        } else {
            let path = self.data.path().join("data/identity.db");
            let mut conn = SqliteConnection::establish(&path.display().to_string())?;
            conn.batch_execute(&format!("BEGIN IMMEDIATE; {sql}; COMMIT"))?;
        }
        Ok(())
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("http://{}/{path}", self.listen))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("http://{}/{path}", self.listen))
    }

    fn token_request(&self) -> RequestBuilder {
        let form = [
            ("client_id", CLIENT.0),
            ("client_secret", CLIENT.1),
            ("grant_type", "client_credentials"),
            ("scope", "agent@example.org"),
        ];
        self.post(&format!("{MEET}/application/token")).form(&form)
    }

    /// Moves the phase on when the first row has gone, and the last; how long that took.
    async fn watch(&self, rows: u64, phase: &AtomicU8) -> anyhow::Result<Duration> {
        let mut begun = None;
        loop {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let gone = self.pruned().await?;
            if gone > 0 && begun.is_none() {
                begun = Some(Instant::now());
                phase.store(DURING, Ordering::Release);
            }
            if gone >= rows {
                phase.store(OVER, Ordering::Release);
                return Ok(begun.map_or(Duration::ZERO, |begun| begun.elapsed()));
            }
        }
    }

    async fn pruned(&self) -> anyhow::Result<u64> {
        let page =
            self.client.get(format!("http://{}/metrics", self.management)).send().await?.text().await?;
        let counts = page.lines().filter(|line| line.starts_with("tessera_pruned_rows_total{"));
        counts.map(|line| Ok(line.rsplit(' ').next().unwrap_or_default().parse::<u64>()?)).sum()
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

fn free() -> std::io::Result<String> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}
