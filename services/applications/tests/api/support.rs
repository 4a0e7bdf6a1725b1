//! A running service, people with tokens, and answers.

mod answer;
mod registry;
mod service;
mod tokens;

pub(crate) use self::{
    answer::Answer,
    registry::Registry,
    service::Service,
    tokens::{LIFETIME, claims, keyring},
};
pub(crate) use test_kit::Backend;

/// The collection.
pub(crate) const APPLICATIONS: &str = "/api/applications";

/// The path of an application.
pub(crate) fn path(id: &str) -> String {
    format!("{APPLICATIONS}/{id}")
}

/// What a `GENESYS` application needs, and one value in each section.
pub(crate) fn full_config() -> serde_json::Value {
    serde_json::json!({
        "organizationId": "7d3f2a90-1111-4222-8333-444455556666", "pcEnvironment": "mypurecloud.ie",
        "integrationId": "ab12cd34-0000-4000-8000-000000000001",
        "serviceParameters": {"clientSecret": "s3rv1ce-only"},
        "agentParameters": {"queueName": "Video desk"},
        "customerParameters": {"locale": "el-GR"},
    })
}
