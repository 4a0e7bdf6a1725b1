//! Tokens an attacker would send. Threat 6: algorithm and key confusion. Threat 18: resource exhaustion.

use auth_claims::keys::{Algorithm, Jwk, PublicKey};
use auth_claims::verify::{MAX_TOKEN_LEN, VerifyError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm as Alg, EncodingKey};
use rstest::rstest;
use serde_json::{Value, json};

use crate::issuer::{Issuer, encode, good_claims, verifier, with};

async fn refusal(issuer: &Issuer, token: &str) -> VerifyError {
    verifier(issuer).verify(token).await.expect_err(token)
}

/// The forms in which a public key could be mistaken for an HMAC secret.
fn forms(jwk: &Jwk) -> Vec<Vec<u8>> {
    let (raw, spki): (Vec<u8>, Vec<u8>) = match &jwk.key {
        PublicKey::P256 { x, y } => {
            let point = [[4].as_slice(), x, y].concat();
            let prefix = hex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
            (point.clone(), [prefix, point].concat())
        }
        PublicKey::Ed25519 { x } => (x.to_vec(), [hex("302a300506032b6570032100"), x.to_vec()].concat()),
        PublicKey::Rsa { n, .. } => (n.clone(), n.clone()),
    };
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&spki));
    let json = serde_json::to_string(jwk).unwrap();
    vec![raw.clone(), spki, pem.trim_end().into(), pem.into(), encode(&raw).into(), json.into(), Vec::new()]
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Threat 6: the public key is no secret, in whatever spelling.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_06_hmac_with_the_public_key(
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
    #[values(Alg::HS256, Alg::HS384, Alg::HS512)] hmac: Alg,
) {
    let issuer = Issuer::new(algorithm);
    for secret in forms(&issuer.jwk()) {
        let header = with(issuer.header(), &json!({ "alg": format!("{hmac:?}") }));
        let signed = format!("{}.{}", encode(header.to_string()), encode(good_claims().to_string()));
        let key = EncodingKey::from_secret(&secret);
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, hmac).unwrap();
        assert_eq!(refusal(&issuer, &format!("{signed}.{signature}")).await, VerifyError::Signature);
    }
}

/// Threat 6: no algorithm is no signature.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_06_none_is_no_algorithm(#[values("none", "None", "NONE", "nOnE", "")] alg: &str) {
    let issuer = Issuer::new(Algorithm::Es256);
    let header = with(issuer.header(), &json!({ "alg": alg }));
    let signed = format!("{}.{}", encode(header.to_string()), encode(good_claims().to_string()));
    for signature in [String::new(), issuer.signature(signed.as_bytes()), encode([0; 64])] {
        assert_eq!(refusal(&issuer, &format!("{signed}.{signature}")).await, VerifyError::Signature);
    }
}

/// Threat 6: the header does not choose the algorithm, even where the signature is right.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_06_the_header_does_not_choose_the_algorithm(
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
) {
    let issuer = Issuer::new(algorithm);
    let claims = good_claims().to_string();
    for alg in ["ES256", "EdDSA", "RS256", "ES384", "RS384", "RS512", "PS256", "es256", "Ed25519"] {
        let header = with(issuer.header(), &json!({ "alg": alg })).to_string();
        let outcome = verifier(&issuer).verify(&issuer.token_with(&header, &claims)).await;
        assert_eq!(outcome.is_ok(), alg == algorithm.as_str(), "{alg}");
    }
}

/// Threat 6: a key that comes along with the token is not believed, nor is a token that names one, whoever signed it.
#[rstest]
#[case::own_key("jwk", json!(null))]
#[case::key_url("jku", json!("https://evil.example/keys"))]
#[case::certificate_url("x5u", json!("https://evil.example/chain"))]
#[case::certificate("x5c", json!(["MIIB"]))]
#[case::extension("crit", json!(["exp"]))]
#[case::no_extension("crit", json!([]))]
#[case::empty_extension("crit", json!(null))]
#[tokio::test(start_paused = true)]
async fn threat_06_forbidden_header_members(#[case] name: &str, #[case] value: Value) {
    let (issuer, attacker) = (Issuer::new(Algorithm::Es256), Issuer::new(Algorithm::Es256));
    let value = if name == "jwk" { serde_json::to_value(attacker.jwk()).unwrap() } else { value };
    let mut header = issuer.header();
    header.as_object_mut().unwrap().insert(name.to_owned(), value);
    for signer in [&issuer, &attacker] {
        let token = signer.token_with(&header.to_string(), &good_claims().to_string());
        assert_eq!(refusal(&issuer, &token).await, VerifyError::Signature);
    }
}

/// Threat 6: an id token, or anything else the issuer signed, is no access token.
#[rstest]
#[case::access_token(json!("at+jwt"), true)]
#[case::other_case(json!("AT+JWT"), true)]
#[case::media_type(json!("application/at+jwt"), true)]
#[case::media_type_other_case(json!("Application/AT+JWT"), true)]
#[case::id_token(json!("JWT"), false)]
#[case::logout_token(json!("logout+jwt"), false)]
#[case::absent(json!(null), false)]
#[case::padded(json!("at+jwt "), false)]
#[tokio::test(start_paused = true)]
async fn threat_06_only_access_tokens(#[case] typ: Value, #[case] accepted: bool) {
    let issuer = Issuer::new(Algorithm::Es256);
    let header = with(issuer.header(), &json!({ "typ": typ })).to_string();
    let outcome = verifier(&issuer).verify(&issuer.token_with(&header, &good_claims().to_string())).await;
    assert_eq!(outcome.map(|_| ()), if accepted { Ok(()) } else { Err(VerifyError::Signature) });
}

/// Threat 6: another's signature under a known key id; a known signature under another key id or none.
#[tokio::test(start_paused = true)]
async fn threat_06_keys_do_not_stand_in_for_each_other() {
    let (issuer, attacker) = (Issuer::new(Algorithm::Es256), Issuer::new(Algorithm::Es256));
    let claims = good_claims().to_string();
    let forged = attacker.token_with(&issuer.header().to_string(), &claims);
    assert_eq!(refusal(&issuer, &forged).await, VerifyError::Signature);
    for kid in [json!(null), json!(""), json!(attacker.0.kid), json!("../../dev/null")] {
        let header = with(issuer.header(), &json!({ "kid": kid })).to_string();
        assert_eq!(
            refusal(&issuer, &issuer.token_with(&header, &claims)).await,
            VerifyError::Signature,
            "{kid}"
        );
    }
}

/// Threat 6: degenerate ECDSA values, and the encoding of other protocols.
#[tokio::test(start_paused = true)]
async fn threat_06_signatures_that_are_none() {
    let issuer = Issuer::new(Algorithm::Es256);
    let token = issuer.token(&good_claims());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let doubled = format!("{signature}{signature}");
    let asn1 = encode([[0x30, 0x44, 0x02, 0x20].as_slice(), &[1; 32], &[0x02, 0x20], &[1; 32]].concat());
    for wrong in [String::new(), encode([0; 64]), encode([0xff; 64]), encode([0; 63]), doubled, asn1] {
        assert_eq!(refusal(&issuer, &format!("{signed}.{wrong}")).await, VerifyError::Signature, "{wrong}");
    }
}

/// Threat 18: a long token is refused before anything is decoded, a short one of the same kind is not.
#[tokio::test(start_paused = true)]
async fn threat_18_huge_tokens() {
    let issuer = Issuer::new(Algorithm::Es256);
    let padded = |len: usize| issuer.token(&with(good_claims(), &json!({ "padding": "x".repeat(len) })));
    let fits = padded(11_000);
    assert!(fits.len() < MAX_TOKEN_LEN && verifier(&issuer).verify(&fits).await.is_ok());
    assert_eq!(refusal(&issuer, &padded(13_000)).await, VerifyError::Malformed);
    assert_eq!(refusal(&issuer, &".".repeat(1 << 20)).await, VerifyError::Malformed);
}

/// Threat 18: nothing that is no token makes work, or a panic.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_18_shapes_that_are_no_token(
    #[values(
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "e30.e30.",
        "e30.e30.e30",
        "bnVsbA.e30.e30",
        "W10.e30.e30",
        "====.====.====",
        "é.é.é",
        " . . ",
        "\0.\0.\0"
    )]
    token: &str,
) {
    assert_eq!(refusal(&Issuer::new(Algorithm::Es256), token).await, VerifyError::Malformed);
}

/// Threat 18: JSON nested as deep as the size allows, in the header and in the (properly signed) payload.
#[tokio::test(start_paused = true)]
async fn threat_18_deep_json() {
    let issuer = Issuer::new(Algorithm::Es256);
    for (open, close) in [("[", "]"), (r#"{"act":"#, "}")] {
        let deep = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for depth in [100, 127, 128, 1000] {
            for name in ["x", "act"] {
                let header = format!(r#"{{"{name}":{},{}"#, deep(depth), &issuer.header().to_string()[1..]);
                let payload = format!(r#"{{"{name}":{},{}"#, deep(depth), &good_claims().to_string()[1..]);
                let _ = verifier(&issuer).verify(&issuer.token_with(&header, "{}")).await;
                let token = issuer.token_with(&issuer.header().to_string(), &payload);
                let outcome = verifier(&issuer).verify(&token).await;
                assert!(name == "x" || outcome.is_err(), "{open} {depth}");
            }
        }
    }
}

/// Threat 6: two parsers that pick different ones of two members would see different tokens, so both are refused.
#[tokio::test(start_paused = true)]
async fn threat_06_repeated_members() {
    let issuer = Issuer::new(Algorithm::Es256);
    let (header, claims) = (issuer.header().to_string(), good_claims().to_string());
    let add = |json: &str, member: &str| format!("{},{member}}}", json.trim_end_matches('}'));
    for member in [r#""alg":"none""#, r#""kid":"x""#, r#""typ":"at+jwt""#] {
        let token = issuer.token_with(&add(&header, member), &claims);
        assert_eq!(refusal(&issuer, &token).await, VerifyError::Malformed, "{member}");
    }
    for member in [
        r#""exp":9999999999"#,
        r#""sub":"root""#,
        r#""aud":"rooms""#,
        r#""scope":"a""#,
        r#""act":{"sub":"x"},"act":{"sub":"y"}"#,
    ] {
        let token = issuer.token_with(&header, &add(&claims, member));
        assert_eq!(refusal(&issuer, &token).await, VerifyError::Malformed, "{member}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_is_no_set_of_claims_is_malformed() {
    let issuer = Issuer::new(Algorithm::Es256);
    let header = issuer.header().to_string();
    for payload in ["", "null", "[]", "7", "\"x\"", "{", "{}", "{}{}", "\u{feff}{}"] {
        assert_eq!(
            refusal(&issuer, &issuer.token_with(&header, payload)).await,
            VerifyError::Malformed,
            "{payload}"
        );
    }
    let signed = format!("{}.{}", encode(&header), encode(b"{\"sub\":\"\xff\"}"));
    let token = format!("{signed}.{}", issuer.signature(signed.as_bytes()));
    assert_eq!(refusal(&issuer, &token).await, VerifyError::Malformed);
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_required_claim_that_is_absent_empty_or_of_another_type_is_malformed(
    #[values("iss", "aud", "exp", "iat", "sub", "client_id", "jti", "kind")] name: &str,
) {
    let issuer = Issuer::new(Algorithm::Es256);
    for value in [json!(null), json!(""), json!({}), json!([]), json!(true), json!(1.5)] {
        if name == "aud" && value == "" {
            continue; // an empty audience is a name, and not ours
        }
        let token = issuer.token(&with(good_claims(), &json!({ name: value })));
        assert_eq!(refusal(&issuer, &token).await, VerifyError::Malformed, "{name} {value}");
    }
}
