//! How often anybody may ask, whatever becomes of it. Failures are counted where they happen, by the directory.
//!
//! | counted | by | when | where |
//! | --- | --- | --- | --- |
//! | requests | address | before anything is read | the OAuth endpoints, the Meet token route, a new RDV password |
//! | requests | client | after its secret | the OAuth endpoints, the Meet token route |
//! | sign-ins | address | before the password is looked at | the RDV sign-in, the exchange of Basic credentials |
//! | sign-ins | account | after the password | the same, and the SeaTable sign-in |
//! | credentials that there are not | address | after the look-up | exchanges, the RDV and SeaTable routes |
//!
//! What counts for a client or an account is counted once it has shown who it is: nobody uses up what is another's. Of an
//! exchange the address is that of whoever has presented the credential, where a service of the platform says so.

use std::net::IpAddr;

use auth_claims::clock::Clock;
use identity::accounts::AccountId;
use identity::clients::Client;
use identity::throttle::{Limit, Throttle, Throttled};
use ipnet::IpNet;
use rate_limit::{Key, Network, Pace};

use crate::settings::LimitSettings;

/// The labels of the metric, all of them.
const LABELS: [&str; 5] = ["address", "client", "sign_ins", "account", "unknown_credentials"];

/// The counts of one process.
#[derive(Debug)]
pub(crate) struct Limits {
    addresses: Pace,
    clients: Pace,
    sign_ins: Pace,
    accounts: Pace,
    unknown: Throttle,
    exempt: Vec<IpNet>,
    clock: Clock,
}

impl Limits {
    pub(crate) fn new(settings: &LimitSettings, clock: &Clock) -> Self {
        metrics::describe_counter!("tessera_requests_limited_total", "Requests that came too soon, by limit");
        for label in LABELS {
            metrics::counter!("tessera_requests_limited_total", "limit" => label).increment(0);
        }
        let (window, entries) = (settings.request_window, settings.request_entries);
        let pace = |requests| Pace::new(requests, window, entries, clock.clone());
        Self {
            addresses: pace(settings.address_requests),
            clients: pace(settings.client_requests),
            sign_ins: pace(settings.sign_in_requests),
            accounts: pace(settings.account_requests),
            unknown: Throttle::new(Some(Limit { failures: settings.unknown_credentials, window }), entries),
            exempt: settings.exempt.clone(),
            clock: clock.clone(),
        }
    }

    /// Counts a request of somebody who is nobody yet.
    pub(crate) fn of_address(&self, address: IpAddr) -> Result<(), Throttled> {
        self.of_network(&self.addresses, "address", address)
    }

    /// Counts a request of a client that has shown who it is.
    pub(crate) fn of_client(&self, client: &Client) -> Result<(), Throttled> {
        told("client", self.clients.hit(&Key::of(&[client.id.as_str().as_bytes()])))
    }

    /// Counts a sign-in by name and password.
    pub(crate) fn of_sign_in(&self, address: IpAddr) -> Result<(), Throttled> {
        self.of_network(&self.sign_ins, "sign_ins", address)
    }

    /// Counts a sign-in of somebody who has shown the password.
    pub(crate) fn of_account(&self, account: AccountId) -> Result<(), Throttled> {
        told("account", self.accounts.hit(&Key::of(&[account.as_uuid().as_bytes()])))
    }

    /// Counts a credential that there is not. Such credentials cannot be guessed: what this slows down is whoever tries all
    /// the same, and nobody else behind the same address.
    pub(crate) fn of_unknown(&self, address: IpAddr) -> Result<(), Throttled> {
        let (key, now) = (network(address), self.clock.uptime());
        told("unknown_credentials", self.unknown.look(key, now))?;
        self.unknown.fail(key, now);
        Ok(())
    }

    fn of_network(&self, pace: &Pace, limit: &'static str, address: IpAddr) -> Result<(), Throttled> {
        let canonical = address.to_canonical();
        if self.exempt.iter().any(|network| network.contains(&canonical)) {
            return Ok(());
        }
        told(limit, pace.hit(&network(address)))
    }
}

fn network(address: IpAddr) -> Key {
    Key::of(&[Network::of(Some(address)).as_bytes()])
}

fn told(limit: &'static str, outcome: Result<(), Throttled>) -> Result<(), Throttled> {
    if outcome.is_err() {
        metrics::counter!("tessera_requests_limited_total", "limit" => limit).increment(1);
    }
    outcome
}
