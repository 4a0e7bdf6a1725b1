//! Why something is not done. How that is said is for `api` to know.

/// What a base is shared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partner {
    /// An account.
    User,
    /// A group.
    Group,
}

impl Partner {
    /// What it is called in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

/// The rules are against it. The variants of the first group stand in the order of the checks: workspace, base,
/// permission. `contracts/seatable-tokens.md` §4.1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such workspace.
    #[error("workspace {0} not found")]
    NoWorkspace(i64),
    /// There is no base of that name in the workspace, or it lies in the trash and this is the name it has there.
    #[error("base {0} not found")]
    NoBase(String),
    /// The caller may not.
    #[error("permission denied")]
    Forbidden,
    /// The base has an API-Token of that name.
    #[error("the name of the API-Token is taken")]
    AppNameTaken,
    /// The base has no API-Token of that name.
    #[error("no such API-Token")]
    NoApiToken,
    /// The API-Token has that permission.
    #[error("the API-Token has the permission {0}")]
    SamePermission(super::permission::Permission),
    /// A link has that token.
    #[error("the token of the link is taken")]
    LinkTaken,
    /// The base has as many links as it may have.
    #[error("too many links")]
    TooManyLinks,
    /// There is no such link.
    #[error("no such link")]
    NoLink,
    /// The workspace has a base of that name.
    #[error("base {0} exists")]
    BaseNameTaken(String),
    /// The base of this name is shared with it.
    #[error("the base {base} is shared with this {} already", with.as_str())]
    AlreadyShared {
        /// The name of the base.
        base: String,
        /// With what.
        with: Partner,
    },
    /// The base is not shared with this one.
    #[error("the base is not shared with the {} {}", .0.as_str(), .1)]
    NotShared(Partner, String),
}
