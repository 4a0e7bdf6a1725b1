//! A mistake in the settings stops the start: with the right exit status, one sentence that names the key, and no secret.

use std::fs;
use std::net::TcpListener;

use rstest::rstest;

use crate::stack::{Plan, Ran, Topology, run};

mod secrets;

/// What `tessera` ends with for wrong settings or arguments.
const USAGE: i32 = 2;

/// The five programs, with what a start of theirs needs besides the mistake.
const PROGRAMS: [&str; 5] = ["tessera", "auth-server", "rooms", "agenda", "applications"];

/// Starts a program with these variables and waits for its end, which a mistake brings about.
fn start(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data").display().to_string();
    let authority = format!("http://127.0.0.1:{}", test_kit::free_port());
    let free = || format!("127.0.0.1:{}", test_kit::free_port());
    let mut all = vec![
        ("TESSERA_DATA_DIR", data),
        ("TESSERA_SERVER__LISTEN", free()),
        ("TESSERA_SERVER__MANAGEMENT", free()),
        // What goes well on the way is no part of the sentence.
        ("TESSERA_LOG__LEVEL", "error".to_owned()),
    ];
    if ["rooms", "agenda", "applications"].contains(&program) {
        all.push(("TESSERA_AUTHORITY__URL", authority));
        all.push(("TESSERA_AUTHORITY__CLIENT_ID", program.to_owned()));
        all.push(("TESSERA_AUTHORITY__CLIENT_SECRET", secrets::NEVER_SHOWN.to_owned()));
    }
    all.retain(|(name, _)| !variables.iter().any(|(given, _)| given == name));
    all.extend(variables.iter().map(|&(name, value)| (name, value.to_owned())));
    let all: Vec<_> = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let serve: &[&str] = if program == "tessera" { &["serve"] } else { &[] };
    let ran = run(program, &[serve, arguments].concat(), &all, "");
    assert!(!format!("{ran:?}").contains(secrets::NEVER_SHOWN), "a secret is shown: {ran:?}");
    ran
}

/// Starts a program that must refuse with one sentence that holds these words.
#[track_caller]
fn refuses(program: &str, arguments: &[&str], variables: &[(&str, &str)], words: &[&str]) {
    let ran = start(program, arguments, variables);
    let status = if program == "tessera" { USAGE } else { 1 };
    ran.expect_sentence(status, words);
}

/// Every program, the same mistakes, the same sentences.
#[rstest]
#[case::unknown_key("TESSERA_COLOUR", "red", &["colour", "is not a setting"])]
#[case::unknown_key_inside("TESSERA_SERVER__LISEN", "127.0.0.1:1", &["server.lisen", "is not a setting"])]
#[case::not_a_name("TESSERA_SERVER___LISTEN", "x", &["TESSERA_SERVER___LISTEN"])]
#[case::group("TESSERA_SERVER", "x", &["TESSERA_SERVER"])]
#[case::address("TESSERA_SERVER__LISTEN", "here", &["server.listen", "TESSERA_SERVER__LISTEN"])]
#[case::number("TESSERA_SERVER__WORKERS", "many", &["server.workers", "many"])]
#[case::zero("TESSERA_SERVER__MAX_CONNECTIONS", "0", &["max_connections must be at least 1"])]
#[case::duration("TESSERA_SERVER__KEEP_ALIVE", "soon", &["server.keep_alive"])]
#[case::format("TESSERA_LOG__FORMAT", "xml", &["log.format"])]
#[case::level("TESSERA_LOG__LEVEL", "a=b=c", &["log.level"])]
#[case::proxies("TESSERA_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,everywhere", &["server.trusted_proxies"])]
#[case::url("TESSERA_SERVER__PUBLIC_URL", "ftp://id.example", &["public_url must begin with http"])]
fn a_wrong_value_is_named(
    #[values("tessera", "auth-server", "rooms", "agenda", "applications")] program: &str,
    #[case] name: &str,
    #[case] value: &str,
    #[case] words: &[&str],
) {
    refuses(program, &[], &[(name, value)], words);
}

/// Settings that only some programs have.
#[rstest]
#[case("tessera", "TESSERA_AUTH__ISSUER", "ftp://id.example", "auth.issuer")]
#[case("auth-server", "TESSERA_AUTH__ISSUER", "not a url", "auth.issuer")]
#[case("tessera", "TESSERA_AUTH__SIGNING__ALGORITHM", "HS256", "auth.signing.algorithm")]
#[case("auth-server", "TESSERA_AUTH__ACCESS_TOKEN_TTL", "forever", "auth.access_token_ttl")]
#[case("tessera", "TESSERA_ROOMS__LIMITS__PAGE_SIZE", "0", "rooms.limits.page_size")]
#[case("rooms", "TESSERA_ROOMS__DEFAULT_ACCESS_LEVEL", "open", "rooms.default_access_level")]
#[case("rooms", "TESSERA_AUTHORITY__URL", "ftp://id.example", "authority.url")]
#[case("rooms", "TESSERA_AUTHORITY__TIMEOUT", "x", "authority.timeout")]
#[case("applications", "TESSERA_AUTHORITY__URL", "ftp://id.example", "authority.url")]
#[case("applications", "TESSERA_APPLICATIONS__ENABLED", "perhaps", "applications.enabled")]
#[case("agenda", "TESSERA_AUTHORITY__URL", "ftp://id.example", "authority.url")]
#[case("agenda", "TESSERA_AGENDA__SHARED_SECRET", "short", "agenda.shared_secret")]
#[case("tessera", "TESSERA_AGENDA__SHARED_SECRET", "short", "agenda.shared_secret")]
#[case("auth-server", "TESSERA_AUTH__RDV__SESSIONS__MAX_CLIENTS", "0", "auth.rdv.sessions: max_clients")]
#[case("tessera", "TESSERA_AUTH__RDV__SESSIONS__LIFETIME", "31d", "auth.rdv.sessions: lifetime")]
#[case("tessera", "TESSERA_IDENTITY__PASSWORD__MEMORY_KIB", "much", "identity.password.memory_kib")]
fn a_wrong_value_of_a_service_is_named(
    #[case] program: &str,
    #[case] name: &str,
    #[case] value: &str,
    #[case] key: &str,
) {
    refuses(program, &[], &[(name, value)], &[key]);
}

/// What is missing is named too, with the variable to set.
#[test]
fn a_missing_key_is_named() {
    for program in ["rooms", "agenda", "applications"] {
        let ran = run(program, &[], &[("TESSERA_LOG__LEVEL".to_owned(), "error".to_owned())], "");
        ran.expect_sentence(1, &["authority is missing", "TESSERA_AUTHORITY"]);
    }
}

/// A settings file is judged like the environment, and a mistake tells which file it is in.
#[rstest]
fn a_mistake_in_a_file_is_named_with_the_file(
    #[values("tessera", "auth-server", "rooms", "agenda", "applications")] program: &str,
) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("settings.toml");
    let file = path.display().to_string();
    for (content, words) in [
        ("[server]\nlisen = \"127.0.0.1:1\"\n", ["server.lisen", file.as_str()]),
        ("[server]\nkeep_alive = \"soon\"\n", ["server.keep_alive", &file]),
        ("[server\n", [&file, "TOML"]),
    ] {
        fs::write(&path, content).unwrap();
        refuses(program, &["--config", &file], &[], &words);
    }
    fs::remove_file(&path).unwrap();
    refuses(program, &["--config", &file], &[], &[&file, "cannot be read"]);
}

#[test]
fn the_two_listeners_differ() {
    for program in PROGRAMS {
        let address = format!("127.0.0.1:{}", test_kit::free_port());
        let both = [("TESSERA_SERVER__LISTEN", address.as_str()), ("TESSERA_SERVER__MANAGEMENT", &address)];
        refuses(program, &[], &both, &["listen and management must differ", &address]);
    }
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for program in PROGRAMS {
        for (name, key) in
            [("TESSERA_SERVER__LISTEN", "server.listen"), ("TESSERA_SERVER__MANAGEMENT", "server.management")]
        {
            refuses(program, &[], &[(name, &address)], &[key, &address, "in use"]);
        }
    }
}

/// A data directory that cannot be made or is none. The tests may run as root, whom no permission bits stop.
#[test]
fn an_unusable_data_directory_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    for directory in [file.join("data").display().to_string(), "/proc/tessera".to_owned()] {
        for program in PROGRAMS {
            refuses(program, &[], &[("TESSERA_DATA_DIR", &directory)], &["data_dir"]);
        }
    }
}

/// A database that is out of reach or of another kind.
#[rstest]
#[case::refused("postgres://tessera@127.0.0.1:1/tessera")]
#[case::kind("mysql://127.0.0.1/tessera")]
#[case::folder("sqlite:/proc/tessera/identity.db")]
fn an_unusable_database_is_named(#[case] url: &str) {
    for (program, section) in [
        ("tessera", "identity"),
        ("auth-server", "identity"),
        ("agenda", "identity"),
        ("tessera", "rooms"),
        ("rooms", "rooms"),
        ("tessera", "applications"),
        ("applications", "applications"),
    ] {
        let name = format!("TESSERA_{}__DATABASE__URL", section.to_uppercase());
        let ran = start(program, &[], &[(&name, url)]);
        assert_ne!(ran.status, 0, "{ran:?}");
        ran.expect_sentence(1, &[&format!("{section}.database")]);
    }
}

/// Arguments are clap's to refuse, with the same status as settings.
#[test]
fn a_wrong_argument_is_refused() {
    for (program, arguments) in [
        ("tessera", &["serve", "--colour", "red"][..]),
        ("tessera", &["serve", "--listen", "here"]),
        ("tessera", &["dance"]),
        ("tessera", &[]),
        ("auth-server", &["--colour"]),
        ("rooms", &["--listen", "here"]),
        ("agenda", &["--listen", "here"]),
        ("applications", &["--listen", "here"]),
    ] {
        let ran = run(program, arguments, &[], "");
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.contains("--help"), "{ran:?}");
    }
}

/// Two processes on the same SQLite data directory: the second finds the port taken, not the first one's data broken.
#[tokio::test]
async fn a_second_process_does_no_harm() {
    let stack = Plan::new(Topology::Single).start().await;
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    let data = stack.home().join("data").display().to_string();
    let address = stack.auth_url("").trim_start_matches("http://").to_owned();
    let same = [("TESSERA_DATA_DIR", data.as_str()), ("TESSERA_SERVER__LISTEN", &address)];
    refuses("tessera", &[], &same, &["server.listen", &address]);
    stack.call(&token, reqwest::Method::POST, "/rooms").await.expect(201);
}
