//! The command line as operators and their scripts use it: answers for people and as JSON, exit statuses, effects.

mod applications;
mod audit;
mod bases;
mod clients;
mod credentials;
mod declaring;
mod looking;
mod organizations;
mod otp;
mod roles;
mod users;

use serde_json::Value;

use crate::stack::{Ran, Stack};

/// Runs a command twice, for people and for scripts: what it says as text, and as JSON.
#[track_caller]
fn both(stack: &Stack, arguments: &[&str]) -> (String, Value) {
    let human = stack.tessera(arguments).expect(0);
    let json = stack.tessera(&[arguments, &["--json"]].concat()).expect(0);
    assert_eq!((human.stderr.as_str(), json.stderr.as_str()), ("", ""), "{human:?} {json:?}");
    (human.stdout, json.json())
}

/// Asserts that a command is refused with this status and one sentence with these words, in both forms.
#[track_caller]
fn refused(stack: &Stack, arguments: &[&str], status: i32, words: &[&str]) {
    stack.tessera(arguments).expect_sentence(status, words);
    stack.tessera(&[arguments, &["--json"]].concat()).expect_sentence(status, words);
}

/// The line of a record that begins with this label, without the label.
#[track_caller]
fn line<'a>(ran: &'a Ran, label: &str) -> &'a str {
    let found = ran.stdout.lines().find_map(|line| line.strip_prefix(label));
    found.unwrap_or_else(|| panic!("no {label}: {ran:?}")).trim()
}

/// No such thing. Exit status 3.
const NOT_FOUND: i32 = 3;
/// Against a rule. Exit status 4.
const REFUSED: i32 = 4;
/// Something to change. Exit status 5.
const DRIFT: i32 = 5;
/// Not ready. Exit status 6.
const NOT_READY: i32 = 6;
/// Not as it was sealed. Exit status 7.
const TAMPERED: i32 = 7;
