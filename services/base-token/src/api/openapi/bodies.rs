//! Parameters.
#![expect(
    dead_code,
    reason = "the shapes stand here for the description; the handlers read what they describe"
)]

use utoipa::ToSchema;

/// A new base.
#[derive(ToSchema)]
#[schema(as = NewBase, example = json!({"name": "Stock Room", "owner": "5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local"}))]
pub(in crate::api) struct NewBaseForm {
    /// Its name: at most 248 bytes, no slash, not `..`; unique in the workspace.
    name: String,
    /// Whose workspace it is to lie in: the caller's internal id, or `<number>@seafile_group` of one of their groups.
    owner: Option<String>,
    /// The number of the workspace, where no `owner` is given. Default: the caller's own.
    workspace_id: Option<i64>,
    /// Behind the icon.
    color: Option<String>,
    /// Of the icon.
    text_color: Option<String>,
    /// The name of the icon.
    icon: Option<String>,
}

/// What a base should be like from now on; what is left out stays as it is.
#[derive(ToSchema)]
#[schema(example = json!({"name": "Stock Room", "new_name": "Stockroom 2"}))]
pub(in crate::api) struct BaseChange {
    /// Which base of the workspace.
    name: String,
    /// Its new name.
    new_name: Option<String>,
    /// Behind the icon.
    color: Option<String>,
    /// Of the icon.
    text_color: Option<String>,
    /// The name of the icon.
    icon: Option<String>,
}

/// What is to go.
#[derive(ToSchema)]
#[schema(example = json!({"name": "Stockroom 2"}))]
pub(in crate::api) struct BaseDelete {
    /// Which base of the workspace.
    name: String,
}

/// What is to be copied.
#[derive(ToSchema)]
#[schema(as = NewCopy, example = json!({"src_workspace_id": 61, "name": "Stock Room", "dst_workspace_id": 64}))]
pub(in crate::api) struct CopyForm {
    /// The workspace of the base.
    src_workspace_id: i64,
    /// Its name.
    name: String,
    /// Where the copy is to lie.
    dst_workspace_id: i64,
}

/// A share with somebody.
#[derive(ToSchema)]
#[schema(as = NewShare, example = json!({"email": "c80e7d135fa94b62b1904d7e3a6f2c58@auth.local", "permission": "r"}))]
pub(in crate::api) struct ShareForm {
    /// The internal id.
    email: String,
    /// `r` or `rw`.
    permission: PermissionName,
}

/// The share that is to end.
#[derive(ToSchema)]
#[schema(example = json!({"email": "c80e7d135fa94b62b1904d7e3a6f2c58@auth.local"}))]
pub(in crate::api) struct ShareDelete {
    /// The internal id.
    email: String,
}

/// A share with a group, or with several.
#[derive(ToSchema)]
#[schema(as = NewShareWithGroup, example = json!({"group_id": 12, "permission": "r"}))]
pub(in crate::api) struct GroupShareForm {
    /// The number of a group that the caller is in.
    group_id: Option<i64>,
    /// The numbers of several, where no `group_id` is given: at most 100.
    group_ids: Option<Vec<i64>>,
    /// `r` or `rw`.
    permission: PermissionName,
}

/// What a share should be like from now on.
#[derive(ToSchema)]
#[schema(example = json!({"permission": "rw"}))]
pub(in crate::api) struct GroupShareChange {
    /// `r` or `rw`.
    permission: PermissionName,
}

/// A new group.
#[derive(ToSchema)]
#[schema(as = NewGroup, example = json!({"name": "Logistics"}))]
pub(in crate::api) struct GroupForm {
    /// Its name.
    name: String,
}

/// What may be done with the contents of a base.
#[derive(serde::Serialize, ToSchema)]
#[schema(as = Permission)]
enum PermissionName {
    /// Read.
    #[serde(rename = "r")]
    Read,
    /// Read and write.
    #[serde(rename = "rw")]
    Write,
}
