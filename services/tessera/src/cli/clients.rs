//! `tessera client`

use clap::{Args, Subcommand, ValueEnum};

use super::duration;

/// The kinds of OAuth client that can be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientKindArg {
    /// A back end that acts for itself
    Service,
    /// An application of the Meet external API, which acts for people
    Application,
    /// A client that cannot keep a secret
    Public,
}

/// `tessera client …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Register a client; its secret is shown once
    Create(Box<CreateClient>),
    /// List the clients
    List,
    /// Show one client
    Show {
        /// The client's id
        client_id: String,
    },
    /// Give a client a new secret; the old one works until --keep-old has passed
    RotateSecret {
        /// The client's id
        client_id: String,
        /// How long the old secret stays valid, such as `0s`, `24h`
        #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = duration)]
        keep_old: std::time::Duration,
    },
    /// Refuse a client and every token it holds
    Disable {
        /// The client's id
        client_id: String,
    },
    /// Accept a disabled client again
    Enable {
        /// The client's id
        client_id: String,
    },
}

/// `tessera client create`.
#[derive(Debug, Args)]
pub(crate) struct CreateClient {
    /// The client's id; made up when left out
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// A name for people
    #[arg(long)]
    pub(crate) name: String,
    /// What kind of client it is
    #[arg(long, value_enum, default_value = "service")]
    pub(crate) kind: ClientKindArg,
    /// A scope it may ask for (repeatable)
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// A scope it gets when it asks for none (repeatable)
    #[arg(long = "default-scope", value_name = "SCOPE")]
    pub(crate) default_scopes: Vec<String>,
    /// A grant it may use (repeatable), such as `client_credentials`, `token_exchange`
    #[arg(long = "grant", value_name = "GRANT")]
    pub(crate) grants: Vec<String>,
    /// An audience its tokens may name (repeatable), such as `rooms`
    #[arg(long = "audience", value_name = "AUDIENCE")]
    pub(crate) audiences: Vec<String>,
    /// An e-mail domain that it may act for (repeatable); none means any
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub(crate) domains: Vec<String>,
    /// The organisation it belongs to. A back end of an organisation has the role `CLIENT_SERVICE` besides those given, and
    /// without grant, scope and audience those of a client of the applications API
    #[arg(long, value_name = "ID")]
    pub(crate) organization: Option<String>,
    /// The application that everything it does is bound to
    #[arg(long, value_name = "ID")]
    pub(crate) application: Option<String>,
    /// A platform role (repeatable), such as `SERVICE`
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// A permission string for its claims (repeatable)
    #[arg(long = "permission", value_name = "PERMISSION")]
    pub(crate) permissions: Vec<String>,
}
