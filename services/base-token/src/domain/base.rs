//! Bases. `contracts/seatable-tokens.md` §1, §11.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::id::AccountId;

/// How a base looks in lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appearance {
    /// Behind the icon.
    pub color: Option<String>,
    /// Of the icon.
    pub text_color: Option<String>,
    /// Its name.
    pub icon: Option<String>,
}

/// A base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Never given to another one.
    pub id: i64,
    /// What tokens are bound to.
    pub uuid: Uuid,
    /// Where it lies.
    pub workspace_id: i64,
    /// Unique among the bases of the workspace that are not in the trash.
    pub name: String,
    /// How it looks.
    pub appearance: Appearance,
    /// Who made it. The account may be gone.
    pub created_by: AccountId,
    /// Who changed it last. The account may be gone.
    pub modified_by: AccountId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Since when it lies in the trash.
    pub trashed_at: Option<DateTime<Utc>>,
}

impl Base {
    /// The name that answers tell: in the trash `_(deleted_<id>) <name>`, by which clients recognise a deleted base. §8.1.
    #[must_use]
    pub fn shown_name(&self) -> Cow<'_, str> {
        if self.trashed_at.is_some() {
            Cow::Owned(format!("_(deleted_{}) {}", self.id, self.name))
        } else {
            Cow::Borrowed(&self.name)
        }
    }

    /// The UUID as tokens and answers write it: hyphenated, lower case.
    #[must_use]
    pub fn uuid_text(&self) -> String {
        self.uuid.as_hyphenated().to_string()
    }
}

/// A base that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBase {
    /// What tokens will be bound to.
    pub uuid: Uuid,
    /// Where it will lie.
    pub workspace_id: i64,
    /// Its name.
    pub name: super::name::BaseName,
    /// How it looks.
    pub appearance: Appearance,
    /// Who makes it.
    pub created_by: AccountId,
}
