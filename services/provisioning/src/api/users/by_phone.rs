//! Who of an address book has an account. `contracts/ocs-provisioning.md` §7, the row of `search/by-phone`.

use std::collections::BTreeMap;

use identity::account_details::{find_by_phones, phone_number};
use ocs_dialect::{OcsError, Value};
use phonenumber::country::Id as Region;

use crate::api::caller::Person;
use crate::api::pipeline::{Call, Operation};

/// `POST /cloud/users/search/by-phone`
#[derive(Debug)]
pub struct SearchByPhone;

impl Operation for SearchByPhone {
    const NAME: &'static str = "users.search_by_phone";
    type Caller = Person;

    /// For each key of `search`, the id of an enabled account that shows one of its telephone numbers to others, followed by
    /// `@` and this server.
    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let location = call.parameters.required("location")?;
        let search = call.parameters.lists("search")?;
        call.app.rates.search_phones(call.caller.account.id, call.app.clock.uptime())?;
        let region = location.parse::<Region>().map_err(|_| OcsError::code(400))?;
        let keys = keys_by_number(&search, region, call.app.settings.accounts.region());
        let numbers: Vec<String> = keys.keys().cloned().collect();
        let found = call.app.db.read(move |conn| find_by_phones(conn, &numbers)).await?;
        let server = call.server.as_str();
        let matches: BTreeMap<&str, String> = found
            .iter()
            .filter_map(|(number, login)| Some((*keys.get(number)?, format!("{login}@{server}"))))
            .collect();
        Ok(Value::map(matches))
    }
}

/// Numbers in the form in which they are stored, with the key that each was sent under. One that begins with 0 may be of the
/// caller's country, or of this installation's.
fn keys_by_number(
    search: &[(String, Vec<String>)],
    region: Region,
    own: Option<Region>,
) -> BTreeMap<String, &str> {
    let mut keys = BTreeMap::new();
    for (key, numbers) in search {
        for text in numbers {
            let elsewhere = own.filter(|_| text.starts_with('0'));
            let read = [Some(region), elsewhere].into_iter().flatten();
            for number in read.filter_map(|region| phone_number(text, region)) {
                keys.insert(number, key.as_str());
            }
        }
    }
    keys
}
