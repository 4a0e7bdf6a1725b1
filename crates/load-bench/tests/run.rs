//! The bench against the binary of the same build profile: every scenario still gets the answers that it asks for. Nobody
//! judges how fast.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
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
    let json = directory.path().join("figures.json").display().to_string();
    let short = ["--seconds", "0.1", "--warm-up", "0.1", "--rounds", "1", "--connections", "4"];
    let output = bench(&[["run", "--backend", backend, "--json", &json].as_slice(), &short].concat());
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
    for member in ["date", "processor", "kernel", "server", "settings"] {
        assert!(!report["circumstances"][member].is_null(), "{member}: {report}");
    }
}

#[test]
fn the_other_measurements_end_with_a_verdict() {
    let short = ["--seconds", "0.2", "--warm-up", "0.1", "--rounds", "1"];
    let of = |command| said(&bench(&[[command].as_slice(), &short].concat()));
    assert!(of("seen").contains("verification takes"));
    assert!(of("group-commit").contains("ratio"));
    // An answer without Retry-After would have no figure.
    assert!(of("saturation").contains("p99 meanwhile / idle"));
    let memory = said(&bench(&["memory", "--requests", "200", "--step", "100"]));
    assert_eq!(memory.lines().filter(|line| line.contains(" requests ") && line.contains("/s")).count(), 2);
}

#[test]
fn a_scenario_goes_on_as_long_as_a_command_runs() {
    let said = said(&bench(&["serve", "introspection", "--", "kill", "-0", "PID"]));
    assert!(said.contains("POST /oauth/introspect") && said.contains(" requests in "), "{said}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let output = bench(&["run", "--scenario", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no scenario \"nothing\""));
}
