//! Members and sub-administrators of a group. `contracts/ocs-provisioning.md` §5.5, §7.13.

use identity::directory_search::{self, Among, Found, Window};
use identity::groups;
use ocs_dialect::version::NOT_FOUND;
use ocs_dialect::{OcsError, Value};

use super::caller::{Admin, SubAdmin};
use super::pages::Wish;
use super::people::{self, Viewer};
use super::pipeline::{Call, Operation};
use super::targets::{group_id_decoded_again, group_or};

const NO_GROUP: &str = "The requested group could not be found";

/// `GET /cloud/groups/{groupId}` and `GET /cloud/groups/{groupId}/users`
#[derive(Debug)]
pub struct ListIds;
/// `GET /cloud/groups/{groupId}/users/details`
#[derive(Debug)]
pub struct ListDetails;
/// `GET /cloud/groups/{groupId}/subadmins`
#[derive(Debug)]
pub struct ListSubAdmins;

impl Operation for ListIds {
    const NAME: &'static str = "groups.list_members";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let id = group_id_decoded_again(&call.parameters)?;
        let (caller, limit) = (call.caller, call.app.settings.limits.ids);
        let found = call.app.db.read(move |conn| {
            let group = group_or(conn, &id, || OcsError::with(404, NO_GROUP))?;
            if !caller.administers(&group.id) {
                return Err(OcsError::code(403));
            }
            let window = Window { offset: 0, limit: Some(limit) };
            Ok(directory_search::find(conn, Among::Group(&group.id), "", window)?)
        });
        Ok(people::ids(found.await?))
    }
}

impl Operation for ListDetails {
    const NAME: &'static str = "groups.list_member_details";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let id = group_id_decoded_again(&call.parameters)?;
        let wish = Wish::of(&call.parameters)?;
        let window = wish.window(call.app.settings.limits.details);
        let (caller, language) = (call.caller, call.app.settings.accounts.language.clone());
        let details = call.app.db.read(move |conn| {
            let not_found = || OcsError::with(NOT_FOUND, NO_GROUP);
            let group = group_or(conn, &id, not_found)?;
            if !caller.administers(&group.id) {
                return Err(not_found());
            }
            let found = directory_search::find(conn, Among::Group(&group.id), &wish.search, window)?;
            people::details(conn, &Viewer { standing: &caller, language: &language }, &found)
        });
        details.await
    }
}

impl Operation for ListSubAdmins {
    const NAME: &'static str = "groups.list_sub_admins";
    type Caller = Admin;

    async fn run(call: Call<Admin>) -> Result<Value, OcsError> {
        // §2.3: this one is decoded once.
        let id = call.parameters.required("groupId")?;
        let found = call.app.db.read(move |conn| {
            let group = group_or(conn, &id, || OcsError::with(101, "Group does not exist"))?;
            let ids = groups::subadmins(conn, &group.id)?;
            Ok::<_, OcsError>(directory_search::load(conn, &ids)?)
        });
        let found = found
            .await?
            .into_iter()
            .map(|person| Found { id: person.account.id, login: person.account.login });
        Ok(Value::list(directory_search::sorted_logins(found.collect())))
    }
}
