//! How often anybody may ask. `contracts/seatable-tokens.md` §12.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use rate_limit::{Network, Rate, RequestRate, Throttled};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::SeaTableError;

/// How many requests there may be in a window that slides; 0 is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateSettings {
    /// Sign-ins from one address. Default: 60.
    pub anon: usize,
    /// Exchanges of API-Tokens for one base. Default: 1000.
    pub app: usize,
    /// Requests of one account, and those with Base-Tokens of one base. Default: 3000.
    pub user: usize,
    /// Exchanges of external links from one address. Default: 300.
    pub link: usize,
    /// Pings from one address. Default: 3000.
    pub ping: usize,
    /// How long a request counts. Default: `1m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub window: Duration,
    /// How many addresses, bases and accounts are remembered, each. Default: 20000.
    pub entries: usize,
    /// Addresses and networks whose requests are not counted. Default: none.
    #[serde(deserialize_with = "addresses_or_networks")]
    #[schemars(with = "Vec<String>")]
    pub whitelist: Vec<IpNet>,
}

fn addresses_or_networks<'de, D: Deserializer<'de>>(settings: D) -> Result<Vec<IpNet>, D::Error> {
    let read = |text: String| {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address
            .or_else(|_| text.parse())
            .map_err(|_| format!("{text:?} is neither an IP address nor a network"))
    };
    let texts = Vec::<String>::deserialize(settings)?;
    texts.into_iter().map(read).collect::<Result<_, _>>().map_err(D::Error::custom)
}

impl Default for RateSettings {
    fn default() -> Self {
        Self {
            anon: 60,
            app: 1000,
            user: 3000,
            link: 300,
            ping: 3000,
            window: Duration::from_mins(1),
            entries: 20_000,
            whitelist: Vec::new(),
        }
    }
}

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Sign-ins, by address.
    Anon,
    /// Exchanges of API-Tokens: by base, or by address where no base is known.
    App,
    /// Requests with an Account-Token, by account; with a Base-Token, by base.
    User,
    /// Exchanges of external links, by address: a link's token may be a word that somebody chose (§10.4).
    Link,
    /// Pings, by address.
    Ping,
}

/// The counts of one process.
#[derive(Debug)]
pub struct Rates {
    anon: RequestRate,
    app: RequestRate,
    user: RequestRate,
    link: RequestRate,
    ping: RequestRate,
    whitelist: Vec<IpNet>,
}

impl Rates {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(settings: &RateSettings) -> Self {
        let window = settings.window;
        let rate = |requests| RequestRate::new(Some(Rate { requests, window }), settings.entries);
        Self {
            anon: rate(settings.anon),
            app: rate(settings.app),
            user: rate(settings.user),
            link: rate(settings.link),
            ping: rate(settings.ping),
            whitelist: settings.whitelist.clone(),
        }
    }

    /// Counts a request of somebody who is known only by an address; whoever has one address of an IPv6 /64 has them
    /// all. `now` is the clock's uptime.
    ///
    /// # Errors
    /// 429.
    pub fn of_address(&self, class: Class, address: IpAddr, now: Duration) -> Result<(), SeaTableError> {
        let network = Network::of(Some(address));
        self.count(class, &[b"address ", network.as_bytes()].concat(), address, now)
    }

    /// Counts a request of an account or for a base, by its id. `now` is the clock's uptime.
    ///
    /// # Errors
    /// 429.
    pub fn of_id(&self, class: Class, id: &str, address: IpAddr, now: Duration) -> Result<(), SeaTableError> {
        self.count(class, &[b"id ", id.as_bytes()].concat(), address, now)
    }

    fn count(&self, class: Class, key: &[u8], address: IpAddr, now: Duration) -> Result<(), SeaTableError> {
        let address = address.to_canonical();
        if self.whitelist.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        let rate = match class {
            Class::Anon => &self.anon,
            Class::App => &self.app,
            Class::User => &self.user,
            Class::Link => &self.link,
            Class::Ping => &self.ping,
        };
        Ok(rate.hit(key, now)?)
    }
}

impl From<Throttled> for SeaTableError {
    fn from(Throttled { retry_after }: Throttled) -> Self {
        Self::Throttled { retry_after }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use serde_json::json;

    use super::{Class, RateSettings, Rates};
    use crate::error::SeaTableError;

    const NOW: Duration = Duration::from_hours(1);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn rates(settings: serde_json::Value) -> Rates {
        Rates::new(&serde_json::from_value::<RateSettings>(settings).unwrap())
    }

    #[test]
    fn each_class_has_its_own_count() {
        let rates = rates(json!({ "anon": 1, "app": 1, "user": 2, "link": 1, "ping": 0 }));
        let one = address("192.0.2.1");
        assert!(rates.of_address(Class::Anon, one, NOW).is_ok());
        let refused = rates.of_address(Class::Anon, one, NOW + Duration::from_millis(22_500));
        assert!(matches!(refused, Err(SeaTableError::Throttled { retry_after: 38 })), "{refused:?}");
        assert!(rates.of_address(Class::Anon, address("192.0.2.2"), NOW).is_ok());
        assert!(rates.of_address(Class::App, one, NOW).is_ok());
        assert!(rates.of_id(Class::App, "base", one, NOW).is_ok());
        assert!(rates.of_id(Class::App, "base", address("192.0.2.2"), NOW).is_err());
        assert!((0..2).all(|_| rates.of_id(Class::User, "mira", one, NOW).is_ok()));
        assert!(rates.of_id(Class::User, "mira", one, NOW).is_err());
        assert!(rates.of_address(Class::Link, one, NOW).is_ok());
        assert!(rates.of_address(Class::Link, one, NOW).is_err());
        assert!((0..10_000).all(|_| rates.of_address(Class::Ping, one, NOW).is_ok()));
    }

    #[test]
    fn a_listed_network_is_not_counted() {
        let whitelist = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.9", "2001:db9::9"];
        let rates = rates(json!({ "anon": 1, "user": 1, "whitelist": whitelist }));
        for listed in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7", "192.0.2.9", "2001:db9::9"].map(address)
        {
            assert!((0..5).all(|_| rates.of_address(Class::Anon, listed, NOW).is_ok()));
            assert!((0..5).all(|_| rates.of_id(Class::User, "mira", listed, NOW).is_ok()));
        }
        assert!(rates.of_id(Class::User, "mira", address("192.0.2.1"), NOW).is_ok(), "nothing was counted");
    }

    #[test]
    fn a_whitelist_of_anything_else_is_refused() {
        for wrong in ["", "localhost", "10.0.0.0/33", "10.0.0"] {
            let read = serde_json::from_value::<RateSettings>(json!({ "whitelist": [wrong] }));
            let expected = format!("{wrong:?} is neither an IP address nor a network");
            assert_eq!(read.unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_manual() {
        let shown = serde_json::to_value(RateSettings::default()).unwrap();
        let expected = json!({
            "anon": 60, "app": 1000, "user": 3000, "link": 300, "ping": 3000, "window": "1m", "entries": 20000,
            "whitelist": []
        });
        assert_eq!(shown, expected);
    }
}
