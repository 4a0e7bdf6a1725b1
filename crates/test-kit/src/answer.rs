//! HTTP answers as text.

use std::fmt::Write as _;

use reqwest::Response;

/// The headers that belong to a contract, in the order they are shown.
const HEADERS: [&str; 10] = [
    "content-type",
    "location",
    "allow",
    "www-authenticate",
    "retry-after",
    "cache-control",
    "pragma",
    "link",
    "set-cookie",
    "vary",
];

/// An answer for a snapshot: status line, the headers that are part of a contract, body as sent.
///
/// # Panics
/// When the body ends early.
pub async fn dump(response: Response) -> String {
    dump_with(response, &[]).await
}

/// [`dump`] with further headers.
///
/// # Panics
/// When the body ends early.
pub async fn dump_with(response: Response, more: &[&str]) -> String {
    let mut text = format!("{}\n", response.status());
    for name in HEADERS.iter().chain(more) {
        for value in response.headers().get_all(*name) {
            writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))
                .expect("a string takes any text");
        }
    }
    text.push_str(&response.text().await.expect("the body ended early"));
    text
}
