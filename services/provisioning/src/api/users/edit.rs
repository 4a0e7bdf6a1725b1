//! Changing an account, one detail at a time. §7.5, §7.6.

use identity::account_details::{self, DetailsChange, InvalidDetail, QuotaRefusal};
use identity::accounts::{self, Account, EmailKey};
use identity::groups;
use ocs_dialect::version::NOT_FOUND;
use ocs_dialect::{OcsError, Value};
use secrecy::SecretString;
use store::DbConn;

use crate::api::caller::{Known, Person};
use crate::api::pipeline::{Call, Operation};
use crate::api::refused::{details_refused, password_refused, refused};
use crate::api::targets::{user_id, user_or};
use crate::app::App;
use crate::domain::access::Standing;
use crate::domain::{editing, password};

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
        let Call { caller, parameters, app, .. } = call;
        app.rates.edit(caller.account.id, app.clock.uptime())?;
        let (id, key, value) =
            (user_id(&parameters)?, parameters.required("key")?, parameters.required("value")?);
        // The rights come first: what is wrong with a value is told to nobody without them.
        let right = Right { caller: caller.standing.clone(), id, key };
        let asked = right.clone();
        let target = app.db.read(move |conn| asked.find(conn)).await?;
        if right.key == "password" {
            return set_password(&app, &caller, right, value).await;
        }
        let vouched = !caller.is(&target);
        let rules = editing::rules(&app.settings.accounts);
        let change = DetailsChange::read(&right.key, &value, vouched, &rules);
        let change = change.map_err(|fault| invalid(fault, &value))?;
        make(&app, &caller, right, change, move |fault| invalid(fault, &value)).await
    }
}

/// What somebody wants to change, to be judged in each transaction anew: hashing takes its time, and the account may have
/// become an administrator's meanwhile.
#[derive(Clone)]
struct Right {
    caller: Standing,
    id: String,
    key: String,
}

impl Right {
    /// The account.
    ///
    /// # Errors
    /// 998 where the caller may change nothing, 113 where they may not change this.
    fn find(&self, conn: &mut DbConn) -> Result<Account, OcsError> {
        let target = find_reached(conn, &self.caller, &self.id)?;
        if !editing::is_permitted(&self.caller, &target, &self.key) {
            return Err(OcsError::code(113));
        }
        if editing::is_key(&self.key) {
            let administered = groups::subadmin_of(conn, target.id)?;
            if !self.caller.may_act_as(&target, &administered) {
                return Err(OcsError::code(113));
            }
        }
        Ok(target)
    }
}

fn find_reached(conn: &mut DbConn, caller: &Standing, id: &str) -> Result<Account, OcsError> {
    let target = user_or(conn, id, || OcsError::code(NOT_FOUND))?;
    if caller.reaches(&target) { Ok(target) } else { Err(OcsError::code(NOT_FOUND)) }
}

async fn set_password(app: &App, caller: &Known, right: Right, value: String) -> Result<Value, OcsError> {
    if value.is_empty() {
        return Err(OcsError::with(101, "Invalid password value"));
    }
    password::check_length(&value)
        .and_then(|()| password::check_rules(&value, app.settings.accounts.password_rules))
        .map_err(|fault| password_refused(&fault))?;
    let hash = app.hasher.hash(&SecretString::from(value)).await.map_err(|error| refused(error.into()))?;
    let act = caller.act(app);
    let set = move |conn: &mut DbConn| {
        let target = right.find(conn)?;
        accounts::set_password(conn, &act, target.id, &hash).map_err(refused)?;
        Ok(Value::nothing())
    };
    app.revocations.write(&app.db, set).await
}

async fn make(
    app: &App,
    caller: &Known,
    right: Right,
    change: DetailsChange,
    invalid: impl Fn(InvalidDetail) -> OcsError + Send + 'static,
) -> Result<Value, OcsError> {
    let act = caller.act(app);
    let write = move |conn: &mut DbConn| {
        let target = right.find(conn)?;
        account_details::change(conn, &act, target.id, &change)
            .map_err(|error| details_refused(error, &invalid))?;
        if let DetailsChange::Email(address) = &change {
            vouch(conn, &right.caller, &target, address.as_deref())?;
        }
        Ok(Value::nothing())
    };
    app.db.write(write).await
}

/// Only an administrator is believed what somebody's e-mail address is: rooms are held open for addresses, whose accesses
/// are no sub-administrator's to give, nor one's own to take (contracts/meet.md, attendees).
fn vouch(
    conn: &mut DbConn,
    caller: &Standing,
    target: &Account,
    address: Option<&str>,
) -> Result<(), OcsError> {
    let key = |email: &str| email.parse::<EmailKey>().ok();
    if caller.is_admin() {
        accounts::vouch_for_email(conn, target.id, true)?;
    } else if address.and_then(key) != target.email.as_deref().and_then(key) {
        accounts::vouch_for_email(conn, target.id, false)?;
    }
    Ok(())
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
        let Call { caller, parameters, app, .. } = call;
        app.rates.edit_address(caller.account.id, app.clock.uptime())?;
        let collection = parameters.required("collectionName")?;
        let (id, key, value) =
            (user_id(&parameters)?, parameters.required("key")?, parameters.required("value")?);
        let (standing, asked) = (caller.standing.clone(), id.clone());
        let target = app.db.read(move |conn| find_reached(conn, &standing, &asked)).await?;
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
        // The further addresses are one of the keys that anybody may change who reaches the account.
        let right = Right { caller: caller.standing.clone(), id, key: "additional_mail".to_owned() };
        make(&app, &caller, right, change.map_err(refusal)?, refusal).await
    }
}
