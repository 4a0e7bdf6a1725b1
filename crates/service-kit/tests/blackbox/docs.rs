use rstest::rstest;
use service_kit::docs::Explorer;

use super::support::{Running, settings, start};

const ROOMS: &str = r#"{"openapi":"3.1.0","info":{"title":"Rooms","version":"1"},"paths":{}}"#;

fn running() -> Running {
    let explorer =
        Explorer::new(&[("rooms", || Ok(ROOMS.to_owned())), ("auth-server", || Ok("{}".to_owned()))]);
    start(&settings(), |server| server.configure(move |cfg| explorer.configure(cfg)))
}

#[actix_web::test]
async fn the_page_and_its_parts_are_served() {
    let running = running();
    let bare = reqwest::get(running.url("/")).await.unwrap();
    assert_eq!(bare.url().path(), "/docs/", "the bare address leads there");
    let page = reqwest::get(running.url("/docs")).await.unwrap();
    assert_eq!(page.url().path(), "/docs/");
    assert_eq!(page.headers()["content-type"], "text/html");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
    assert_eq!(page.headers()["content-encoding"], "gzip");

    let start = reqwest::get(running.url("/docs/swagger-initializer.js")).await.unwrap();
    assert_eq!(start.headers()["content-type"], "text/javascript");
    let start = start.text().await.unwrap();
    assert!(start.contains(r#""name":"rooms","url":"openapi/rooms.json""#), "{start}");
    assert!(start.contains(r#""name":"auth-server""#), "{start}");

    let document = reqwest::get(running.url("/docs/openapi/rooms.json")).await.unwrap();
    assert_eq!(document.headers()["content-type"], "application/json");
    assert_eq!(document.text().await.unwrap(), ROOMS);
    running.stop().await.unwrap();
}

#[rstest]
#[case("swagger-ui-bundle.js", "text/javascript")]
#[case("swagger-ui-standalone-preset.js", "text/javascript")]
#[case("swagger-ui.css", "text/css")]
#[case("favicon-32x32.png", "image/png")]
#[case("oauth2-redirect.html", "text/html")]
#[actix_web::test]
async fn what_the_page_names_is_there(#[case] file: &str, #[case] kind: &str) {
    let running = running();
    let answer = reqwest::get(running.url(&format!("/docs/{file}"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &kind.parse().unwrap()));
    running.stop().await.unwrap();
}

#[rstest]
#[case("/docs/nothing.js")]
#[case("/docs/openapi/nothing.json")]
#[case("/docs/../Cargo.toml")]
#[case("/docs/%2e%2e/%2e%2e/etc/passwd")]
#[actix_web::test]
async fn anything_else_is_not_found(#[case] path: &str) {
    let running = running();
    assert!(running.raw(path, "").await.starts_with("HTTP/1.1 404"));
    running.stop().await.unwrap();
}
