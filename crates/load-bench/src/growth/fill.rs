//! Fills the tables of a server that is not running yet.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use auth_claims::clock::Clock;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, QueryResult, SqliteConnection};
use identity::MASTER_KEY_FILE;
use identity::master::{MasterKey, Purpose, Secrets};

use crate::scenarios::requests::Triple;
use crate::seed::directory::{self, SECRET};
use crate::server::Server;

/// Rows of one statement that holds its values itself.
const BATCH: u32 = 500;
/// How much longer than the measurement lives what is alive.
const LIFETIME: Duration = Duration::from_hours(24);

/// The login of row `number`, from 1 on.
pub(super) fn login(number: u32) -> String {
    format!("growth-{number}")
}

/// The client of row `number`.
pub(super) fn client(number: u32) -> String {
    format!("growth-client-{number}")
}

/// The room of row `number`.
pub(super) fn room(number: u32) -> String {
    format!("20000000-0000-7000-8000-{number:012x}")
}

/// The account that owns ten rooms of the list, `number` from 0 on.
pub(super) fn owner(number: u32) -> String {
    login(number + 2)
}

/// The session of the account of row `number`.
pub(super) fn session(number: u32) -> Triple {
    let name = format!("{number:022}");
    Triple { token: name.clone(), client: name, uid: directory::email(&login(number)) }
}

/// So many rows in each table that is asked.
pub(super) fn fill(server: &Server, rows: u32) -> anyhow::Result<()> {
    server.tessera(&["migrate"])?;
    server.tessera(&["apply", &server.home().join("bootstrap.yaml").display().to_string()])?;
    let key = MasterKey::load(&server.home().join("data").join(MASTER_KEY_FILE)).context("the master key")?;
    let (secrets, now) = (Secrets::new(&key), Clock::system().now());
    let times = Times { now, later: now + LIFETIME };

    let mut identity = Database::open(server, "identity")?;
    identity.run(&identity.sql(include_str!("identity.sql"), rows, &times))?;
    identity.insert("client_secrets (id, client_id, hash, created_at)", rows, |number| {
        let message = [client(number).as_bytes(), &[0], SECRET.as_bytes()].concat();
        let mac = secrets.mac(Purpose::ClientSecret, &message);
        format!("'growth-{number}', '{}', 'hmac-sha256${}', {}", client(number), hex(&mac), times.now())
    })?;
    let is_postgres = matches!(identity, Database::Postgres(_));
    let columns = "device_sessions (sid, account_id, client_mac, token_mac, created_at, expires_at)";
    identity.insert(columns, rows, |number| {
        let Triple { token, client, .. } = session(number);
        let client = secrets.mac(Purpose::DeviceClient, client.as_bytes());
        let token = secrets.mac(Purpose::DeviceToken, &[&client[..], token.as_bytes()].concat());
        let bytes = |mac| if is_postgres { format!(r"'\x{}'", hex(mac)) } else { format!("X'{}'", hex(mac)) };
        format!(
            "'growth-session-{number}', '10000000-0000-7000-8000-{number:012x}', {}, {}, {}, {}",
            bytes(&client),
            bytes(&token),
            times.now(),
            times.later(),
        )
    })?;
    identity.settle()?;

    let mut rooms = Database::open(server, "rooms")?;
    rooms.run(&rooms.sql(include_str!("rooms.sql"), rows, &times))?;
    rooms.settle()
}

/// The instants of the rows.
struct Times {
    now: DateTime<Utc>,
    later: DateTime<Utc>,
}

impl Times {
    fn now(&self) -> String {
        instant(self.now)
    }

    fn later(&self) -> String {
        instant(self.later)
    }
}

fn instant(at: DateTime<Utc>) -> String {
    format!("'{}'", at.format("%Y-%m-%d %H:%M:%S"))
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // A `String` takes whatever is written.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A service's database.
enum Database {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Database {
    fn open(server: &Server, service: &str) -> anyhow::Result<Self> {
        if let Some(url) = server.postgres(service) {
            let mut connection = PgConnection::establish(&url)?;
            connection.batch_execute("SET synchronous_commit = off; SET statement_timeout = 0")?;
            return Ok(Self::Postgres(connection));
        }
        let path = server.home().join("data").join(format!("{service}.db"));
        let mut connection = SqliteConnection::establish(&path.display().to_string())?;
        connection.batch_execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144")?;
        Ok(Self::Sqlite(connection))
    }

    fn run(&mut self, statements: &str) -> QueryResult<()> {
        match self {
            Self::Postgres(connection) => connection.batch_execute(&format!("BEGIN; {statements}; COMMIT")),
            Self::Sqlite(connection) => {
                connection.batch_execute(&format!("BEGIN IMMEDIATE; {statements}; COMMIT"))
            }
        }
    }

    /// A file of statements, with what stands for its words.
    fn sql(&self, statements: &str, rows: u32, times: &Times) -> String {
        let digits = |number: &str| match self {
            Self::Postgres(_) => format!("lpad(to_hex({number}), 12, '0')"),
            Self::Sqlite(_) => format!("printf('%012x', {number})"),
        };
        let instant = |text: String| match self {
            Self::Postgres(_) => format!("TIMESTAMP {text}"),
            Self::Sqlite(_) => text,
        };
        statements
            .replace("$COUNT", &rows.to_string())
            .replace("$HEX", &digits("n"))
            .replace("$ROOM", &digits("m"))
            .replace("$NOW", &instant(times.now()))
            .replace("$LATER", &instant(times.later()))
    }

    /// Rows whose values only this program can make.
    fn insert(&mut self, into: &str, rows: u32, values: impl Fn(u32) -> String) -> QueryResult<()> {
        for begin in (1..=rows).step_by(BATCH as usize) {
            let end = rows.min(begin + BATCH - 1);
            let values: Vec<String> = (begin..=end).map(|number| format!("({})", values(number))).collect();
            self.run(&format!("INSERT INTO {into} VALUES {}", values.join(", ")))?;
        }
        Ok(())
    }

    /// Does now what the database would do by itself while it is measured.
    fn settle(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Postgres(connection) => {
                connection.batch_execute("VACUUM ANALYZE")?;
                connection.batch_execute("CHECKPOINT")?;
            }
            Self::Sqlite(connection) => connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?,
        }
        Ok(())
    }
}
