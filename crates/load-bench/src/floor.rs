//! `load-bench floor`: the least that a server has to do for an answer, as a program of its own.
//!
//! It has the web framework and the listener's settings of the services, one worker, and nothing around the handler: no
//! middleware, no routing, no metrics, no log. Work that belongs to a floor is done on the worker's own thread.

mod answer;
mod hashing;
mod rows;
mod signing;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use service_kit::settings::ServerSettings;

use crate::scenario::Floor;
use answer::Work;

/// Which floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(crate) enum Kind {
    /// A constant answer
    A,
    /// A, and a signature of fresh claims
    B,
    /// A, and the check of a signature
    C,
    /// A, and a read of a row by its primary key
    D,
    /// D, and the signature of B
    Db,
    /// A, and the verification of an access token that was seen before
    Seen,
    /// Argon2id alone, without HTTP
    Argon2,
}

impl From<Floor> for Kind {
    fn from(floor: Floor) -> Self {
        match floor {
            Floor::A => Self::A,
            Floor::B => Self::B,
            Floor::D => Self::D,
            Floor::DB => Self::Db,
            Floor::Argon2 => Self::Argon2,
        }
    }
}

impl Kind {
    /// As it stands in the table.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::Db => "D+B",
            Self::Seen => "seen",
            Self::Argon2 => "Argon2",
        }
    }

    /// Whether it reads from a database.
    pub(crate) fn reads(self) -> bool {
        matches!(self, Self::D | Self::Db)
    }
}

/// What is served.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Which floor
    #[arg(ignore_case = true)]
    kind: Kind,
    /// Size of the body of the answer
    #[arg(long, default_value_t = 100)]
    bytes: usize,
    /// Where clients are served; port 0 takes a free one
    #[arg(long, default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    listen: SocketAddr,
    /// For D: `sqlite:FILE` or `postgres://…`; its table is made and filled when it is missing
    #[arg(long, required_if_eq_any([("kind", "d"), ("kind", "db")]))]
    database: Option<String>,
    /// For Argon2: for how long
    #[arg(long, default_value_t = 3.0, value_name = "N")]
    seconds: f64,
}

/// Serves until it is killed; says on standard output where.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async {
        if options.kind == Kind::Argon2 {
            println!("{}", hashing::per_second(Duration::from_secs_f64(options.seconds)).await?);
            return Ok(());
        }
        serve(options).await
    })
}

async fn serve(options: &Options) -> anyhow::Result<()> {
    // Fails here rather than in the worker, which could only panic.
    drop(Work::new(options.kind, options.bytes, options.database.as_deref()).await?);
    let (kind, bytes, database) = (options.kind, options.bytes, options.database.clone());
    let settings = ServerSettings::default();
    let app = move || {
        let work = answer::Slot::new(kind, bytes, database.clone());
        App::new().app_data(work).default_service(web::to(answer::answer))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(settings.max_connections)
        .client_request_timeout(settings.header_timeout)
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(settings.keep_alive)
        .tcp_nodelay(true)
        .bind(options.listen)?;
    for address in server.addrs() {
        println!("{address}");
    }
    std::io::stdout().flush()?;
    Ok(server.run().await?)
}
