//! `tessera org`, `tessera service` and `tessera territory`

use clap::{Args, Subcommand};

/// `tessera org …`.
#[derive(Debug, Subcommand)]
pub(crate) enum OrganizationCommand {
    /// Create an organisation
    Create(CreateOrganization),
    /// List the organisations
    List,
    /// Show one organisation
    Show {
        /// The organisation's id or number
        organization: String,
    },
    /// Change what is given; everything else stays as it is
    Update {
        /// The organisation's id or number
        organization: String,
        /// Another name, unique within the territory
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        about: AboutOrganization,
    },
}

/// `tessera org create`.
#[derive(Debug, Args)]
pub(crate) struct CreateOrganization {
    /// The organisation's id for ever
    #[arg(long)]
    pub(crate) id: String,
    /// A name for people, unique within the territory
    #[arg(long)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) about: AboutOrganization,
}

/// What an organisation may say of itself. An empty text takes it back.
#[derive(Debug, Args)]
pub(crate) struct AboutOrganization {
    /// The territory it belongs to; empty for none
    #[arg(long, value_name = "ID")]
    pub(crate) territory: Option<String>,
    /// Its telephone number, or one of four digits; empty for none
    #[arg(long, value_name = "NUMBER")]
    pub(crate) phone_number: Option<String>,
    /// Its e-mail address; empty for none
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// What it does: `rdv_solidarites`, `rdv_insertion`, `rdv_aide_numerique` or `rdv_mairie`
    #[arg(long, value_name = "VERTICALE")]
    pub(crate) verticale: Option<String>,
}

/// `tessera service …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Create a service (department), in which agents work
    Create {
        /// The service's id for ever
        #[arg(long)]
        id: String,
        /// A name for people
        #[arg(long)]
        name: String,
        /// A shorter one, for where there is little room
        #[arg(long)]
        short_name: Option<String>,
    },
    /// List the services
    List,
}

/// `tessera territory …`.
#[derive(Debug, Subcommand)]
pub(crate) enum TerritoryCommand {
    /// Create a territory, to which organisations belong
    Create {
        /// The territory's id for ever
        #[arg(long)]
        id: String,
        /// A name for people
        #[arg(long)]
        name: String,
    },
    /// List the territories
    List,
}
