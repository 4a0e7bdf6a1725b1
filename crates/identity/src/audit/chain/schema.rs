//! The tables of the chain.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::audit::rows::audit_events;

diesel::table! {
    audit_unsealed (event_id) {
        event_id -> Text,
    }
}

diesel::table! {
    audit_chain (part, seq) {
        part -> BigInt,
        seq -> BigInt,
        event_id -> Text,
        sealed_at -> Timestamp,
        hash -> Binary,
    }
}

diesel::table! {
    audit_heads (part) {
        part -> BigInt,
        month -> Text,
        began_at -> Timestamp,
        base -> Binary,
        first_seq -> BigInt,
        anchor -> Binary,
        last_seq -> BigInt,
        last_hash -> Binary,
        closed -> Bool,
        damaged -> BigInt,
        mac -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(audit_chain, audit_events, audit_unsealed);

/// A link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_chain)]
pub(in crate::audit) struct ChainRow {
    pub(super) part: i64,
    pub(super) seq: i64,
    pub(super) event_id: String,
    pub(super) sealed_at: NaiveDateTime,
    pub(super) hash: Vec<u8>,
}

/// What a partition of the chain is.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = audit_heads, primary_key(part))]
pub(super) struct Head {
    /// Its number; they follow one another without gaps.
    pub(super) part: i64,
    /// The month it was begun in, such as `2026-01`.
    pub(super) month: String,
    pub(super) began_at: NaiveDateTime,
    /// The hash before the first event of all.
    pub(super) base: Vec<u8>,
    /// The first event that is still there; after the last one when all are pruned.
    pub(super) first_seq: i64,
    /// The hash before that one.
    pub(super) anchor: Vec<u8>,
    /// The last event; 0 when there is none.
    pub(super) last_seq: i64,
    pub(super) last_hash: Vec<u8>,
    /// Whether another partition follows.
    pub(super) closed: bool,
    /// How many events did not fit when they were pruned.
    pub(super) damaged: i64,
    /// The code over all of this.
    pub(super) mac: Vec<u8>,
}
