//! What the descriptions of all services say alike.

use utoipa::Modify;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{OpenApi, PathItem, RefOr, Response, Responses};

/// Statuses that say in `Retry-After` when to come back.
const LATER: [&str; 2] = ["429", "503"];
const RETRY_AFTER: &str = "Retry-After";

/// Adds the header `Retry-After`, in seconds, to every 429 and 503 that does not mention it; responses that stand among the
/// components are theirs to complete.
pub struct RetryAfter;

impl Modify for RetryAfter {
    fn modify(&self, document: &mut OpenApi) {
        document
            .paths
            .paths
            .values_mut()
            .flat_map(operations)
            .for_each(|operation| complete(&mut operation.responses));
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn complete(responses: &mut Responses) {
    let later = responses.responses.iter_mut().filter(|(status, _)| LATER.contains(&status.as_str()));
    for (_, response) in later {
        if let RefOr::T(Response { headers, .. }) = response {
            headers.entry(RETRY_AFTER.to_owned()).or_insert_with(|| {
                let seconds =
                    ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer)).minimum(Some(0));
                HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds")).build().into()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_is_to_come_back_is_told_when() {
        let mut document: OpenApi = serde_json::from_value(json!({
            "openapi": "3.1.0",
            "info": {"title": "a", "version": "1"},
            "paths": {"/a": {"post": {"responses": {
                "200": {"description": "done"},
                "429": {"description": "too often"},
                "503": {"description": "away", "headers": {"Retry-After": {"schema": {"type": "string"}}}},
            }}}},
        }))
        .unwrap();
        RetryAfter.modify(&mut document);
        let document = serde_json::to_value(document).unwrap();
        let responses = &document["paths"]["/a"]["post"]["responses"];
        assert_eq!(responses["200"].get("headers"), None);
        assert_eq!(responses["429"]["headers"]["Retry-After"]["schema"]["type"], "integer");
        assert_eq!(responses["503"]["headers"]["Retry-After"]["schema"]["type"], "string", "as it was");
    }
}
