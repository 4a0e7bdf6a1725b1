//! Threat 6: tokens that nobody issued.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::{ALL, Backend, ROOMS, Service, application_token};

/// A token in compact form, signed by whatever `sign` does.
fn compact(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Threat 6: algorithm and key confusion, and tokens that are none.
#[actix_web::test]
async fn threat_06_forged_and_broken_tokens_are_invalid() {
    let service = Service::on(Backend::Sqlite).await;
    let claims = application_token("ada", ALL, service.clock.now());
    let good = service.sign(&claims);
    service.send_with(&good, "GET", ROOMS).await.expect(200);
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let published =
        serde_json::to_value(service.keys().jwks(service.clock.now())).unwrap()["keys"][0].clone();
    let kid = published["kid"].clone();
    let hs256 = |secret: &[u8], header: Value| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        compact(&header, &claims, |signed| hmac::sign(&key, signed).as_ref().to_vec())
    };
    let unsigned = |header: Value| compact(&header, &claims, |_| vec![]);
    let public_key = published.to_string();
    let coordinates = URL_SAFE_NO_PAD.decode(published["x"].as_str().unwrap()).unwrap();
    let mut corpus = vec![
        unsigned(json!({"alg": "none", "typ": "at+jwt"})),
        unsigned(json!({"alg": "none", "typ": "at+jwt", "kid": kid})),
        unsigned(json!({"alg": "None", "typ": "at+jwt", "kid": kid})),
        unsigned(json!({"alg": "ES256", "typ": "at+jwt", "kid": kid})),
        hs256(public_key.as_bytes(), json!({"alg": "HS256", "typ": "at+jwt", "kid": kid})),
        hs256(&coordinates, json!({"alg": "HS256", "typ": "at+jwt", "kid": kid})),
        hs256(b"", json!({"alg": "HS512", "typ": "JWT"})),
        hs256(b"secret", json!({"alg": "ES256", "typ": "at+jwt", "kid": kid})),
        unsigned(json!({"alg": "ES256", "typ": "at+jwt", "kid": "unknown"})),
        unsigned(json!({"alg": "ES256", "typ": "at+jwt", "jwk": published})),
        unsigned(json!({"alg": "ES256", "typ": "at+jwt", "kid": kid, "jku": "https://evil.example/jwks"})),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{}", &signature[..signature.len() - 2]),
        format!(".{payload}.{signature}"),
        "..".to_owned(),
        "x".to_owned(),
        "a".repeat(20_000),
        format!("{header}.{}.{signature}", "A".repeat(17 * 1024)),
    ];
    let mut other = application_token("eve", ALL, service.clock.now());
    other["user_id"] = claims["user_id"].clone();
    corpus.push(format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(other.to_string())));
    let strange = Service::on(Backend::Sqlite).await;
    corpus.push(strange.token("ada"));
    for token in corpus {
        let answer = service.send_with(&token, "GET", ROOMS).await;
        assert_eq!(answer.body, r#"{"detail":"Invalid token."}"#, "{}", &token[..token.len().min(300)]);
        answer.expect_detail(401, "Invalid token.");
    }
}

/// Threat 6: whichever byte of a token is changed, it is refused.
#[actix_web::test]
async fn threat_06_a_mutated_token_never_verifies() {
    let service = Service::on(Backend::Sqlite).await;
    let good = service.token("ada");
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let place = (0..good.len()).new_tree(&mut runner).unwrap().current();
        let letter = proptest::char::range('!', '~').new_tree(&mut runner).unwrap().current();
        let mut bytes = good.clone().into_bytes();
        bytes[place] = letter as u8;
        let mutated = String::from_utf8(bytes).unwrap();
        if mutated == good {
            continue;
        }
        let answer = service.send_with(&mutated, "GET", ROOMS).await;
        assert_eq!(answer.status, 401, "{place} {letter} {answer:?}");
    }
}
