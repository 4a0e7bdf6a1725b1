//! Bases and people as clients see them. `contracts/seatable-tokens.md` §11.

use std::collections::HashMap;

use auth_client::directory::{DirectoryGroup, Person};
use seatable_dialect::response::timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::permission::Permission;
use crate::store::listings::SharedBase;

/// Below the server: the picture of people who have none.
const AVATAR: &str = "media/avatars/default.png";

/// A base.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Base, example = json!({
    "id": 218, "workspace_id": 61, "uuid": "3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613", "name": "Stock Room",
    "created_at": "2026-02-11T08:00:00+00:00", "updated_at": "2026-02-11T08:00:00+00:00", "color": null,
    "text_color": null, "icon": null, "is_encrypted": false, "in_storage": true
}))]
pub struct BaseBody {
    /// Its number.
    pub id: i64,
    /// The number of the workspace it lies in.
    pub workspace_id: i64,
    /// What tokens are bound to.
    pub uuid: String,
    /// Its name, unique in the workspace.
    pub name: String,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
    /// Behind the icon.
    pub color: Option<String>,
    /// Of the icon.
    pub text_color: Option<String>,
    /// The name of the icon.
    pub icon: Option<String>,
    /// Never: there is no encryption here.
    pub is_encrypted: bool,
    /// Always.
    pub in_storage: bool,
}

impl From<&Base> for BaseBody {
    fn from(base: &Base) -> Self {
        Self {
            id: base.id,
            workspace_id: base.workspace_id,
            uuid: base.uuid_text(),
            name: base.shown_name().into_owned(),
            created_at: timestamp(base.created_at),
            updated_at: timestamp(base.updated_at),
            color: base.appearance.color.clone(),
            text_color: base.appearance.text_color.clone(),
            icon: base.appearance.icon.clone(),
            is_encrypted: false,
            in_storage: true,
        }
    }
}

/// A base in the list of a workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ListedBase)]
pub struct ListedBaseBody {
    /// The base.
    #[serde(flatten)]
    #[schema(inline)]
    pub base: BaseBody,
    /// Whether the caller has marked it; nothing can be marked here.
    pub starred: bool,
}

impl From<&Base> for ListedBaseBody {
    fn from(base: &Base) -> Self {
        Self { base: base.into(), starred: false }
    }
}

/// A base that somebody shared.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SharedBase)]
pub struct SharedBaseBody {
    /// The base.
    #[serde(flatten)]
    #[schema(inline)]
    pub base: BaseBody,
    /// `r` or `rw`.
    #[schema(value_type = String)]
    pub permission: Permission,
    /// Who shared it.
    pub from_user: String,
    /// Their name.
    pub from_user_name: String,
    /// Their picture.
    pub from_user_avatar: String,
}

/// A person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    /// The internal id.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Their picture.
    pub avatar_url: String,
}

/// People by their accounts, and where pictures are.
#[derive(Debug, Default)]
pub struct People {
    persons: HashMap<String, Person>,
    server: String,
}

impl People {
    /// Of these, with pictures on this server, whose address ends in a slash.
    #[must_use]
    pub fn new(persons: Vec<Person>, server: String) -> Self {
        Self { persons: persons.into_iter().map(|person| (person.id.clone(), person)).collect(), server }
    }

    /// Somebody; none when the account is gone.
    #[must_use]
    pub fn get(&self, id: &AccountId) -> Option<&Person> {
        self.persons.get(id.as_str())
    }

    /// What somebody is called; nothing when the account is gone.
    #[must_use]
    pub fn name(&self, id: &AccountId) -> String {
        self.get(id).map_or_else(String::new, |person| person.name.clone())
    }

    /// The address of somebody's picture.
    #[must_use]
    pub fn avatar(&self) -> String {
        format!("{}{AVATAR}", self.server)
    }

    /// Somebody as clients see them.
    #[must_use]
    pub fn user(&self, id: &AccountId) -> UserBody {
        UserBody { email: id.internal(), name: self.name(id), avatar_url: self.avatar() }
    }

    /// A base that one of them shared.
    #[must_use]
    pub fn shared(&self, shared: &SharedBase) -> SharedBaseBody {
        SharedBaseBody {
            base: (&shared.base).into(),
            permission: shared.permission,
            from_user: shared.shared_by.internal(),
            from_user_name: self.name(&shared.shared_by),
            from_user_avatar: self.avatar(),
        }
    }
}

/// The internal id of an account that the directory names; empty for none.
#[must_use]
pub fn internal(id: Option<&str>) -> String {
    id.and_then(|id| id.parse::<AccountId>().ok()).map_or_else(String::new, |id| id.internal())
}

/// The internal ids of a group's administrators, of whom the owner is one.
#[must_use]
pub fn admins(group: &DirectoryGroup) -> Vec<String> {
    let mut all: Vec<String> = group.owner.iter().chain(&group.admins).map(|id| internal(Some(id))).collect();
    let mut seen = std::collections::HashSet::new();
    all.retain(|id| seen.insert(id.clone()));
    all
}
