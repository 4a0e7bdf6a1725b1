use std::{fs, time::Duration};

use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::*;

const SECRETS: &[&str] = &["identity.master_key", "identity.database.url"];

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    server: ServerSettings,
    log: LogSettings,
    identity: Identity,
    authority: Option<Authority>,
    demo: bool,
    limits: Limits,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Identity {
    #[serde(serialize_with = "hidden_option")]
    master_key: Option<SecretString>,
    database: Database,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Database {
    url: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Authority {
    url: String,
    client_id: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    share: f64,
    ports: Vec<u16>,
    names: Vec<String>,
}

/// A settings directory with at most one file, and what else a start is given.
struct Given {
    directory: TempDir,
    env: Vec<(OsString, OsString)>,
    overrides: Vec<(String, String)>,
    file: Option<PathBuf>,
}

impl Given {
    fn nothing() -> Self {
        Self { directory: TempDir::new().unwrap(), env: vec![], overrides: vec![], file: None }
    }
    fn file(self, toml: &str) -> Self {
        fs::write(self.directory.path().join("example.toml"), toml).unwrap();
        self
    }
    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }
    fn flag(mut self, key: &str, value: &str) -> Self {
        self.overrides.push((key.into(), value.into()));
        self
    }
    fn load(self) -> Result<Settings, String> {
        let path = self.directory.path().display().to_string();
        let Self { directory, env, overrides, file } = self;
        let sources = Sources { service: "example", file, overrides, secrets: SECRETS, env };
        load_from(directory.path(), sources).map_err(|error| error.to_string().replace(&path, "DIR"))
    }
    fn error(self) -> String {
        self.load().unwrap_err()
    }
    fn secret(&self, content: &str) -> String {
        let path = self.directory.path().join("secret");
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

#[test]
fn later_layers_win() {
    let file = "server.listen = '10.0.0.1:1'\nserver.request_timeout = '1m 30s'\nlog.level = 'debug'";
    let settings = Given::nothing()
        .file(file)
        .env("TESSERA_SERVER__LISTEN", "10.0.0.2:2")
        .env("TESSERA_LOG__FORMAT", "json")
        .env("UNRELATED", "x")
        .env("TESSERA_TEST_POSTGRES_URL", "x")
        .flag("server.listen", "10.0.0.3:3")
        .load()
        .unwrap();
    assert_eq!(settings.server.listen.to_string(), "10.0.0.3:3");
    assert_eq!(settings.server.management.to_string(), "127.0.0.1:9090");
    assert_eq!(settings.server.request_timeout, Duration::from_secs(90));
    assert_eq!(settings.log, LogSettings { format: LogFormat::Json, level: "debug".into() });
}

#[test]
fn strings_of_the_environment_become_what_is_asked_for() {
    let settings = Given::nothing()
        .env("TESSERA_DEMO", "true")
        .env("TESSERA_SERVER__WORKERS", "3")
        .env("TESSERA_SERVER__KEEP_ALIVE", "1500ms")
        .env("TESSERA_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8")
        .env("TESSERA_SERVER__PUBLIC_URL", "https://auth.example")
        .env("TESSERA_LIMITS__SHARE", "0.25")
        .env("TESSERA_LIMITS__PORTS", "80,443")
        .env("TESSERA_LIMITS__NAMES", "")
        .env("TESSERA_IDENTITY__MASTER_KEY", "00123")
        .load()
        .unwrap();
    assert!(settings.demo);
    assert_eq!(settings.server.workers, Some(3));
    assert_eq!(settings.server.keep_alive, Duration::from_millis(1500));
    assert_eq!(settings.server.trusted_proxies.len(), 2);
    assert_eq!(settings.server.public_url.unwrap().as_str(), "https://auth.example/");
    assert!((settings.limits.share - 0.25).abs() < f64::EPSILON);
    assert_eq!(settings.limits.ports, [80, 443]);
    assert!(settings.limits.names.is_empty());
    assert_eq!(settings.identity.master_key.unwrap().expose_secret(), "00123");
}

#[test]
fn a_list_in_the_file_is_an_array() {
    let settings = Given::nothing().file("limits.names = ['a,b', 'c']\nlimits.ports = [1]").load().unwrap();
    assert_eq!(settings.limits.names, ["a,b", "c"]);
    assert_eq!(settings.limits.ports, [1]);
}

#[rstest]
#[case::unknown_variable(
    "TESSERA_SERVER__LISEN",
    "x",
    "server.lisen (TESSERA_SERVER__LISEN) is not a setting; expected one of listen, management, public_url"
)]
#[case::unknown_group("TESSERA_SEVER__LISTEN", "x", "sever (TESSERA_SEVER__LISTEN) is not a setting")]
#[case::injected_by_kubernetes("TESSERA_PORT", "tcp://10.0.0.1:80", "port (TESSERA_PORT) is not a setting")]
#[case::no_name("TESSERA_SERVER___LISTEN", "x", "TESSERA_SERVER___LISTEN is not the name of a setting")]
#[case::lower_case("TESSERA_server__listen", "x", "TESSERA_server__listen is not the name of a setting")]
#[case::empty_segment("TESSERA_SERVER__", "x", "TESSERA_SERVER__ is not the name of a setting")]
#[case::address(
    "TESSERA_SERVER__LISTEN",
    "nowhere",
    "server.listen (TESSERA_SERVER__LISTEN): invalid socket address"
)]
#[case::number(
    "TESSERA_SERVER__WORKERS",
    "many",
    "server.workers (TESSERA_SERVER__WORKERS): expected a whole number from 0, found string \"many\""
)]
#[case::negative(
    "TESSERA_SERVER__WORKERS",
    "-1",
    "server.workers (TESSERA_SERVER__WORKERS): expected a whole number"
)]
#[case::truth("TESSERA_DEMO", "maybe", "demo (TESSERA_DEMO): expected true or false, found string \"maybe\"")]
#[case::duration("TESSERA_SERVER__KEEP_ALIVE", "30", "server.keep_alive (TESSERA_SERVER__KEEP_ALIVE): ")]
#[case::variant(
    "TESSERA_LOG__FORMAT",
    "xml",
    "log.format (TESSERA_LOG__FORMAT): expected one of human, json, found \"xml\""
)]
#[case::list_item(
    "TESSERA_LIMITS__PORTS",
    "80,x",
    "limits.ports[1] (TESSERA_LIMITS__PORTS): expected a whole number from 0 to 65535"
)]
#[case::group(
    "TESSERA_LOG",
    "debug",
    "log (TESSERA_LOG): expected struct LogSettings, found string \"debug\""
)]
#[case::missing(
    "TESSERA_AUTHORITY__URL",
    "x",
    "authority.client_id is missing: set it in the settings file or as TESSERA_AUTHORITY__CLIENT_ID"
)]
#[case::contradiction(
    "TESSERA_SERVER__LISTEN",
    "127.0.0.1:9090",
    "server: listen and management must differ, and both are 127.0.0.1:9090"
)]
#[case::zero("TESSERA_SERVER__WORKERS", "0", "server: workers must be at least 1")]
#[case::never("TESSERA_SERVER__REQUEST_TIMEOUT", "0s", "server: request_timeout must be longer than nothing")]
#[case::scheme(
    "TESSERA_SERVER__PUBLIC_URL",
    "ftp://x",
    "server: public_url must begin with http:// or https://"
)]
#[case::login_in_url(
    "TESSERA_SERVER__PUBLIC_URL",
    "https://a:b@x",
    "server: public_url must not hold a user name or password"
)]
fn a_bad_variable_is_told_in_one_sentence(#[case] name: &str, #[case] value: &str, #[case] sentence: &str) {
    let error = Given::nothing().env(name, value).error();
    assert!(error.starts_with(sentence), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[rstest]
#[case::unknown("[server]\nlisen = 'x'", "server.lisen (DIR/example.toml) is not a setting")]
#[case::unknown_table("[sever]\nlisten = 'x'", "sever (DIR/example.toml) is not a setting")]
#[case::number(
    "server.workers = 1.5",
    "server.workers (DIR/example.toml): expected usize, found floating point `1.5`"
)]
#[case::number_for_text(
    "identity.database.url = 1e5",
    "identity.database.url (DIR/example.toml): the value, a secret and not shown"
)]
#[case::syntax("[server\n", "DIR/example.toml: TOML parse error at line 1, column 8")]
fn a_bad_file_is_told_in_one_sentence(#[case] toml: &str, #[case] sentence: &str) {
    let error = Given::nothing().file(toml).error();
    assert!(error.starts_with(sentence), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn every_problem_is_told_at_once() {
    let error = Given::nothing()
        .file("[server]\nlisen = 'x'\nworkers = 'many'")
        .env("TESSERA_LOG__COLOUR", "x")
        .env("TESSERA_IDENTITY__MASTER_KEY_FILE", "/nowhere")
        .error();
    let mut lines: Vec<_> = error.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 4, "{error}");
    assert!(
        lines[0]
            .starts_with("identity.master_key_file (TESSERA_IDENTITY__MASTER_KEY_FILE): /nowhere cannot be")
    );
    assert!(lines[1].starts_with("log.colour (TESSERA_LOG__COLOUR) is not a setting"));
    assert!(lines[2].starts_with("server.lisen (DIR/example.toml) is not a setting"));
    assert!(lines[3].starts_with("server.workers (DIR/example.toml): expected a whole number"));
}

#[test]
fn a_file_that_is_asked_for_must_exist() {
    let given = Given { file: Some("/nowhere/x.toml".into()), ..Given::nothing() };
    assert!(given.error().starts_with("the settings file /nowhere/x.toml cannot be read: No such file"));
}

#[test]
fn a_file_that_is_asked_for_replaces_the_default_one() {
    let given = Given::nothing().file("demo = true");
    let other = given.directory.path().join("other");
    fs::write(&other, "log.level = 'warn'").unwrap();
    let settings = Given { file: Some(other), ..given }.load().unwrap();
    assert_eq!((settings.demo, settings.log.level.as_str()), (false, "warn"));
}

#[test]
fn two_variables_for_a_group_and_a_key_inside_it_are_refused() {
    let error = Given::nothing().env("TESSERA_LOG", "x").env("TESSERA_LOG__LEVEL", "warn").error();
    assert_eq!(error, "TESSERA_LOG is a group of settings, not a setting");
}

#[rstest]
#[case("hunter2\n", "hunter2")]
#[case("hunter2\r\n", "hunter2")]
#[case(" 00123", " 00123")]
fn a_secret_is_read_from_its_file(
    #[case] content: &str,
    #[case] secret: &str,
    #[values(true, false)] by_env: bool,
) {
    let given = Given::nothing();
    let path = given.secret(content);
    let given = if by_env {
        given.env("TESSERA_IDENTITY__MASTER_KEY_FILE", &path)
    } else {
        given.file(&format!("identity.master_key_file = '{path}'"))
    };
    assert_eq!(given.load().unwrap().identity.master_key.unwrap().expose_secret(), secret);
}

#[test]
fn a_secret_is_given_once() {
    let given = Given::nothing();
    let path = given.secret("a");
    let error =
        given.env("TESSERA_IDENTITY__MASTER_KEY_FILE", &path).file("identity.master_key = 'hunter2'").error();
    assert_eq!(
        error,
        "identity.master_key (DIR/example.toml) and identity.master_key_file (TESSERA_IDENTITY__MASTER_KEY_FILE) \
         are both set: give one of them"
    );
}

#[test]
fn only_secrets_are_read_from_files() {
    let error = Given::nothing().env("TESSERA_LOG__LEVEL_FILE", "/etc/hostname").error();
    assert!(error.starts_with("log.level_file (TESSERA_LOG__LEVEL_FILE) is not a setting"), "{error}");
}

/// Threat 22: a value that is refused, or stands where it should not, appears in no message.
#[rstest]
#[case("identity.master_key = ['hunter2']")]
#[case("identity.master_key = { hunter2 = 1 }")]
#[case("identity = 'hunter2'")]
#[case("identity.database = 'hunter2'")]
#[case("identity.master_keyy = 'hunter2'")]
#[case("identity.master_key = 'hunter2")]
#[case("identity.master_key = hunter2")]
#[case("identity.master_key_file = '/etc/hostname'\nidentity.master_key = 'hunter2'")]
fn threat_22_no_message_quotes_a_secret(#[case] toml: &str) {
    let error = Given::nothing().file(toml).error();
    assert!(!error.replace("hunter2`", "").contains("hunter2"), "{error}");
}

#[test]
fn threat_22_shown_settings_hold_no_secret() {
    let settings = Given::nothing()
        .env("TESSERA_IDENTITY__MASTER_KEY", "hunter2")
        .env("TESSERA_IDENTITY__DATABASE__URL", "postgres://tessera:hun/t?e#r2@db/x?sslpassword=hunter2")
        .env("TESSERA_AUTHORITY__URL", "https://rooms:hunter2@auth.example/x?y=z")
        .env("TESSERA_AUTHORITY__CLIENT_ID", "rooms")
        .load()
        .unwrap();
    let shown = masked_toml(&settings, SECRETS).unwrap();
    for part in ["hunter2", "hun/", "e#r2"] {
        assert!(!shown.contains(part), "{shown}");
    }
    let tree: toml::Table = shown.parse().unwrap();
    assert_eq!(tree["identity"]["master_key"].as_str(), Some(MASK));
    assert_eq!(
        tree["identity"]["database"]["url"].as_str(),
        Some("postgres://tessera:********@db/x?********")
    );
    assert_eq!(tree["authority"]["url"].as_str(), Some("https://rooms:********@auth.example/x?y=z"));
    assert_eq!(tree["server"]["request_timeout"].as_str(), Some("30s"));
    assert_eq!(tree["server"]["listen"].as_str(), Some("127.0.0.1:8080"));
    assert!(!tree["server"].as_table().unwrap().contains_key("public_url"), "absent keys are left out");
}

#[test]
fn a_secret_that_is_no_url_is_masked_whole_and_a_path_is_shown() {
    let shown = |url: &str| {
        let settings = Given::nothing().env("TESSERA_IDENTITY__DATABASE__URL", url).load().unwrap();
        masked(&settings, SECRETS).unwrap()["identity"]["database"]["url"].as_str().unwrap().to_owned()
    };
    assert_eq!(shown("host=db password=hunter2"), MASK);
    assert_eq!(shown("sqlite:/var/lib/tessera/identity.db"), "sqlite:/var/lib/tessera/identity.db");
    assert_eq!(shown("postgres://tessera@db/x"), "postgres://tessera@db/x");
}
