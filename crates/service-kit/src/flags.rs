//! The command-line flags that every binary has.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};

/// Flags that override settings; flatten them into the binary's own (`#[command(flatten)]`).
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Settings file to read instead of `/etc/tessera/<service>.toml`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to serve clients on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Address to serve health and metrics on [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDRESS")]
    pub management: Option<SocketAddr>,
    /// Least severe level to log, or directives such as `info,rooms=debug` [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Form of the log lines [default: human]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormatFlag>,
}

/// `--log-format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormatFlag {
    /// Lines for a person
    Human,
    /// One JSON object a line
    Json,
}

impl Flags {
    /// The settings that were given as flags, for [`Sources::overrides`](crate::settings::Sources::overrides).
    #[must_use]
    pub fn overrides(&self) -> Vec<(String, String)> {
        let format = self.log_format.map(|format| match format {
            LogFormatFlag::Human => "human".to_owned(),
            LogFormatFlag::Json => "json".to_owned(),
        });
        let given = [
            ("server.listen", self.listen.map(|address| address.to_string())),
            ("server.management", self.management.map(|address| address.to_string())),
            ("log.level", self.log_level.clone()),
            ("log.format", format),
        ];
        given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        flags: Flags,
    }

    #[test]
    fn only_given_flags_override() {
        let flags =
            |arguments: &[&str]| Command::parse_from([&["tessera"], arguments].concat()).flags.overrides();
        assert_eq!(flags(&[]), []);
        assert_eq!(
            flags(&["--listen", "0.0.0.0:80", "--log-format", "json"]),
            [
                ("server.listen".to_owned(), "0.0.0.0:80".to_owned()),
                ("log.format".to_owned(), "json".to_owned()),
            ]
        );
    }
}
