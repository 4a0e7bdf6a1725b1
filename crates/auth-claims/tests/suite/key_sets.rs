//! Published key sets, and the vectors of the RFCs.

use auth_claims::keys::{Algorithm, Jwk, JwkSet, PublicKey, VerifyingKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rstest::rstest;
use serde_json::{Value, json};

const RFC_7515_PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// RFC 7515 A.2.1
fn rsa_key() -> Value {
    json!({
        "kty": "RSA", "alg": "RS256", "kid": "A.2", "e": "AQAB",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    })
}

/// RFC 7515 A.3.1
fn ec_key() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "A.3",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

/// RFC 7515 A.4.1, a curve the platform does not use.
fn p521_key() -> Value {
    json!({
        "kty": "EC", "crv": "P-521", "alg": "ES512", "kid": "A.4",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
    })
}

/// RFC 8037 A.2
fn ed_key() -> Value {
    json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "ed",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })
}

fn jwk(value: Value) -> Jwk {
    serde_json::from_value(value).unwrap()
}

#[rstest]
#[case::rfc_7515_a_2(rsa_key(), &format!("eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}"),
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw")]
#[case::rfc_7515_a_3(ec_key(), &format!("eyJhbGciOiJFUzI1NiJ9.{RFC_7515_PAYLOAD}"),
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")]
#[case::rfc_8037_a_4(
    ed_key(),
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)]
fn published_signatures_verify(#[case] key: Value, #[case] signed: &str, #[case] signature: &str) {
    let key = VerifyingKey::parse(&jwk(key)).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert!(key.verifies(signed.as_bytes(), &signature));
    assert!(!key.verifies(signed.to_uppercase().as_bytes(), &signature));
    assert!(!key.verifies(signed.as_bytes(), &signature[1..]));
}

#[test]
fn thumbprints_are_those_of_rfc_7638_and_rfc_8037() {
    let mut rsa = rsa_key();
    rsa["n"] = json!(
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    );
    assert_eq!(jwk(rsa).key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(jwk(ed_key()).key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[rstest]
#[case(rsa_key(), Algorithm::Rs256)]
#[case(ec_key(), Algorithm::Es256)]
#[case(ed_key(), Algorithm::EdDsa)]
fn keys_survive_the_round_trip(#[case] key: Value, #[case] algorithm: Algorithm) {
    let parsed = jwk(key.clone());
    assert_eq!(parsed.algorithm(), algorithm);
    let mut published = key;
    published["use"] = json!("sig");
    assert_eq!(serde_json::to_value(&parsed).unwrap(), published);
}

/// RFC 7517 §5: what is not understood is passed over, and does not spoil the rest. Threat 6: what is understood is
/// taken for nothing but what it says.
#[rstest]
#[case::other_curve(p521_key())]
#[case::symmetric(json!({ "kty": "oct", "alg": "HS256", "kid": "s", "k": "AAAA" }))]
#[case::for_encryption(with(ec_key(), "use", json!("enc")))]
#[case::without_id(with(ec_key(), "kid", json!(null)))]
#[case::without_algorithm(with(ec_key(), "alg", json!(null)))]
#[case::algorithm_of_another_kind(with(ec_key(), "alg", json!("RS256")))]
#[case::symmetric_algorithm(with(ec_key(), "alg", json!("HS256")))]
#[case::other_rsa_algorithm(with(rsa_key(), "alg", json!("PS256")))]
#[case::other_kind(with(ec_key(), "kty", json!("OKP")))]
#[case::short_coordinate(with(ec_key(), "x", json!("AAAA")))]
#[case::padded_coordinate(with(ec_key(), "x", json!("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=")))]
#[case::without_modulus(with(rsa_key(), "n", json!(null)))]
#[case::zero_modulus(with(rsa_key(), "n", json!("AAAA")))]
#[case::no_object(json!("key"))]
fn threat_06_foreign_keys_are_passed_over(#[case] foreign: Value) {
    let set = json!({ "keys": [foreign, ed_key()], "more": 1 });
    let set: JwkSet = serde_json::from_value(set).unwrap();
    assert_eq!(set, JwkSet { keys: vec![jwk(ed_key())] });
}

fn with(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    if key[name].is_null() {
        key.as_object_mut().unwrap().remove(name);
    }
    key
}

#[test]
fn private_members_are_neither_kept_nor_shown() {
    let secret = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
    let parsed = jwk(with(ec_key(), "d", json!(secret)));
    assert!(!serde_json::to_string(&parsed).unwrap().contains(secret));
    assert!(!format!("{parsed:?}").contains(secret));
}

#[test]
fn threat_06_keys_that_are_none_do_not_parse() {
    let off_the_curve = PublicKey::P256 { x: [1; 32], y: [1; 32] };
    let short = PublicKey::Rsa { n: vec![0xff; 128], e: vec![1, 0, 1] };
    let long = PublicKey::Rsa { n: vec![0xff; 1025], e: vec![1, 0, 1] };
    let exponent = |e: &[u8]| PublicKey::Rsa { n: vec![0xff; 256], e: e.to_vec() };
    let exponents = [exponent(&[]), exponent(&[1]), exponent(&[2]), exponent(&[1, 0, 0, 0, 1])];
    for key in [off_the_curve, short, long].into_iter().chain(exponents) {
        assert!(VerifyingKey::parse(&Jwk::new(key.clone())).is_err(), "{key:?}");
    }
}

#[test]
fn leading_zeros_of_a_modulus_make_no_other_key() {
    let n = URL_SAFE_NO_PAD.decode(rsa_key()["n"].as_str().unwrap()).unwrap();
    let padded = URL_SAFE_NO_PAD.encode([[0].as_slice(), &n].concat());
    assert_eq!(jwk(with(rsa_key(), "n", json!(padded))), jwk(rsa_key()));
}
