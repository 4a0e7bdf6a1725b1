//! Settings: read once at the start, in layers, into final types.
//!
//! | layer, the later wins | where it comes from |
//! | --- | --- |
//! | defaults | the settings structs themselves (`#[serde(default)]`) |
//! | file | `--config FILE`, which must exist, else `/etc/tessera/<service>.toml` if it exists |
//! | environment | `TESSERA_SERVER__LISTEN` is `server.listen`; lists are comma-separated |
//! | command line | the overrides that the flags turn into |
//!
//! Every key that holds a secret can be given as `<key>_file` instead: a path whose content is the secret. A key that
//! no struct knows, a value that does not parse and a contradiction each stop the start with one sentence that names
//! the key. Settings structs are `#[serde(deny_unknown_fields)]`; a new one needs nothing else to be loaded from here.

mod given;
mod layers;
mod log;
mod masked;
mod problem;
pub mod reference;
mod secret_files;
mod server;

use std::{ffi::OsString, path::Path, path::PathBuf};

use serde::de::DeserializeOwned;

use self::{given::Given, layers::Layers};
pub use self::{
    log::{LogFormat, LogSettings},
    masked::{MASK, hidden, hidden_option, masked, masked_toml},
    problem::{Problem, SettingsError},
    server::ServerSettings,
};

/// Where settings files lie unless `--config` names one.
const DIRECTORY: &str = "/etc/tessera";

/// Everything the settings of one process are put together from.
#[derive(Debug)]
pub struct Sources<'a, E> {
    /// The binary's name: its default file is `/etc/tessera/<service>.toml`.
    pub service: &'a str,
    /// The file of `--config`, which must exist.
    pub file: Option<PathBuf>,
    /// Dotted keys and values from the command line; they win over everything else.
    pub overrides: Vec<(String, String)>,
    /// Dotted keys of secrets: each also accepts `<key>_file`, and its value never appears in a message.
    pub secrets: &'a [&'a str],
    /// The environment, usually [`environment()`].
    pub env: E,
}

/// The variables of this process; the one place where they are read.
pub fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// Loads the settings of one process.
///
/// ```
/// #[derive(serde::Deserialize, Default)]
/// #[serde(deny_unknown_fields, default)]
/// struct Settings {
///     server: service_kit::settings::ServerSettings,
/// }
///
/// let settings: Settings = service_kit::settings::load(service_kit::settings::Sources {
///     service: "example",
///     file: None,
///     overrides: vec![],
///     secrets: &[],
///     env: [("TESSERA_SERVER__LISTEN".into(), "127.0.0.1:8081".into())],
/// })?;
/// assert_eq!(settings.server.listen.port(), 8081);
/// # Ok::<_, service_kit::settings::SettingsError>(())
/// ```
///
/// # Errors
/// An unreadable file, an unknown key or variable, a value that does not parse, a missing key, or a secret given twice;
/// all that could be found at once, one sentence each.
pub fn load<T, E>(sources: Sources<'_, E>) -> Result<T, SettingsError>
where
    T: DeserializeOwned,
    E: IntoIterator<Item = (OsString, OsString)>,
{
    load_from(Path::new(DIRECTORY), sources)
}

fn load_from<T, E>(directory: &Path, sources: Sources<'_, E>) -> Result<T, SettingsError>
where
    T: DeserializeOwned,
    E: IntoIterator<Item = (OsString, OsString)>,
{
    let secrets = sources.secrets;
    let (mut layers, mut problems) = Layers::gather(directory, sources)?;
    problems.extend(secret_files::read(&mut layers, secrets));
    parse(layers, secrets, problems)
}

/// Parses what the layers hold. After a problem, the key that has it is taken out and the rest is tried again, so that
/// one start tells every problem.
fn parse<T: DeserializeOwned>(
    mut layers: Layers,
    secrets: &[&str],
    mut problems: Vec<Problem>,
) -> Result<T, SettingsError> {
    loop {
        match serde_path_to_error::deserialize(Given(layers.values.clone())) {
            Ok(settings) if problems.is_empty() => return Ok(settings),
            Ok(_) => break,
            Err(error) => {
                let keys = problem::keys(error.path());
                let leaves_the_rest = error.inner().leaves_the_rest();
                problems.push(Problem::at(error, &layers, secrets));
                if !leaves_the_rest || !layers.remove(&keys) {
                    break;
                }
            }
        }
    }
    Err(SettingsError::from(problems))
}

#[cfg(test)]
mod tests;
