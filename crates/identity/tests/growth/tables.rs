//! Each table is accounted for: pruned, or kept for a reason. Whoever adds one has to say which.

use std::collections::BTreeSet;

use identity::pruning::EXPIRED;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, OTHERS};

/// What is nobody's to delete but its owner's, or cannot grow.
const KEPT: [(&str, &[&str]); 6] = [
    (
        "somebody's, who deletes it, and bounded by how many people, groups and clients there are",
        &[
            "accounts",
            "account_details",
            "account_groups",
            "account_mails",
            "account_organizations",
            "account_otps",
            "account_passwords",
            "account_search",
            "account_services",
            "account_sign_ins",
            "account_territories",
            "app_passwords",
            "application_statuses",
            "clients",
            "group_admins",
            "group_subadmins",
            "groups",
            "organizations",
            "otp_recovery_codes",
            "services",
            "territories",
            "user_preferences",
        ],
    ),
    ("somebody's calendar, with its past", &["absences"]),
    (
        "as many rows as bootstrap files declare, and as apps have keys",
        &["app_config", "apps", "declarations"],
    ),
    ("rotation deletes them", &["signing_keys"]),
    ("they go with their audit events; a head stays for each partition", &["audit_chain", "audit_heads"]),
    (
        "a row or few, whatever happens",
        &[
            "audit_unsealed",
            "group_counter",
            "identity_facts",
            "identity_leases",
            "organization_counter",
            "revocation_counter",
            "tessera_migrations",
        ],
    ),
];

#[rstest]
#[tokio::test]
async fn every_table_is_pruned_or_kept_for_a_reason(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let pruned = EXPIRED.iter().map(|(rows, _)| rows.table).chain(OTHERS);
    let accounted: BTreeSet<String> =
        pruned.chain(KEPT.iter().flat_map(|(_, tables)| tables.iter().copied())).map(str::to_owned).collect();
    // On PostgreSQL the counters are the columns' own.
    let counters = |table: &String| {
        backend == Backend::Sqlite || !["group_counter", "organization_counter"].contains(&table.as_str())
    };
    let tables: BTreeSet<String> = fixture.tables().await.into_iter().collect();
    let accounted: BTreeSet<String> = accounted.into_iter().filter(counters).collect();
    assert_eq!(tables, accounted);
}
