//! Each value by itself: its first place decides. `contracts/rdv-sign-in.md` §4.2.

use actix_web::rt::System;
use auth_claims::device::DeviceTriple;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::requests::{Asked, ask};

const NAMES: [&str; 3] = ["access-token", "client", "uid"];

/// What one place has under one name.
#[derive(Debug, Clone)]
enum Has {
    Text(String),
    Empty,
    /// Something that is no text: how depends on the place.
    Odd(u8),
}

/// What one place has under the three names.
type Place = [Option<Has>; 3];

#[derive(Debug, Clone)]
struct Case {
    headers: Place,
    body: Place,
    query: Place,
    authorization: Place,
    as_json: bool,
    scheme: String,
    pieces: usize,
}

fn has() -> impl Strategy<Value = Has> {
    prop_oneof![
        6 => "[!-~é]([ -~é]{0,10}[!-~é])?".prop_map(Has::Text),
        1 => Just(Has::Empty),
        1 => any::<u8>().prop_map(Has::Odd),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    [option::weighted(0.4, has()), option::weighted(0.4, has()), option::weighted(0.4, has())]
}

fn case() -> impl Strategy<Value = Case> {
    let scheme = prop_oneof![Just(""), Just("Bearer "), Just("Basic "), Just("x y  ")];
    (place(), place(), place(), place(), any::<bool>(), scheme, 0_usize..40).prop_map(
        |(headers, body, query, authorization, as_json, scheme, pieces)| Case {
            headers,
            body,
            query,
            authorization,
            as_json,
            scheme: scheme.to_owned(),
            pieces,
        },
    )
}

fn pairs(place: &Place) -> String {
    let pair = |(name, has): (&str, &Option<Has>)| {
        let value = match has.as_ref()? {
            Has::Text(text) => form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            Has::Empty => String::new(),
            Has::Odd(_) => "a%ff".to_owned(),
        };
        Some(format!("{name}={value}"))
    };
    NAMES.into_iter().zip(place).filter_map(pair).collect::<Vec<_>>().join("&")
}

fn object(place: &Place) -> String {
    let mut object = Map::from_iter([("title".to_owned(), json!({ "uid": "nobody", "deep": [{}] }))]);
    for (name, has) in NAMES.into_iter().zip(place) {
        let value = match has {
            Some(Has::Text(text)) => json!(text),
            Some(Has::Empty) => json!(""),
            Some(Has::Odd(kind)) => match kind % 4 {
                0 => json!(kind),
                1 => json!(["a"]),
                2 => json!({ "a": "b" }),
                _ => json!(true),
            },
            // Both say nothing, as in Ruby.
            None if name == "uid" => Value::Null,
            None => json!(false),
        };
        object.insert(name.to_owned(), value);
    }
    Value::Object(object).to_string()
}

fn asked(case: &Case) -> Asked {
    let mut asked = Asked::get().query(&pairs(&case.query)).in_pieces(case.pieces);
    for (name, has) in NAMES.into_iter().zip(&case.headers) {
        asked = match has {
            Some(Has::Text(text)) => asked.header(name, text),
            Some(Has::Empty) => asked.header(name, ""),
            Some(Has::Odd(kind)) if kind % 2 == 0 => asked.header(name, b"a\xff"),
            Some(Has::Odd(_)) => asked.header(name, "a").header(name, "a"),
            None => asked,
        };
    }
    asked = asked
        .header("authorization", format!("{}{}", case.scheme, STANDARD.encode(object(&case.authorization))));
    if case.as_json { asked.json(&object(&case.body)) } else { asked.form(&pairs(&case.body)) }
}

/// The rule, in the words of the contract.
fn expected(case: &Case) -> Option<DeviceTriple> {
    let places = [&case.headers, &case.body, &case.query, &case.authorization];
    let [access_token, client, uid] =
        [0, 1, 2].map(|name| places.iter().find_map(|place| place[name].as_ref()));
    let text = |hit: Option<&Has>| match hit {
        Some(Has::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let client = if client.is_none() { Some("default".to_owned()) } else { text(client) };
    Some(DeviceTriple { access_token: text(access_token)?, client: client?, uid: text(uid)? })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_value_comes_from_its_first_place(case in case()) {
        let asked = asked(&case);
        let body = asked.body.clone();
        let answer = System::new().block_on(ask(asked));
        prop_assert_eq!(answer.triple, expected(&case));
        prop_assert_eq!(answer.body, body);
    }

    /// Whatever octets arrive: no panic, no refusal by the middleware, and the handler gets them as they were.
    #[test]
    fn no_request_does_harm(
        body in vec(any::<u8>(), 0..300),
        object in "[{\\[\"a-z:,}\\]0-9 é-]{0,60}",
        header in vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..], 0..60),
        query in "[a-z%&=0-9+-]{0,60}",
        kind in 0..4,
        pieces in 0_usize..20,
    ) {
        let asked = Asked::get().query(&query).in_pieces(pieces);
        let asked = match kind {
            0 => asked.header("uid", &header).json(&object),
            1 => asked.header("authorization", &header).body("application/json", &body),
            2 => asked.header("authorization", STANDARD.encode(&body)).body("application/x-www-form-urlencoded", &body),
            _ => asked.header("authorization", STANDARD.encode(&object)).header("client", &header).form(&query),
        };
        let body = asked.body.clone();
        prop_assert_eq!(System::new().block_on(ask(asked)).body, body);
    }
}
