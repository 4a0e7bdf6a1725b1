//! Whom the tests know.
//!
//! | login | is |
//! | --- | --- |
//! | `root` | administrator, by the group `admin` |
//! | `chief` | administrator, by the platform's role; and in `atelier` |
//! | `boss` | administrator, by the group; and in `atelier` |
//! | `sub` | sub-administrator of `atelier` and `staff`, in neither |
//! | `mira` | in `atelier` and `staff` |
//! | `jonas` | in `staff` |
//! | `Ola` | in `remote`; sub-administrator of nothing |
//! | `solo` | in no group |

use auth_claims::clock::Clock;
use auth_claims::roles::Role;
use identity::Identity;
use identity::accounts::{AccountProfile, NewAccount, NewPassword};
use identity::act::Act;
use identity::audit::Origin;
use identity::groups;
use secrecy::SecretString;
use store::DbConn;

const GROUPS: [&str; 3] = ["atelier", "staff", "remote"];

type Row = (&'static str, &'static [&'static str], &'static [Role], &'static [&'static str]);

const ROWS: [Row; 8] = [
    ("root", &["admin"], &[], &[]),
    ("chief", &["atelier"], &[Role::GlobalAdmin], &[]),
    ("boss", &["admin", "atelier"], &[], &[]),
    ("sub", &[], &[], &["atelier", "staff"]),
    ("mira", &["atelier", "staff"], &[], &[]),
    ("jonas", &["staff"], &[], &[]),
    ("Ola", &["remote"], &[], &[]),
    ("solo", &[], &[], &[]),
];

/// Somebody's password.
pub(crate) fn password(login: &str) -> String {
    format!("the password of {}", login.to_lowercase())
}

/// Makes everybody.
pub(crate) async fn make(identity: &Identity, clock: &Clock) {
    let act = Act::new(clock, &Origin::default());
    let first = act.clone();
    let make = move |conn: &mut DbConn| {
        for id in GROUPS {
            groups::insert(conn, &first, id, &format!("Group {id}"), None)?;
        }
        Ok::<_, identity::IdentityError>(())
    };
    identity.db().write(make).await.unwrap();
    for (login, groups_of, roles, managed) in ROWS {
        let profile = AccountProfile {
            email: Some(format!("{}@example.org", login.to_lowercase())),
            groups: groups_of.iter().map(|id| (*id).to_owned()).collect(),
            roles: roles.to_vec(),
            ..AccountProfile::new(login)
        };
        let new = NewAccount { profile, password: NewPassword::Plain(SecretString::from(password(login))) };
        let account = identity.create_account(new, &Origin::default()).await.unwrap();
        let act = act.clone();
        let manage = move |conn: &mut DbConn| {
            for id in managed {
                groups::add_subadmin(conn, &act, id, account.id)?;
            }
            Ok::<_, identity::IdentityError>(())
        };
        identity.db().write(manage).await.unwrap();
    }
}
