//! `auth.limits.*`: what nobody may do too often.

use std::time::Duration;

use identity::throttle::{ClientLimits, LockoutRule, PasswordLimits};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `auth.limits.*`. A limit of 0 is none.
///
/// Failures in a row are counted by all auth servers on one database together, and locks survive a restart; everything else
/// is counted by each auth server for itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Wrong secrets of one client from one address in a row, from which on every one locks that pair. Default: 20.
    pub client_failures: u32,
    /// How long the first lock lasts; each further failure doubles it. Default: `1m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub client_lockout: Duration,
    /// How long a lock lasts at most. Default: `15m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub client_lockout_longest: Duration,
    /// How long after the last failure, or the end of the lock it brought, all are forgotten. Default: `1h`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub client_forgotten: Duration,
    /// Wrong client secrets from one address within `client_failure_window`, for all clients together; beyond it each auth
    /// server counts wrong ones for itself, and right ones are accepted as ever. Default: 300.
    pub client_address_failures: usize,
    /// How long those count. Default: `1m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub client_failure_window: Duration,
    /// How many pairs of client and address are remembered, and addresses. Default: 100000.
    pub client_failure_pairs: usize,
    /// Wrong passwords for one name from one address within `password_failure_window`. Default: 30.
    pub password_failures: usize,
    /// How long those count. Default: `1m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub password_failure_window: Duration,
    /// Wrong passwords for one name in a row, from all addresses together, from which on every one locks the name; an
    /// address from which the account has signed in before has this limit to itself, so that others do not lock the account
    /// out there. Default: 100.
    pub password_account_failures: u32,
    /// How long the first lock lasts; each further failure doubles it. Default: `1m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub password_lockout: Duration,
    /// How long a lock lasts at most. Default: `1h`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub password_lockout_longest: Duration,
    /// How long after the last failure, or the end of the lock it brought, all are forgotten. Default: `1d`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub password_forgotten: Duration,
    /// Wrong passwords from one address within `password_window`, for all names together that have not signed in from
    /// there before. Default: 1000.
    pub password_address_failures: usize,
    /// How long those count. Default: `1h`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub password_window: Duration,
    /// How many pairs, names and addresses are remembered, each. Default: 50000.
    pub password_entries: usize,
    /// Account-Tokens, device sessions and app passwords that there are not, from one address within `request_window`;
    /// beyond it the answer is 429. Those that there are, are accepted as ever. Default: 300.
    pub unknown_credentials: usize,
    /// Requests for tokens, introspection and revocation from one address within `request_window`. Default: 60000.
    pub address_requests: u32,
    /// The same of one client, once it has shown who it is. Default: 60000.
    pub client_requests: u32,
    /// Sign-ins by name and password from one address within `request_window`, right and wrong alike; those of the SeaTable
    /// dialect have `auth.seatable.rates.anon`. Default: 1200.
    pub sign_in_requests: u32,
    /// Sign-ins of one account within `request_window`, once it has shown the right password. Default: 600.
    pub account_requests: u32,
    /// The time of those five. As many may come at once; then one after another. Default: `1m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub request_window: Duration,
    /// How many addresses, clients and accounts are remembered, each. Default: 50000.
    pub request_entries: usize,
    /// Networks whose requests are not counted. Their failures are. Default: none.
    #[schemars(with = "Vec<String>")]
    pub exempt: Vec<IpNet>,
    /// How many actors a token may carry, the client that held the first token of an exchange included: how often it
    /// can be exchanged. Default: 4.
    pub actors: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        let (passwords, clients) = (PasswordLimits::default(), ClientLimits::default());
        Self {
            client_failures: clients.lockout.failures,
            client_lockout: clients.lockout.first,
            client_lockout_longest: clients.lockout.longest,
            client_forgotten: clients.lockout.forgotten,
            client_address_failures: clients.address_failures,
            client_failure_window: clients.window,
            client_failure_pairs: clients.remembered,
            password_failures: passwords.pair_failures,
            password_failure_window: passwords.pair_window,
            password_account_failures: passwords.lockout.failures,
            password_lockout: passwords.lockout.first,
            password_lockout_longest: passwords.lockout.longest,
            password_forgotten: passwords.lockout.forgotten,
            password_address_failures: passwords.address_failures,
            password_window: passwords.window,
            password_entries: passwords.remembered,
            unknown_credentials: 300,
            address_requests: 60_000,
            client_requests: 60_000,
            sign_in_requests: 1200,
            account_requests: 600,
            request_window: Duration::from_mins(1),
            request_entries: 50_000,
            exempt: Vec::new(),
            actors: 4,
        }
    }
}

impl LimitSettings {
    /// What the directory is told of passwords.
    #[must_use]
    pub fn passwords(&self) -> PasswordLimits {
        PasswordLimits {
            pair_failures: self.password_failures,
            pair_window: self.password_failure_window,
            address_failures: self.password_address_failures,
            window: self.password_window,
            lockout: LockoutRule {
                failures: self.password_account_failures,
                first: self.password_lockout,
                longest: self.password_lockout_longest,
                forgotten: self.password_forgotten,
            },
            remembered: self.password_entries,
        }
    }

    /// What the directory is told of client secrets.
    #[must_use]
    pub fn clients(&self) -> ClientLimits {
        ClientLimits {
            lockout: LockoutRule {
                failures: self.client_failures,
                first: self.client_lockout,
                longest: self.client_lockout_longest,
                forgotten: self.client_forgotten,
            },
            address_failures: self.client_address_failures,
            window: self.client_failure_window,
            remembered: self.client_failure_pairs,
        }
    }
}
