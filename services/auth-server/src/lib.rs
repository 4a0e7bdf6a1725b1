//! Tokens in every dialect: the OAuth 2 endpoints, the Meet dialect's token route, the RDV dialect's device sessions,
//! the published keys and the revocation feed.
//!
//! The only service that sees passwords, client secrets and private keys. People, clients and keys are crate
//! `identity`'s; here is what HTTP clients send and get, and the policy in between.
//!
//! | where | what |
//! | --- | --- |
//! | `api` | one module a resource family, with its errors |
//! | `domain` | rules without HTTP and database: scopes, audiences, exchanges, claims |
//! | `sealing` | the chain over the audit trail, in the background |
//! | `keys`, `presented`, `issuing` | signing, looking at tokens, and the trace an issued or refused one leaves |
//! | `introspected` | what is said of access tokens, kept as written |
//! | `limits` | how often anybody may ask |
//! | `binding`, `device`, `fresh_second` | what all dialects share of applications, of device sessions, and of the second a token is issued in |
//!
//! To add a grant see `api/oauth/token.rs`, to add a credential that can be exchanged `api/oauth/subject_tokens.rs`,
//! to add a dialect a module beside `api/meet.rs`.

mod api;
mod app;
mod binding;
mod device;
pub mod domain;
mod fresh_second;
mod in_process;
mod introspected;
mod issuing;
mod keys;
mod limits;
mod presented;
pub mod process;
mod sealing;
mod server;
pub mod settings;

pub use api::openapi;
pub use in_process::{InProcessClient, application_registry};
pub use keys::KeysError;
pub use server::AuthServer;
pub use settings::AuthSettings;

/// Which dialect is spoken below which path, as `service_kit::Server::dialects` takes it.
pub const DIALECTS: &[(&str, &str)] = &[
    ("/oauth", "oauth2"),
    ("/.well-known", "oauth2"),
    ("/security/oauth", "auvious"),
    ("/external-api/v1.0", "meet"),
    ("/api/v1/auth", "rdv"),
    ("/api2", "seatable"),
    ("/server-info", "seatable"),
    ("/internal", "internal"),
];
