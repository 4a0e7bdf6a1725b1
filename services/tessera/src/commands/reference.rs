//! `tessera config reference`: every setting of every binary, from the types that read them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use schemars::JsonSchema;
use serde_json::Value;
use service_kit::settings::reference::{Key, keys};

use crate::settings::{SECRETS, Settings};

const HEAD: &str = "# Settings\n\n\
    Written by `tessera config reference` (`make openapi`); change the types, not this page. How settings are given is told in \
    [operations.md](operations.md#settings): `server.listen` is `TESSERA_SERVER__LISTEN` in the environment. A secret (marked) \
    also has a key that ends in `_file`. In one process (`tessera`) nothing has to be set.\n";

/// What is known of a key, and which binaries take it.
struct Entry {
    key: Key,
    binaries: BTreeSet<&'static str>,
}

/// The whole page, in Markdown.
pub(super) fn page() -> String {
    let (sections, alone): (Vec<_>, Vec<_>) = entries().into_iter().partition(|(path, _)| path.contains('.'));
    let mut page = HEAD.to_owned();
    let mut section = String::new();
    for (path, entry) in alone.iter().chain(&sections) {
        let own = path.split_once('.').map_or("Without a section", |(section, _)| section);
        if own != section {
            own.clone_into(&mut section);
            _ = write!(page, "\n## {section}\n\n| key | default | what |\n| --- | --- | --- |\n");
        }
        _ = writeln!(page, "| `{path}` | {} | {} |", default(&entry.key), about(path, entry));
    }
    page
}

fn entries() -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    add::<Settings>(&mut entries, "tessera");
    add::<agenda::process::Settings>(&mut entries, "agenda");
    add::<applications::process::Settings>(&mut entries, "applications");
    add::<auth_server::process::Settings>(&mut entries, "auth-server");
    add::<base_token::process::Settings>(&mut entries, "base-token");
    add::<provisioning::process::Settings>(&mut entries, "provisioning");
    add::<rooms::process::Settings>(&mut entries, "rooms");
    entries
}

/// `tessera` comes first, so that its word counts where two describe one key.
fn add<T: JsonSchema>(entries: &mut BTreeMap<String, Entry>, binary: &'static str) {
    for (path, key) in keys::<T>() {
        let entry = entries.entry(path).or_insert_with(|| Entry { key, binaries: BTreeSet::new() });
        entry.binaries.insert(binary);
    }
}

fn default(key: &Key) -> String {
    match &key.default {
        None => "–".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "–".to_owned(),
        Some(Value::String(text)) => {
            format!("`{}`", humantime::parse_duration(text).map_or(text.clone(), in_words))
        }
        Some(Value::Array(items)) if items.is_empty() => "–".to_owned(),
        Some(value) => format!("`{value}`"),
    }
}

/// In the largest unit that it is a whole number of: months and years are not what anybody sets.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("d", 86_400), ("h", 3600), ("m", 60)];
    let unit = units.iter().find(|(_, length)| seconds > 0 && seconds.is_multiple_of(*length));
    match unit {
        _ if duration.subsec_nanos() > 0 => humantime::format_duration(duration).to_string(),
        Some((name, length)) => format!("{}{name}", seconds / length),
        None => format!("{seconds}s"),
    }
}

fn about(path: &str, entry: &Entry) -> String {
    let mut about = without_default(&entry.key).replace('|', "\\|");
    if entry.key.kind.contains('`') {
        _ = write!(about, " One of {}.", entry.key.kind);
    }
    if SECRETS.contains(&path) || path == "authority.client_secret" {
        about.push_str(" **Secret.**");
    }
    if !entry.binaries.contains("tessera") {
        _ = write!(about, " Only in {}.", entry.binaries.iter().copied().collect::<Vec<_>>().join(", "));
    }
    about
}

/// The text without its last sentence, if that only says what the column beside it does.
fn without_default(key: &Key) -> &str {
    let text = key.about.trim();
    match text.rfind("Default") {
        Some(start) if default(key) != "–" && !text[start..].contains([',', ';']) => {
            text[..start].trim_end()
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn every_binary_is_in_it() {
        let page = page();
        for line in [
            "| `server.listen` | `127.0.0.1:8080` |",
            "| `auth.access_token_ttl` | `",
            "| `authority.client_secret` | – |",
            "| `identity.master_key` | – |",
            "| `bases.tokens.signing` | `shared` |",
            "| `auth.otp.trusted_device_lifetime` | `90d` |",
            "| `data_dir` | `./tessera-data` |",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
    }
}
