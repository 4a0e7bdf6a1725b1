//! What applying a file does, or would do.

use std::fmt;

use serde::Serialize;

/// What happens to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
}

/// One record that a file changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What happens to it.
    pub action: Action,
    /// What it is: `territory`, `service`, `organization`, `group`, `account`, `client`, `application`, `base`.
    pub kind: &'static str,
    /// Which one: its id; an account's login.
    pub id: String,
    /// The fields that get another value; nothing on a removal.
    pub fields: Vec<&'static str>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
        };
        write!(f, "{verb} {} {}", self.kind, self.id)?;
        if self.fields.is_empty() { Ok(()) } else { write!(f, " ({})", self.fields.join(", ")) }
    }
}
