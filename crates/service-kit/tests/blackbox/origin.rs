use actix_web::{HttpRequest, web};
use rstest::rstest;
use service_kit::{origin::PublicOrigin, settings::ServerSettings};

use super::support::{Running, body, settings, start};

fn running(settings: &ServerSettings) -> Running {
    let origin = PublicOrigin::new(settings);
    start(settings, |server| {
        server.configure(move |cfg| {
            let origin = origin.clone();
            let answer = move |request: HttpRequest| std::future::ready(origin.for_request(&request));
            cfg.route("/", web::get().to(answer));
        })
    })
}

const FORGED: &[&str] = &[
    "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n",
    "X-Forwarded-Host: evil.example\r\n",
    "X-Forwarded-Server: evil.example\r\nX-Forwarded-Port: 443\r\n",
    "Forwarded: host=evil.example;proto=https\r\n",
    "X-Original-Host: evil.example\r\nX-Host: evil.example\r\nX-HTTP-Host-Override: evil.example\r\n",
    "X-Original-URL: http://evil.example/\r\nX-Rewrite-URL: http://evil.example/\r\n",
];

async fn get(running: &Running, target: &str, host: &str, headers: &str) -> String {
    let mut connection = running.connect().await;
    connection
        .send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"))
        .await;
    connection.rest().await
}

/// Threat 11: with `server.public_url` nothing in a request changes an absolute URL.
#[actix_web::test]
async fn threat_11_the_public_url_wins_over_every_header() {
    let mut settings = settings();
    settings.public_url = Some("https://auth.example/tessera/".parse().unwrap());
    settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let running = running(&settings);
    for headers in FORGED {
        assert_eq!(body(&get(&running, "/", "evil.example", headers).await), "https://auth.example/tessera");
    }
    running.stop().await.unwrap();
}

/// Threat 11: without it, a client that is no trusted proxy gets the listener's address, whatever it says.
#[actix_web::test]
async fn threat_11_an_untrusted_host_is_never_used() {
    let running = running(&settings());
    let own = format!("http://{}", running.listen);
    for headers in FORGED {
        assert_eq!(body(&get(&running, "/", "evil.example", headers).await), own);
    }
    assert_eq!(body(&get(&running, "http://evil.example/", "evil.example", "").await), own);
    running.stop().await.unwrap();
}

/// Threat 11: a trusted proxy names the origin, if what it says is well-formed and said once; its `Host` is the client's.
#[rstest]
#[case::both("https", "auth.example", Some("https://auth.example"))]
#[case::port("http", "auth.example:8443", Some("http://auth.example:8443"))]
#[case::default_port("https", "auth.example:443", Some("https://auth.example"))]
#[case::case("HTTPS", "Auth.Example", Some("https://auth.example"))]
#[case::address("http", "192.0.2.1:81", Some("http://192.0.2.1:81"))]
#[case::v6("http", "[2001:db8::1]:81", Some("http://[2001:db8::1]:81"))]
#[case::other_scheme("javascript", "auth.example", None)]
#[case::no_scheme("", "auth.example", None)]
#[case::two_schemes("https,http", "auth.example", None)]
#[case::no_host("https", "", None)]
#[case::two_hosts("https", "auth.example, evil.example", None)]
#[case::login("https", "auth.example@evil.example", None)]
#[case::path("https", "evil.example/auth.example", None)]
#[case::backslash("https", "evil.example\\auth.example", None)]
#[case::query("https", "evil.example?auth.example", None)]
#[case::fragment("https", "evil.example#auth.example", None)]
#[case::space("https", "auth.example evil.example", None)]
#[case::percent("https", "auth%2eexample", None)]
#[case::idn("https", "\u{e4}uth.example", None)]
#[case::number("https", "2130706433", None)]
#[case::hexadecimal("https", "0x7f.1", None)]
#[case::bad_port("https", "auth.example:99999", None)]
#[case::port_zero("https", "auth.example:0", None)]
#[case::port_text("https", "auth.example:80evil", None)]
#[case::two_ports("https", "auth.example:80:90", None)]
#[case::script("https", "<script>", None)]
#[actix_web::test]
async fn threat_11_a_trusted_proxy_names_the_origin(
    #[case] proto: &str,
    #[case] host: &str,
    #[case] expected: Option<&str>,
) {
    let mut settings = settings();
    settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let running = running(&settings);
    let own = format!("http://{}", running.listen);
    let headers = format!("X-Forwarded-Proto: {proto}\r\nX-Forwarded-Host: {host}\r\n");
    assert_eq!(body(&get(&running, "/", "evil.example", &headers).await), expected.unwrap_or(&own));
    // Half of it is nothing, and so is anything that is said twice.
    for half in headers.split_inclusive("\r\n") {
        assert_eq!(body(&get(&running, "/", "evil.example", half).await), own);
    }
    assert_eq!(body(&get(&running, "/", "evil.example", &headers.repeat(2)).await), own);
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn a_wildcard_listener_is_reached_by_loopback() {
    let mut settings = settings();
    settings.listen = ([0, 0, 0, 0], 0).into();
    let running = running(&settings);
    let own = format!("http://127.0.0.1:{}", running.listen.port());
    assert_eq!(body(&running.raw("/", "").await), own);
    running.stop().await.unwrap();
}
