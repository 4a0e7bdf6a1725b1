use std::net::IpAddr;

use actix_web::{HttpRequest, web};
use rstest::rstest;
use service_kit::client_address;

use super::support::{Running, body, settings, start};

async fn address(request: HttpRequest) -> String {
    client_address(&request).to_string()
}

fn running(trusted: &[&str]) -> Running {
    let mut settings = settings();
    settings.trusted_proxies = trusted.iter().map(|network| network.parse().unwrap()).collect();
    start(&settings, |server| server.configure(|cfg| _ = cfg.route("/", web::get().to(address))))
}

/// What an attacker may put into the headers.
const HOSTILE: &[&str] = &[
    "X-Forwarded-For: 1.2.3.4\r\n",
    "X-Forwarded-For: 127.0.0.1\r\n",
    "X-Forwarded-For: ::1\r\n",
    "X-Forwarded-For: 1.2.3.4, 10.0.0.1\r\n",
    "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n",
    "Forwarded: for=1.2.3.4;host=evil.example;proto=https\r\n",
    "X-Real-IP: 1.2.3.4\r\n",
    "X-Client-IP: 1.2.3.4\r\nTrue-Client-IP: 1.2.3.4\r\nCF-Connecting-IP: 1.2.3.4\r\n",
    "X-Forwarded-For: \r\n",
    "X-Forwarded-For: ,,,\r\n",
    "X-Forwarded-For: localhost\r\n",
    "X-Forwarded-For: 1.2.3.4 5.6.7.8\r\n",
    "X-Forwarded-For: 1.2.3\r\n",
    "X-Forwarded-For: 0x7f.1\r\n",
    "X-Forwarded-For: 2130706433\r\n",
    "X-Forwarded-For: 127.0.0.1%00\r\n",
    "X-Forwarded-For: [::1\r\n",
    "X-Forwarded-For: [127.0.0.1]\r\n",
    "X-Forwarded-For: 1.2.3.4:99999\r\n",
    "X-Forwarded-For: \"1.2.3.4\"\r\n",
    "X-Forwarded-For: unknown\r\n",
    "X-Forwarded-For: \u{ff11}.2.3.4\r\n",
];

/// Threat 16: who is no trusted proxy speaks for nobody, whatever the headers say.
#[actix_web::test]
async fn threat_16_headers_of_an_untrusted_peer_are_ignored() {
    for trusted in [&[][..], &["10.0.0.0/8", "192.0.2.1/32", "::1/128"]] {
        let running = running(trusted);
        for headers in HOSTILE {
            assert_eq!(body(&running.raw("/", headers).await), "127.0.0.1", "{headers}");
        }
        running.stop().await.unwrap();
    }
}

/// Threat 16: the right-most entry that no trusted proxy wrote about a trusted proxy is the client.
#[rstest]
#[case::none("", "127.0.0.1")]
#[case::one("X-Forwarded-For: 1.2.3.4\r\n", "1.2.3.4")]
#[case::port("X-Forwarded-For: 1.2.3.4:5678\r\n", "1.2.3.4")]
#[case::v6("X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1")]
#[case::v6_port("X-Forwarded-For: [2001:db8::1]:80\r\n", "2001:db8::1")]
#[case::v6_brackets("X-Forwarded-For: [2001:db8::1]\r\n", "2001:db8::1")]
#[case::mapped("X-Forwarded-For: ::ffff:1.2.3.4\r\n", "1.2.3.4")]
#[case::spoofed_left("X-Forwarded-For: 9.9.9.9, 1.2.3.4\r\n", "1.2.3.4")]
#[case::two_proxies("X-Forwarded-For: 9.9.9.9, 1.2.3.4, 10.1.2.3\r\n", "1.2.3.4")]
#[case::proxy_spoofed("X-Forwarded-For: 10.9.9.9, 1.2.3.4, 10.1.2.3\r\n", "1.2.3.4")]
#[case::only_proxies("X-Forwarded-For: 10.0.0.2, 10.1.2.3\r\n", "10.0.0.2")]
#[case::nonsense("X-Forwarded-For: nonsense\r\n", "127.0.0.1")]
#[case::nonsense_left("X-Forwarded-For: nonsense, 1.2.3.4\r\n", "1.2.3.4")]
#[case::nonsense_behind_a_proxy("X-Forwarded-For: nonsense, 10.1.2.3\r\n", "10.1.2.3")]
#[case::empty_entry("X-Forwarded-For: 1.2.3.4,\r\n", "127.0.0.1")]
#[case::repeated("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n", "127.0.0.1")]
#[case::not_ascii("X-Forwarded-For: \u{ff11}.2.3.4\r\n", "127.0.0.1")]
#[case::other_headers("X-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n", "127.0.0.1")]
#[actix_web::test]
async fn threat_16_a_trusted_proxy_names_the_client(#[case] headers: &str, #[case] expected: &str) {
    let running = running(&["127.0.0.0/8", "10.0.0.0/8"]);
    assert_eq!(body(&running.raw("/", headers).await), expected);
    running.stop().await.unwrap();
}

/// Threat 16: no hostile header makes a trusted proxy's client look like the machine itself, or breaks the answer.
#[actix_web::test]
async fn threat_16_hostile_headers_through_a_trusted_proxy_break_nothing() {
    let running = running(&["127.0.0.1/32"]);
    for headers in HOSTILE {
        let response = running.raw("/", headers).await;
        assert!(response.starts_with("HTTP/1.1 200"), "{headers}: {response}");
        body(&response).parse::<IpAddr>().unwrap();
    }
    running.stop().await.unwrap();
}
