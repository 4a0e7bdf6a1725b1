//! Groups of the directory.

use identity::act::Act;
use identity::audit::Origin;
use identity::groups;

use super::Service;

impl Service {
    /// A new group; its number.
    pub(crate) async fn group(&self, name: &str, owner: &str, members: &[&str]) -> i64 {
        let owner = self.person(owner).await.account.id;
        let made = self.identity.create_owned_group(name, owner, &Origin::default()).await.unwrap();
        let number = made.group.number;
        for member in members {
            self.join(number, member).await;
        }
        number
    }

    /// Somebody joins a group.
    pub(crate) async fn join(&self, group: i64, member: &str) {
        let (id, account) = (self.group_id(group).await, self.person(member).await.account.id);
        let act = Act::new(&self.clock, &Origin::default());
        let joined = self.identity.db().write(move |conn| groups::add_member(conn, &act, &id, account));
        joined.await.unwrap();
    }

    /// Somebody leaves a group.
    pub(crate) async fn leave(&self, group: i64, member: &str) {
        let (id, account) = (self.group_id(group).await, self.person(member).await.account.id);
        let act = Act::new(&self.clock, &Origin::default());
        let left = self.identity.db().write(move |conn| groups::remove_member(conn, &act, &id, account));
        left.await.unwrap();
    }

    /// A member becomes an administrator.
    pub(crate) async fn promote(&self, group: i64, member: &str) {
        let (id, account) = (self.group_id(group).await, self.person(member).await.account.id);
        let act = Act::new(&self.clock, &Origin::default());
        let set = self.identity.db().write(move |conn| groups::set_admin(conn, &act, &id, account, true));
        set.await.unwrap();
    }

    async fn group_id(&self, number: i64) -> String {
        self.identity.find_group_by_number(number).await.unwrap().unwrap().id
    }
}
