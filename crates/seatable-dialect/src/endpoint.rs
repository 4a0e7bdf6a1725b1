//! A path with its methods, and what holds around each. `contracts/seatable-tokens.md` §2.1, §2.3.

use actix_web::body::BoxBody;
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::ServiceConfig;
use actix_web::{Error, FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, web};

use crate::cors;
use crate::error::SeaTableError;
use crate::slashes::{redirect, spellings};

/// One path and what it answers to: `Endpoint::at("/ping/").get(ping).mount()`. Other methods get 405 and `Allow`, OPTIONS
/// gets 204.
pub struct Endpoint {
    resource: Resource,
    methods: Vec<Method>,
}

impl Endpoint {
    /// At a path (a pattern of actix-web) behind the prefix of [`mount_below`], which ends in a slash.
    #[must_use]
    pub fn at(path: &str) -> Self {
        Self { resource: web::resource(path.to_owned()), methods: Vec::new() }
    }

    /// Adds what handlers need; state hangs on the resource, not on the app.
    #[must_use]
    pub fn data<T: 'static>(self, data: T) -> Self {
        Self { resource: self.resource.app_data(data), ..self }
    }

    /// Answers GET, and HEAD alike.
    #[must_use]
    pub fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::GET, web::get().to(handler.clone())).on(Method::HEAD, web::head().to(handler))
    }

    /// Answers POST.
    #[must_use]
    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, web::post().to(handler))
    }

    /// Answers PUT.
    #[must_use]
    pub fn put<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PUT, web::put().to(handler))
    }

    /// Answers DELETE.
    #[must_use]
    pub fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::DELETE, web::delete().to(handler))
    }

    fn on(mut self, method: Method, route: Route) -> Self {
        self.methods.push(method);
        Self { resource: self.resource.route(route), methods: self.methods }
    }

    /// For `ServiceConfig::service`.
    #[must_use]
    pub fn mount(self) -> impl HttpServiceFactory + 'static {
        let mut allowed: Vec<_> = self.methods.iter().map(Method::as_str).collect();
        allowed.push("OPTIONS");
        let allowed = allowed.join(", ");
        around(self.resource.default_service(web::to(move |request: HttpRequest| {
            let refusal = SeaTableError::method_not_allowed(request.method(), &allowed);
            async move { Err::<HttpResponse, _>(refusal) }
        })))
    }
}

/// Mounts endpoints below a prefix, before which more slashes do no harm. Whatever else is below it, or is the prefix: 301
/// where only the slash at the end is missing, 404 for the rest. For the one service that has the prefix to itself: `/api2`
/// is auth-server's, `/api/v2.1` is base-token's.
// In scopes: a path of somebody else is compared with two prefixes, instead of with an expression for every endpoint.
pub fn mount_below(cfg: &mut ServiceConfig, prefix: &str, endpoints: impl Fn(&mut ServiceConfig)) {
    for spelling in spellings(prefix) {
        let nowhere = web::resource(["/{nowhere:.*}", ""]).route(web::to(nowhere));
        cfg.service(web::scope(&spelling).configure(&endpoints).service(around(nowhere)));
    }
}

async fn nowhere(request: HttpRequest) -> Result<HttpResponse, SeaTableError> {
    redirect(&request).ok_or_else(SeaTableError::not_found)
}

fn around<T>(resource: Resource<T>) -> impl HttpServiceFactory + 'static
where
    T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>
        + 'static,
{
    resource.wrap(from_fn(apply))
}

async fn apply(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    let mut answer = if request.method() == Method::OPTIONS {
        request.into_response(HttpResponse::NoContent().finish())
    } else {
        next.call(request).await?
    };
    cors::allow(answer.headers_mut());
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::header::HeaderMap;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::web::ServiceConfig;
    use actix_web::{App, HttpResponse};
    use rstest::rstest;

    use super::{Endpoint, mount_below};
    use crate::error::SeaTableError;

    async fn fine() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    async fn forbidden() -> Result<HttpResponse, SeaTableError> {
        Err(SeaTableError::permission_denied())
    }

    async fn answer(method: &str, uri: &str) -> ServiceResponse {
        let endpoints = |cfg: &mut ServiceConfig| {
            cfg.service(Endpoint::at("/x/").get(fine).post(forbidden).mount())
                .service(Endpoint::at("/y/{id:[0-9]+}/").put(fine).delete(fine).mount());
        };
        let app = App::new().configure(|cfg| mount_below(cfg, "/api2", endpoints));
        let request = TestRequest::with_uri(uri).method(method.parse().unwrap());
        call_service(&init_service(app).await, request.to_request()).await
    }

    fn named<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
        headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[rstest]
    #[case::found("GET", "/api2/x/", 200)]
    #[case::head("HEAD", "/api2/x/", 200)]
    #[case::one_more_slash("GET", "//api2/x/", 200)]
    #[case::many_more_slashes("PUT", "////api2/y/7/", 200)]
    #[case::error("POST", "/api2/x/", 403)]
    #[case::no_slash("POST", "/api2/x?a=b", 301)]
    #[case::no_slash_twice("GET", "//api2/x", 301)]
    #[case::no_number("PUT", "/api2/y/z/", 404)]
    #[case::unknown("GET", "/api2/z/", 404)]
    #[case::prefix("GET", "/api2/", 404)]
    #[case::prefix_without_slash("GET", "/api2", 301)]
    #[case::wrong_method("PATCH", "/api2/x/", 405)]
    #[case::options("OPTIONS", "/api2/x/", 204)]
    #[case::options_nowhere("OPTIONS", "/api2/z", 204)]
    #[actix_web::test]
    async fn every_answer_may_be_read_by_any_page(
        #[case] method: &str,
        #[case] uri: &str,
        #[case] status: u16,
    ) {
        let answer = answer(method, uri).await;
        assert_eq!(answer.status().as_u16(), status);
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET,POST,PUT,DELETE,OPTIONS"),
            ("access-control-allow-headers", "Content-Type, Accept, authorization, token, deviceType"),
            ("access-control-allow-credentials", ""),
        ] {
            assert_eq!(named(answer.headers(), name), value, "{name}");
        }
    }

    #[actix_web::test]
    async fn a_wrong_method_is_told_the_right_ones() {
        for (method, uri, allowed) in
            [("PATCH", "/api2/x/", "GET, HEAD, POST, OPTIONS"), ("GET", "/api2/y/1/", "PUT, DELETE, OPTIONS")]
        {
            let answer = answer(method, uri).await;
            assert_eq!(named(answer.headers(), "allow"), allowed);
            let body = to_bytes(answer.into_body()).await.unwrap();
            assert_eq!(body, format!(r#"{{"detail":"Method \"{method}\" not allowed."}}"#));
        }
    }

    #[actix_web::test]
    async fn the_query_stays_when_a_slash_is_added() {
        assert_eq!(named(answer("POST", "//api2/x?a=b").await.headers(), "location"), "/api2/x/?a=b");
    }

    #[actix_web::test]
    async fn what_leads_nowhere_says_so_in_an_object() {
        let body = to_bytes(answer("GET", "/api2/z/").await.into_body()).await.unwrap();
        assert_eq!(body, r#"{"detail":"Not found."}"#);
    }
}
