//! Tokens that were verified before, so that a repeated one costs a hash instead of a signature check.

use std::sync::Arc;

use aws_lc_rs::digest;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::claims::AccessClaims;

type Digest = [u8; digest::SHA256_OUTPUT_LEN];

/// Verified tokens by their SHA-256, bounded by the length of the tokens. Failures are not remembered, so nobody
/// without a valid token can push valid ones out.
pub(super) struct Remembered(Cache<Digest, Verified, ByLength>);

#[derive(Clone)]
struct Verified {
    claims: Arc<AccessClaims>,
    generation: u64,
    token_len: usize,
}

#[derive(Clone)]
struct ByLength;

impl Weighter<Digest, Verified> for ByLength {
    fn weight(&self, _: &Digest, verified: &Verified) -> u64 {
        verified.token_len.max(1) as u64
    }
}

impl Remembered {
    pub(super) fn new(bytes: u64) -> Self {
        /// A user's token with a handful of groups.
        const USUAL_LEN: u64 = 1024;
        let tokens = usize::try_from(bytes / USUAL_LEN).unwrap_or(usize::MAX).max(1);
        Self(Cache::with_weighter(tokens, bytes, ByLength))
    }

    /// The claims, unless a key was withdrawn since they were verified.
    pub(super) fn get(&self, token: &str, generation: u64) -> Option<Arc<AccessClaims>> {
        let verified = self.0.get(&hash(token))?;
        (verified.generation == generation).then_some(verified.claims)
    }

    pub(super) fn insert(&self, token: &str, claims: Arc<AccessClaims>, generation: u64) {
        self.0.insert(hash(token), Verified { claims, generation, token_len: token.len() });
    }

    pub(super) fn remove(&self, token: &str) {
        self.0.remove(&hash(token));
    }
}

fn hash(token: &str) -> Digest {
    let mut hash = [0; digest::SHA256_OUTPUT_LEN];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}
