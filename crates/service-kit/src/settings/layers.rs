//! Puts file, environment and command line together, and remembers which of them a key came from.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use config::{Config, Environment, File, FileFormat, Map, Value, ValueKind};

use super::{Problem, SettingsError, Sources};

const PREFIX: &str = "TESSERA_";
/// Variables of the test suites, which are no settings.
const TEST_PREFIX: &str = "TESSERA_TEST_";

/// The merged values with their origins.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) values: Value,
    file: Option<PathBuf>,
    /// Dotted keys given on the command line.
    overrides: BTreeSet<String>,
    /// Dotted keys given by the environment.
    variables: BTreeSet<String>,
    /// Secrets that were read from a file, with its path.
    secret_files: BTreeMap<String, PathBuf>,
}

impl Layers {
    /// Reads the sources. Problems of single variables are returned beside the layers, so that the rest is judged too.
    pub(super) fn gather<E>(
        directory: &Path,
        sources: Sources<'_, E>,
    ) -> Result<(Self, Vec<Problem>), SettingsError>
    where
        E: IntoIterator<Item = (OsString, OsString)>,
    {
        let mut builder = Config::builder();
        let file = sources.file.clone().or_else(|| {
            Some(directory.join(format!("{}.toml", sources.service))).filter(|default| default.exists())
        });
        if let Some(path) = &file {
            builder = builder.add_source(File::from_str(&read(path)?, FileFormat::Toml));
        }
        let (variables, problems) = variables(sources.env);
        let keys = variables.keys().filter_map(|name| key(name)).collect();
        builder = builder.add_source(
            Environment::with_prefix("TESSERA").prefix_separator("_").separator("__").source(Some(variables)),
        );
        for (key, value) in &sources.overrides {
            builder = builder
                .set_override(key, value.as_str())
                .map_err(|error| Problem::new(format!("{key} (command line): {error}")))?;
        }
        let values = builder.build().map_err(|error| Problem::new(told(file.as_deref(), &error)))?.cache;
        let overrides = sources.overrides.into_iter().map(|(key, _)| key).collect();
        Ok((Self { values, file, overrides, variables: keys, secret_files: BTreeMap::new() }, problems))
    }

    /// Where the value of a dotted key came from; of a table, where the first value inside it did.
    pub(super) fn source(&self, key: &str) -> Option<String> {
        let about = |given: &&String| is_within(key, given) || is_within(given, key);
        if let Some(path) = self.secret_files.get(key) {
            Some(path.display().to_string())
        } else if self.overrides.iter().any(|given| about(&given)) {
            Some("command line".to_owned())
        } else if let Some(given) = self.variables.iter().find(about) {
            Some(variable(given))
        } else {
            let path = self.file.as_ref().filter(|_| self.get(key).is_some())?;
            Some(path.display().to_string())
        }
    }

    /// The value at a dotted key.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        key.split('.').try_fold(&self.values, |value, segment| match &value.kind {
            ValueKind::Table(table) => table.get(segment),
            _ => None,
        })
    }

    /// Takes the value at a path out; false if there is none.
    pub(super) fn remove(&mut self, keys: &[String]) -> bool {
        let Some((last, parents)) = keys.split_last() else { return false };
        self.table(parents).is_some_and(|table| table.remove(last).is_some())
    }

    /// Puts a secret in the place of the path that it was read from.
    pub(super) fn replace_secret(&mut self, key: &str, path: PathBuf, secret: String) {
        let mut keys: Vec<String> = key.split('.').map(str::to_owned).collect();
        let Some(name) = keys.pop() else { return };
        if let Some(table) = self.table(&keys) {
            table.remove(&format!("{name}_file"));
            table.insert(name, Value::from(secret));
        }
        self.secret_files.insert(key.to_owned(), path);
    }

    fn table(&mut self, keys: &[String]) -> Option<&mut Map<String, Value>> {
        let value = keys.iter().try_fold(&mut self.values, |value, key| match &mut value.kind {
            ValueKind::Table(table) => table.get_mut(key),
            _ => None,
        });
        match &mut value?.kind {
            ValueKind::Table(table) => Some(table),
            _ => None,
        }
    }
}

/// The environment variable of a dotted key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// Whether `key` is `above` itself or lies below it.
pub(super) fn is_within(key: &str, above: &str) -> bool {
    key.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn read(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| {
        Problem::new(format!("the settings file {} cannot be read: {error}", path.display()))
    })
}

/// The dotted key of a variable, or `None` if its name is none.
fn key(name: &str) -> Option<String> {
    let rest = name.strip_prefix(PREFIX)?;
    let clean = rest.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
    let whole = rest.split("__").all(|segment| !segment.is_empty() && !segment.starts_with('_'));
    (clean && whole).then(|| rest.to_lowercase().replace("__", "."))
}

/// Picks the settings out of the environment.
fn variables(env: impl IntoIterator<Item = (OsString, OsString)>) -> (Map<String, String>, Vec<Problem>) {
    let (mut variables, mut problems) = (Map::new(), Vec::new());
    for (name, value) in env {
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with(PREFIX) || name.starts_with(TEST_PREFIX) {
            continue;
        }
        match (key(&name), value.into_string()) {
            (Some(_), Ok(value)) => drop(variables.insert(name, value)),
            (None, _) => problems.push(Problem::new(format!("{name} is not the name of a setting"))),
            (_, Err(_)) => problems.push(Problem::new(format!("{name} is not valid UTF-8"))),
        }
    }
    for name in overlapping(&variables) {
        // Out with it: next to the keys inside it, it would now and then be a second problem.
        variables.remove(&name);
        problems.push(Problem::new(format!("{name} is a group of settings, not a setting")));
    }
    (variables, problems)
}

/// A variable for a table beside one for a key inside it: the order would decide, and the environment has none.
fn overlapping(variables: &Map<String, String>) -> Vec<String> {
    let inside = |outer: &&String| variables.keys().any(|name| name.starts_with(&format!("{outer}__")));
    variables.keys().filter(inside).cloned().collect()
}

/// The first and the last line of a TOML error: position and reason without the quoted line, which may hold a secret.
fn told(file: Option<&Path>, error: &config::ConfigError) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let name = file.map(|path| path.display().to_string()).unwrap_or_default();
    match lines.as_slice() {
        [] => format!("{name} cannot be parsed"),
        [only] => format!("{name}: {only}"),
        [first, .., last] => format!("{name}: {first}: {last}"),
    }
}
