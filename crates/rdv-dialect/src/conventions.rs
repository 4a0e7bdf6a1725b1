//! What holds on every route: preflights, response headers. `contracts/rdv-sign-in.md` §2, §9.

use actix_web::body::BoxBody;
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpResponse, Resource, web};

use crate::error::RdvError;
use crate::{cors, response};

/// Makes them hold around a resource. A method that it does not have leads nowhere: 404, as for an unknown path.
pub fn around<T>(resource: Resource<T>) -> impl HttpServiceFactory + 'static
where
    T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>
        + 'static,
{
    resource.default_service(web::to(not_found)).wrap(from_fn(apply))
}

/// Paths that lead nowhere: the last resource of a scope, whatever its prefix.
#[must_use]
pub fn nowhere() -> impl HttpServiceFactory + 'static {
    around(web::resource(["", "/{nowhere:.*}"]))
}

async fn not_found() -> Result<HttpResponse, RdvError> {
    Err(RdvError::NotFound)
}

async fn apply(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    if cors::is_preflight(request.request()) {
        let mut answer = HttpResponse::Ok().finish();
        response::add_headers(answer.headers_mut());
        cors::allow_preflight(answer.headers_mut(), request.headers());
        return Ok(request.into_response(answer));
    }
    let cross_origin = cors::is_cross_origin(request.request());
    let mut answer = next.call(request).await?;
    response::add_headers(answer.headers_mut());
    if cross_origin {
        cors::allow(answer.headers_mut());
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::header::HeaderMap;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};
    use rstest::rstest;

    use super::{around, nowhere};
    use crate::error::RdvError;
    use crate::paths::spellings;

    async fn forbidden() -> Result<HttpResponse, RdvError> {
        Err(RdvError::NotFoundAbsence)
    }

    async fn answer(request: TestRequest) -> ServiceResponse {
        let found = web::resource(spellings("/x"))
            .route(web::get().to(HttpResponse::Ok))
            .route(web::post().to(forbidden));
        let app = App::new().service(web::scope("/api/v1").service(around(found)).service(nowhere()));
        call_service(&init_service(app).await, request.to_request()).await
    }

    fn named<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
        headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[rstest]
    #[case::found("GET", "/api/v1/x", 200)]
    #[case::suffix("GET", "/api/v1/x.json", 200)]
    #[case::slash("GET", "/api/v1/x/", 200)]
    #[case::error("POST", "/api/v1/x", 404)]
    #[case::wrong_method("DELETE", "/api/v1/x", 404)]
    #[case::unknown("GET", "/api/v1/y", 404)]
    #[case::prefix("GET", "/api/v1", 404)]
    #[case::options_of_no_browser("OPTIONS", "/api/v1/x", 404)]
    #[actix_web::test]
    async fn every_answer_has_its_headers(
        #[case] method: &str,
        #[case] path: &str,
        #[case] status: u16,
        #[values(true, false)] cross_origin: bool,
    ) {
        let request = TestRequest::with_uri(path).method(method.parse().unwrap());
        let origin = cross_origin.then_some(("origin", "https://app.example"));
        let request = origin.into_iter().fold(request, TestRequest::insert_header);
        let answer = answer(request).await;
        assert_eq!(answer.status().as_u16(), status);
        for (name, value) in [
            ("cache-control", "max-age=0, private, must-revalidate"),
            ("x-frame-options", "SAMEORIGIN"),
            ("x-content-type-options", "nosniff"),
            ("x-xss-protection", "0"),
            ("x-download-options", "noopen"),
            ("x-permitted-cross-domain-policies", "none"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
        ] {
            assert_eq!(named(answer.headers(), name), value, "{name}");
        }
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, POST, PATCH, PUT, DELETE"),
            ("access-control-expose-headers", "access-token, token-type, client, expiry, uid, authorization"),
        ] {
            assert_eq!(named(answer.headers(), name), if cross_origin { value } else { "" }, "{name}");
        }
        assert_eq!(named(answer.headers(), "access-control-max-age"), "");
        assert_eq!(named(answer.headers(), "access-control-allow-credentials"), "");
    }

    #[actix_web::test]
    async fn what_leads_nowhere_says_so_in_json() {
        for (method, path) in [("GET", "/api/v1/y"), ("DELETE", "/api/v1/x")] {
            let answer = answer(TestRequest::with_uri(path).method(method.parse().unwrap())).await;
            let body = to_bytes(answer.into_body()).await.unwrap();
            assert_eq!(body, r#"{"success":false,"errors":["Not Found"]}"#);
        }
    }

    #[rstest]
    #[case::known("/api/v1/x")]
    #[case::unknown("/api/v1/y")]
    #[actix_web::test]
    async fn a_preflight_is_allowed_whatever_it_asks_for(#[case] path: &str) {
        let request = TestRequest::with_uri(path)
            .method(actix_web::http::Method::OPTIONS)
            .insert_header(("origin", "https://app.example"))
            .insert_header(("access-control-request-method", "DELETE"))
            .insert_header(("access-control-request-headers", "access-token, client, x-mine"));
        let answer = answer(request).await;
        assert_eq!(answer.status(), 200);
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, POST, PATCH, PUT, DELETE"),
            ("access-control-allow-headers", "access-token, client, x-mine"),
            ("access-control-max-age", "7200"),
            ("access-control-allow-credentials", ""),
        ] {
            assert_eq!(named(answer.headers(), name), value, "{name}");
        }
        assert!(to_bytes(answer.into_body()).await.unwrap().is_empty());
    }
}
