//! A running service with its neighbours, people with Account-Tokens, and answers.

mod answer;
mod groups;
mod people;
mod requests;
mod service;

pub(crate) use self::{answer::Answer, people::Person, service::Service};
pub(crate) use test_kit::Backend;

/// Where all services here are reached, whatever their port.
pub(crate) const SERVER: &str = "https://tables.example.org";

/// The path of a base, its name percent-encoded.
pub(crate) fn base_path(workspace: i64, name: &str, rest: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("/api/v2.1/workspace/{workspace}/dtable/{name}/{rest}")
}

/// The path that bases of a workspace are changed at.
pub(crate) fn workspace_path(workspace: i64) -> String {
    format!("/api/v2.1/workspace/{workspace}/dtable/")
}
