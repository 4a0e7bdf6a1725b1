//! What there is to say of each operation, by its name.

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text that has to be there.
    Required,
    /// A text.
    Text,
    /// A number.
    Integer,
    /// A list of texts, as `name[]` in a query or a form.
    List,
    /// A map of lists of texts that has to be there, as `name[key][]`.
    Lists,
}

use Kind::{Integer, List, Lists, Required, Text};

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    pub(super) name: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    /// Those of the path are known from it.
    pub(super) parameters: &'static [(&'static str, Kind)],
    /// `meta.statuscode` of its own refusals, and when.
    pub(super) codes: &'static [(u16, &'static str)],
}

const fn about(
    name: &'static str,
    tag: &'static str,
    summary: &'static str,
    parameters: &'static [(&'static str, Kind)],
    codes: &'static [(u16, &'static str)],
) -> About {
    About { name, tag, summary, parameters, codes }
}

const PAGE: &[(&str, Kind)] = &[("search", Text), ("limit", Integer), ("offset", Integer)];
const GROUP: &[(&str, Kind)] = &[("groupid", Required)];
const CHANGE: &[(&str, Kind)] = &[("key", Required), ("value", Required)];
const HIDDEN: (u16, &str) = (998, "nobody has this id, or the caller may not know them");
const NO_POWER: (u16, &str) = (998, "the caller has no power over this account");
const APP: (u16, &str) =
    (403, "the id of the app is illegal, or the key is protected; told in `data.data.message`");
const NO_APP: (u16, &str) = (998, "there is no such app");
const NOBODY: (u16, &str) = (404, "nobody has this id");

pub(super) const OPERATIONS: [About; 43] = [
    about("capabilities.show", "Capabilities", "What this server can do", &[], &[]),
    about("users.show_oneself", "Accounts", "The caller, with scopes", &[], &[]),
    about("user_fields.of_oneself", "Accounts", "Fields that the caller may edit", &[], &[]),
    about("user_fields.of_somebody", "Accounts", "Fields of an account that may be edited", &[], &[HIDDEN]),
    about(
        "preferences.set",
        "Configuration",
        "Sets a preference of the caller",
        &[("configValue", Required)],
        &[(400, "no app vouches for the key")],
    ),
    about(
        "preferences.delete",
        "Configuration",
        "Removes a preference of the caller",
        &[],
        &[(400, "no app vouches for the key")],
    ),
    about("users.list", "Accounts", "Ids of accounts", PAGE, &[]),
    about(
        "users.create",
        "Accounts",
        "Makes an account",
        &[
            ("userid", Required),
            ("password", Text),
            ("displayName", Text),
            ("email", Text),
            ("groups", List),
            ("subadmin", List),
            ("quota", Text),
            ("language", Text),
            ("manager", Text),
        ],
        &[
            (101, "id, password, e-mail address or display name will not do"),
            (102, "the id is taken, or there is no such group to be sub-admin of"),
            (103, "the group of the administrators has no sub-admins"),
            (104, "there is no such group"),
            (105, "the caller is no sub-admin of the group"),
            (106, "a sub-admin has to name a group"),
            (108, "neither a password nor an e-mail address"),
            (110, "an e-mail address is required here"),
        ],
    ),
    about("users.list_details", "Accounts", "Accounts with everything about them", PAGE, &[]),
    about("users.list_disabled", "Accounts", "Disabled accounts", PAGE, &[]),
    about("users.list_recent", "Accounts", "Accounts by their last sign-in", PAGE, &[]),
    about(
        "users.search_by_phone",
        "Accounts",
        "Accounts that show one of these telephone numbers: by the keys of `search`, `id@host`",
        &[("location", Required), ("search", Lists)],
        &[(400, "`location` is no country"), (429, "too many searches")],
    ),
    about("users.show", "Accounts", "One account", &[], &[NOBODY, (998, "the caller may not know them")]),
    about(
        "users.edit",
        "Accounts",
        "Changes one detail of an account",
        CHANGE,
        &[
            (101, "the value will not do"),
            (113, "the caller may not change this key"),
            HIDDEN,
            (429, "too many changes"),
        ],
    ),
    about(
        "users.edit_collection",
        "Accounts",
        "Changes one of several values",
        CHANGE,
        &[
            (101, "the value will not do"),
            (102, "there is no such address, or scope"),
            (103, "there is no such collection"),
            HIDDEN,
            (429, "too many changes"),
        ],
    ),
    about("users.delete", "Accounts", "Removes an account", &[], &[(101, "it is the caller's own"), HIDDEN]),
    about(
        "users.enable",
        "Accounts",
        "Enables an account",
        &[],
        &[(101, "nobody has this id, or it is the caller's own"), NO_POWER],
    ),
    about(
        "users.disable",
        "Accounts",
        "Disables an account and ends its sessions everywhere",
        &[],
        &[(101, "nobody has this id, or it is the caller's own"), NO_POWER],
    ),
    about(
        "users.wipe",
        "Accounts",
        "Revokes all tokens of an account",
        &[],
        &[(101, "it is the caller's own"), HIDDEN],
    ),
    about(
        "users.welcome",
        "Accounts",
        "Sends a welcome mail",
        &[],
        &[(101, "there is no address"), (102, "the mail cannot be sent"), HIDDEN],
    ),
    about("memberships.list", "Memberships", "Groups of an account", &[], &[HIDDEN]),
    about(
        "memberships.add",
        "Memberships",
        "Adds an account to a group",
        &[("groupid", Text)],
        &[
            (101, "no group is named"),
            (102, "there is no such group"),
            (103, "nobody has this id"),
            (104, "the caller has no power over the group or the account"),
        ],
    ),
    about(
        "memberships.remove",
        "Memberships",
        "Takes an account out of a group",
        GROUP,
        &[
            (101, "no group is named"),
            (102, "there is no such group"),
            (103, "nobody has this id"),
            (104, "the caller has no power over the group or the account"),
            (105, "the membership has to stay"),
        ],
    ),
    about(
        "sub_admins.groups_of_user",
        "Sub-admins",
        "Groups that an account is sub-admin of",
        &[],
        &[NOBODY],
    ),
    about(
        "sub_admins.add",
        "Sub-admins",
        "Makes an account a sub-admin of a group",
        GROUP,
        &[
            (101, "nobody has this id"),
            (102, "there is no such group"),
            (103, "it is the group of the administrators"),
        ],
    ),
    about(
        "sub_admins.remove",
        "Sub-admins",
        "Makes an account no sub-admin of a group",
        GROUP,
        &[(101, "there is no such account or group"), (102, "the account is none")],
    ),
    about("groups.list", "Groups", "Ids of groups", PAGE, &[]),
    about(
        "groups.create",
        "Groups",
        "Makes a group",
        &[("groupid", Required), ("displayname", Text)],
        &[(101, "id or name will not do"), (102, "the id is taken")],
    ),
    about("groups.list_details", "Groups", "Groups with everything about them", PAGE, &[]),
    about(
        "groups.list_members",
        "Groups",
        "Ids of the members of a group",
        &[],
        &[(403, "the caller is no sub-admin of it"), (404, "there is no such group")],
    ),
    about(
        "groups.list_member_details",
        "Groups",
        "Members of a group with everything about them",
        PAGE,
        &[(998, "there is no such group, or the caller is no sub-admin of it")],
    ),
    about(
        "groups.list_sub_admins",
        "Groups",
        "Sub-admins of a group",
        &[],
        &[(101, "there is no such group")],
    ),
    about(
        "groups.update",
        "Groups",
        "Changes the display name of a group",
        CHANGE,
        &[
            (101, "the name will not do"),
            (998, "there is no such group"),
            (999, "the key is not `displayname`"),
        ],
    ),
    about(
        "groups.delete",
        "Groups",
        "Removes a group",
        &[],
        &[(101, "there is no such group"), (102, "it is the group of the administrators")],
    ),
    about(
        "apps.list",
        "Apps",
        "Ids of apps",
        &[("filter", Text)],
        &[(101, "the filter is neither `enabled` nor `disabled`")],
    ),
    about("apps.show", "Apps", "The manifest of an app", &[], &[NO_APP]),
    about("apps.enable", "Apps", "Enables an app", &[], &[NO_APP]),
    about("apps.disable", "Apps", "Disables an app", &[], &[(996, "the app is always on")]),
    about("apps_config.list_apps", "Configuration", "Ids of everything that has a key", &[], &[]),
    about("apps_config.list_keys", "Configuration", "Keys of an app", &[], &[APP]),
    about("apps_config.show_value", "Configuration", "The value of a key", &[("defaultValue", Text)], &[APP]),
    about("apps_config.set_value", "Configuration", "Sets a key", &[("value", Required)], &[APP]),
    about("apps_config.delete_key", "Configuration", "Removes a key", &[], &[APP]),
];
