//! Changing an account, one detail at a time. §7.5, §7.6.

use identity::account_details::{self, DetailsChange, InvalidDetail, QuotaRefusal};
use identity::accounts::{self, Account};
use ocs_dialect::version::NOT_FOUND;
use ocs_dialect::{OcsError, Value};
use secrecy::SecretString;
use store::DbConn;

use crate::api::caller::{Known, Person};
use crate::api::pipeline::{Call, Operation};
use crate::api::refused::{details_refused, refused};
use crate::api::targets::{user_id, user_or};
use crate::app::App;
use crate::domain::access::Standing;
use crate::domain::editing::{self, LONGEST_PASSWORD};

/// `PUT /cloud/users/{userId}`
#[derive(Debug)]
pub struct Edit;
/// `PUT /cloud/users/{userId}/{collectionName}`
#[derive(Debug)]
pub struct EditCollection;

impl Operation for Edit {
    const NAME: &'static str = "users.edit";
    type Caller = Person;

    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let Call { caller, parameters, app } = call;
        app.rates.edit(caller.account.id, app.clock.uptime())?;
        let (id, key, value) =
            (user_id(&parameters)?, parameters.required("key")?, parameters.required("value")?);
        // The rights come first: what is wrong with a value is told to nobody without them.
        let target = reached(&app, &caller, id.clone()).await?;
        if !editing::is_permitted(&caller, &target, &key) {
            return Err(OcsError::code(113));
        }
        if key == "password" {
            return set_password(&app, &caller, id, value).await;
        }
        let vouched = !caller.is(&target);
        let change = DetailsChange::read(&key, &value, vouched, &editing::rules(&app.settings.accounts));
        let change = change.map_err(|fault| invalid(fault, &value))?;
        make(&app, &caller, id, change, move |fault| invalid(fault, &value)).await
    }
}

/// The account, if the caller may change anything about it.
async fn reached(app: &App, caller: &Known, id: String) -> Result<Account, OcsError> {
    let standing = caller.standing.clone();
    app.db.read(move |conn| find_reached(conn, &standing, &id)).await
}

fn find_reached(conn: &mut DbConn, caller: &Standing, id: &str) -> Result<Account, OcsError> {
    let target = user_or(conn, id, || OcsError::code(NOT_FOUND))?;
    if caller.reaches(&target) { Ok(target) } else { Err(OcsError::code(NOT_FOUND)) }
}

async fn set_password(app: &App, caller: &Known, id: String, value: String) -> Result<Value, OcsError> {
    if value.is_empty() || value.len() > LONGEST_PASSWORD {
        return Err(OcsError::with(101, "Invalid password value"));
    }
    let hash = app.hasher.hash(&SecretString::from(value)).await.map_err(|error| refused(error.into()))?;
    let (act, standing) = (caller.act(app), caller.standing.clone());
    let set = move |conn: &mut DbConn| {
        // Looked at again: hashing took its time, and the account may have become an administrator's meanwhile.
        let target = find_reached(conn, &standing, &id)?;
        accounts::set_password(conn, &act, target.id, &hash).map_err(refused)?;
        Ok(Value::nothing())
    };
    app.db.write(set).await
}

async fn make(
    app: &App,
    caller: &Known,
    id: String,
    change: DetailsChange,
    invalid: impl Fn(InvalidDetail) -> OcsError + Send + 'static,
) -> Result<Value, OcsError> {
    let (act, standing) = (caller.act(app), caller.standing.clone());
    let write = move |conn: &mut DbConn| {
        let target = find_reached(conn, &standing, &id)?;
        account_details::change(conn, &act, target.id, &change)
            .map_err(|error| details_refused(error, &invalid))?;
        Ok(Value::nothing())
    };
    app.db.write(write).await
}

/// The words for a value that does not do.
pub(super) fn invalid(fault: InvalidDetail, value: &str) -> OcsError {
    match fault {
        InvalidDetail::Key => OcsError::code(113),
        InvalidDetail::DisplayName => OcsError::with(101, "Invalid displayname"),
        InvalidDetail::Quota(refusal) => OcsError::with(101, quota(refusal, value)),
        InvalidDetail::Language => OcsError::with(101, "Invalid language"),
        InvalidDetail::Locale => OcsError::with(101, "Invalid locale"),
        InvalidDetail::Text(property) => OcsError::with(101, format!("Invalid {property}")),
        InvalidDetail::UnknownMail => OcsError::code(102),
        InvalidDetail::Email
        | InvalidDetail::AdditionalMail
        | InvalidDetail::NotifyEmail
        | InvalidDetail::Manager
        | InvalidDetail::Scope => OcsError::code(101),
    }
}

fn quota(refusal: QuotaRefusal, value: &str) -> String {
    match refusal {
        QuotaRefusal::Invalid => format!("Invalid quota value: {value}"),
        QuotaRefusal::TooLarge => format!("Invalid quota value. {value} is exceeding the maximum quota"),
        QuotaRefusal::UnlimitedForbidden => "Unlimited quota is forbidden on this instance".to_owned(),
    }
}

impl Operation for EditCollection {
    const NAME: &'static str = "users.edit_collection";
    type Caller = Person;

    async fn run(call: Call<Person>) -> Result<Value, OcsError> {
        let Call { caller, parameters, app } = call;
        app.rates.edit_address(caller.account.id, app.clock.uptime())?;
        let collection = parameters.required("collectionName")?;
        let (id, key, value) =
            (user_id(&parameters)?, parameters.required("key")?, parameters.required("value")?);
        let target = reached(&app, &caller, id.clone()).await?;
        let is_own = caller.is(&target);
        let change = match collection.as_str() {
            "additional_mail" => DetailsChange::read_mail(&key, &value, !is_own),
            "additional_mailScope" if is_own => DetailsChange::read_mail_scope(&key, &value),
            _ => return Err(OcsError::code(103)),
        };
        let refusal = |fault: InvalidDetail| match fault {
            InvalidDetail::UnknownMail | InvalidDetail::Scope => OcsError::code(102),
            _ => OcsError::code(101),
        };
        make(&app, &caller, id, change.map_err(refusal)?, refusal).await
    }
}
