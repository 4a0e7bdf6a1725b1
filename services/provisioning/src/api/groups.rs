//! Groups. `contracts/ocs-provisioning.md` §5.6–§5.8, §7.12.

use identity::IdentityError;
use identity::groups::{self, ADMIN, Group, MAX_GROUP_ID, MemberCount};
use ocs_dialect::version::{NOT_FOUND, UNKNOWN};
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use super::caller::{Admin, SubAdmin};
use super::pages::{self, Wish};
use super::pipeline::{Call, Operation};
use super::refused::{invalid_as, refused};
use super::targets::{group_id_decoded_again, group_or};

/// `GET /cloud/groups`
#[derive(Debug)]
pub struct List;
/// `GET /cloud/groups/details`
#[derive(Debug)]
pub struct ListDetails;
/// `POST /cloud/groups`
#[derive(Debug)]
pub struct Create;
/// `PUT /cloud/groups/{groupId}`
#[derive(Debug)]
pub struct Update;
/// `DELETE /cloud/groups/{groupId}`
#[derive(Debug)]
pub struct Delete;

impl Operation for List {
    const NAME: &'static str = "groups.list";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let wish = Wish::of(&call.parameters)?;
        let most = call.app.settings.limits.ids;
        let found = call.app.db.read(move |conn| search(conn, &wish, most)).await?;
        Ok(Value::of("groups", Value::list(found.into_iter().map(|group| group.id))))
    }
}

impl Operation for ListDetails {
    const NAME: &'static str = "groups.list_details";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let wish = Wish::of(&call.parameters)?;
        let most = call.app.settings.limits.details;
        let details = call.app.db.read(move |conn| {
            let found = search(conn, &wish, most)?;
            let mut details = Vec::with_capacity(found.len());
            for page in found.chunks(pages::AT_ONCE) {
                let ids: Vec<String> = page.iter().map(|group| group.id.clone()).collect();
                let counts = groups::member_counts(conn, &ids)?;
                details.extend(page.iter().map(|group| view(group, counts.get(&group.id).copied())));
            }
            Ok::<_, OcsError>(details)
        });
        Ok(Value::of("groups", Value::List(details.await?)))
    }
}

fn search(conn: &mut DbConn, wish: &Wish, most: i64) -> Result<Vec<Group>, OcsError> {
    pages::all(wish.window(most), |slice| Ok(groups::search(conn, &wish.search, slice)?))
}

/// `GroupDetails` (§4.4). Every group is local, so its members can be changed.
fn view(group: &Group, count: Option<MemberCount>) -> Value {
    let count = count.unwrap_or_default();
    Value::map([
        ("id", Value::from(group.id.as_str())),
        ("displayname", group.name.as_str().into()),
        ("usercount", count.members.into()),
        ("disabled", count.disabled.into()),
        ("canAdd", true.into()),
        ("canRemove", true.into()),
    ])
}

impl Operation for Create {
    const NAME: &'static str = "groups.create";
    type Caller = Admin;

    async fn run(call: Call<Admin>) -> Result<Value, OcsError> {
        let id = call.parameters.required("groupid")?;
        let name = call.parameters.text_or_empty("displayname")?.trim().to_owned();
        // §5.6: the original takes "0" for an empty text.
        if id.is_empty() || id == "0" {
            return Err(OcsError::with(101, "Invalid group name"));
        }
        if id.chars().count() > MAX_GROUP_ID {
            return Err(OcsError::BadParameter("groupid".into()));
        }
        let name = if name.is_empty() { id.clone() } else { name };
        let act = call.caller.act(&call.app);
        let create = move |conn: &mut DbConn| match groups::insert(conn, &act, &id, &name, None) {
            Ok(_) => Ok(Value::nothing()),
            Err(IdentityError::Taken(_)) => Err(OcsError::with(102, "group exists")),
            Err(error) => Err(invalid_as(error, 101, "Invalid group name")),
        };
        call.app.db.write(create).await
    }
}

impl Operation for Update {
    const NAME: &'static str = "groups.update";
    type Caller = Admin;

    async fn run(call: Call<Admin>) -> Result<Value, OcsError> {
        let id = group_id_decoded_again(&call.parameters)?;
        let key = call.parameters.required("key")?;
        let name = call.parameters.required("value")?.trim().to_owned();
        if key != "displayname" {
            return Err(OcsError::code(UNKNOWN));
        }
        let act = call.caller.act(&call.app);
        let update = move |conn: &mut DbConn| {
            group_or(conn, &id, || OcsError::with(NOT_FOUND, "Group does not exist"))?;
            groups::rename(conn, &act, &id, &name)
                .map_err(|error| invalid_as(error, 101, "Not supported by backend"))?;
            Ok(Value::nothing())
        };
        call.app.db.write(update).await
    }
}

impl Operation for Delete {
    const NAME: &'static str = "groups.delete";
    type Caller = Admin;

    async fn run(call: Call<Admin>) -> Result<Value, OcsError> {
        let id = group_id_decoded_again(&call.parameters)?;
        let act = call.caller.act(&call.app);
        let delete = move |conn: &mut DbConn| {
            let group = group_or(conn, &id, || OcsError::code(101))?;
            if group.id == ADMIN {
                return Err(OcsError::code(102));
            }
            match groups::delete(conn, &act, &id) {
                Ok(()) => Ok(Value::nothing()),
                Err(IdentityError::Unknown(_)) => Err(OcsError::code(101)),
                Err(IdentityError::Invalid(_) | IdentityError::InUse(_)) => Err(OcsError::code(102)),
                Err(error) => Err(refused(error)),
            }
        };
        call.app.db.write(delete).await
    }
}
