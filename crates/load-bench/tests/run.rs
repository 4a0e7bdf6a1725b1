//! The bench against the binary of the same build profile: every scenario still gets the answers that it asks for. Nobody
//! judges how fast.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::Value;
use test_kit::binary;

fn bench(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_load-bench");
    let binaries = binary("tessera").parent().unwrap().display().to_string();
    Command::new(program).args(["--bin-dir", &binaries]).args(arguments).output().unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[rstest]
#[case::sqlite("sqlite")]
#[case::postgresql("postgres")]
fn every_scenario_gets_the_answers_that_it_asks_for(#[case] backend: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = |name| directory.path().join(name).display().to_string();
    let (json, markdown) = (file("figures.json"), file("figures.md"));
    let short = ["--seconds", "0.1", "--warm-up", "0.1", "--rounds", "1", "--connections", "4"];
    let files = ["--json", &json, "--markdown", &markdown];
    let output = bench(&[["run", "--backend", backend].as_slice(), &files, &short].concat());
    let table = said(&output);
    assert!(!table.contains("NO FIGURE"), "{table}");
    let report: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let results = report["results"].as_array().unwrap();
    let listed = said(&bench(&["list"]));
    assert_eq!(results.len(), listed.lines().count());
    for result in results {
        assert_eq!(result["outcome"], "measured", "{result}");
        assert_eq!(result["errors"], 0, "{result}");
        assert_eq!(result["rounds"].as_array().unwrap().len(), 1, "{result}");
    }
    let page = fs::read_to_string(markdown).unwrap();
    let beside = |floor: &str| page.lines().filter(|line| line.contains(&format!("| {floor} "))).count();
    assert_eq!(page.lines().count(), results.len() + 4, "{page}");
    assert_eq!(page.lines().filter(|line| line.starts_with("| meet_token")).count(), 2, "{page}");
    // The Meet token and the Base-Token.
    assert_eq!(beside("D+B"), 2, "{page}");
    for member in ["date", "processor", "kernel", "server", "settings"] {
        assert!(!report["circumstances"][member].is_null(), "{member}: {report}");
    }
}

#[rstest]
#[case::seen("seen", "verification added to the read without it", 1)]
#[case::group_commit("group-commit", "many clients / one", 1)]
#[case::saturation("saturation", "p99 of client_credentials meanwhile / idle", 4)]
fn limits_are_judged(#[case] command: &str, #[case] target: &str, #[case] targets: usize) {
    let directory = tempfile::tempdir().unwrap();
    let json = directory.path().join("figures.json").display().to_string();
    let short = ["--seconds", "0.2", "--warm-up", "0.1", "--rounds", "2", "--json", &json];
    let said = said(&bench(&[[command].as_slice(), &short].concat()));
    let judged: Vec<&str> = said.lines().filter(|line| line.contains("; target: ")).collect();
    assert_eq!(judged.len(), targets, "{said}");
    assert!(judged.iter().all(|line| line.ends_with(": met") || line.ends_with(": MISSED")), "{said}");
    assert!(judged.iter().any(|line| line.starts_with(target)), "{said}");
    let report: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!((&report["measurement"], &report["outcome"]), (&command.into(), &"measured".into()));
    assert_eq!(report["pace"]["rounds"], 2, "{report}");
    assert_eq!(report["targets"].as_array().unwrap().len(), targets, "{report}");
    assert!(report["circumstances"]["server"].is_string(), "{report}");
    let elsewhere = report["elsewhere"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&elsewhere), "{report}");
    assert_eq!(said.contains("no figures to publish"), elsewhere > 0.1, "{said}");
}

#[test]
fn memory_is_looked_at_after_each_step() {
    let said = said(&bench(&["memory", "--requests", "200", "--step", "100"]));
    // Answers that were under way at the end of a step count, so the numbers are not round.
    assert_eq!(said.matches("  after ").count(), 2, "{said}");
    assert_eq!(said.matches("; target: at most").count(), 2, "{said}");
}

/// The same program where each address may sign in only once a minute, which the seed does.
fn with_a_limit() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("tessera");
    let limit = "TESSERA_AUTH__LIMITS__SIGN_IN_REQUESTS=1";
    let script = format!("#!/bin/sh\n{limit} exec {} \"$@\"\n", binary("tessera").display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

#[rstest]
#[case::run(&["run", "--backend", "sqlite", "--scenario", "sign_in"])]
#[case::saturation(&["saturation"])]
fn an_answer_that_was_not_asked_for_leaves_no_figure(#[case] arguments: &[&str]) {
    let (limited, output) = (with_a_limit(), tempfile::tempdir().unwrap());
    let [json, markdown] = ["figures.json", "figures.md"].map(|name| output.path().join(name));
    let mut command = Command::new(env!("CARGO_BIN_EXE_load-bench"));
    command.arg("--bin-dir").arg(limited.path()).args(arguments).arg("--json").arg(&json);
    if arguments[0] == "run" {
        command.arg("--markdown").arg(&markdown);
    }
    let output = command.args(["--seconds", "0.2", "--warm-up", "0.1", "--rounds", "1"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("NO FIGURE: answered 429 ("), "{said}");
    assert!(!said.contains("MISSED") && !said.contains("; target: "), "{said}");
    let report: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let result = if arguments[0] == "run" { &report["results"][0] } else { &report };
    assert_eq!(result["outcome"], "refused", "{report}");
    assert!(result["figures"].is_null() && result["per_second"].is_null(), "{report}");
    if arguments[0] == "run" {
        let table = fs::read_to_string(markdown).unwrap();
        assert!(table.contains("| sign_in | no figure: answered 429 ("), "{table}");
    }
}

#[test]
fn a_scenario_goes_on_as_long_as_a_command_runs() {
    let said = said(&bench(&["serve", "introspection", "--", "kill", "-0", "PID"]));
    assert!(said.contains("POST /oauth/introspect") && said.contains(" requests in "), "{said}");
}

#[test]
fn a_profile_becomes_two_tables() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let folded =
        file("folded", "rt;actix_http::h1::poll;rooms::api::find;sqlite3_step 3\nrt;rooms::api::find 1\n");
    let tables = said(&bench(&["costs", "--own", "rooms", &folded]));
    assert!(tables.contains("|  75.0 % |  75.0 % | SQLite |"), "{tables}");
    assert!(tables.contains("| 100.0 % | `rooms::api::find` |"), "{tables}");
    for (nothing, why) in [("", "no samples"), ("no profile", "no folded stacks")] {
        let output = bench(&["costs", &file("nothing", nothing)]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{output:?}");
    }
}

#[test]
fn what_cannot_be_measured_is_said() {
    let output = bench(&["run", "--scenario", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no scenario \"nothing\""));
}
