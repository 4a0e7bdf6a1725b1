//! A mutated token never verifies, whatever is mutated, for each algorithm.

use auth_claims::keys::Algorithm;
use auth_claims::verify::Verifier;
use proptest::prelude::*;
use rstest::rstest;

use crate::issuer::{Issuer, good_claims, verifier};

async fn verifies(verifier: &Verifier, token: &[u8]) -> bool {
    match std::str::from_utf8(token) {
        Ok(token) => verifier.verify(token).await.is_ok(),
        Err(_) => false,
    }
}

/// Threat 6: every single bit of every part, the last character's unused bits included.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_06_a_flipped_bit_never_verifies(
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
) {
    let issuer = Issuer::new(algorithm);
    let verifier = verifier(&issuer);
    let token = issuer.token(&good_claims()).into_bytes();
    assert!(verifies(&verifier, &token).await);
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut flipped = token.clone();
            flipped[at] ^= 1 << bit;
            assert!(!verifies(&verifier, &flipped).await, "octet {at}, bit {bit}");
        }
    }
}

/// Threat 6: every truncation, every octet dropped, doubled or put in between.
#[rstest]
#[tokio::test(start_paused = true)]
async fn threat_06_a_shortened_or_lengthened_token_never_verifies(
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
) {
    let issuer = Issuer::new(algorithm);
    let verifier = verifier(&issuer);
    let token = issuer.token(&good_claims()).into_bytes();
    for at in 0..token.len() {
        assert!(!verifies(&verifier, &token[..at]).await, "cut to {at}");
        assert!(!verifies(&verifier, &token[at + 1..]).await, "without the first {at}");
        let dropped = [&token[..at], &token[at + 1..]].concat();
        assert!(!verifies(&verifier, &dropped).await, "without octet {at}");
    }
    for at in 0..=token.len() {
        for octet in [b'A', b'=', b'.', b' ', b'\n', b'%'] {
            let grown = [&token[..at], &[octet], &token[at..]].concat();
            assert!(!verifies(&verifier, &grown).await, "{octet} before {at}");
        }
    }
}

/// Threat 6: a part of one good token in another one.
#[tokio::test(start_paused = true)]
async fn threat_06_parts_of_two_tokens_do_not_make_a_third() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = verifier(&issuer);
    let first = issuer.token(&good_claims());
    let second = issuer.token(&crate::issuer::with(good_claims(), &serde_json::json!({ "jti": "token-2" })));
    let (a, b): (Vec<_>, Vec<_>) = (first.split('.').collect(), second.split('.').collect());
    for mixed in [[a[0], b[1], a[2]], [a[0], a[1], b[2]], [b[0], a[1], b[2]]] {
        assert!(verifier.verify(&mixed.join(".")).await.is_err());
    }
}

proptest! {
    /// Threat 18: whatever comes in, no panic and no entry.
    #[test]
    fn threat_18_arbitrary_text_never_verifies(text in "(\\PC|[.eyJ0_=-]){0,200}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let verifier = verifier(&Issuer::new(Algorithm::Es256));
        prop_assert!(runtime.block_on(verifier.verify(&text)).is_err());
    }

    /// Threat 18: well-formed parts with arbitrary JSON-like content.
    #[test]
    fn threat_18_arbitrary_parts_never_verify(header in "\\PC{0,60}", payload in "\\PC{0,60}", tail in proptest::collection::vec(any::<u8>(), 0..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let verifier = verifier(&Issuer::new(Algorithm::Es256));
        let token = [encode(header), encode(payload), encode(tail)].join(".");
        prop_assert!(runtime.block_on(verifier.verify(&token)).is_err());
    }
}

fn encode(octets: impl AsRef<[u8]>) -> String {
    crate::issuer::encode(octets)
}
