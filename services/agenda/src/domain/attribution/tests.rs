use std::fmt::Write as _;

use identity::accounts::AccountId;
use identity::audit::{AuditEvent, Origin, Outcome};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Action, Call, Controller, LONGEST, Operation, bounded, event, json_len};

const ACCOUNT: &str = "0198c0de-0000-7000-8000-000000000001";

fn record(call: &Call<'_>) -> AuditEvent {
    let operation = Operation { controller: Controller::Absences, action: Action::Update };
    let origin = Origin { request_id: Some("r-1".into()), ..Origin::default() };
    let viewer: AccountId = ACCOUNT.parse().unwrap();
    event("2026-02-09T08:00:00Z".parse().unwrap(), &origin, viewer, operation, call)
}

fn detail(path: &str, headers: &[(&str, &[u8])]) -> Value {
    let call = Call { method: "PATCH", path, host: "rdv.example", headers: headers.to_vec() };
    record(&call).detail.unwrap()
}

#[test]
fn a_call_is_recorded_with_its_agent_and_without_its_credentials() {
    let call = Call {
        method: "PATCH",
        path: "/api/v1/absences/902?access-token=S3CRET&page=1",
        host: "rdv.example",
        headers: vec![
            ("Access-Token", b"S3CRET"),
            ("client", b"Jm9yZ2FuaXNhdGlvbjE2Mw"),
            ("uid", b"amina.kerbrat@cd26.example"),
            ("AUTHORIZATION", b"Bearer S3CRET"),
            ("x-agent-auth-signature", b"S3CRET"),
            ("Cookie", b"a=S3CRET"),
            ("cookie", b"b=S3CRET"),
            ("password", b"S3CRET"),
            ("referer", b"https://rdv.example/?access-token=S3CRET"),
            ("accept", b"text/html"),
            ("Accept", b"application/json"),
        ],
    };
    let event = record(&call);
    assert_eq!(event.action, "api.call");
    assert_eq!(event.origin.actor.as_deref(), Some(ACCOUNT));
    assert_eq!(event.origin.dialect.as_deref(), Some("rdv"));
    assert_eq!(event.origin.request_id.as_deref(), Some("r-1"));
    assert_eq!(event.target.as_deref(), Some("absences#update"));
    assert_eq!(event.outcome, Outcome::Received);
    let expected = json!({
        "method": "PATCH",
        "path": "/api/v1/absences/902?access-token=[redacted]&page=1",
        "host": "rdv.example",
        "headers": {
            "access-token": "[redacted]",
            "client": "Jm9yZ2FuaXNhdGlvbjE2Mw",
            "uid": "amina.kerbrat@cd26.example",
            "authorization": "[redacted]",
            "x-agent-auth-signature": "[redacted]",
            "cookie": "[redacted]",
            "password": "[redacted]",
            "referer": "https://rdv.example/?access-token=[redacted]",
            "accept": "text/html, application/json",
        },
    });
    assert_eq!(event.detail, Some(expected));
}

#[rstest]
#[case(Controller::Agents, Action::Index, "agents#index")]
#[case(Controller::Organisations, Action::Show, "organisations#show")]
#[case(Controller::Absences, Action::Create, "absences#create")]
#[case(Controller::Absences, Action::Destroy, "absences#destroy")]
fn an_operation_is_named_as_in_the_contract(
    #[case] controller: Controller,
    #[case] action: Action,
    #[case] name: &str,
) {
    assert_eq!(Operation { controller, action }.to_string(), name);
}

#[test]
fn what_is_too_long_is_cut_and_what_does_not_fit_is_counted() {
    let names: Vec<String> = (0..200).map(|number| format!("x-{number:03}-{}", "n".repeat(90))).collect();
    let junk = "\"\\\u{7}é".repeat(500);
    let mut headers: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), junk.as_bytes())).collect();
    headers.push(("uid", b"amina.kerbrat@cd26.example"));
    let kept = detail(&format!("/api/v1/absences?title={junk}"), &headers);
    assert!(kept.to_string().len() <= LONGEST);
    assert_eq!(kept["headers"]["uid"], "amina.kerbrat@cd26.example");
    let left_out = usize::try_from(kept["headers_left_out"].as_u64().unwrap()).unwrap();
    assert_eq!(kept["headers"].as_object().unwrap().len() + left_out, 201);
    assert!(kept["path"].as_str().unwrap().ends_with('…'));
}

#[test]
fn bytes_that_are_no_text_do_not_hide_a_call() {
    let kept = detail("/api/v1/agents", &[("x-odd", b"\xff\0\x1b[2J")]);
    assert_eq!(kept["headers"]["x-odd"], "\u{fffd}\u{fffd}\u{fffd}[2J");
}

/// Letters of a name in mixed case, some of them percent-encoded.
fn disguised(name: &'static str) -> impl Strategy<Value = String> {
    proptest::collection::vec((any::<bool>(), any::<bool>()), name.len()).prop_map(move |choices| {
        name.chars().zip(choices).fold(String::new(), |mut text, (letter, (upper, encoded))| {
            let letter = if upper { letter.to_ascii_uppercase() } else { letter };
            if encoded {
                write!(text, "%{:02x}", u32::from(letter)).unwrap();
            } else {
                text.push(letter);
            }
            text
        })
    })
}

fn parameter() -> impl Strategy<Value = String> {
    prop_oneof![
        disguised("access-token"),
        disguised("access_token"),
        disguised("password"),
        disguised("current_password"),
        disguised("authorization"),
        disguised("agent[password]"),
    ]
}

fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aA][cC]{2}[eE][sS]{2}-[tT][oO][kK][eE][nN]",
        "[aA]uthorization|AUTHORIZATION",
        "[xX]-[aA]gent-[aA]uth-[sS]ignature",
        "[cC][oO]{2}[kK][iI][eE]",
        "[pP]assword|PASSWORD",
        "[pP]roxy-[aA]uthorization",
    ]
}

proptest! {
    #[test]
    fn no_secret_of_a_request_is_in_its_record(
        secrets in proptest::collection::vec("S3CRET[A-Za-z0-9_-]{8,40}", 1..6),
        parameters in proptest::collection::vec(parameter(), 6),
        headers in proptest::collection::vec(header(), 6),
        noise in "([a-z]{1,8}(=[a-z%0-9]{0,30})?[&;]){0,40}",
        padding in proptest::collection::vec(("[a-z-]{1,80}", "[ -~]{0,400}"), 0..40),
        separator in "[&;?]",
        before_value in "(Bearer |%20|)",
    ) {
        let mut path = format!("/api/v1/absences?{noise}");
        let mut sent: Vec<(String, String)> = padding;
        for ((secret, parameter), header) in secrets.iter().zip(&parameters).zip(&headers) {
            write!(path, "{separator}{parameter}={before_value}{secret}").unwrap();
            sent.push((header.clone(), format!("{before_value}{secret}")));
        }
        sent.push(("referer".to_owned(), format!("https://rdv.example{path}")));
        sent.push(("x-original-uri".to_owned(), path.clone()));
        let lines = sent.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let call = Call { method: "GET", path: &path, host: "rdv.example", headers: lines };
        let detail = record(&call).detail.unwrap();
        let text = detail.to_string();
        for secret in &secrets {
            prop_assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
        prop_assert!(!text.contains("S3CRET"), "a part of a secret in {text}");
        prop_assert!(text.len() <= LONGEST);
        prop_assert!(detail["headers"].is_object());
    }

    #[test]
    fn every_record_fits(
        path in "\\PC{0,3000}",
        host in any::<String>(),
        headers in proptest::collection::vec(("\\PC{1,100}", proptest::collection::vec(any::<u8>(), 0..600)), 0..80),
    ) {
        let lines = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let detail = record(&Call { method: "SOMETHING-VERY-LONG-AND-ODD", path: &path, host: &host, headers: lines }).detail;
        prop_assert!(detail.unwrap().to_string().len() <= LONGEST);
    }

    #[test]
    fn a_bounded_text_is_the_beginning_and_fits(text in "[a\"\\\\é🦀\n]{0,60}", longest in 8_usize..80) {
        let kept = bounded(&text, longest);
        prop_assert!(json_len(&kept) <= longest);
        prop_assert_eq!(json_len(&kept), Value::from(kept.as_str()).to_string().len() + 1);
        let clean = text.replace('\n', "\u{fffd}");
        match kept.strip_suffix('…') {
            None => prop_assert_eq!(kept, clean),
            Some(beginning) => prop_assert!(clean.starts_with(beginning) && json_len(&clean) > longest),
        }
    }
}
