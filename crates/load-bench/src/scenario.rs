//! What a scenario is.

use std::ops::Range;

use crate::load::Script;
use crate::seed::Seed;

/// Scenarios that other measurements than `run` use as well.
pub(crate) mod names {
    /// `POST /oauth/token`, `client_credentials`, ES256.
    pub(crate) const CLIENT_CREDENTIALS: &str = "client_credentials";
    /// Refreshes, each connection with a family of its own.
    pub(crate) const REFRESH: &str = "refresh";
    /// Sign-ins with a password.
    pub(crate) const SIGN_IN: &str = "sign_in";
    /// `GET /rooms/{id}` with one access token all the time.
    pub(crate) const ROOM: &str = "room";
}

/// What a scenario is compared with, measured in the same run on the same core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Floor {
    /// An actix handler that reads the body of the request and answers a constant JSON of the same size.
    A,
    /// A plus one ES256 signature of fresh claims by the platform's signer.
    B,
    /// A plus one read of one row by its primary key, on the same kind of database.
    D,
    /// D plus the signature of B.
    DB,
    /// Argon2id alone, at the platform's cost, without HTTP.
    Argon2,
}

/// How requests follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// On connections that stay open.
    KeepAlive,
    /// On a connection for each, which the generator asks to be closed (`Connection: close`, added to what scripts write).
    PerRequest,
}

/// Something that clients do again and again.
pub(crate) struct Scenario {
    /// How it is called on the command line and in the results.
    pub(crate) name: &'static str,
    /// What is sent, in a few words.
    pub(crate) about: &'static str,
    /// What it is compared with.
    pub(crate) floor: Floor,
    /// The least ratio to that floor that it shall reach.
    pub(crate) target: Option<f64>,
    /// How many requests are under way at once; 32 unless there is a reason.
    pub(crate) connections: usize,
    /// Whether connections stay open.
    pub(crate) connection: Connection,
    /// What the connection of this number (from 0) sends.
    pub(crate) script: fn(&Seed, usize) -> Box<dyn Script>,
}

impl Scenario {
    /// What the connections of these numbers send.
    pub(crate) fn scripts(&self, seed: &Seed, connections: Range<usize>) -> Vec<Box<dyn Script>> {
        connections.map(|number| (self.script)(seed, number)).collect()
    }
}
