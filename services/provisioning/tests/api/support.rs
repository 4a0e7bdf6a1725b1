//! A running service with its people and the real auth server, and answers.

mod answer;
mod people;
mod requests;
mod service;

pub(crate) use self::{
    answer::Answer,
    people::password,
    requests::{FORMATS, VERSIONS, answer},
    service::Service,
};
pub(crate) use test_kit::Backend;

/// The configuration of apps.
pub(crate) const CONFIG: &str = "/apps/provisioning_api/api/v1/config";
