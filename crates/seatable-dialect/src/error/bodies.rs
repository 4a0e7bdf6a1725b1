//! The three families, for documents.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// A refusal of authentication, throttling, method or parsing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeaTableDetail, example = json!({ "detail": "Invalid token" }))]
pub struct DetailBody {
    /// What is wrong.
    pub detail: String,
}

/// A refusal of an argument, a look-up, a permission, or a conflict.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeaTableErrorMsg, example = json!({ "error_msg": "Permission denied." }))]
pub struct ErrorMsgBody {
    /// What is wrong.
    pub error_msg: String,
}

/// A refusal of the sign-in: sentences by parameter, or under `non_field_errors`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeaTableFieldErrors, example = json!({
    "non_field_errors": ["Unable to login with provided credentials."]
}))]
pub struct FieldErrorsBody(pub BTreeMap<String, Vec<String>>);
