//! Temporary API-Tokens: an hour of `rw` on one base, for the account that fetched one. `contracts/seatable-tokens.md` §3.2.

use auth_claims::hs256::Hs256Key;
use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::id::AccountId;

/// The claims, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TemporaryClaims {
    pub(super) username: String,
    pub(super) dtable_uuid: String,
    pub(super) exp: i64,
}

/// What a good one says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temporary {
    /// Who fetched it.
    pub account: AccountId,
    /// The base.
    pub base: Uuid,
}

/// The claims as they are received: other issuers write `exp` with a fraction.
#[derive(Deserialize)]
struct Received {
    username: String,
    dtable_uuid: String,
    exp: f64,
    #[serde(default)]
    permission: Present,
}

/// Whether a member is there at all, with whatever value.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|IgnoredAny| Self(true))
    }
}

/// Reads a token; nothing for every other text and for one whose time is over.
// §3.2, "Key separation": what says a permission is a Base-Token, whoever signed it.
pub(super) fn read(key: &Hs256Key, token: &str, now: i64) -> Option<Temporary> {
    let Received { username, dtable_uuid, exp, permission } = key.open(token)?;
    #[expect(clippy::cast_precision_loss, reason = "exact for the next hundred million years")]
    let over = exp <= now as f64;
    if over || permission.0 {
        return None;
    }
    let account = AccountId::from_internal(&username)?;
    let base = Uuid::try_parse(&dtable_uuid).ok()?;
    Some(Temporary { account, base })
}

#[cfg(test)]
mod tests {
    use auth_claims::base_token::{BaseClaims, BasePermission};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    const KEY: &[u8] = b"contract-demo-temp-key-000000000000000000";
    const BASE: &str = "3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613";
    const ACCOUNT: &str = "5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local";
    /// §3.3.
    const VECTOR: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6IjVkMmYwYzgxYjdlOTRhMzZhMWM0ZTkwZjNiNmQ4YTI3QGF1dGgubG9jYWwiLCJkdGFibGVfdXVpZCI6IjNmMGE5YzUyLTZiMWUtNGQ3Ny05YTQwLTVjOGUyMWQ3YjYxMyIsImV4cCI6MTc2NzIyNTYwMC4yNX0.5MDbQnD_dEMBQejxBFU_lLZh8hrOR4K0bOKAA00pmz8";
    const ENDS: i64 = 1_767_225_600;

    fn key() -> Hs256Key {
        Hs256Key::new(KEY)
    }

    fn signed(claims: &Value) -> String {
        key().sign(claims).unwrap()
    }

    #[test]
    fn the_vector_of_the_contract() {
        // The contract's claims, in the order in which it writes them.
        #[derive(Serialize)]
        struct Vector {
            username: &'static str,
            dtable_uuid: &'static str,
            exp: f64,
        }
        let claims = Vector { username: ACCOUNT, dtable_uuid: BASE, exp: 1_767_225_600.25 };
        assert_eq!(key().sign(&claims).unwrap(), VECTOR);
        let read_back = read(&key(), VECTOR, ENDS).unwrap();
        assert_eq!(
            (read_back.account.internal().as_str(), read_back.base.to_string().as_str()),
            (ACCOUNT, BASE)
        );
        // A quarter of a second later it is over.
        assert_eq!(read(&key(), VECTOR, ENDS + 1), None);
        assert_eq!(read(&Hs256Key::new(b"another key"), VECTOR, ENDS), None);
    }

    #[test]
    fn what_is_signed_here_is_read_here() {
        let claims = TemporaryClaims { username: ACCOUNT.into(), dtable_uuid: BASE.into(), exp: ENDS };
        let token = key().sign(&claims).unwrap();
        assert!(read(&key(), &token, ENDS - 1).is_some());
        assert_eq!(read(&key(), &token, ENDS), None);
    }

    #[rstest]
    #[case::no_end(json!({"username": ACCOUNT, "dtable_uuid": BASE}))]
    #[case::end_as_text(json!({"username": ACCOUNT, "dtable_uuid": BASE, "exp": "9999999999"}))]
    #[case::no_base(json!({"username": ACCOUNT, "exp": 9_999_999_999_i64}))]
    #[case::another_base(json!({"username": ACCOUNT, "dtable_uuid": "x", "exp": 9_999_999_999_i64}))]
    #[case::no_account(json!({"dtable_uuid": BASE, "exp": 9_999_999_999_i64}))]
    #[case::somebody(json!({"username": "", "dtable_uuid": BASE, "exp": 9_999_999_999_i64}))]
    fn anything_else_is_none(#[case] claims: Value) {
        assert_eq!(read(&key(), &signed(&claims), ENDS), None);
    }

    /// Threat 4: a Base-Token is no temporary API-Token, not even under the same key.
    #[rstest]
    #[case(json!("r"))]
    #[case(json!("rw"))]
    #[case(json!(""))]
    #[case(json!(null))]
    fn threat_04_what_says_a_permission_is_none(#[case] permission: Value) {
        let mut claims = json!({"username": ACCOUNT, "dtable_uuid": BASE, "exp": ENDS + 60});
        assert!(read(&key(), &signed(&claims), ENDS).is_some());
        claims["permission"] = permission;
        assert_eq!(read(&key(), &signed(&claims), ENDS), None);
    }

    proptest! {
        /// Threat 4: whatever a Base-Token says, it is never read as a temporary API-Token.
        #[test]
        fn threat_04_no_base_token_is_one(
            username in prop_oneof![Just(ACCOUNT.to_owned()), ".{0,20}"],
            write in any::<bool>(),
            app_name in proptest::option::of(".{0,20}"),
            same_key in any::<bool>(),
        ) {
            let permission = if write { BasePermission::Write } else { BasePermission::Read };
            let claims =
                BaseClaims { exp: ENDS + 60, dtable_uuid: BASE.into(), username, permission, app_name };
            let signer = if same_key { key() } else { Hs256Key::new(b"the key of Base-Tokens") };
            prop_assert_eq!(read(&key(), &signer.sign(&claims).unwrap(), ENDS), None);
        }

        #[test]
        fn threat_18_any_text_is_none(text in ".{0,120}") {
            prop_assert_eq!(read(&key(), &text, ENDS), None);
        }
    }
}
