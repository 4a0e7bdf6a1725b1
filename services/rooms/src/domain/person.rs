//! The person on whose behalf a request is made, read from verified claims.

use std::fmt;
use std::str::FromStr;

use auth_claims::claims::{AccessClaims, SubjectKind};
use uuid::Uuid;

use super::client::ClientId;
use super::email::EmailAddress;

/// An account's id, as the auth server knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountId(Uuid);

impl FromStr for AccountId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

/// Which of the two kinds of token a request came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationMethod {
    /// A token of an application that acts for a user.
    Application,
    /// A user's own token from the authorization server.
    ResourceServer,
}

impl AuthenticationMethod {
    /// The name under which the dialect's audit records know it. `contracts/meet.md` §9.
    #[must_use]
    pub fn audit_name(self) -> &'static str {
        match self {
            Self::Application => "ApplicationJWTAuthentication",
            Self::ResourceServer => "ResourceServerAuthentication",
        }
    }
}

/// A person and the client through which they act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// The account's e-mail, as the auth server vouches for it.
    pub email: Option<EmailAddress>,
    /// The client.
    pub client: ClientId,
    /// The kind of token.
    pub method: AuthenticationMethod,
}

/// Why verified claims name nobody who may call this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsRefusal {
    /// A claim that every such token has is absent.
    #[error("Invalid token claims.")]
    InvalidClaims,
    /// An application's own token, for no user.
    #[error("Invalid token type.")]
    NotDelegated,
    /// An application token for something that is no account.
    #[error("User not found.")]
    UserNotFound,
    /// A user token without scope or client.
    #[error("Invalid token.")]
    InvalidToken,
    /// A user token without the base scope.
    #[error("Insufficient permissions.")]
    BaseScopeMissing,
    /// A user token without a subject.
    #[error("Login failed")]
    NoSubject,
    /// A user token whose subject cannot be one.
    #[error("Enter a valid sub. This value may contain only letters, numbers, and @/./+/-/_ characters.")]
    InvalidSubject,
    /// A token whose subject is no account.
    #[error("Login failed: No user found for the given access token.")]
    NoAccount,
}

impl Person {
    /// Reads the claims of an application token (§6.2) or of a user's own token (§6.3), each in the contract's order.
    ///
    /// Whether application and account still exist and are active is the revocation index's to say, and has been
    /// said when claims are verified.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn from_claims(claims: &AccessClaims, base_scopes: &[String]) -> Result<Self, ClaimsRefusal> {
        // Only application tokens carry these two claims.
        if claims.delegated || claims.user_id.is_some() {
            Self::from_application_token(claims)
        } else {
            Self::from_user_token(claims, base_scopes)
        }
    }

    fn from_application_token(claims: &AccessClaims) -> Result<Self, ClaimsRefusal> {
        let client = client(claims).ok_or(ClaimsRefusal::InvalidClaims)?;
        if !claims.delegated {
            return Err(ClaimsRefusal::NotDelegated);
        }
        let user =
            claims.user_id.as_deref().filter(|id| !id.is_empty()).ok_or(ClaimsRefusal::InvalidClaims)?;
        let account = user.parse().map_err(|_| ClaimsRefusal::UserNotFound)?;
        Ok(Self::new(account, claims, client, AuthenticationMethod::Application))
    }

    fn from_user_token(claims: &AccessClaims, base_scopes: &[String]) -> Result<Self, ClaimsRefusal> {
        if claims.scope.is_empty() {
            return Err(ClaimsRefusal::InvalidToken);
        }
        // §6.3 check 5: exact and case-sensitive, unlike the scopes of §7.
        let is_base = |scope: &str| base_scopes.iter().any(|base| base == scope);
        if !claims.scope.iter().any(|scope| is_base(scope.as_str())) {
            return Err(ClaimsRefusal::BaseScopeMissing);
        }
        let client = client(claims).ok_or(ClaimsRefusal::InvalidToken)?;
        let subject = claims.sub.as_str();
        if subject.is_empty() {
            return Err(ClaimsRefusal::NoSubject);
        }
        if !is_subject(subject) {
            return Err(ClaimsRefusal::InvalidSubject);
        }
        match subject.parse() {
            Ok(account) if claims.kind == SubjectKind::User => {
                Ok(Self::new(account, claims, client, AuthenticationMethod::ResourceServer))
            }
            _ => Err(ClaimsRefusal::NoAccount),
        }
    }

    fn new(
        account: AccountId,
        claims: &AccessClaims,
        client: ClientId,
        method: AuthenticationMethod,
    ) -> Self {
        let email = claims.email.as_deref().and_then(EmailAddress::from_claim);
        Self { account, email, client, method }
    }
}

/// The client, when it is one that a database can keep.
fn client(claims: &AccessClaims) -> Option<ClientId> {
    let id = claims.client_id.as_str();
    (!id.is_empty() && !id.contains('\0')).then(|| ClientId::new(id))
}

/// §3.4: `^[\w.@+-]+$`, at most 255 characters.
fn is_subject(subject: &str) -> bool {
    subject.chars().count() <= 255
        && subject.chars().all(|character| character.is_alphanumeric() || "_.@+-".contains(character))
}

#[cfg(test)]
mod tests {
    use auth_claims::claims::{AccessClaims, SubjectKind};
    use rstest::rstest;
    use serde_json::json;

    use super::{AuthenticationMethod, ClaimsRefusal, Person};

    const ACCOUNT: &str = "7b8d9c40-3a2b-4edf-871c-2f3d4e5f6a7b";

    fn application_token() -> AccessClaims {
        serde_json::from_value(json!({
            "iss": "i", "sub": ACCOUNT, "aud": "rooms", "exp": 2, "iat": 1, "jti": "j", "client_id": "booking",
            "kind": "user", "scope": "rooms:list", "user_id": ACCOUNT, "delegated": true, "email": "ada@example.org",
        }))
        .unwrap()
    }

    fn user_token() -> AccessClaims {
        AccessClaims {
            scope: "lasuite_visio rooms:list".parse().unwrap(),
            user_id: None,
            delegated: false,
            ..application_token()
        }
    }

    fn read(claims: &AccessClaims) -> Result<Person, ClaimsRefusal> {
        Person::from_claims(claims, &["lasuite_visio".to_owned(), "lasuite_meet".to_owned()])
    }

    #[rstest]
    #[case::application(application_token(), AuthenticationMethod::Application)]
    #[case::user(user_token(), AuthenticationMethod::ResourceServer)]
    fn both_kinds_of_token_name_a_person(#[case] claims: AccessClaims, #[case] method: AuthenticationMethod) {
        let person = read(&claims).unwrap();
        assert_eq!(person.account.to_string(), ACCOUNT);
        assert_eq!(person.client.as_str(), "booking");
        assert_eq!(person.email.unwrap().as_str(), "ada@example.org");
        assert_eq!(person.method, method);
    }

    #[rstest]
    #[case::no_client(AccessClaims { client_id: String::new(), ..application_token() }, ClaimsRefusal::InvalidClaims)]
    #[case::not_delegated(AccessClaims { delegated: false, ..application_token() }, ClaimsRefusal::NotDelegated)]
    #[case::no_user(AccessClaims { user_id: None, ..application_token() }, ClaimsRefusal::InvalidClaims)]
    #[case::empty_user(
        AccessClaims { user_id: Some(String::new()), ..application_token() },
        ClaimsRefusal::InvalidClaims
    )]
    #[case::no_uuid(AccessClaims { user_id: Some("ada".into()), ..application_token() }, ClaimsRefusal::UserNotFound)]
    #[case::client_before_delegation(
        AccessClaims { client_id: String::new(), delegated: false, ..application_token() },
        ClaimsRefusal::InvalidClaims
    )]
    fn an_application_token_is_checked_in_order(
        #[case] claims: AccessClaims,
        #[case] refusal: ClaimsRefusal,
    ) {
        assert_eq!(read(&claims), Err(refusal));
    }

    fn scope(text: &str) -> AccessClaims {
        AccessClaims { scope: text.parse().unwrap(), ..user_token() }
    }

    #[rstest]
    #[case::no_scope(scope(""), ClaimsRefusal::InvalidToken)]
    #[case::no_base_scope(scope("rooms:list"), ClaimsRefusal::BaseScopeMissing)]
    #[case::base_scope_in_upper_case(scope("LASUITE_VISIO rooms:list"), ClaimsRefusal::BaseScopeMissing)]
    #[case::no_client(AccessClaims { client_id: String::new(), ..user_token() }, ClaimsRefusal::InvalidToken)]
    #[case::no_subject(AccessClaims { sub: String::new(), ..user_token() }, ClaimsRefusal::NoSubject)]
    #[case::odd_subject(AccessClaims { sub: "a b".into(), ..user_token() }, ClaimsRefusal::InvalidSubject)]
    #[case::unknown_subject(AccessClaims { sub: "ada".into(), ..user_token() }, ClaimsRefusal::NoAccount)]
    #[case::client_subject(
        AccessClaims { sub: "booking".into(), kind: SubjectKind::Client, ..user_token() },
        ClaimsRefusal::NoAccount
    )]
    #[case::client_named_like_an_account(
        AccessClaims { kind: SubjectKind::Client, ..user_token() },
        ClaimsRefusal::NoAccount
    )]
    #[case::base_scope_before_subject(
        AccessClaims { sub: String::new(), ..scope("rooms:list") },
        ClaimsRefusal::BaseScopeMissing
    )]
    fn a_user_token_is_checked_in_order(#[case] claims: AccessClaims, #[case] refusal: ClaimsRefusal) {
        assert_eq!(read(&claims), Err(refusal));
    }
}
