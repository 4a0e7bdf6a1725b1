//! People and groups for other services: in this process and over HTTP the same.

mod internal;
mod roles;

use std::sync::Arc;

use auth_client::directory::{
    Directory, DirectoryError, DirectoryGroup, GroupRole, MOST_MEMBERS, MOST_PEOPLE, Membership, Person,
};
use auth_client::{Authority, AuthoritySettings};
use identity::accounts::{Account, AccountProfile, NewAccount, NewPassword};
use identity::act::Act;
use identity::audit::Origin;
use identity::clients::{ClientKind, Registration};
use identity::groups;
use rstest::rstest;
use secrecy::SecretString;

use crate::harness::{Backend, Credentials, Spawned, scopes};

#[derive(Clone, Copy, Debug)]
enum Through {
    Process,
    Http,
}

/// A server with two people, and a client of the service `bases`.
struct World {
    app: Spawned,
    bases: Credentials,
    ada: Account,
    bob: Account,
}

impl World {
    async fn on(backend: Backend) -> Self {
        let app = Spawned::on(backend).await;
        let bases = app.client("bases", ClientKind::Service, registrar).await;
        let (ada, bob) = (app.account("ada").await, app.account("bob").await);
        Self { app, bases, ada, bob }
    }

    fn directory(&self, through: Through) -> Arc<dyn Directory> {
        match through {
            Through::Process => self.app.auth.directory(),
            Through::Http => {
                let url = self.app.base.parse().expect("a URL");
                let secret = SecretString::from(self.bases.secret.clone());
                let settings = AuthoritySettings::new(url, "bases", secret);
                Arc::new(Authority::connect(settings).expect("an authority"))
            }
        }
    }

    async fn join(&self, group: &str, account: &Account) {
        let (group, account) = (group.to_owned(), account.id);
        let act = Act::new(&self.app.clock, &Origin::default());
        let join = move |conn: &mut _| groups::add_member(conn, &act, &group, account);
        assert!(self.app.identity.db().write(join).await.expect("a member"));
    }

    async fn set_admin(&self, group: &str, account: &Account) {
        let (group, account) = (group.to_owned(), account.id);
        let act = Act::new(&self.app.clock, &Origin::default());
        let set = move |conn: &mut _| groups::set_admin(conn, &act, &group, account, true);
        assert!(self.app.identity.db().write(set).await.expect("an administrator"));
    }
}

fn registrar(registration: &mut Registration) {
    registration.scopes = scopes("internal:directory internal:revocations");
    registration.default_scopes = scopes("internal:directory");
    registration.audiences = vec!["auth-server".to_owned()];
}

fn id(account: &Account) -> String {
    account.id.to_string()
}

fn is_refused<T: std::fmt::Debug>(outcome: &Result<T, DirectoryError>) {
    assert!(matches!(outcome, Err(DirectoryError::Refused(_))), "{outcome:?}");
}

#[rstest]
#[actix_web::test]
async fn people_are_told(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Through::Process, Through::Http)] through: Through,
) {
    let world = World::on(backend).await;
    let directory = world.directory(through);
    let profile = AccountProfile {
        given_name: Some("Mira".to_owned()),
        family_name: Some("Holt".to_owned()),
        ..AccountProfile::new("mira")
    };
    let new = NewAccount { profile, password: NewPassword::None };
    let mira = world.app.identity.create_account(new, &Origin::default()).await.expect("an account");
    world.app.enable_account(&mira, false).await;
    let (unknown, ada) = ("019a9c2e-5d41-7c60-9b1f-0d6d2c7a4e11".to_owned(), id(&world.ada));
    let asked =
        [id(&mira), ada.to_uppercase(), ada.clone(), unknown, "' OR 1=1 --".to_owned(), "a\0".to_owned()];
    let mut people = directory.people(&asked).await.expect("people");
    people.sort_by(|a, b| a.login.cmp(&b.login));
    let expected = [
        Person {
            id: ada,
            login: "ada".to_owned(),
            name: world.ada.shown_name().unwrap_or_else(|| "ada".to_owned()),
            email: world.ada.email.clone(),
            enabled: true,
        },
        Person {
            id: id(&mira),
            login: "mira".to_owned(),
            name: "Mira Holt".to_owned(),
            email: None,
            enabled: false,
        },
    ];
    assert_eq!(people, expected);
    assert_eq!(directory.people(&vec![id(&mira); MOST_PEOPLE]).await.expect("people").len(), 1);
    is_refused(&directory.people(&vec![id(&mira); MOST_PEOPLE + 1]).await);
}

#[rstest]
#[actix_web::test]
async fn a_group_is_made_looked_at_and_removed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Through::Process, Through::Http)] through: Through,
) {
    let world = World::on(backend).await;
    let directory = world.directory(through);
    let (ada, bob) = (id(&world.ada), id(&world.bob));
    let made = directory.create_group("Équipe \"nuit\"", &ada).await.expect("a group");
    let expected = DirectoryGroup {
        id: made.id.clone(),
        number: made.number,
        name: "Équipe \"nuit\"".to_owned(),
        owner: Some(ada.clone()),
        admins: Vec::new(),
        member_count: 1,
    };
    assert_eq!(made, expected);
    assert!(uuid::Uuid::try_parse(&made.id).is_ok(), "{}", made.id);
    assert_eq!(directory.group(made.number).await, Ok(Some(expected.clone())));
    let owned = Membership { group: expected, role: GroupRole::Owner };
    assert_eq!(directory.groups_of(&ada).await, Ok(vec![owned]));
    assert_eq!(directory.groups_of(&bob).await, Ok(Vec::new()));
    let members = |people: Vec<Person>| people.into_iter().map(|person| person.login).collect::<Vec<_>>();
    assert_eq!(directory.members(made.number).await.map(members), Ok(vec!["ada".to_owned()]));

    // Threat 15: only whoever decides in it; a member does not, and before that, bob is not even one.
    is_refused(&directory.delete_group(made.number, &bob).await);
    world.join(&made.id, &world.bob).await;
    is_refused(&directory.delete_group(made.number, &bob).await);
    for nobody in ["", "ada", "019a9c2e-5d41-7c60-9b1f-0d6d2c7a4e11", "' OR 1=1 --"] {
        is_refused(&directory.delete_group(made.number, nobody).await);
    }
    world.set_admin(&made.id, &world.bob).await;
    let group = directory.group(made.number).await.expect("an answer").expect("a group");
    assert_eq!((group.admins.as_slice(), group.member_count), (&[bob.clone()][..], 2));
    assert_eq!(directory.groups_of(&bob).await.expect("groups")[0].role, GroupRole::Admin);
    assert_eq!(directory.delete_group(made.number, &bob).await, Ok(true));

    assert_eq!(directory.delete_group(made.number, &bob).await, Ok(false));
    assert_eq!(directory.group(made.number).await, Ok(None));
    assert_eq!(directory.members(made.number).await, Ok(Vec::new()));
    assert_eq!(directory.groups_of(&ada).await, Ok(Vec::new()));
    for number in [-1, 0, i64::MIN, i64::MAX] {
        assert_eq!(directory.group(number).await, Ok(None));
        assert_eq!(directory.delete_group(number, &ada).await, Ok(false));
    }
    let client = matches!(through, Through::Http).then(|| "bases".to_owned());
    for (action, actor) in [("group.create", &ada), ("group.delete", &bob)] {
        let events = world.app.audit(action).await;
        assert_eq!(events.len(), 1, "{action}");
        let (origin, target) = (&events[0].origin, &events[0].target);
        assert_eq!((origin.actor.as_ref(), &origin.client_id), (Some(actor), &client), "{action}");
        assert_eq!((target.as_ref(), origin.dialect.as_deref()), (Some(&made.id), Some("internal")));
    }
}

#[rstest]
#[actix_web::test]
async fn a_group_needs_a_name_and_an_owner(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Through::Process, Through::Http)] through: Through,
) {
    let world = World::on(backend).await;
    let (directory, ada) = (world.directory(through), id(&world.ada));
    let long = "é".repeat(256);
    for name in ["", " ", " a", "a\0", "a\nb", long.as_str()] {
        is_refused(&directory.create_group(name, &ada).await);
    }
    for owner in ["", "ada", "019a9c2e-5d41-7c60-9b1f-0d6d2c7a4e11", "019a9c2e5d417c609b1f0d6d2c7a4e11"] {
        is_refused(&directory.create_group("Name", owner).await);
    }
    assert_eq!(directory.groups_of(&ada).await, Ok(Vec::new()));
    for number in 0..100 {
        directory.create_group(&format!("Group {number}"), &ada).await.expect("a group");
    }
    is_refused(&directory.create_group("One more", &ada).await);
    assert_eq!(directory.groups_of(&ada).await.expect("groups").len(), 100);
}

/// A name is not an id: nobody becomes an administrator of the platform, or of other people, by making a group.
#[rstest]
#[actix_web::test]
async fn threat_08_a_group_called_admin_gives_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Through::Process, Through::Http)] through: Through,
) {
    let world = World::on(backend).await;
    let made = world.directory(through).create_group("admin", &id(&world.ada)).await.expect("a group");
    assert_ne!(made.id, groups::ADMIN);
    let account =
        world.app.identity.find_account(world.ada.id).await.expect("an answer").expect("an account");
    assert!(!account.is_administrator());
    let ada = world.ada.id;
    let over = world.app.identity.db().read(move |conn| groups::subadmin_of(conn, ada)).await;
    assert!(over.expect("groups").is_empty());
}

#[rstest]
#[actix_web::test]
async fn so_many_members_are_told(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Through::Process, Through::Http)] through: Through,
) {
    let world = World::on(backend).await;
    let made = world.directory(through).create_group("Everybody", &id(&world.ada)).await.expect("a group");
    let (group, act) = (made.id.clone(), Act::new(&world.app.clock, &Origin::default()));
    let crowd = move |conn: &mut _| {
        for number in 0..=MOST_MEMBERS {
            let groups = vec![group.clone()];
            let profile = AccountProfile { groups, ..AccountProfile::new(format!("m{number:04}")) };
            identity::accounts::insert(conn, &act, &profile.check()?, None)?;
        }
        Ok::<_, identity::IdentityError>(())
    };
    world.app.identity.db().write(crowd).await.expect("a crowd");
    let members = world.directory(through).members(made.number).await.expect("members");
    assert_eq!(members.len(), MOST_MEMBERS);
    assert!(members.is_sorted_by(|a, b| a.login < b.login));
    let group = world.directory(through).group(made.number).await.expect("an answer").expect("a group");
    assert_eq!(group.member_count, 1002);
}
