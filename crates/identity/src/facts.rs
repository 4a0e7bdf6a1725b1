//! Facts about the database itself, such as that it holds demo data.

use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

diesel::table! {
    identity_facts (name) {
        name -> Text,
        value -> Text,
    }
}

/// Something the database knows about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// It holds accounts and clients whose secrets are public.
    Demo,
    /// A value only its own master key gives.
    MasterKey,
    /// What codes are derived from since the master key was replaced, sealed under the one in use.
    MacRoot,
}

impl Fact {
    const fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::MasterKey => "master_key",
            Self::MacRoot => "mac_root",
        }
    }
}

pub(crate) fn find(conn: &mut DbConn, fact: Fact) -> Result<Option<String>, StoreError> {
    Ok(identity_facts::table
        .find(fact.name())
        .select(identity_facts::value)
        .get_result::<String>(conn)
        .optional()?)
}

/// Two facts of one moment.
pub(crate) fn find_both(conn: &mut DbConn, facts: [Fact; 2]) -> Result<[Option<String>; 2], StoreError> {
    let rows: Vec<(String, String)> = identity_facts::table
        .filter(identity_facts::name.eq_any(facts.map(Fact::name)))
        .order(identity_facts::name)
        .select((identity_facts::name, identity_facts::value))
        .load(conn)?;
    let find = |fact: Fact| rows.iter().find(|(name, _)| name == fact.name()).map(|(_, value)| value.clone());
    Ok(facts.map(find))
}

/// Makes concurrent callers wait for each other until the end of the transaction.
pub(crate) fn lock(conn: &mut DbConn) -> Result<(), StoreError> {
    let row = identity_facts::table.find(Fact::MasterKey.name());
    diesel::update(row).set(identity_facts::name.eq(Fact::MasterKey.name())).execute(conn)?;
    Ok(())
}

/// Notes a fact unless it is known already, and returns what is known then.
pub(crate) fn note(conn: &mut DbConn, fact: Fact, value: &str) -> Result<String, StoreError> {
    let row = (identity_facts::name.eq(fact.name()), identity_facts::value.eq(value));
    on_backend!(conn, |c| diesel::insert_into(identity_facts::table)
        .values(row)
        .on_conflict(identity_facts::name)
        .do_nothing()
        .execute(c))?;
    find(conn, fact)?.ok_or_else(|| StoreError::corrupt("identity_facts", "a fact vanished"))
}

/// Notes a fact in the place of what was known.
pub(crate) fn replace(conn: &mut DbConn, fact: Fact, value: &str) -> Result<(), StoreError> {
    note(conn, fact, value)?;
    let row = diesel::update(identity_facts::table.find(fact.name()));
    row.set(identity_facts::value.eq(value)).execute(conn)?;
    Ok(())
}
