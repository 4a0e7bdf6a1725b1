//! The record of every authenticated call: which agent did what. `contracts/rdv-sign-in.md` §13.
//!
//! It is made before anything is permitted: its outcome, received, says that the caller was recognised and no more. What
//! a call changed has a record of its own, with the same request id.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use identity::accounts::AccountId;
use identity::audit::{AuditEvent, Origin, Outcome};
use serde_json::{Map, Value, json};

use super::credentials::{REDACTED, is_named_as_one, redact};

/// The action under which calls are recorded.
pub const ACTION: &str = "api.call";

/// The name of the dialect in records.
pub const DIALECT: &str = "rdv";

/// Bytes of the detail of a record, as JSON; the audit trail keeps no longer one as it is.
const LONGEST: usize = 4096;

/// Bytes of the path with its query, of the host, of a header's name and of its value, each as JSON.
const LONGEST_PATH: usize = 1536;
const LONGEST_HOST: usize = 256;
const LONGEST_NAME: usize = 64;
const LONGEST_VALUE: usize = 256;

/// Bytes for what is not counted: the method, the keys and the number of headers left out.
const OVERHEAD: usize = 192;

/// Headers that are kept when not all fit, before the others.
const FIRST: [&str; 6] = ["client", "uid", "user-agent", "content-type", "origin", "x-request-id"];

/// What is called, as the contract names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// `/agents`.
    Agents,
    /// `/organisations`.
    Organisations,
    /// `/absences`.
    Absences,
}

/// What is done, as the contract names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The list is read.
    Index,
    /// One of them is read.
    Show,
    /// One is made.
    Create,
    /// One is changed.
    Update,
    /// One is removed.
    Destroy,
}

/// An endpoint; rendered as in `absences#update`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// On what.
    pub controller: Controller,
    /// What.
    pub action: Action,
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let controller = match self.controller {
            Controller::Agents => "agents",
            Controller::Organisations => "organisations",
            Controller::Absences => "absences",
        };
        let action = match self.action {
            Action::Index => "index",
            Action::Show => "show",
            Action::Create => "create",
            Action::Update => "update",
            Action::Destroy => "destroy",
        };
        write!(formatter, "{controller}#{action}")
    }
}

/// The parts of a request that are recorded, as they were received.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The method.
    pub method: &'a str,
    /// The path with its query.
    pub path: &'a str,
    /// The host that was asked for.
    pub host: &'a str,
    /// The headers, in any order; a name may come more than once.
    pub headers: Vec<(&'a str, &'a [u8])>,
}

/// The event for the audit trail: this agent made this call, whatever comes of it.
///
/// No credential of the request is in it, nor more than the trail keeps.
#[must_use]
pub fn event(
    at: DateTime<Utc>,
    origin: &Origin,
    viewer: AccountId,
    operation: Operation,
    call: &Call<'_>,
) -> AuditEvent {
    let origin =
        Origin { actor: Some(viewer.to_string()), dialect: Some(DIALECT.to_owned()), ..origin.clone() };
    let event = AuditEvent::new(at, ACTION, &origin).outcome(Outcome::Received);
    event.target(operation.to_string()).detail(detail(call))
}

fn detail(call: &Call<'_>) -> Value {
    let path = bounded(&redact(call.path), LONGEST_PATH);
    let host = bounded(&redact(call.host), LONGEST_HOST);
    let (headers, left_out) = headers(call, LONGEST - OVERHEAD - json_len(&path) - json_len(&host));
    let mut detail =
        json!({ "method": bounded(call.method, 16), "path": path, "host": host, "headers": headers });
    if left_out > 0 {
        detail["headers_left_out"] = left_out.into();
    }
    detail
}

/// As many headers as fit into so many bytes, by their names, and how many do not.
fn headers(call: &Call<'_>, mut room: usize) -> (Map<String, Value>, usize) {
    let mut sorted: Vec<_> = call.headers.iter().map(|(name, value)| (name.to_lowercase(), *value)).collect();
    sorted.sort_by_cached_key(|(name, _)| {
        let place = FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len());
        (place, name.clone())
    });
    let (mut headers, mut left_out) = (Map::new(), 0);
    for lines in sorted.chunk_by(|(one, _), (other, _)| one == other) {
        let name = bounded(&lines[0].0, LONGEST_NAME);
        let value = header_value(lines);
        // The quotes and the colon and the comma of the two are in the lengths.
        let length = json_len(&name) + json_len(&value);
        if length > room {
            left_out += lines.len();
        } else {
            room -= length;
            headers.insert(name, value.into());
        }
    }
    (headers, left_out)
}

/// The lines of one header as one, without credentials.
fn header_value(lines: &[(String, &[u8])]) -> String {
    if is_named_as_one(&lines[0].0) {
        return REDACTED.to_owned();
    }
    let values: Vec<Cow<'_, str>> = lines.iter().map(|(_, value)| String::from_utf8_lossy(value)).collect();
    let redacted: Vec<Cow<'_, str>> = values.iter().map(|value| redact(value)).collect();
    bounded(&redacted.join(", "), LONGEST_VALUE)
}

/// The bytes of a text as a JSON string, with the separator after it.
fn json_len(text: &str) -> usize {
    text.chars().map(json_char_len).sum::<usize>() + 3
}

const fn json_char_len(character: char) -> usize {
    match character {
        '"' | '\\' => 2,
        other => other.len_utf8(),
    }
}

/// The text, or the beginning of it that takes so many bytes as JSON. Control characters, which take more of them, give
/// way, as they would in the trail.
fn bounded(text: &str, longest: usize) -> String {
    const CUT: &str = "…";
    let mut kept = String::new();
    let (mut length, mut cut_at) = (3, 0);
    for character in text.chars() {
        let character = if character.is_control() { char::REPLACEMENT_CHARACTER } else { character };
        length += json_char_len(character);
        if length > longest {
            kept.truncate(cut_at);
            kept.push_str(CUT);
            break;
        }
        kept.push(character);
        if length + CUT.len() <= longest {
            cut_at = kept.len();
        }
    }
    kept
}

#[cfg(test)]
mod tests;
