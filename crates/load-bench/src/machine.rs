//! Where and with what something was measured.

use std::fs;

use auth_claims::clock::Clock;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection};
use serde::Serialize;

use crate::server::{Server, Setup};

/// The machine, the versions and the settings.
#[derive(Debug, Serialize)]
pub(crate) struct Circumstances {
    date: String,
    processor: String,
    cores: usize,
    server_core: usize,
    client_core: usize,
    kernel: String,
    server: String,
    sqlite: String,
    postgresql: Option<String>,
    /// What the server is told beyond its defaults.
    settings: Vec<String>,
}

impl Circumstances {
    /// Those of now.
    pub(crate) fn note(setup: &Setup, server: &Server) -> anyhow::Result<Self> {
        Ok(Self {
            date: Clock::system().now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            processor: processor(),
            cores: setup.cores,
            server_core: setup.server_core,
            client_core: setup.client_core,
            kernel: line("/proc/sys/kernel/osrelease"),
            server: server.tessera(&["--version"])?.trim().to_owned(),
            sqlite: sqlite()?,
            postgresql: setup.postgres.as_deref().map(postgresql).transpose()?,
            settings: server.shown_settings(),
        })
    }

    /// For people.
    pub(crate) fn print(&self) {
        println!("{}, {} cores, Linux {}, {}", self.processor, self.cores, self.kernel, self.date);
        let postgresql = self.postgresql.as_deref().unwrap_or("not used");
        println!("{}, SQLite {}, PostgreSQL {postgresql}", self.server, self.sqlite);
        println!(
            "server, floors and PostgreSQL on core {}, generator on core {}",
            self.server_core, self.client_core
        );
        if self.server_core == self.client_core {
            println!("  one core for both: nothing below says anything about speed");
        }
        println!(
            "the server's settings, none of which a service in use should need; 0 switches a limit off:"
        );
        for setting in &self.settings {
            println!("  {setting}");
        }
    }
}

fn line(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}

/// The model, where the kernel says it.
fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, model)| model.trim().to_owned())
}

fn sqlite() -> anyhow::Result<String> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    Ok(diesel::select(sql::<Text>("sqlite_version()")).get_result(&mut conn)?)
}

fn postgresql(url: &str) -> anyhow::Result<String> {
    let mut conn = PgConnection::establish(url)?;
    Ok(diesel::select(sql::<Text>("current_setting('server_version')")).get_result(&mut conn)?)
}
