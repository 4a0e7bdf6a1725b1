//! The description of this API for clients and their generators: made from the routes, and from what is said of each
//! operation in `operations`.

mod operations;

use std::collections::BTreeMap;

use service_kit::openapi::RetryAfter;
use utoipa::Modify as _;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::response::{Response, ResponseBuilder, ResponsesBuilder};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, Content, InfoBuilder, License, OpenApi, OpenApiBuilder, PathItem, Paths, RefOr, Required,
};

use self::operations::{About, Kind, OPERATIONS};
use super::capabilities::API_VERSION;
use super::routes::{self, Led};
use ocs_dialect::Version;

const DESCRIPTION: &str = "Accounts, groups, sub-admins and apps, for provisioning clients of Nextcloud. Every path is \
    served below `/ocs/v1.php`, too, where failures have the HTTP status 200 (except 401) and `meta.statuscode` of a \
    success is 100. Parameters may be in the query, in a form or in a JSON body of any method; `format=json` or an \
    `Accept` header asks for JSON instead of XML.";

/// The description.
#[must_use]
pub fn document() -> OpenApi {
    let license = License::new("Apache-2.0");
    let info = InfoBuilder::new().title("OCS provisioning API").version(API_VERSION);
    let mut paths = Paths::new();
    for route in routes::routes() {
        let path = format!("/ocs/v2.php{}", plain(&route.path));
        for led in &route.methods {
            if let (Some(method), Some(about)) = (method(led.method), about(led)) {
                let item = PathItem::new(method, operation(&path, *led, about));
                match paths.paths.get_mut(&path) {
                    Some(known) => known.merge_operations(item),
                    None => drop(paths.paths.insert(path.clone(), item)),
                }
            }
        }
    }
    let mut document = OpenApiBuilder::new()
        .info(info.description(Some(DESCRIPTION)).license(Some(license)).build())
        .paths(paths)
        .components(Some(components()))
        .build();
    RetryAfter.modify(&mut document);
    document
}

/// A path without the patterns of its placeholders.
fn plain(path: &str) -> String {
    path.replace(":.+}", "}").replace(":[A-Za-z0-9_]+}", "}")
}

fn method(name: &str) -> Option<HttpMethod> {
    match name {
        "GET" => Some(HttpMethod::Get),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "DELETE" => Some(HttpMethod::Delete),
        // As GET, without a body.
        _ => None,
    }
}

fn about(led: &Led) -> Option<&'static About> {
    OPERATIONS.iter().find(|about| about.name == led.operation)
}

fn operation(path: &str, led: Led, about: &About) -> Operation {
    let placeholders = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = placeholders.map(|name| parameter(name, Kind::Required, ParameterIn::Path));
    let others = about.parameters.iter().map(|(name, kind)| parameter(name, *kind, ParameterIn::Query));
    let parameters: Vec<Parameter> = in_path.chain(others).chain([format(), api_request()]).collect();
    let none: [&str; 0] = [];
    let id = format!("{}:{}", about.name, path.rsplit('/').next().unwrap_or_default());
    OperationBuilder::new()
        .operation_id(Some(id.replace(['{', '}'], "").replace([':', '.'], "_")))
        .tag(about.tag)
        .summary(Some(about.summary))
        .description(Some(format!("For {}.", led.caller)))
        .parameters(Some(parameters))
        .responses(ResponsesBuilder::new().responses_from_iter(responses(about)).build())
        .security(SecurityRequirement::new("basic", none))
        .security(SecurityRequirement::new("bearer", none))
        .build()
}

fn parameter(name: &str, kind: Kind, place: ParameterIn) -> Parameter {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let schema: Schema = match kind {
        Kind::Required | Kind::Text => text().into(),
        Kind::Integer => ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer)).into(),
        Kind::List => ArrayBuilder::new().items(text()).into(),
        Kind::Lists => {
            let lists: Schema = ArrayBuilder::new().items(text()).into();
            ObjectBuilder::new().additional_properties(Some(lists)).into()
        }
    };
    let is_required =
        if matches!(kind, Kind::Required | Kind::Lists) { Required::True } else { Required::False };
    let name = if kind == Kind::List { format!("{name}[]") } else { name.to_owned() };
    ParameterBuilder::new().name(name).parameter_in(place).required(is_required).schema(Some(schema)).build()
}

fn format() -> Parameter {
    let values =
        ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).enum_values(Some(["json", "xml"]));
    ParameterBuilder::new().name("format").parameter_in(ParameterIn::Query).schema(Some(values)).build()
}

fn api_request() -> Parameter {
    let text = "Any value; not needed with a Bearer token";
    let mut header = parameter("OCS-APIRequest", Kind::Text, ParameterIn::Header);
    header.description = Some(text.to_owned());
    header
}

/// By HTTP status: what every operation may answer, and what this one refuses.
fn responses(about: &About) -> Vec<(String, RefOr<Response>)> {
    let mut told: BTreeMap<u16, Vec<String>> = BTreeMap::from([
        (200, vec!["Done; the answer is in `ocs.data`".to_owned()]),
        (401, vec!["997: no credentials, or credentials that are no good".to_owned()]),
        (403, vec!["403: the caller may not call this".to_owned()]),
        (412, vec!["The header `OCS-APIRequest` is missing; this answer has no envelope".to_owned()]),
        (429, vec!["429: too many attempts".to_owned()]),
        (500, vec!["996: a parameter is missing or of another type".to_owned()]),
        (503, vec!["503: something that is needed does not answer".to_owned()]),
    ]);
    for (code, when) in about.codes {
        let status = Version::V2.status(*code).as_u16();
        told.entry(status).or_default().push(format!("{code}: {when}"));
    }
    let response = |(status, words): (u16, Vec<String>)| {
        let answer = ResponseBuilder::new().description(words.join("; "));
        let answer = if status == 412 { answer } else { answer.content("application/json", envelope()) };
        (status.to_string(), RefOr::T(answer.build()))
    };
    told.into_iter().map(response).collect()
}

fn envelope() -> Content {
    Content::new(Some(RefOr::<Schema>::Ref(utoipa::openapi::Ref::from_schema_name("Envelope"))))
}

fn components() -> Components {
    let of = |kind| ObjectBuilder::new().schema_type(SchemaType::new(kind));
    let meta = of(Type::Object)
        .property("status", of(Type::String))
        .property("statuscode", of(Type::Integer))
        .property("message", of(Type::String))
        .required("status")
        .required("statuscode")
        .required("message");
    let anything = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
    let ocs =
        of(Type::Object).property("meta", meta).property("data", anything).required("meta").required("data");
    let envelope = of(Type::Object).property("ocs", ocs).required("ocs");
    let mut components = Components::new();
    components.schemas.insert("Envelope".to_owned(), RefOr::T(envelope.into()));
    let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic);
    let basic = basic.description(Some("Login or e-mail address, and password or app password.")).build();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let bearer = bearer
        .description(Some("An access token with the scope `provisioning`, or an app password."))
        .build();
    components.add_security_scheme("basic", SecurityScheme::Http(basic));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{OPERATIONS, document, routes};

    /// Every operation that a route leads to is described, and nothing else is.
    #[test]
    fn routes_and_descriptions_agree() {
        let routes = routes::routes();
        let led: BTreeSet<&str> =
            routes.iter().flat_map(|route| &route.methods).map(|led| led.operation).collect();
        let described: BTreeSet<&str> = OPERATIONS.iter().map(|about| about.name).collect();
        assert_eq!(led, described);
        assert_eq!(described.len(), OPERATIONS.len(), "one is described twice");
    }

    /// The 16 operations of the seed are there.
    #[test]
    fn the_seed_is_covered() {
        let document = serde_json::to_value(document()).unwrap();
        let has = |path: &str, method: &str| document["paths"][path][method]["responses"]["200"].is_object();
        let config = "/ocs/v2.php/apps/provisioning_api/api/v1/config/apps";
        for (path, methods) in [
            ("/ocs/v2.php/cloud/apps".to_owned(), &["get"][..]),
            ("/ocs/v2.php/cloud/apps/{app}".to_owned(), &["get", "post", "delete"]),
            ("/ocs/v2.php/cloud/groups/{groupId}/subadmins".to_owned(), &["get"]),
            ("/ocs/v2.php/cloud/groups".to_owned(), &["post"]),
            ("/ocs/v2.php/cloud/groups/{groupId}".to_owned(), &["put", "delete"]),
            ("/ocs/v2.php/cloud/users/recent".to_owned(), &["get"]),
            ("/ocs/v2.php/cloud/users/{userId}/subadmins".to_owned(), &["get", "post", "delete"]),
            (config.to_owned(), &["get"]),
            (format!("{config}/{{app}}"), &["get"]),
            (format!("{config}/{{app}}/{{key}}"), &["get", "delete"]),
        ] {
            for method in methods {
                assert!(has(&path, method), "{method} {path}");
            }
        }
    }

    /// Ids of operations are unique, so that generators find a name for each.
    #[test]
    fn operations_have_ids_of_their_own() {
        let document = serde_json::to_value(document()).unwrap();
        let items = document["paths"].as_object().unwrap().values();
        let ids: Vec<_> = items
            .flat_map(|item| item.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
            .collect();
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
    }
}
