//! Finding people: lists that are searched and paged the way the provisioning API does it
//! (`contracts/ocs-provisioning.md`, §5.9, §7.1, §7.2), whatever the number of accounts.
//!
//! | list | order, and so the pages |
//! | --- | --- |
//! | [`Among::Everybody`], [`Among::Disabled`], [`Among::Group`] | display name (or login), then login, both folded |
//! | [`Among::SignedIn`] | last sign-in first, then folded login |
//!
//! All of it rests on the table `account_search`, which triggers keep whoever writes accounts; see the migration. A list
//! without a text to search for is read off an index. A search is done in two steps on PostgreSQL, because neither alone is
//! quick for every text: what many have in them is found among the first of the list, and what few have by the index of
//! pieces; which of the two it is, nobody knows before. On SQLite it reads the table.

mod folding;
mod listing;
mod people;

use diesel::prelude::*;
use store::{DbConn, StoreError};

pub use people::{Person, accessible, load};

pub(crate) use folding::{complete_keys, fold_name};

use self::listing::{Found as Row, Listing, Scan};
use crate::{
    accounts::AccountId,
    text::{containing, fold},
};

mod schema {
    diesel::table! {
        account_search (account_id) {
            account_id -> Text,
            login -> Text,
            login_key -> Text,
            sort_key -> Text,
            text -> Text,
            enabled -> Bool,
            folded -> Bool,
        }
    }
}

/// Longer than login, display name and e-mail address together, so that nobody has it in them.
const LONGEST: usize = 1000;

/// How many of a list are looked through before the index of pieces is asked, at least.
const WINDOW: i64 = 1000;

/// The same of those who have signed in, of whom each has to be looked up.
const WINDOW_OF_SIGNED_IN: i64 = 250;

/// Whom to look among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among<'a> {
    /// All accounts.
    Everybody,
    /// Those that are disabled.
    Disabled,
    /// Those that have signed in at least once.
    SignedIn,
    /// The members of the group with this id.
    Group(&'a str),
}

/// Which part of a list is wanted. Unlike a [`Slice`](crate::pages::Slice) it may be all of it: ids and logins are small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Accounts to skip. Negative is 0.
    pub offset: i64,
    /// The most accounts to return; nothing is all of them, negative is 0.
    pub limit: Option<i64>,
}

/// Somebody found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The account.
    pub id: AccountId,
    /// Its login, as it is stored.
    pub login: String,
}

/// The accounts that have `search` in their login, display name or e-mail address, without regard to case. Two queries at
/// most.
///
/// # Errors
/// Those of the database.
pub fn find(
    conn: &mut DbConn,
    among: Among<'_>,
    search: &str,
    window: Window,
) -> Result<Vec<Found>, StoreError> {
    let window = Window { offset: window.offset.max(0), limit: window.limit.map(|limit| limit.max(0)) };
    // No stored text has a control character in it.
    let nobody = search.chars().count() > LONGEST || search.chars().any(char::is_control);
    if nobody || window.limit == Some(0) {
        return Ok(Vec::new());
    }
    let rows = if search.is_empty() {
        Listing::new(among, None, Scan::Ordered, window).load(conn)?
    } else {
        searched(conn, among, search, window)?
    };
    rows.into_iter().map(Found::try_from).collect()
}

fn searched(
    conn: &mut DbConn,
    among: Among<'_>,
    search: &str,
    window: Window,
) -> Result<Vec<Row>, StoreError> {
    let text = Some((fold(search), containing(search)));
    let run = |conn: &mut DbConn, scan| Listing::new(among, text.clone(), scan, window).load(conn);
    if matches!(conn, DbConn::Sqlite(_)) {
        return Ok(run(conn, Scan::Ordered)?);
    }
    if let (Some(limit), false) = (window.limit, matches!(among, Among::Group(_))) {
        // Enough for what every fourth account has, however far down the list.
        let least = if among == Among::SignedIn { WINDOW_OF_SIGNED_IN } else { WINDOW };
        let first = window.offset.saturating_add(limit).saturating_mul(4).clamp(least, 100 * WINDOW);
        let rows = run(conn, Scan::First(first))?;
        if i64::try_from(rows.len()).is_ok_and(|found| found == limit) {
            return Ok(rows);
        }
    }
    Ok(run(conn, Scan::Pieces)?)
}

impl TryFrom<Row> for Found {
    type Error = StoreError;

    fn try_from((id, login): Row) -> Result<Self, Self::Error> {
        let id = id.parse().map_err(|error| StoreError::corrupt("account_search.account_id", error))?;
        Ok(Self { id, login })
    }
}

/// The logins of a page, ascending without regard to case (§7.1).
#[must_use]
pub fn sorted_logins(found: Vec<Found>) -> Vec<String> {
    let mut logins: Vec<String> = found.into_iter().map(|one| one.login).collect();
    logins.sort_by_cached_key(|login| fold(login));
    logins
}
