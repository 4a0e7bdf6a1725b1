//! §7.6.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service};

const MAILS: &str = "/cloud/users/mira/additional_mail";
const SCOPES: &str = "/cloud/users/mira/additional_mailScope";

fn change(key: &str, value: &str) -> Value {
    json!({"key": key, "value": value})
}

#[rstest]
#[actix_web::test]
async fn further_addresses_are_replaced_removed_and_hidden(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for address in ["one@example.org", "two@example.org"] {
        service.done("mira", "PUT", "/cloud/users/mira", &change("additional_mail", address)).await;
    }
    service.done("mira", "PUT", SCOPES, &change("one@example.org", "v2-published")).await;
    let own = service.get("mira", "/cloud/user").await;
    assert_eq!(own["additional_mail"], json!(["one@example.org", "two@example.org"]));
    assert_eq!(own["additional_mailScope"], json!(["v2-published", "v2-local"]));
    service.done("sub", "PUT", MAILS, &change("two@example.org", "three@example.org")).await;
    service.done("root", "PUT", MAILS, &change("ONE@example.org", "")).await;
    let shown = service.get("root", "/cloud/users/mira").await;
    assert_eq!(shown["additional_mail"], json!(["three@example.org"]));
}

#[rstest]
#[actix_web::test]
async fn each_refusal_has_its_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.done("mira", "PUT", "/cloud/users/mira", &change("additional_mail", "one@example.org")).await;
    let server = (996, "Internal Server Error\n");
    for (who, path, body, refusal) in [
        ("mira", "/cloud/users/mira/phone", change("x", "y"), (103, "")),
        ("root", SCOPES, change("one@example.org", "v2-local"), (103, "")),
        ("mira", SCOPES, change("ghost@example.org", "v2-local"), (102, "")),
        ("mira", SCOPES, change("one@example.org", "everybody"), (102, "")),
        ("mira", MAILS, change("ghost@example.org", ""), (102, "")),
        ("mira", MAILS, change("one@example.org", "nobody"), (101, "")),
        ("mira", MAILS, change("one@example.org", "mira@example.org"), (101, "")),
        ("jonas", MAILS, change("one@example.org", ""), (998, "")),
        ("sub", "/cloud/users/boss/additional_mail", change("x@example.org", ""), (998, "")),
        ("root", "/cloud/users/ghost/additional_mail", change("x@example.org", ""), (998, "")),
        ("mira", MAILS, json!({"key": "one@example.org"}), server),
    ] {
        service.refused(who, "PUT", path, &body, refusal).await;
    }
    assert_eq!(service.get("mira", "/cloud/user").await["additional_mail"], json!(["one@example.org"]));
}

/// Five changes in a minute.
#[actix_web::test]
async fn changes_are_counted() {
    let service = Service::with(Backend::Sqlite, json!({})).await;
    for _ in 0..5 {
        service.send_json("mira", "PUT", MAILS, &change("ghost@example.org", "")).await;
    }
    service.refused("mira", "PUT", MAILS, &change("ghost@example.org", ""), (429, "Too many requests")).await;
    service.advance(61);
    service.refused("mira", "PUT", SCOPES, &change("ghost@example.org", ""), (102, "")).await;
}
