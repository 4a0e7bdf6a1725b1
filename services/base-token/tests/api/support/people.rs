//! People of the directory.

use std::collections::HashMap;

use identity::Identity;
use identity::accounts::{Account, AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use tokio::sync::Mutex;

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// As the directory knows it.
    pub(crate) account: Account,
    /// §1.
    pub(crate) internal_id: String,
    pub(crate) account_token: String,
}

/// Everybody who was mentioned.
#[derive(Default)]
pub(crate) struct People(Mutex<HashMap<String, Person>>);

impl People {
    /// Somebody, made at the first mention. The name is the login; `Mira` is what `mira` is called.
    pub(crate) async fn get(&self, identity: &Identity, name: &str) -> Person {
        let mut known = self.0.lock().await;
        if let Some(person) = known.get(name) {
            return person.clone();
        }
        let person = make(identity, name).await;
        known.insert(name.to_owned(), person.clone());
        person
    }
}

async fn make(identity: &Identity, name: &str) -> Person {
    let mut shown = name.to_owned();
    shown[..1].make_ascii_uppercase();
    let profile = AccountProfile {
        email: Some(format!("{name}@example.org")),
        display_name: Some(shown),
        ..AccountProfile::new(name)
    };
    let new = NewAccount { profile, password: NewPassword::None };
    let account = identity.create_account(new, &Origin::default()).await.unwrap();
    let token = identity.account_token(&account, &Origin::default()).await.unwrap();
    let internal_id = format!("{}@auth.local", account.id.to_string().replace('-', ""));
    Person { account, internal_id, account_token: token.expose().to_owned() }
}
