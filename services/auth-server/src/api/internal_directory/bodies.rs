//! The bodies of `/internal/directory`, for the document alone: `auth_client::directory` has them.
#![expect(dead_code, reason = "read by utoipa alone")]

use utoipa::ToSchema;

/// Whom a question is about.
#[derive(ToSchema)]
#[schema(example = json!({ "ids": ["019a9c2e-5d41-7c60-9b1f-0d6d2c7a4e11"] }))]
pub(crate) struct PeopleBody {
    /// Ids of accounts: at most 500.
    ids: Vec<String>,
}

/// A person, as other services show them.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "019a9c2e-5d41-7c60-9b1f-0d6d2c7a4e11", "login": "mira", "name": "Mira Holt", "email": "mira.holt@example.org",
    "enabled": true
}))]
pub(crate) struct PersonBody {
    /// The account's id.
    id: String,
    /// The name they sign in with.
    login: String,
    /// The name to show: the login when there is none.
    name: String,
    /// Their e-mail address.
    email: Option<String>,
    /// Whether they may sign in.
    enabled: bool,
}

/// A group, and who decides on its things.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "logistics", "number": 12, "name": "Logistics", "owner": "019a9c2e-5d41-7c60-9b1f-0d6d2c7a4e11", "admins": [],
    "member_count": 3
}))]
pub(crate) struct GroupBody {
    /// Its id for ever, as in the claim `groups`.
    id: String,
    /// Its number for ever.
    number: i64,
    /// The name to show.
    name: String,
    /// The account of its owner.
    owner: Option<String>,
    /// The accounts of its administrators; the owner need not be one of them.
    admins: Vec<String>,
    /// How many members it has.
    member_count: i64,
}

/// A group, and what somebody is in it.
#[derive(ToSchema)]
pub(crate) struct MembershipBody {
    /// The group.
    group: GroupBody,
    /// `owner`, `admin` or `member`.
    #[schema(example = "owner")]
    role: String,
}

/// A group to be made.
#[derive(ToSchema)]
#[schema(example = json!({ "name": "Logistics", "owner": "019a9c2e-5d41-7c60-9b1f-0d6d2c7a4e11" }))]
pub(crate) struct NewGroupBody {
    /// The name to show; 1 to 255 characters.
    name: String,
    /// The account that is to own it.
    owner: String,
}
