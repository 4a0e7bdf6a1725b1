//! What the description says of every operation.

use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::ResponsesBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref};

/// How a caller proves who it is.
pub(super) struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = |text: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text)).build();
            SecurityScheme::Http(scheme)
        };
        let components = document.components.get_or_insert_default();
        for (name, text) in [
            ("accountToken", "An Account-Token, or an access token of the platform with the scope `bases`."),
            ("apiToken", "An API-Token, or a temporary one."),
            ("baseToken", "A Base-Token of the base in the path."),
        ] {
            components.add_security_scheme(name, bearer(text));
        }
    }
}

/// The refusals that any request may meet.
pub(super) struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, document: &mut OpenApi) {
        for item in document.paths.paths.values_mut() {
            operations(item).for_each(complete);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten()
}

fn complete(operation: &mut Operation) {
    // §12: what comes with an Account-Token or an API-Token is counted.
    let throttled = is_counted(operation).then_some(("429", "Throttled"));
    let refusals = throttled.into_iter().chain([("503", "Unavailable")]);
    let refusals = refusals.map(|(status, name)| (status, Ref::from_response_name(name)));
    let more = ResponsesBuilder::new().responses_from_iter(refusals).build();
    for (status, response) in more.responses {
        operation.responses.responses.entry(status).or_insert(response);
    }
}

fn is_counted(operation: &Operation) -> bool {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    ["accountToken", "apiToken"].into_iter().any(|scheme| security.pointer(&format!("/0/{scheme}")).is_some())
}
