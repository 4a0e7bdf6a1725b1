"""The published Python client of the bases API, unpatched, against a server with the demo data."""

import os
import uuid

import requests
from seatable_api import Account, Base

SERVER = os.environ["TESSERA_URL"]
LOGIN, PASSWORD = "agent@example.org", "demo-agent-password"


def refused(status, call):
    """The call ends in the client's own error for this status."""
    try:
        call()
    except ConnectionError as error:
        assert error.args[0] == status, error
        return error.args[1]
    raise AssertionError(f"nothing was refused with {status}")


# Signing in, and what comes of a wrong password.
refused(400, Account(LOGIN, "not the password", SERVER).auth)
account = Account(LOGIN, PASSWORD, SERVER)
account.auth()
assert len(account.token) == 40, "an Account-Token has 40 characters"
first = account.token
account.auth()
assert account.token == first, "every sign-in gives the same Account-Token"
account.load_account_info()
assert account.username.endswith("@auth.local"), account.username

# A base in the personal workspace, by owner and by the workspace's id.
name = f"Stock Room {uuid.uuid4().hex[:8]} é+&"
table = account.add_base(name)
assert table["name"] == name
personal = next(w for w in account.list_workspaces()["workspace_list"] if w["type"] == "personal")
assert table["workspace_id"] == personal["id"]
second = account.add_base(f"{name} again", personal["id"])
assert second["workspace_id"] == personal["id"] and second["uuid"] != table["uuid"]
assert "already exists" in refused(400, lambda: account.add_base(name))
shared = next(w for w in account.list_workspaces()["workspace_list"] if w["type"] == "group")
copy = account.copy_base(personal["id"], name, shared["id"])
assert copy["workspace_id"] == shared["id"] and copy["uuid"] != table["uuid"]
owned = account.add_base(f"{name} of the group", shared["id"])
assert owned["workspace_id"] == shared["id"]
try:
    account.add_base("nowhere", 999999)
except Exception as error:  # the client's own complaint about a workspace that is not in the list
    assert str(error) == "workspace_id invalid.", error

# A temporary token, and the base that it opens.
base = account.get_base(personal["id"], name)
assert base.is_authed and base.dtable_uuid == table["uuid"] and base.dtable_name == name
assert base.workspace_id == personal["id"] and base.dtable_server_url.startswith("http")
assert [user["email"] for user in base.get_related_users()] == [account.username]
refused(404, lambda: account.get_base(personal["id"], "no such base"))

# An API-Token, made over REST as the client has no call for it, and the base that it opens.
tokens = f"{SERVER}/api/v2.1/workspace/{personal['id']}/dtable/{requests.utils.quote(name)}/api-tokens/"
made = requests.post(tokens, data={"app_name": "stock sync", "permission": "r"}, headers=account.token_headers, timeout=30)
assert made.status_code == 201, made.text
opened = Base(made.json()["api_token"], SERVER)
opened.auth()
assert opened.dtable_uuid == table["uuid"] and opened.jwt_token.count(".") == 2
refused(403, Base("0" * 40, SERVER).auth)
refused(403, Base(account.token, SERVER).auth)
gone = requests.delete(f"{tokens}stock%20sync/", headers=account.token_headers, timeout=30)
assert gone.json() == {"success": True}, gone.text
refused(403, opened.auth)

# Somebody else's base: there, and not for this account.
other = Account("supervisor@example.org", "demo-supervisor-password", SERVER)
other.auth()
refused(403, lambda: other.get_base(personal["id"], name))
print("seatable-api for Python: sign-in, bases, temporary and API tokens, Base-Tokens")
