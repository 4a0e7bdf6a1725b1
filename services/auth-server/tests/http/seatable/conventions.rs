//! §2: paths, methods, pages of other sites, and what needs no account.

use reqwest::Method;
use rstest::rstest;

use super::{ACCOUNT_INFO, AUTH_PING, AUTH_TOKEN, EMAIL, PASSWORD, PING, SERVER_INFO, World, assert_said};
use crate::harness::{Answer, Backend, Spawned, send};

const ALL: [(&str, &str); 5] = [
    (AUTH_TOKEN, "POST, OPTIONS"),
    (PING, "GET, HEAD, OPTIONS"),
    (AUTH_PING, "GET, HEAD, OPTIONS"),
    (ACCOUNT_INFO, "GET, HEAD, OPTIONS"),
    (SERVER_INFO, "GET, HEAD, OPTIONS"),
];

/// Asks without following redirects.
async fn ask(app: &Spawned, method: Method, path: &str) -> Answer {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let http = http.build().expect("an HTTP client");
    send(http.request(method, format!("{}{path}", app.base))).await
}

#[rstest]
#[actix_web::test]
async fn paths_end_in_a_slash_and_may_begin_with_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    for (path, _) in ALL {
        let without = path.trim_end_matches('/');
        for (asked, told) in [
            (without.to_owned(), path.to_owned()),
            (format!("{without}?a=%2F&b"), format!("{path}?a=%2F&b")),
            (format!("//{}", &without[1..]), path.to_owned()),
        ] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = ask(&world.app, method, &asked).await;
                assert_eq!((answer.status, answer.header("location")), (301, &*told), "{asked}");
                assert_eq!(answer.header("access-control-allow-origin"), "*");
            }
        }
    }
    for path in
        ["/api2/", "/api2/nothing/", "/api2/auth-token/more/", "/server-info/more/", "/api2/AUTH-TOKEN/"]
    {
        assert_said(&ask(&world.app, Method::GET, path).await, 404, r#"{"detail":"Not found."}"#);
    }
    let form = [("username", EMAIL), ("password", PASSWORD)];
    super::token(&world.app.post(&format!("//{}", &AUTH_TOKEN[1..]), &form).await);
    assert_eq!(ask(&world.app, Method::GET, "///api2/ping/").await.text, r#""pong""#);
}

/// §2.3: a wrong method is told the right ones, whatever else is wrong.
#[rstest]
#[actix_web::test]
async fn other_methods_are_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    for (path, allowed) in ALL {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "QUERY"] {
            if allowed.contains(method) {
                continue;
            }
            let answer = ask(&world.app, method.parse().expect("a method"), path).await;
            assert_said(&answer, 405, &format!(r#"{{"detail":"Method \"{method}\" not allowed."}}"#));
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn any_page_may_call(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    for path in [AUTH_TOKEN, PING, AUTH_PING, "/api2/nothing/", "/api2/nothing"] {
        let answer = ask(&world.app, Method::OPTIONS, path).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{path}");
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET,POST,PUT,DELETE,OPTIONS"),
            ("access-control-allow-headers", "Content-Type, Accept, authorization, token, deviceType"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
    }
}

/// §11: what anybody may ask, with whatever `Accept`, `Content-Type` and `Authorization`.
#[rstest]
#[actix_web::test]
async fn pings_and_versions_are_for_anybody(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::with(backend, |settings| settings.seatable.version = "6.0.1".to_owned()).await;
    for (path, body) in
        [(PING, r#""pong""#), (SERVER_INFO, r#"{"version":"6.0.1","edition":"enterprise edition"}"#)]
    {
        for authorization in ["", "Token nonsense", "Basic YTpi"] {
            let request = world.app.request(Method::GET, path).header("authorization", authorization);
            let request = request.header("accept", "application/json; charset=utf-8; indent=4");
            let answer = send(request.header("content-type", "application/json")).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, body));
            assert_eq!(answer.header("content-type"), "application/json");
        }
        let head = ask(&world.app, Method::HEAD, path).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
    }
}

#[rstest]
#[actix_web::test]
async fn the_dialect_can_be_switched_off(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::with(backend, |settings| settings.seatable.enabled = false).await;
    for (path, _) in ALL {
        assert_eq!(ask(&world.app, Method::GET, path).await.status, 404, "{path}");
    }
}
