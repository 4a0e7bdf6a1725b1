//! `tessera application`

use std::path::PathBuf;

use applications::domain::expiry::Expiry;
use clap::{Args, Subcommand, ValueEnum};

/// `tessera application …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ApplicationCommand {
    /// List the applications, latest first
    List {
        /// Only those of this organisation
        #[arg(long, value_name = "ID")]
        organization: Option<String>,
    },
    /// Show one application; of its configuration the names of its entries, since values may be secrets
    Show {
        /// The application's id
        id: String,
    },
    /// Create an application
    Create(CreateApplication),
    /// Change what is given; everything else stays as it is
    Set {
        /// The application's id
        id: String,
        #[command(flatten)]
        state: ApplicationState,
    },
    /// Delete an application, and end the refresh tokens bound to it for good
    Delete {
        /// The application's id
        id: String,
    },
}

/// `tessera application create`.
#[derive(Debug, Args)]
pub(crate) struct CreateApplication {
    /// The application's id for ever; made up when left out
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// The organisation it belongs to
    #[arg(long, value_name = "ID")]
    pub(crate) organization: String,
    /// What it is for, such as `GENESYS`, `STANDALONE_OPENID`
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: String,
    /// File with its configuration, a JSON object; `-` reads standard input. Without it there is none
    #[arg(long, value_name = "FILE")]
    pub(crate) app_config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) state: ApplicationState,
}

/// What the API's callers cannot set, and the switch.
#[derive(Debug, Args)]
pub(crate) struct ApplicationState {
    #[command(flatten)]
    visibility: Visibility,
    #[command(flatten)]
    usability: Usability,
    /// Refuse them from this instant on (RFC 3339), or `never`
    #[arg(long, value_name = "INSTANT", value_parser = |text: &str| text.parse::<Expiry>())]
    pub(crate) expires_at: Option<Expiry>,
    /// Whether front ends let customers register without a ticket
    #[arg(long, value_enum, value_name = "ON|OFF")]
    pub(crate) anonymous_registration: Option<Switch>,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Visibility {
    /// Show it in the lists of agents and customers
    #[arg(long)]
    visible: bool,
    /// Leave it out of those lists; by its id it is still found
    #[arg(long)]
    hidden: bool,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Usability {
    /// Refuse authentication and refresh tokens through it, from now on
    #[arg(long)]
    disable: bool,
    /// Accept them again
    #[arg(long)]
    enable: bool,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes
    On,
    /// No
    Off,
}

impl ApplicationState {
    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        (self.visible(), self.disabled(), self.expires_at, self.anonymous_registration)
            == (None, None, None, None)
    }

    /// Whether it is to be in lists, if that is said.
    pub(crate) fn visible(&self) -> Option<bool> {
        either(self.visibility.visible, self.visibility.hidden)
    }

    /// Whether it is to be refused, if that is said.
    pub(crate) fn disabled(&self) -> Option<bool> {
        either(self.usability.disable, self.usability.enable)
    }
}

fn either(yes: bool, no: bool) -> Option<bool> {
    (yes || no).then_some(yes)
}
