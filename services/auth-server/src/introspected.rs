//! What is said of access tokens, kept as it was written: resource servers ask about the same token again and again.

use std::sync::Arc;

use actix_web::web::Bytes;
use auth_claims::claims::AccessClaims;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::{Serialize, Serializer};

/// How many bytes of answers are kept.
const KEPT: u64 = 4 * 1024 * 1024;
/// What is said of a user's token with a handful of groups.
const USUAL: u64 = 1024;

/// An access token: all its claims, which whoever holds it can read anyway, and the name of its subject.
#[derive(Serialize)]
struct AccessToken<'a> {
    active: bool,
    token_type: &'static str,
    username: &'a str,
    #[serde(flatten, serialize_with = "serialize_shared")]
    claims: &'a Arc<AccessClaims>,
}

fn serialize_shared<S: Serializer>(claims: &Arc<AccessClaims>, serializer: S) -> Result<S::Ok, S::Error> {
    claims.serialize(serializer)
}

/// By the token's id. An answer is one to the very claims it was written for, so whoever asks has them verified already.
pub(crate) struct Answers(Cache<String, Answer, ByLength>);

#[derive(Clone)]
struct Answer {
    claims: Arc<AccessClaims>,
    username: String,
    json: Bytes,
}

#[derive(Clone)]
struct ByLength;

impl Weighter<String, Answer> for ByLength {
    fn weight(&self, _: &String, answer: &Answer) -> u64 {
        answer.json.len().max(1) as u64
    }
}

impl Answers {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter((KEPT / USUAL) as usize, KEPT, ByLength))
    }

    /// What is said of a live token with these claims, whose subject has this name.
    ///
    /// # Errors
    /// When the claims do not serialize.
    pub(crate) fn of(&self, claims: &Arc<AccessClaims>, username: String) -> serde_json::Result<Bytes> {
        if let Some(kept) = self.0.get(&claims.jti)
            && Arc::ptr_eq(&kept.claims, claims)
            && kept.username == username
        {
            return Ok(kept.json);
        }
        let said = AccessToken { active: true, token_type: "Bearer", username: &username, claims };
        let json = Bytes::from(serde_json::to_vec(&said)?);
        let answer = Answer { claims: Arc::clone(claims), username, json: json.clone() };
        self.0.insert(claims.jti.clone(), answer);
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn claims(sub: &str) -> Arc<AccessClaims> {
        let claims = json!({
            "iss": "https://auth.example", "sub": sub, "aud": "rooms", "exp": 1_800_003_600, "iat": 1_800_000_000,
            "jti": "a token", "client_id": "web", "kind": "user",
        });
        Arc::new(serde_json::from_value(claims).unwrap())
    }

    fn said(json: &Bytes) -> [String; 2] {
        let said: Value = serde_json::from_slice(json).unwrap();
        ["sub", "username"].map(|member| said[member].as_str().unwrap().to_owned())
    }

    #[test]
    fn an_answer_is_written_once() {
        let (answers, claims) = (Answers::new(), claims("one"));
        let first = answers.of(&claims, "ada".to_owned()).unwrap();
        let second = answers.of(&claims, "ada".to_owned()).unwrap();
        assert_eq!((first.as_ptr(), first.len()), (second.as_ptr(), second.len()));
    }

    #[test]
    fn another_name_is_another_answer() {
        let (answers, claims) = (Answers::new(), claims("one"));
        for name in ["ada", "countess", "ada"] {
            assert_eq!(said(&answers.of(&claims, name.to_owned()).unwrap()), ["one", name]);
        }
    }

    /// Whatever two tokens have in common, nobody is told of one what the other says.
    #[test]
    fn other_claims_under_the_same_id_are_another_answer() {
        let (answers, one, other) = (Answers::new(), claims("one"), claims("other"));
        for (claims, sub) in [(&one, "one"), (&other, "other"), (&one, "one")] {
            assert_eq!(said(&answers.of(claims, "ada".to_owned()).unwrap()), [sub, "ada"]);
        }
    }
}
