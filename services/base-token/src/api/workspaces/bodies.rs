//! Lists of workspaces. `contracts/seatable-tokens.md` §11.2.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::views::{ListedBaseBody, SharedBaseBody};

/// The caller's workspaces.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspaces)]
pub struct ListBody {
    pub(super) workspace_list: Vec<WorkspaceBody>,
}

/// What the caller finds bases in. Without details there are the first three members only.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
#[serde(untagged)]
pub(super) enum WorkspaceBody {
    /// Marked bases, of which there are none.
    Starred {
        #[serde(flatten)]
        #[schema(inline)]
        head: PseudoHead,
        #[serde(skip_serializing_if = "Option::is_none")]
        table_list: Option<Vec<ListedBaseBody>>,
    },
    /// What is shared with the caller.
    Shared {
        #[serde(flatten)]
        #[schema(inline)]
        head: PseudoHead,
        #[serde(flatten)]
        #[schema(inline)]
        detail: Option<SharedDetail>,
    },
    /// The caller's own.
    Personal {
        #[serde(flatten)]
        #[schema(inline)]
        head: Head,
        #[serde(skip_serializing_if = "Option::is_none")]
        table_list: Option<Vec<ListedBaseBody>>,
    },
    /// That of a group.
    Group {
        #[serde(flatten)]
        #[schema(inline)]
        head: Head,
        #[serde(flatten)]
        #[schema(inline)]
        detail: Option<GroupDetail>,
    },
}

/// What is no workspace, though it is listed among them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PseudoHead {
    /// Always empty.
    pub(super) id: &'static str,
    /// As `type`.
    pub(super) name: &'static str,
    /// `starred`, `shared`.
    pub(super) r#type: &'static str,
}

impl PseudoHead {
    pub(super) const fn new(name: &'static str) -> Self {
        Self { id: "", name, r#type: name }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Head {
    /// The number.
    pub(super) id: i64,
    pub(super) name: String,
    /// `personal`, `group`.
    pub(super) r#type: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SharedDetail {
    pub(super) shared_table_list: Vec<SharedBaseBody>,
    /// Always empty.
    pub(super) shared_view_list: Vec<SharedBaseBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupDetail {
    /// The number of the group.
    pub(super) group_id: i64,
    /// The internal id of its owner; nothing where it has none.
    pub(super) group_owner: String,
    /// The internal ids of owner and administrators.
    pub(super) group_admins: Vec<String>,
    pub(super) group_member_count: i64,
    /// Whether the caller is one of them.
    pub(super) is_admin: bool,
    pub(super) table_list: Vec<ListedBaseBody>,
    pub(super) group_shared_dtables: Vec<SharedBaseBody>,
    /// Always empty.
    pub(super) group_shared_views: Vec<SharedBaseBody>,
}
