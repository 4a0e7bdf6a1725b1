//! From rows to details, and back.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDateTime;
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{
    AccountDetails, AdditionalMail, Property, Scope,
    schema::{account_details, account_mails},
};
use crate::{
    accounts::{AccountId, rows_of},
    text::{from_json, to_json},
};

#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = account_details, treat_none_as_null = true)]
struct DetailsRow {
    account_id: String,
    quota: Option<String>,
    language: Option<String>,
    locale: Option<String>,
    manager_id: Option<String>,
    notify_email: Option<String>,
    phone: Option<String>,
    profile: String,
    profile_enabled: bool,
    scopes: String,
    updated_at: NaiveDateTime,
}

impl TryFrom<DetailsRow> for AccountDetails {
    type Error = StoreError;

    fn try_from(row: DetailsRow) -> Result<Self, Self::Error> {
        let mut texts = named::<Property, String>("account_details.profile", &row.profile)?;
        texts.extend(row.phone.map(|phone| (Property::Phone, phone)));
        let scopes = named::<Property, String>("account_details.scopes", &row.scopes)?
            .into_iter()
            .map(|(property, scope)| Ok((property, read("account_details.scopes", &scope)?)))
            .collect::<Result<_, StoreError>>()?;
        Ok(Self {
            quota: row.quota.as_deref().map(|text| read("account_details.quota", text)).transpose()?,
            language: row.language,
            locale: row.locale,
            manager: row
                .manager_id
                .as_deref()
                .map(|id| read("account_details.manager_id", id))
                .transpose()?,
            notify_email: row.notify_email,
            texts,
            profile_enabled: row.profile_enabled,
            scopes,
            mails: Vec::new(),
        })
    }
}

fn read<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::corrupt(what, text))
}

/// A JSON object whose keys are names. A name of a later version says nothing here.
fn named<K: std::str::FromStr + Ord, V: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<BTreeMap<K, V>, StoreError> {
    let pairs: BTreeMap<String, V> = from_json(what, text)?;
    Ok(pairs.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect())
}

/// The details of these accounts that have any: two queries, however many accounts.
pub(crate) fn load(
    conn: &mut DbConn,
    accounts: &[String],
) -> Result<HashMap<String, AccountDetails>, StoreError> {
    let rows: Vec<DetailsRow> = rows_of!(
        account_details::table.select(DetailsRow::as_select()),
        account_details::account_id,
        accounts,
        conn
    );
    let mut found = HashMap::with_capacity(accounts.len());
    for row in rows {
        found.insert(row.account_id.clone(), AccountDetails::try_from(row)?);
    }
    let query = account_mails::table
        .order((account_mails::account_id, account_mails::position, account_mails::address))
        .select((
            account_mails::account_id,
            account_mails::address,
            account_mails::scope,
            account_mails::verified,
        ));
    let mails: Vec<(String, String, String, bool)> =
        rows_of!(query, account_mails::account_id, accounts, conn);
    for (account, address, scope, verified) in mails {
        let scope: Scope = read("account_mails.scope", &scope)?;
        let details: &mut AccountDetails = found.entry(account).or_default();
        details.mails.push(AdditionalMail { address, scope, verified });
    }
    Ok(found)
}

/// Writes everything but the further addresses.
pub(super) fn write(
    conn: &mut DbConn,
    id: AccountId,
    details: &AccountDetails,
    at: NaiveDateTime,
) -> Result<(), StoreError> {
    let texts = details.texts.iter().filter(|(property, _)| **property != Property::Phone);
    let texts: BTreeMap<&str, &String> = texts.map(|(property, text)| (property.as_str(), text)).collect();
    let scopes: BTreeMap<&str, &str> =
        details.scopes.iter().map(|(property, scope)| (property.as_str(), scope.as_str())).collect();
    let row = DetailsRow {
        account_id: id.to_string(),
        quota: details.quota.as_ref().map(ToString::to_string),
        language: details.language.clone(),
        locale: details.locale.clone(),
        manager_id: details.manager.map(|manager| manager.to_string()),
        notify_email: details.notify_email.clone(),
        phone: details.texts.get(&Property::Phone).cloned(),
        profile: to_json(&texts)?,
        profile_enabled: details.profile_enabled,
        scopes: to_json(&scopes)?,
        updated_at: at,
    };
    on_backend!(conn, |c| diesel::insert_into(account_details::table)
        .values(row.clone())
        .on_conflict(account_details::account_id)
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}
