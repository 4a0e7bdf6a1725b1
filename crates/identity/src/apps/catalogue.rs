//! The platform's own services, as apps.

use serde_json::{Map, Value, json};

use super::App;

/// What config keys of the platform itself are under. No app.
pub const CORE: &str = "core";

/// The provisioning API, by which apps are enabled: it cannot be disabled.
pub const PROVISIONING: &str = "provisioning_api";

/// Id, name, what it does.
const SERVICES: [(&str, &str, &str); 5] = [
    ("agenda", "Agenda", "Agents, organisations and absences (RDV API)"),
    ("applications", "Applications", "Applications of integrators (Auvious API)"),
    ("bases", "Bases", "Tokens of bases (SeaTable API)"),
    (PROVISIONING, "Provisioning API", "Accounts, groups, sub-administrators and apps (OCS API)"),
    ("rooms", "Rooms", "Rooms of video meetings (Meet API)"),
];

/// The services, each enabled.
pub(super) fn apps() -> Vec<App> {
    SERVICES.into_iter().map(|(id, name, summary)| app(id, name, summary)).collect()
}

/// What there is to say about any app, before it says something itself.
pub(super) fn manifest(id: &str) -> Map<String, Value> {
    let mut manifest = Map::new();
    let mut put = |key: &str, value: Value| manifest.insert(key.to_owned(), value);
    put("id", json!(id));
    put("name", json!(id));
    put("summary", json!(""));
    put("description", json!(""));
    put("version", json!("0"));
    put("licence", json!(""));
    put("author", json!(""));
    for key in ["types", "background-jobs", "commands", "settings"] {
        put(key, json!([]));
    }
    manifest
}

fn app(id: &str, name: &str, summary: &str) -> App {
    let mut manifest = manifest(id);
    let mut put = |key: &str, value: &str| manifest.insert(key.to_owned(), json!(value));
    put("name", name);
    put("summary", summary);
    put("description", summary);
    put("version", env!("CARGO_PKG_VERSION"));
    put("licence", env!("CARGO_PKG_LICENSE"));
    App { id: id.to_owned(), enabled: true, always_on: id == PROVISIONING, manifest, preferences: Vec::new() }
}
