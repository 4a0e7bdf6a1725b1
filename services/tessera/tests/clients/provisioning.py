"""The published Python client of the OCS provisioning API, unpatched, against a server with the demo data."""

import os
import uuid

from nc_py_api import Nextcloud, NextcloudException, NextcloudExceptionNotFound

SERVER = os.environ["TESSERA_URL"]


def client(user, password):
    """A client that signs every request with this login and password."""
    return Nextcloud(nextcloud_url=SERVER, nc_auth_user=user, nc_auth_pass=password)


def refused(status, call, *arguments, **named):
    """The call ends in the client's own error with this status."""
    try:
        call(*arguments, **named)
    except NextcloudException as error:
        assert error.status_code == status, error
        return
    raise AssertionError(f"nothing was refused with {status}")


admin = client("admin", "demo-admin-password")
refused(401, client("admin", "not the password").users.get_user)

# Who is there, and who asks.
assert admin.user == "admin"
assert "provisioning_api" in admin.capabilities and admin.srv_version["major"] >= 30
assert {"admin", "agent"} <= set(admin.users.get_list())
assert admin.users.get_list(mask="agent", limit=1) == ["agent"]

# A group and a person, from the beginning to the end.
mark = uuid.uuid4().hex[:8]
group, person, password = f"atelier {mark} é", f"jonas-{mark}", f"correct horse {mark}"
admin.users_groups.create(group, "Atelier Nord")
refused(102, admin.users_groups.create, group)
assert group in admin.users_groups.get_list(mask=mark)
admin.users_groups.edit(group, "Atelier Süd")
details = admin.users_groups.get_details(mask=mark)
assert [(one.group_id, one.display_name, one.user_count) for one in details] == [(group, "Atelier Süd", 0)]

admin.users.create(person, "Jonas", password=password, email=f"{person}@example.org", groups=[group], quota="12MB")
refused(102, admin.users.create, person, password=password)
found = admin.users.get_user(person)
assert (found.user_id, found.display_name, found.email) == (person, "Jonas", f"{person}@example.org")
assert found.groups == [group] and found.enabled and found.quota["quota"] == 12 * 1024 * 1024
assert found.backend_capabilities == {"setDisplayName": True, "setPassword": True}

# The person signs in with the same kind of client, and edits what is theirs.
own = client(person, password)
assert own.user == person
refused(403, own.users.get_list)
assert "phone" in own.users.editable_fields()
own.users.edit(person, phone="+49 711 / 25 24 28-90", website="https://example.org/jonas", headline="Instruments")
found = admin.users.get_user(person)
assert (found.phone, found.website, found.headline) == ("+4971125242890", "https://example.org/jonas", "Instruments")
assert found.last_login.year >= 2025

# A sub-admin of the group sees its members.
admin.users.promote_to_subadmin(person, group)
assert admin.users_groups.get_subadmins(group) == [person]
assert admin.users.get_user(person).subadmin == [group]
assert own.users.get_list() == [person]
admin.users.demote_from_subadmin(person, group)
refused(403, own.users.get_list)

# Out of the group and in again; disabled and enabled.
admin.users.remove_from_group(person, group)
assert admin.users.get_user(person).groups == []
admin.users.add_to_group(person, group)
admin.users.disable(person)
refused(401, own.users.get_user)
assert not admin.users.get_user(person).enabled
admin.users.enable(person)
assert own.users.get_user().user_id == person

# Apps.
apps = admin.apps.get_list()
assert {"rooms", "bases"} <= set(apps) and admin.apps.is_installed("rooms")
admin.apps.disable("rooms")
assert admin.apps.is_disabled("rooms") and not admin.apps.is_enabled("rooms")
admin.apps.enable("rooms")
assert admin.apps.is_enabled("rooms")

# Gone.
assert admin.users_groups.get_members(group) == [person]
admin.users_groups.delete(group)
refused(101, admin.users_groups.delete, group)
admin.users.delete(person)
try:
    admin.users.get_user(person)
    raise AssertionError("a deleted user is still there")
except NextcloudExceptionNotFound:
    pass
refused(401, own.users.get_user)
print("nc-py-api: users, groups, sub-admins, apps")
