//! A running service with the people of the contract's worked example, their sessions, and answers.

mod answer;
mod people;
mod requests;
mod service;
mod sessions;
mod tokens;

pub(crate) use self::{
    answer::{Answer, FORBIDDEN, FORBIDDEN_ORGANISATION},
    people::{NAMES, People},
    requests::answer,
    service::{SHARED_SECRET, Service, signed},
    sessions::Session,
    tokens::{ISSUER, keyring},
};
pub(crate) use test_kit::Backend;

pub(crate) const AGENTS: &str = "/api/v1/agents";
pub(crate) const ORGANISATIONS: &str = "/api/v1/organisations";
pub(crate) const ABSENCES: &str = "/api/v1/absences";
