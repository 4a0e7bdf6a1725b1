//! What a verified access token says: the one form every credential takes at the edge of a service.

use serde::{Deserialize, Serialize, de};

use crate::roles::Role;
use crate::scopes::Scopes;

/// The claims of an access token (RFC 9068 and the platform's own). Absent and empty members stay out of the JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who issued it.
    pub iss: String,
    /// The account's UUID, or the client's id.
    pub sub: String,
    /// Who it is meant for.
    pub aud: Audience,
    /// Dead from this second on.
    pub exp: i64,
    /// Issued at this second.
    pub iat: i64,
    /// Not valid before this second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The token's own id.
    pub jti: String,
    /// The client it was issued to.
    pub client_id: String,
    /// What it permits.
    #[serde(default, skip_serializing_if = "Scopes::is_empty")]
    pub scope: Scopes,
    /// When the user last proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How they proved it (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// Who acts for the subject, after an exchange (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
    /// Whether the subject is a user or a client.
    pub kind: SubjectKind,
    /// The session the token came from: revoking it revokes all its tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The end of the device session the token came from (Unix seconds), which its responses echo as `expiry`.
    /// contracts/rdv-sign-in.md §4.5. The token itself may end earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_exp: Option<i64>,
    /// The account's e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The account's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The primary organisation of the account or client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// Every organisation of the account, with the role held there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<OrganizationMembership>,
    /// The agent's service (department).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    /// Platform roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// Group ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Fine-grained strings such as `integrations:integration:view`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// The application this credential belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    /// The user a Meet application acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whether a Meet application acts for a user.
    #[serde(default, skip_serializing_if = "is_false")]
    pub delegated: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde calls")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Whether a subject is a person's account or a client of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An account.
    User,
    /// A client acting for itself.
    Client,
}

/// Who acts for the subject; the one acting now stands outermost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The account's UUID, or the client's id.
    pub sub: String,
    /// The client it acted through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Who acted before. RFC 8693 §4.1: for information, not for decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Self>>,
}

impl AccessClaims {
    /// All who act or acted for the subject, outermost first. As long as the parser let it get, which takes less than
    /// 128 levels.
    pub fn actors(&self) -> impl Iterator<Item = &Actor> {
        std::iter::successors(self.act.as_deref(), |actor| actor.act.as_deref())
    }
}

impl Actor {
    /// The client it acted through, then itself.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.client_id.as_deref().into_iter().chain([self.sub.as_str()])
    }
}

/// A place in an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationMembership {
    /// The organisation.
    pub id: String,
    /// The role held there.
    pub role: Role,
}

/// The `aud` claim: one or more names, a bare string when there is one (RFC 7519 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Audience {
    /// One name.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `name` is meant.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|audience| audience == name)
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

impl From<&str> for Audience {
    fn from(name: &str) -> Self {
        Self::One(name.to_owned())
    }
}

impl From<String> for Audience {
    fn from(name: String) -> Self {
        Self::One(name)
    }
}

impl From<Vec<String>> for Audience {
    fn from(mut names: Vec<String>) -> Self {
        match names.pop() {
            Some(only) if names.is_empty() => Self::One(only),
            Some(last) => {
                names.push(last);
                Self::Many(names)
            }
            None => Self::Many(names),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AudienceVisitor)
    }
}

// By hand: `#[serde(untagged)]` would buffer the whole value first, and accept an empty list.
struct AudienceVisitor;

impl<'de> de::Visitor<'de> for AudienceVisitor {
    type Value = Audience;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string or a list of at least one string")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Audience, E> {
        Ok(name.into())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut names: A) -> Result<Audience, A::Error> {
        let mut all = Vec::new();
        while let Some(name) = names.next_element::<String>()? {
            all.push(name);
        }
        if all.is_empty() {
            return Err(de::Error::invalid_length(0, &self));
        }
        Ok(all.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn minimal() -> serde_json::Value {
        json!({
            "iss": "https://id.example", "sub": "booking", "aud": "rooms", "exp": 2, "iat": 1,
            "jti": "j", "client_id": "booking", "kind": "client",
        })
    }

    #[test]
    fn absent_and_empty_members_stay_out_of_the_json() {
        let claims: AccessClaims = serde_json::from_value(minimal()).unwrap();
        assert_eq!(serde_json::to_value(&claims).unwrap(), minimal());
    }

    #[test]
    fn every_member_survives_the_round_trip() {
        let mut full = minimal();
        full.as_object_mut().unwrap().extend(
            json!({
                "aud": ["rooms", "agenda"], "nbf": 1, "scope": "rooms:list a", "auth_time": 1, "amr": ["pwd", "otp"],
                "act": {"sub": "gate", "client_id": "gate", "act": {"sub": "first"}}, "kind": "user", "sid": "s",
                "email": "ada@example.org", "name": "Ada", "organization_id": "o",
                "organizations": [{"id": "o", "role": "ADMIN"}], "service_id": "d", "roles": ["AGENT"],
                "groups": ["g"], "permissions": ["integrations:integration:view"], "application_id": "p",
                "user_id": "u", "delegated": true,
            })
            .as_object()
            .unwrap()
            .clone(),
        );
        let claims: AccessClaims = serde_json::from_value(full.clone()).unwrap();
        assert_eq!(serde_json::to_value(&claims).unwrap(), full);
    }

    #[test]
    fn an_audience_of_one_is_a_string_and_of_none_an_error() {
        let one: Audience = serde_json::from_value(json!(["rooms"])).unwrap();
        assert_eq!(serde_json::to_value(&one).unwrap(), "rooms");
        for wrong in [json!([]), json!(null), json!(7), json!(["a", 7]), json!({"rooms": true})] {
            assert!(serde_json::from_value::<Audience>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_missing_required_member_is_an_error() {
        for name in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "kind"] {
            let mut claims = minimal();
            claims.as_object_mut().unwrap().remove(name);
            assert!(serde_json::from_value::<AccessClaims>(claims).is_err(), "{name}");
        }
    }
}
