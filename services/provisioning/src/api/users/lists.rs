//! Lists of accounts. §5.9, §7.1, §7.2.

use std::collections::HashSet;

use identity::accounts::AccountId;
use identity::directory_search::{self, Among, Found, Window};
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use crate::api::caller::{Admin, SubAdmin};
use crate::api::pages::Wish;
use crate::api::people::{self, Viewer};
use crate::api::pipeline::{Call, Operation};
use crate::domain::access::Standing;

/// How many recently active users there are unless a client says, and at most (§5.9).
const RECENT: i64 = 25;
const MOST_RECENT: i64 = 100;

/// `GET /cloud/users`
#[derive(Debug)]
pub struct ListIds;
/// `GET /cloud/users/details`
#[derive(Debug)]
pub struct ListDetails;
/// `GET /cloud/users/disabled`
#[derive(Debug)]
pub struct ListDisabled;
/// `GET /cloud/users/recent`
#[derive(Debug)]
pub struct ListRecent;

impl Operation for ListIds {
    const NAME: &'static str = "users.list";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let wish = Wish::of(&call.parameters)?;
        let (caller, window) = (call.caller, wish.window(call.app.settings.limits.ids));
        let found = call.app.db.read(move |conn| search(conn, &caller, &wish.search, window));
        Ok(people::ids(found.await?))
    }
}

impl Operation for ListDetails {
    const NAME: &'static str = "users.list_details";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let wish = Wish::of(&call.parameters)?;
        let (caller, most) = (call.caller, call.app.settings.limits.details);
        let language = call.app.settings.accounts.language.clone();
        let details = call.app.db.read(move |conn| {
            let mut found = search(conn, &caller, &wish.search, wish.window(most))?;
            // The groups of a sub-administrator have a page each.
            found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            people::details(conn, &Viewer { standing: &caller, language: &language }, &found)
        });
        details.await
    }
}

/// All accounts for an administrator; for others the members of each of their groups, every one once.
fn search(
    conn: &mut DbConn,
    caller: &Standing,
    search: &str,
    window: Window,
) -> Result<Vec<Found>, OcsError> {
    if caller.is_admin() {
        return Ok(directory_search::find(conn, Among::Everybody, search, window)?);
    }
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for group in &caller.sub_admin_of {
        let members = directory_search::find(conn, Among::Group(group), search, window)?;
        found.extend(members.into_iter().filter(|one| seen.insert(one.id)));
    }
    Ok(found)
}

impl Operation for ListDisabled {
    const NAME: &'static str = "users.list_disabled";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let wish = Wish::strict(&call.parameters)?;
        let (caller, limits) = (call.caller, call.app.settings.limits.clone());
        let language = call.app.settings.accounts.language.clone();
        let details = call.app.db.read(move |conn| {
            let window = wish.window(limits.details);
            let found = if caller.is_admin() {
                directory_search::find(conn, Among::Disabled, &wish.search, window)?
            } else {
                reached(conn, &caller, &wish.search, window, limits.ids)?
            };
            people::details(conn, &Viewer { standing: &caller, language: &language }, &found)
        });
        details.await
    }
}

/// The disabled accounts in the power of a sub-administrator: a part of all the disabled ones.
fn reached(
    conn: &mut DbConn,
    caller: &Standing,
    search: &str,
    window: Window,
    most: i64,
) -> Result<Vec<Found>, OcsError> {
    let all = Window { offset: 0, limit: Some(most) };
    let found = directory_search::find(conn, Among::Disabled, search, all)?;
    let ids: Vec<AccountId> = found.iter().map(|one| one.id).collect();
    let reached = directory_search::accessible(conn, caller.account.id, &ids)?;
    let number = |wanted: i64| usize::try_from(wanted).unwrap_or(usize::MAX);
    let found = found.into_iter().filter(|one| reached.contains(&one.id)).skip(number(window.offset));
    Ok(found.take(window.limit.map_or(usize::MAX, number)).collect())
}

impl Operation for ListRecent {
    const NAME: &'static str = "users.list_recent";
    type Caller = Admin;

    async fn run(call: Call<Admin>) -> Result<Value, OcsError> {
        let wish = Wish::strict(&call.parameters)?;
        let limit = wish.limit.filter(|limit| *limit > 0).unwrap_or(RECENT).min(MOST_RECENT);
        let (caller, language) = (call.caller, call.app.settings.accounts.language.clone());
        let details = call.app.db.read(move |conn| {
            let window = Window { offset: wish.offset, limit: Some(limit) };
            let found = directory_search::find(conn, Among::SignedIn, &wish.search, window)?;
            people::details(conn, &Viewer { standing: &caller, language: &language }, &found)
        });
        details.await
    }
}
