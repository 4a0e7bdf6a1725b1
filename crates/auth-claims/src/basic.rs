//! What a program sends with every request, as HTTP Basic has it: a name and a secret, or an app password alone. Both are
//! exchanged for an access token; the authorization server judges them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The `subject_token_type` of a name and a secret: a login or e-mail address, and an app password or the account's own
/// password (contracts/oauth2.md §4, contracts/ocs-provisioning.md §3.1). See [`subject_token`].
pub const BASIC: &str = "urn:tessera:token-type:basic";

/// The `subject_token_type` of an app password without a name. The subject token is the app password as it is.
pub const APP_PASSWORD: &str = "urn:tessera:token-type:app-password";

/// The subject token of a name and a secret: base64 of `name:secret`, as in the header (RFC 7617 §2). A name has no colon
/// there: what follows the first one is the secret.
#[must_use]
pub fn subject_token(name: &str, secret: &str) -> String {
    STANDARD.encode(format!("{name}:{secret}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_token_is_what_the_header_has() {
        assert_eq!(subject_token("Aladdin", "open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
