//! What a client says about an attendee.

use meet_dialect::field_errors::FieldErrors;
use meet_dialect::fields::{Fields, Given};
use meet_dialect::validation::{self, choice, not_a_choice};

use super::access::Role;
use super::email::{EmailAddress, NotAnEmailAddress};

/// Somebody to be added to a room, or a role to be changed. `contracts/meet.md` §12.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Whom it is about.
    pub email: EmailAddress,
    /// The role asked for; none means `member` for somebody new, and no change for somebody known.
    pub role: Option<Role>,
}

impl Invitation {
    /// Reads `email` and `role` and ignores all other fields.
    ///
    /// # Errors
    /// Everything that is wrong with the fields, `email` first.
    pub fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = errors.keep("email", email(fields.required("email")));
        let role = errors.keep("role", role(fields.optional("role")));
        errors.or(email.zip(role).map(|(email, role)| Self { email, role }))
    }
}

fn email(given: Option<&Given>) -> Result<EmailAddress, String> {
    validation::text(given)?.parse().map_err(|error: NotAnEmailAddress| error.to_string())
}

fn role(given: Option<&Given>) -> Result<Option<Role>, String> {
    let Some(given) = given else { return Ok(None) };
    let word = choice(Some(given))?;
    word.parse().map(Some).map_err(|_| not_a_choice(&word))
}

#[cfg(test)]
mod tests {
    use meet_dialect::fields::Fields;
    use rstest::rstest;

    use super::Invitation;
    use crate::domain::access::Role;

    fn parse(json: &str) -> Result<Invitation, String> {
        Invitation::parse(&Fields::from_json(serde_json::from_str(json).unwrap()).unwrap())
            .map_err(|errors| serde_json::to_string(&errors).unwrap())
    }

    #[rstest]
    #[case::role_left_out(r#"{"email":" Ada@Example.org ","x":1}"#, None)]
    #[case::role_given(r#"{"email":"Ada@Example.org","role":"administrator"}"#, Some(Role::Administrator))]
    fn an_address_and_perhaps_a_role_make_an_invitation(#[case] json: &str, #[case] role: Option<Role>) {
        let invitation = parse(json).unwrap();
        assert_eq!((invitation.email.as_str(), invitation.role), ("Ada@Example.org", role));
    }

    #[rstest]
    #[case::missing("{}", r#"{"email":["This field is required."]}"#)]
    #[case::null(r#"{"email":null}"#, r#"{"email":["This field may not be null."]}"#)]
    #[case::blank(r#"{"email":"  "}"#, r#"{"email":["This field may not be blank."]}"#)]
    #[case::boolean(r#"{"email":true}"#, r#"{"email":["Not a valid string."]}"#)]
    #[case::list(r#"{"email":["a@b.co"]}"#, r#"{"email":["Not a valid string."]}"#)]
    #[case::number(r#"{"email":5}"#, r#"{"email":["Enter a valid email address."]}"#)]
    #[case::nul(r#"{"email":"a\u0000@b.co"}"#, r#"{"email":["Null characters are not allowed."]}"#)]
    #[case::syntax(r#"{"email":"a@b"}"#, r#"{"email":["Enter a valid email address."]}"#)]
    #[case::role_null(r#"{"email":"a@b.co","role":null}"#, r#"{"role":["This field may not be null."]}"#)]
    #[case::role_empty(r#"{"email":"a@b.co","role":""}"#, r#"{"role":["\"\" is not a valid choice."]}"#)]
    #[case::both(
        r#"{"role":"king"}"#,
        r#"{"email":["This field is required."],"role":["\"king\" is not a valid choice."]}"#
    )]
    fn whatever_is_wrong_is_told_at_once(#[case] json: &str, #[case] body: &str) {
        assert_eq!(parse(json).unwrap_err(), body);
    }
}
