//! New accounts. §7.3.

use identity::IdentityError;
use identity::account_details::{self, DetailsChange, DetailsError, DetailsRules, NewPerson};
use identity::accounts::{self, AccountId, AccountProfile, CheckedProfile, EmailKey};
use identity::act::Act;
use identity::groups::{self, ADMIN};
use ocs_dialect::parameters::Parameters;
use ocs_dialect::{OcsError, Value};
use secrecy::SecretString;
use store::DbConn;

use super::edit::invalid;
use crate::api::caller::{Known, SubAdmin};
use crate::api::pipeline::{Call, Operation};
use crate::api::refused::{details_refused, password_refused, refused};
use crate::app::App;
use crate::domain::access::Standing;
use crate::domain::{editing, password, user_id};
use crate::settings::AccountSettings;

const TAKEN: &str = "User already exists";
const NO_GROUP: &str = "No group specified (required for sub-admins)";
const NO_ADDRESS: &str = "An email address is required, to send a password link to the user.";

/// `POST /cloud/users`
#[derive(Debug)]
pub struct Create;

/// What a request asks for.
#[derive(Debug, Clone)]
struct Wanted {
    id: String,
    password: String,
    display_name: String,
    email: String,
    groups: Vec<String>,
    sub_admin_of: Vec<String>,
    /// What is changed once the account is there.
    more: Vec<(&'static str, String)>,
}

impl Operation for Create {
    const NAME: &'static str = "users.create";
    type Caller = SubAdmin;

    async fn run(call: Call<SubAdmin>) -> Result<Value, OcsError> {
        let Call { caller, parameters, app, .. } = call;
        let wanted = Wanted::read(&parameters)?;
        let (standing, asked) = (caller.standing.clone(), wanted.clone());
        app.db.read(move |conn| may_be_made(conn, &standing, &asked)).await?;
        wanted.check(&app.settings.accounts)?;
        let profile = wanted.profile()?;
        let password = match wanted.password.as_str() {
            "" => None,
            password => {
                let password = SecretString::from(password);
                Some(app.hasher.hash(&password).await.map_err(|error| refused(error.into()))?)
            }
        };
        let new = NewPerson { profile, password, subadmin_of: wanted.sub_admin_of.clone(), details: vec![] };
        Ok(Value::of("id", make(&app, &caller, wanted, new).await?))
    }
}

impl Wanted {
    fn read(parameters: &Parameters) -> Result<Self, OcsError> {
        let mut more = Vec::new();
        for name in ["quota", "language", "manager"] {
            let value = parameters.text_or_empty(name)?;
            if !value.is_empty() {
                more.push((name, value));
            }
        }
        Ok(Self {
            id: parameters.required("userid")?,
            password: parameters.text_or_empty("password")?,
            display_name: parameters.text_or_empty("displayName")?.trim().to_owned(),
            email: parameters.text_or_empty("email")?.trim().to_lowercase(),
            groups: distinct(parameters.list("groups")?),
            sub_admin_of: distinct(parameters.list("subadmin")?),
            more,
        })
    }

    /// What can be said without the directory, in the order of the table.
    fn check(&self, rules: &AccountSettings) -> Result<(), OcsError> {
        password::check_length(&self.password).map_err(|fault| password_refused(&fault))?;
        if self.password.is_empty() && self.email.is_empty() {
            return Err(OcsError::with(108, NO_ADDRESS));
        }
        if rules.require_email && self.email.is_empty() {
            return Err(OcsError::with(110, "Required email address was not provided"));
        }
        if !self.password.is_empty() {
            password::check_rules(&self.password, rules.password_rules)
                .map_err(|fault| password_refused(&fault))?;
        }
        user_id::check(&self.id).map_err(|fault| OcsError::with(101, fault.to_string()))
    }

    fn profile(&self) -> Result<CheckedProfile, OcsError> {
        let rules = DetailsRules::default();
        let name = DetailsChange::read("displayname", &self.display_name, true, &rules);
        let email = DetailsChange::read("email", &self.email, true, &rules);
        let (Ok(DetailsChange::DisplayName(display_name)), Ok(DetailsChange::Email(email))) = (name, email)
        else {
            return Err(bad());
        };
        let profile = AccountProfile {
            display_name,
            email,
            groups: self.groups.clone(),
            ..AccountProfile::new(self.id.as_str())
        };
        profile.check().map_err(|_| bad())
    }
}

fn bad() -> OcsError {
    OcsError::with(101, "Bad request")
}

fn distinct(mut ids: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids
}

/// What depends on the directory: once before the password is hashed, for the order of refusals, and again when the account
/// is made.
fn may_be_made(conn: &mut DbConn, caller: &Standing, wanted: &Wanted) -> Result<(), OcsError> {
    if is_taken(conn, &wanted.id)? {
        return Err(OcsError::with(102, TAKEN));
    }
    for id in &wanted.groups {
        if groups::find(conn, id)?.is_none() {
            return Err(OcsError::with(104, format!("Group {id} does not exist")));
        }
        if !caller.administers(id) {
            return Err(OcsError::with(105, format!("Insufficient privileges for group {id}")));
        }
    }
    if wanted.groups.is_empty() && !caller.is_admin() {
        return Err(OcsError::with(106, NO_GROUP));
    }
    for id in &wanted.sub_admin_of {
        if groups::find(conn, id)?.is_none() {
            return Err(OcsError::with(102, "Sub-admin group does not exist"));
        }
        if id == ADMIN {
            return Err(OcsError::with(103, "Cannot create sub-admins for admin group"));
        }
        if !caller.administers(id) {
            return Err(OcsError::with(403, "No permissions to promote sub-admins"));
        }
    }
    Ok(())
}

/// Somebody's e-mail address is taken, too: its owner signs in under it, and a login comes first.
fn is_taken(conn: &mut DbConn, id: &str) -> Result<bool, OcsError> {
    if accounts::find_by_login(conn, id)?.is_some() {
        return Ok(true);
    }
    let Ok(email) = id.parse::<EmailKey>() else { return Ok(false) };
    Ok(accounts::find_by_email(conn, &email)?.is_some())
}

async fn make(app: &App, caller: &Known, wanted: Wanted, new: NewPerson) -> Result<String, OcsError> {
    let (act, standing) = (caller.act(app), caller.standing.clone());
    let (looking, asked) = (caller.standing.clone(), wanted.clone());
    let rules = editing::rules(&app.settings.accounts);
    let make = move |conn: &mut DbConn| {
        may_be_made(conn, &standing, &wanted)?;
        match account_details::create(conn, &act, &new) {
            Ok(account) => {
                // As with a change of the address.
                accounts::vouch_for_email(conn, account.id, standing.is_admin())?;
                let told = say_more(conn, &act, account.id, &wanted, &rules)?;
                Ok(told.map(|()| account.login))
            }
            Err(DetailsError::Failed(IdentityError::Taken(_))) => Err(OcsError::with(102, TAKEN)),
            Err(DetailsError::Failed(IdentityError::Invalid(_))) => Err(bad()),
            Err(error) => Err(details_refused(error, |_| bad())),
        }
    };
    match app.db.write(make).await {
        // Of the login, if somebody was quicker since this transaction looked, or else of the e-mail address.
        Err(OcsError::Failed { code: 102, .. }) => {
            app.db.read(move |conn| may_be_made(conn, &looking, &asked)).await?;
            Err(bad())
        }
        outcome => outcome?,
    }
}

/// §7.3: what is wrong with these leaves the account where it is, and is told. What is right is there with the account, so
/// that nobody ever finds half of it.
fn say_more(
    conn: &mut DbConn,
    act: &Act,
    account: AccountId,
    wanted: &Wanted,
    rules: &DetailsRules,
) -> Result<Result<(), OcsError>, OcsError> {
    for (key, value) in &wanted.more {
        let change = match DetailsChange::read(key, value, true, rules) {
            Ok(change) => change,
            Err(fault) => return Ok(Err(invalid(fault, value))),
        };
        match account_details::change(conn, act, account, &change) {
            Ok(()) => {}
            Err(DetailsError::Invalid(fault)) => return Ok(Err(invalid(fault, value))),
            Err(error) => return Err(details_refused(error, |_| bad())),
        }
    }
    Ok(Ok(()))
}
