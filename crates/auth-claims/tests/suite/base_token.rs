//! Base-Tokens, as a data plane sees them. `contracts/seatable-tokens.md` §3.3, §13.

use auth_claims::base_token::{
    Access, BaseAccess, BaseClaims, BasePermission, BaseTokenRefusal, BaseTokenVerifier,
};
use auth_claims::clock::Clock;
use auth_claims::hs256::Hs256Key;
use auth_claims::keys::Algorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{EncodingKey, Header};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use token_signing::{GeneratedKey, Keyring, Sealer, StoredKey, TokenType};

const BASE_KEY: &[u8] = b"contract-demo-base-key-000000000000000000";
const BASE: &str = "3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613";

/// The vectors of §3.3.
const WITH_API_TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NjcyMjU2MDAsImR0YWJsZV91dWlkIjoiM2YwYTljNTItNmIxZS00ZDc3LTlhNDAtNWM4ZTIxZDdiNjEzIiwidXNlcm5hbWUiOiIiLCJwZXJtaXNzaW9uIjoicnciLCJhcHBfbmFtZSI6InN0b2NrLXN5bmMifQ.WnCeQwTsfriRiw2MgXB1Zhq62jeh8xDohuzZRaMSoUQ";
const WITH_ACCOUNT_TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NjcyMjU2MDAsImR0YWJsZV91dWlkIjoiM2YwYTljNTItNmIxZS00ZDc3LTlhNDAtNWM4ZTIxZDdiNjEzIiwidXNlcm5hbWUiOiI1ZDJmMGM4MWI3ZTk0YTM2YTFjNGU5MGYzYjZkOGEyN0BhdXRoLmxvY2FsIiwicGVybWlzc2lvbiI6InIifQ.OsE-8Kkkd2McyZQ5bBNnOy26xvznmSpJK4dgKoZ_iaY";
const TEMPORARY: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6IjVkMmYwYzgxYjdlOTRhMzZhMWM0ZTkwZjNiNmQ4YTI3QGF1dGgubG9jYWwiLCJkdGFibGVfdXVpZCI6IjNmMGE5YzUyLTZiMWUtNGQ3Ny05YTQwLTVjOGUyMWQ3YjYxMyIsImV4cCI6MTc2NzIyNTYwMC4yNX0.5MDbQnD_dEMBQejxBFU_lLZh8hrOR4K0bOKAA00pmz8";
const ENDS: i64 = 1_767_225_600;

fn clock() -> Clock {
    Clock::manual(DateTime::from_timestamp(ENDS - 10, 0).unwrap())
}

fn verifier() -> BaseTokenVerifier {
    BaseTokenVerifier::shared(BASE_KEY, clock())
}

fn read(token: &str) -> Result<BaseAccess, BaseTokenRefusal> {
    verifier().verify(Some(&format!("Token {token}")), BASE, Access::Read)
}

/// A token of these claims, by another implementation.
fn token(claims: &Value) -> String {
    jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(BASE_KEY)).unwrap()
}

fn claims() -> Value {
    json!({"exp": ENDS, "dtable_uuid": BASE, "username": "", "permission": "rw", "app_name": "stock-sync"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[test]
fn the_vectors_of_the_contract_are_signed_as_they_stand_there() {
    let base = |username: &str, permission, app_name: Option<&str>| BaseClaims {
        exp: ENDS,
        dtable_uuid: BASE.to_owned(),
        username: username.to_owned(),
        permission,
        app_name: app_name.map(str::to_owned),
    };
    let key = Hs256Key::new(BASE_KEY);
    let first = base("", BasePermission::Write, Some("stock-sync"));
    assert_eq!(key.sign(&first).unwrap(), WITH_API_TOKEN);
    let second = base("5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local", BasePermission::Read, None);
    assert_eq!(key.sign(&second).unwrap(), WITH_ACCOUNT_TOKEN);
}

#[test]
fn the_vectors_of_the_contract_verify() {
    let access = read(WITH_API_TOKEN).unwrap();
    assert_eq!((access.permission, access.attribution()), (BasePermission::Write, "stock-sync"));
    assert_eq!(access.dtable_uuid, BASE);
    let access = read(WITH_ACCOUNT_TOKEN).unwrap();
    assert_eq!(access.permission, BasePermission::Read);
    assert_eq!(access.attribution(), "5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local");
}

#[rstest]
#[case::token("Token {}", true)]
#[case::bearer("Bearer {}", true)]
#[case::any_case("tOKEN {}", true)]
#[case::blanks(" Bearer \t {} ", true)]
#[case::basic("Basic {}", false)]
#[case::no_scheme("{}", false)]
#[case::three_words("Token {} {}", false)]
#[case::scheme_only("Token", false)]
#[case::empty("", false)]
fn a_header_has_two_words(#[case] header: &str, #[case] accepted: bool) {
    let header = header.replace("{}", WITH_API_TOKEN);
    let outcome = verifier().verify(Some(&header), BASE, Access::Read);
    assert_eq!(outcome.err(), (!accepted).then_some(BaseTokenRefusal::Denied));
    assert_eq!(verifier().verify(None, BASE, Access::Read), Err(BaseTokenRefusal::Denied));
}

#[rstest]
#[case::as_it_is(BASE, true)]
#[case::no_hyphens("3f0a9c526b1e4d779a405c8e21d7b613", true)]
#[case::upper_case("3F0A9C52-6B1E-4D77-9A40-5C8E21D7B613", true)]
#[case::another("3f0a9c52-6b1e-4d77-9a40-5c8e21d7b614", false)]
#[case::none("", false)]
#[case::signed("+f0a9c526b1e4d779a405c8e21d7b613", false)]
fn the_base_is_that_of_the_path(#[case] path: &str, #[case] accepted: bool) {
    let outcome = verifier().verify(Some(&format!("Bearer {WITH_API_TOKEN}")), path, Access::Write);
    assert_eq!(outcome.err(), (!accepted).then_some(BaseTokenRefusal::Denied));
}

/// Two texts that are no UUID are not the same base either.
#[test]
fn a_token_for_no_base_opens_none() {
    let token = token(&with("dtable_uuid", json!("")));
    let outcome = verifier().verify(Some(&format!("Token {token}")), "", Access::Read);
    assert_eq!(outcome, Err(BaseTokenRefusal::Denied));
}

#[rstest]
#[case::a_second_before(-1, None)]
#[case::then(0, Some(BaseTokenRefusal::Expired))]
#[case::later(1, Some(BaseTokenRefusal::Expired))]
fn a_token_ends(#[case] seconds: i64, #[case] refusal: Option<BaseTokenRefusal>) {
    let clock = clock();
    let verifier = BaseTokenVerifier::shared(BASE_KEY, clock.clone());
    clock.advance(TimeDelta::seconds(10 + seconds));
    let header = format!("Token {WITH_API_TOKEN}");
    assert_eq!(verifier.verify(Some(&header), BASE, Access::Read).err(), refusal);
    // §13: the end of a token is looked at before the base it is for.
    let elsewhere = verifier.verify(Some(&header), "00000000000000000000000000000000", Access::Read);
    assert_eq!(elsewhere.err(), Some(refusal.unwrap_or(BaseTokenRefusal::Denied)));
}

#[rstest]
#[case::none(json!({"permission": "r"}))]
#[case::null(json!({"permission": "r", "exp": null}))]
#[case::text(json!({"permission": "r", "exp": "1767225600"}))]
#[case::boolean(json!({"permission": "r", "exp": true}))]
fn a_token_without_an_end_is_none(#[case] more: Value) {
    let mut claims = json!({"dtable_uuid": BASE, "username": ""});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(read(&token(&claims)), Err(BaseTokenRefusal::Denied));
}

#[rstest]
#[case::half_a_second(json!(1_767_225_590.5), None)]
#[case::exponent(json!(1.767_225_6e9), None)]
#[case::in_the_past(json!(1_767_225_589.999), Some(BaseTokenRefusal::Expired))]
#[case::negative(json!(-1), Some(BaseTokenRefusal::Expired))]
#[case::far_away(json!(1e300), None)]
fn the_end_may_be_any_number(#[case] exp: Value, #[case] refusal: Option<BaseTokenRefusal>) {
    assert_eq!(read(&token(&with("exp", exp))).err(), refusal);
}

#[test]
fn a_reader_does_not_write() {
    let header = format!("Token {WITH_ACCOUNT_TOKEN}");
    assert!(verifier().verify(Some(&header), BASE, Access::Read).is_ok());
    assert_eq!(verifier().verify(Some(&header), BASE, Access::Write), Err(BaseTokenRefusal::ReadOnly));
}

#[rstest]
#[case::missing(json!({"exp": ENDS, "dtable_uuid": BASE, "username": "a"}))]
#[case::empty(with("permission", json!("")))]
#[case::unknown(with("permission", json!("admin")))]
#[case::no_base(with("dtable_uuid", json!(null)))]
fn claims_that_are_none(#[case] claims: Value) {
    assert_eq!(read(&token(&claims)), Err(BaseTokenRefusal::Denied));
}

#[test]
fn claims_of_other_issuers_are_passed_over() {
    let mut claims = claims();
    let more = json!({"org_id": 1, "owner_id": "x", "user_department_ids_map": {"a": [1]}, "iat": 1});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims.as_object_mut().unwrap().remove("username");
    assert_eq!(read(&token(&claims)).unwrap().attribution(), "stock-sync");
}

/// Threat 4: what is signed to get a Base-Token is no Base-Token, not even under the same key.
#[test]
fn threat_04_a_temporary_token_opens_nothing() {
    assert_eq!(read(TEMPORARY), Err(BaseTokenRefusal::Denied));
    let claims = json!({"username": "a@auth.local", "dtable_uuid": BASE, "exp": 1_767_225_600.25});
    assert_eq!(read(&token(&claims)), Err(BaseTokenRefusal::Denied));
}

fn assemble(header: &Value, claims: &Value, key: &[u8]) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let tag = aws_lc_rs::hmac::sign(
        &aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key),
        signed.as_bytes(),
    );
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

#[rstest]
#[case::plain(json!({"typ": "JWT", "alg": "HS256"}), true)]
#[case::no_type(json!({"alg": "HS256"}), true)]
#[case::type_in_another_case(json!({"typ": "jwt", "alg": "HS256"}), true)]
#[case::none(json!({"typ": "JWT", "alg": "none"}), false)]
#[case::no_algorithm(json!({"typ": "JWT"}), false)]
#[case::another_case(json!({"alg": "hs256"}), false)]
#[case::longer(json!({"alg": "HS512"}), false)]
#[case::public(json!({"alg": "ES256"}), false)]
#[case::rsa(json!({"alg": "RS256"}), false)]
#[case::access_token(json!({"typ": "at+jwt", "alg": "HS256"}), false)]
#[case::critical(json!({"alg": "HS256", "crit": ["exp"]}), false)]
#[case::critical_null(json!({"alg": "HS256", "crit": null}), false)]
#[case::own_key(json!({"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}), false)]
#[case::own_address(json!({"alg": "HS256", "jku": "https://evil.example"}), false)]
fn threat_06_one_algorithm(#[case] header: Value, #[case] accepted: bool) {
    assert_eq!(read(&assemble(&header, &claims(), BASE_KEY)).is_ok(), accepted);
}

/// Threat 6: nothing at all in the place of a signature.
#[test]
fn threat_06_no_signature() {
    for header in [json!({"alg": "none"}), json!({"alg": "HS256"})] {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!("{}.{}.", encode(&header), encode(&claims()));
        assert_eq!(read(&token), Err(BaseTokenRefusal::Denied));
    }
}

fn ring(now: DateTime<Utc>) -> Keyring {
    let sealer = Sealer::new(&[7; 32]);
    let key = GeneratedKey::generate(Algorithm::Es256).unwrap();
    let row = StoredKey::seal(&key, &sealer, now, now).unwrap();
    Keyring::from_stored(&[row], &sealer, now).unwrap()
}

#[test]
fn published_keys_verify_what_they_signed_and_nothing_else() {
    let now = clock().now();
    let (ring, other) = (ring(now), ring(now));
    let verifier = BaseTokenVerifier::key_set(&ring.jwks(now), clock()).unwrap();
    let verify = |token: &str| verifier.verify(Some(&format!("Bearer {token}")), BASE, Access::Write);
    let signed = |ring: &Keyring| ring.sign_as(TokenType::IdToken, &claims(), now).unwrap();
    assert_eq!(verify(&signed(&ring)).unwrap().attribution(), "stock-sync");
    for token in [signed(&other), token(&claims()), WITH_API_TOKEN.to_owned()] {
        assert_eq!(verify(&token), Err(BaseTokenRefusal::Denied));
    }
    // An access token of the same key is not a Base-Token, whatever it says.
    let access = ring.sign_as(TokenType::AccessToken, &claims(), now).unwrap();
    assert_eq!(verify(&access), Err(BaseTokenRefusal::Denied));
}

/// Threat 6: the public key taken for a shared secret.
#[test]
fn threat_06_hs256_with_the_public_key() {
    let now = clock().now();
    let keys = ring(now).jwks(now);
    let verifier = BaseTokenVerifier::key_set(&keys, clock()).unwrap();
    let published = serde_json::to_value(&keys.keys[0]).unwrap();
    let point = |name: &str| URL_SAFE_NO_PAD.decode(published[name].as_str().unwrap()).unwrap();
    let secrets =
        [published.to_string().into_bytes(), [vec![4], point("x"), point("y")].concat(), point("x")];
    for secret in secrets {
        for alg in ["HS256", "ES256"] {
            let token = assemble(&json!({"alg": alg, "kid": keys.keys[0].kid}), &claims(), &secret);
            let outcome = verifier.verify(Some(&format!("Token {token}")), BASE, Access::Read);
            assert_eq!(outcome, Err(BaseTokenRefusal::Denied));
        }
    }
}

proptest! {
    #[test]
    fn a_changed_token_never_verifies(place in any::<prop::sample::Index>(), to in any::<char>()) {
        let place = place.index(WITH_API_TOKEN.len());
        let mut changed = WITH_API_TOKEN.to_owned();
        changed.replace_range(place..=place, &to.to_string());
        prop_assume!(changed != WITH_API_TOKEN);
        prop_assert_eq!(read(&changed), Err(BaseTokenRefusal::Denied));
    }

    #[test]
    fn a_cut_token_never_verifies(length in 0..WITH_API_TOKEN.len()) {
        prop_assert_eq!(read(&WITH_API_TOKEN[..length]), Err(BaseTokenRefusal::Denied));
    }

    #[test]
    fn another_key_never_verifies(key in proptest::collection::vec(any::<u8>(), 1..80)) {
        prop_assume!(key != BASE_KEY);
        let outcome = BaseTokenVerifier::shared(&key, clock())
            .verify(Some(&format!("Token {WITH_API_TOKEN}")), BASE, Access::Read);
        prop_assert_eq!(outcome, Err(BaseTokenRefusal::Denied));
    }

    /// Threat 18: no text makes it panic.
    #[test]
    fn threat_18_any_text_is_refused(header in "\\PC{0,80}", path in "\\PC{0,40}") {
        prop_assert_eq!(verifier().verify(Some(&header), &path, Access::Write), Err(BaseTokenRefusal::Denied));
    }

    /// Two implementations agree on what is issued here.
    #[test]
    fn what_is_signed_here_others_can_read(username in "\\PC{0,30}", app_name in proptest::option::of("\\PC{0,30}")) {
        let issued = BaseClaims {
            exp: ENDS,
            dtable_uuid: BASE.to_owned(),
            username: username.clone(),
            permission: BasePermission::Write,
            app_name: app_name.clone(),
        };
        let token = Hs256Key::new(BASE_KEY).sign(&issued).unwrap();
        let mut expected = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        expected.validate_exp = false;
        let key = jsonwebtoken::DecodingKey::from_secret(BASE_KEY);
        let read_by_another = jsonwebtoken::decode::<Value>(&token, &key, &expected).unwrap().claims;
        prop_assert_eq!(&read_by_another, &serde_json::to_value(&issued).unwrap());
        let access = read(&token).unwrap();
        prop_assert_eq!((access.username, access.app_name), (username, app_name.unwrap_or_default()));
    }
}
