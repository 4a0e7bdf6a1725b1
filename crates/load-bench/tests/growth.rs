//! `load-bench growth` on both databases: what is filled in is what the server reads, and every question is answered.

use std::process::Command;

use rstest::rstest;
use test_kit::binary;

#[rstest]
#[case::sqlite("sqlite")]
#[case::postgresql("postgres")]
fn rows_that_are_filled_in_are_found_by_every_question(#[case] backend: &str) {
    let binaries = binary("tessera").parent().unwrap().display().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_load-bench"))
        .args(["growth", "--rows", "100,700", "--backend", backend, "--bin-dir", &binaries])
        .args(["--seconds", "0.1", "--warm-up", "0.1", "--rounds", "1", "--connections", "4"])
        .output()
        .unwrap();
    let (table, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}{table}");
    let lines = |start: &str| table.lines().filter(|line| line.starts_with(start)).count();
    let tokens = ["client_credentials", "meet_token", "introspection", "refresh"];
    let others = ["ocs_user", "validate_token", "room", "rooms", "new_room", "memory, MiB"];
    for line in tokens.into_iter().chain(others) {
        assert_eq!(lines(&format!("| {line} ")), 1, "{line}: {log}{table}");
    }
    assert!(table.contains(" 100 |") && table.contains(" 700 |"), "{table}");
}
