//! Threat 13: sealed state tampered with.

use proptest::prelude::*;
use token_signing::{OpenError, Sealer};

const PURPOSE: &[u8] = b"signing-key:a";

fn sealer() -> Sealer {
    Sealer::new(&[7; 32])
}

fn sealed() -> Vec<u8> {
    sealer().seal(b"a private key", PURPOSE).unwrap()
}

fn refused(sealed: &[u8]) -> bool {
    sealer().open(sealed, PURPOSE) == Err(OpenError)
}

/// Threat 13: every single bit of it.
#[test]
fn threat_13_a_flipped_bit_does_not_open() {
    let sealed = sealed();
    assert_eq!(**sealer().open(&sealed, PURPOSE).unwrap(), *b"a private key");
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1 << bit;
            assert!(refused(&flipped), "octet {at}, bit {bit}");
        }
    }
}

/// Threat 13: every octet dropped, and something put in before every octet.
#[test]
fn threat_13_a_shorter_or_longer_one_does_not_open() {
    let sealed = sealed();
    for at in 0..sealed.len() {
        assert!(refused(&sealed[..at]), "cut to {at}");
        assert!(refused(&sealed[at + 1..]), "without the first {at}");
        assert!(refused(&[&sealed[..at], &sealed[at + 1..]].concat()), "without octet {at}");
    }
    for at in 0..=sealed.len() {
        for octet in [0, 1, 0xff] {
            assert!(refused(&[&sealed[..at], &[octet], &sealed[at..]].concat()), "{octet} before {at}");
        }
    }
}

/// Threat 13: in another place, and under another key.
#[test]
fn threat_13_purpose_and_key_are_part_of_it() {
    let sealed = sealed();
    for purpose in [b"signing-key:b".as_slice(), b"signing-key:", b"signing-key:a ", b""] {
        assert_eq!(sealer().open(&sealed, purpose), Err(OpenError));
    }
    assert_eq!(Sealer::new(&[8; 32]).open(&sealed, PURPOSE), Err(OpenError));
}

/// Threat 13: parts of two sealed values do not make a third.
#[test]
fn threat_13_parts_do_not_combine() {
    let (one, other) = (sealed(), sealed());
    assert_ne!(one, other, "the nonce is random");
    for at in 2..one.len() {
        let mixed = [&one[..at], &other[at..]].concat();
        assert!(mixed == one || mixed == other || refused(&mixed), "{at}");
    }
}

#[test]
fn nothing_of_the_secret_shows() {
    let secret = [0x5a; 64];
    let sealed = sealer().seal(&secret, PURPOSE).unwrap();
    assert!(!sealed.windows(4).any(|window| window == [0x5a; 4]));
    assert_eq!(format!("{:?}", sealer()), "Sealer(..)");
}

proptest! {
    #[test]
    fn what_is_sealed_opens(secret in proptest::collection::vec(any::<u8>(), 0..300), purpose in ".{0,40}") {
        let sealed = sealer().seal(&secret, purpose.as_bytes()).unwrap();
        prop_assert_eq!(&**sealer().open(&sealed, purpose.as_bytes()).unwrap(), &secret);
    }

    /// Threat 13: nor does anything else open.
    #[test]
    fn threat_13_arbitrary_octets_do_not_open(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(refused(&octets));
        prop_assert!(refused(&[[1].as_slice(), &octets].concat()));
    }
}
