//! What the description says of every operation.

use utoipa::Modify;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::{Response, ResponsesBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr};

/// `contracts/rdv-sign-in.md` §4.5.
const SESSION: [(&str, &str); 6] = [
    ("access-token", "The token of the session, where the request was made in one"),
    ("token-type", "`Bearer`"),
    ("client", "The name of the session"),
    ("expiry", "When the session ends, in Unix seconds"),
    ("uid", "The agent's e-mail address"),
    ("authorization", "`Bearer`, and all of these as JSON in base64"),
];

/// Answers that tell the session.
const TELLING: [&str; 2] = ["200", "204"];

/// How a caller proves who it is.
pub(super) struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut OpenApi) {
        let header =
            |name, text| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, text)));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let bearer =
            bearer.description(Some("An access token of the platform with the scope `agenda`.")).build();
        let signature = "HMAC-SHA-256 in lower-case hexadecimal of the agent's id, names and e-mail address, by a \
            partner with the shared secret; `uid` names the agent.";
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [
            ("accessToken", header("access-token", "The token of the agent's session.")),
            ("client", header("client", "The name of the agent's session.")),
            ("uid", header("uid", "The agent's e-mail address.")),
            ("bearer", SecurityScheme::Http(bearer)),
            ("agentSignature", header("X-Agent-Auth-Signature", signature)),
        ] {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// PUT beside PATCH, the headers of a session, and the refusals that any request may meet.
pub(super) struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, document: &mut OpenApi) {
        for item in document.paths.paths.values_mut() {
            for operation in operations(item) {
                complete(operation);
            }
            // PUT is PATCH by another name.
            item.put = item.patch.clone().map(|mut put| {
                put.operation_id = put.operation_id.map(|id| id.replacen("update", "replace", 1));
                put
            });
        }
        let Some(components) = &mut document.components else { return };
        for name in ["AbsenceNotFound", "AgentNotFound"] {
            if let Some(RefOr::T(response)) = components.responses.get_mut(name) {
                tell_session(response);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

fn complete(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && TELLING.contains(&status.as_str())
        {
            tell_session(response);
        }
    }
    let refusals = [("413", "TooLarge"), ("503", "Unavailable")];
    let refusals = refusals.map(|(status, name)| (status, Ref::from_response_name(name)));
    let more = ResponsesBuilder::new().responses_from_iter(refusals).build();
    operation.responses.responses.extend(more.responses);
}

fn tell_session(response: &mut Response) {
    for (name, text) in SESSION {
        let mut header = Header::default();
        header.description = Some(text.to_owned());
        response.headers.insert(name.to_owned(), header.into());
    }
}
