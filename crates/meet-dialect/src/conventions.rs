//! What holds on every route: preflight, negotiation, response headers. `contracts/meet.md` §2.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpResponse, Resource};

use crate::{cors, cors::CorsSettings, headers, negotiation};

/// The conventions of one route.
#[derive(Debug, Clone)]
pub struct Conventions {
    allow: Option<&'static str>,
    vary: &'static str,
    cors: Arc<CorsSettings>,
}

impl Conventions {
    /// Those of a route whose methods are `allow`, in the order in which it names them.
    #[must_use]
    pub fn of_route(allow: &'static str, cors: &CorsSettings) -> Self {
        Self { allow: Some(allow), vary: headers::VARY_ALWAYS, cors: Arc::new(cors.clone()) }
    }

    /// Those of paths that lead nowhere, where nothing is negotiated.
    #[must_use]
    pub fn of_nowhere(cors: &CorsSettings) -> Self {
        Self { allow: None, vary: headers::VARY_ALWAYS, cors: Arc::new(cors.clone()) }
    }

    /// The route's answers depend on cookies, too.
    #[must_use]
    pub fn varying_by_cookie(self) -> Self {
        Self { vary: headers::VARY_WITH_COOKIE, ..self }
    }

    /// Makes them hold around a resource.
    #[must_use]
    pub fn around<T>(self, resource: Resource<T>) -> impl HttpServiceFactory + 'static
    where
        T: ServiceFactory<
                ServiceRequest,
                Config = (),
                Response = ServiceResponse,
                Error = Error,
                InitError = (),
            > + 'static,
    {
        resource.wrap(from_fn(move |request, next| self.clone().apply(request, next)))
    }

    async fn apply(self, request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
        let origin = cors::allowed_origin(request.request(), &self.cors);
        let preflight = cors::preflight(request.request());
        // §2.7: a preflight is answered before routing, which is why it gets 200 even where there is nothing.
        let mut response = if preflight.is_some() {
            request.into_response(HttpResponse::Ok().finish())
        } else if let Some(refusal) = self.allow.and_then(|_| negotiation::check(request.request()).err()) {
            request.error_response(refusal)
        } else {
            next.call(request).await?
        };
        headers::add(response.headers_mut(), self.vary, self.allow.filter(|_| preflight.is_none()));
        if let Some(origin) = origin {
            cors::allow(response.headers_mut(), origin, preflight);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::dev::ServiceResponse;
    use actix_web::http::Method;
    use actix_web::http::header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, ORIGIN};
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};
    use rstest::rstest;

    use super::{Conventions, CorsSettings};

    fn cors() -> CorsSettings {
        CorsSettings { allowed_origins: vec!["https://a.example".to_owned()], ..CorsSettings::default() }
    }

    async fn answer(request: TestRequest) -> ServiceResponse {
        let cors = cors();
        let token = Conventions::of_route("POST, OPTIONS", &cors).varying_by_cookie();
        let route = web::resource("/token").route(web::post().to(HttpResponse::Created));
        let nowhere = web::resource("/{nowhere:.*}").default_service(web::to(HttpResponse::NotFound));
        let app = App::new().service(token.around(route));
        let app = app.service(Conventions::of_nowhere(&cors).around(nowhere));
        call_service(&init_service(app).await, request.to_request()).await
    }

    fn named<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
        headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[rstest]
    #[case::found("POST", "/token", 201, "POST, OPTIONS", "origin, Accept-Language, Cookie")]
    #[case::refused("POST", "/token?format=xml", 404, "POST, OPTIONS", "origin, Accept-Language, Cookie")]
    #[case::nowhere("POST", "/x", 404, "", "origin, Accept-Language")]
    #[case::nothing_is_negotiated_there("POST", "/x?format=xml", 404, "", "origin, Accept-Language")]
    #[actix_web::test]
    async fn every_answer_carries_the_headers(
        #[case] method: &str,
        #[case] path: &str,
        #[case] status: u16,
        #[case] allow: &str,
        #[case] vary: &str,
    ) {
        let request = TestRequest::with_uri(path).method(method.parse().unwrap());
        let answer = answer(request.insert_header((ORIGIN, "https://a.example"))).await;
        assert_eq!(answer.status().as_u16(), status);
        for (name, value) in [
            ("allow", allow),
            ("vary", vary),
            ("x-frame-options", "DENY"),
            ("content-language", "en-us"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("access-control-allow-origin", "https://a.example"),
            ("access-control-allow-credentials", "true"),
            ("access-control-max-age", ""),
        ] {
            assert_eq!(named(answer.headers(), name), value, "{name}");
        }
    }

    #[rstest]
    #[case::allowed("/token", "https://a.example", true)]
    #[case::foreign("/token", "https://b.example", false)]
    #[case::before_negotiation("/token?format=xml", "https://a.example", true)]
    #[case::before_routing("/x", "https://a.example", true)]
    #[actix_web::test]
    async fn a_preflight_is_answered_first(#[case] path: &str, #[case] origin: &str, #[case] allowed: bool) {
        let request = TestRequest::with_uri(path).method(Method::OPTIONS).insert_header((ORIGIN, origin));
        let answer = answer(request.insert_header((ACCESS_CONTROL_REQUEST_METHOD, "POST"))).await;
        assert_eq!((answer.status().as_u16(), named(answer.headers(), "allow")), (200, ""));
        for (name, value) in [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            (
                "access-control-allow-headers",
                "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
            ),
            ("access-control-allow-methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT"),
            ("access-control-max-age", "86400"),
        ] {
            assert_eq!(named(answer.headers(), name), if allowed { value } else { "" }, "{name}");
        }
    }
}
