//! The command-line flags that every binary has.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use crate::healthcheck::Task;

/// Flags that override settings; flatten them into the binary's own (`#[command(flatten)]`).
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Settings file to read instead of `/etc/tessera/<service>.toml`
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to serve clients on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Address to serve health and metrics on [default: 127.0.0.1:9090]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub management: Option<SocketAddr>,
    /// Directory of everything that the embedded setup stores [default: ./tessera-data]
    #[arg(long, value_name = "DIRECTORY")]
    pub data_dir: Option<PathBuf>,
    /// Least severe level to log, or directives such as `info,rooms=debug` [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Form of the log lines [default: human]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormatFlag>,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub task: Option<Task>,
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
            ("data_dir", self.data_dir.as_deref().map(text)),
            ("log.level", self.log_level.clone()),
            ("log.format", format),
        ];
        given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

/// A path as a setting's value. Settings are text, so bytes that are none are replaced, and the file is not found.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
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
    fn a_health_check_reads_the_settings_of_its_service() {
        let flags = Command::parse_from(["rooms", "healthcheck", "--config", "rooms.toml"]).flags;
        assert!(matches!(flags.task, Some(Task::Healthcheck(_))));
        assert_eq!(flags.config.as_deref(), Some(Path::new("rooms.toml")));
    }

    #[test]
    fn only_given_flags_override() {
        let overrides =
            |arguments: &[&str]| Command::parse_from([&["tessera"], arguments].concat()).flags.overrides();
        assert_eq!(overrides(&[]), []);
        let given = overrides(&["--listen", "0.0.0.0:80", "--log-format", "json", "--data-dir", "/d"]);
        let expected = [("server.listen", "0.0.0.0:80"), ("data_dir", "/d"), ("log.format", "json")];
        assert_eq!(given, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
