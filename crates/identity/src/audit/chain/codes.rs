//! What is hashed, and how: every value with its length before it, so that no two different rows give the same bytes.
//!
//! Changing an encoding here makes every chain there is appear broken: a new one needs a new label, beside the old.

use chrono::NaiveDateTime;

use super::schema::{ChainRow, Head};
use crate::audit::rows::AuditRow;
use crate::master::{Purpose, Secrets};

/// The bytes of several values.
struct Bytes(Vec<u8>);

impl Bytes {
    fn of(label: &str) -> Self {
        Self(Vec::with_capacity(512)).bytes(label.as_bytes())
    }

    fn bytes(mut self, value: &[u8]) -> Self {
        self.0.extend_from_slice(&(value.len() as u64).to_be_bytes());
        self.0.extend_from_slice(value);
        self
    }

    fn number(mut self, value: i64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    fn optional(mut self, value: Option<&str>) -> Self {
        self.0.push(u8::from(value.is_some()));
        match value {
            Some(value) => self.text(value),
            None => self,
        }
    }

    fn instant(self, value: NaiveDateTime) -> Self {
        let value = value.and_utc();
        self.number(value.timestamp()).number(value.timestamp_subsec_nanos().into())
    }

    fn code(&self, secrets: &Secrets) -> [u8; 32] {
        secrets.mac(Purpose::AuditChain, &self.0)
    }
}

/// What a partition begins with: it follows from the end of the one before, if that has one to rely on.
pub(super) fn base(secrets: &Secrets, part: i64, previous: Option<&[u8]>) -> [u8; 32] {
    let bytes = Bytes::of("audit base 1").number(part);
    let bytes = match previous {
        Some(hash) => bytes.number(1).bytes(hash),
        None => bytes.number(0),
    };
    bytes.code(secrets)
}

/// The hash of a link, whatever the row says that it is. An event that was gone before it was sealed has a link, too.
pub(super) fn link(secrets: &Secrets, previous: &[u8], row: &ChainRow, event: Option<&AuditRow>) -> [u8; 32] {
    let bytes = Bytes::of("audit link 1")
        .bytes(previous)
        .number(row.part)
        .number(row.seq)
        .text(&row.event_id)
        .instant(row.sealed_at);
    let bytes = match event {
        Some(event) => columns(bytes.number(1), event),
        None => bytes.number(0),
    };
    bytes.code(secrets)
}

fn columns(bytes: Bytes, event: &AuditRow) -> Bytes {
    let AuditRow { id, at, action, actor, client_id, dialect, target, address, outcome, request_id, detail } =
        event;
    bytes
        .text(id)
        .instant(*at)
        .text(action)
        .optional(actor.as_deref())
        .optional(client_id.as_deref())
        .optional(dialect.as_deref())
        .optional(target.as_deref())
        .optional(address.as_deref())
        .text(outcome)
        .optional(request_id.as_deref())
        .optional(detail.as_deref())
}

impl Head {
    /// The same head with its code.
    pub(super) fn signed(mut self, secrets: &Secrets) -> Self {
        self.mac = self.bytes().code(secrets).to_vec();
        self
    }

    /// Whether this program wrote it.
    pub(super) fn is_genuine(&self, secrets: &Secrets) -> bool {
        secrets.verify(Purpose::AuditChain, &self.bytes().0, &self.mac)
    }

    fn bytes(&self) -> Bytes {
        let Self {
            part,
            month,
            began_at,
            base,
            first_seq,
            anchor,
            last_seq,
            last_hash,
            closed,
            damaged,
            mac: _,
        } = self;
        Bytes::of("audit head 1")
            .number(*part)
            .text(month)
            .instant(*began_at)
            .bytes(base)
            .number(*first_seq)
            .bytes(anchor)
            .number(*last_seq)
            .bytes(last_hash)
            .number((*closed).into())
            .number(*damaged)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::master::MasterKey;

    fn secrets() -> Secrets {
        Secrets::new(&MasterKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap())
    }

    fn event() -> AuditRow {
        AuditRow {
            id: "01900000-0000-7000-8000-000000000001".into(),
            at: DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap().naive_utc(),
            action: "token.issue".into(),
            actor: Some("ada".into()),
            client_id: Some("web".into()),
            dialect: None,
            target: Some(String::new()),
            address: Some("192.0.2.1".into()),
            outcome: "success".into(),
            request_id: None,
            detail: Some("{}".into()),
        }
    }

    fn row() -> ChainRow {
        let sealed_at = DateTime::from_timestamp(1_800_000_001, 0).unwrap().naive_utc();
        ChainRow { part: 3, seq: 7, event_id: event().id, sealed_at, hash: Vec::new() }
    }

    /// Computed with HMAC and HKDF of another implementation: chains that are stored stay good.
    #[test]
    fn encodings_never_change() {
        let (secrets, base) = (secrets(), base(&secrets(), 3, Some(&[7; 32])));
        assert_eq!(hex::encode(base), "e7a630e17b94a7a6e531300be813e96ed25d9fabd1d3f011c641ffe2ed875a16");
        assert_eq!(
            hex::encode(link(&secrets, &base, &row(), Some(&event()))),
            "f73d2d7cffaf964dceb6856183352abba674fe0f956322d5dfc865cf51c0aefa"
        );
        assert_eq!(
            hex::encode(link(&secrets, &base, &row(), None)),
            "a7412316cbd6b16e9ca54a344f396b6e1912e3d7a211cfaaa76e0cfdf59c359e"
        );
    }

    /// Moving text from one column into the next, or making an empty one of none, is another event.
    #[test]
    fn every_column_counts() {
        let (secrets, original) = (secrets(), event());
        let hash = |event: &AuditRow| link(&secrets, &[1; 32], &row(), Some(event));
        let mut changed: Vec<AuditRow> = Vec::new();
        let mut change = |with: &dyn Fn(&mut AuditRow)| {
            let mut event = original.clone();
            with(&mut event);
            changed.push(event);
        };
        change(&|event| event.id.push('0'));
        change(&|event| event.at += chrono::TimeDelta::microseconds(1));
        change(&|event| event.action = "token.issued".into());
        change(&|event| event.actor = None);
        change(&|event| (event.actor, event.client_id) = (Some("adaw".into()), Some("eb".into())));
        change(&|event| event.client_id = Some("Web".into()));
        change(&|event| event.dialect = Some(String::new()));
        change(&|event| event.target = None);
        change(&|event| (event.dialect, event.target) = (event.target.clone(), event.dialect.clone()));
        change(&|event| event.address = Some("192.0.2.2".into()));
        change(&|event| event.outcome = "failure".into());
        change(&|event| event.request_id = Some("r".into()));
        change(&|event| event.detail = Some("{ }".into()));
        let mut hashes: Vec<_> = changed.iter().chain([&original]).map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), changed.len() + 1);
    }

    proptest! {
        /// Threat 13 for the chain: a link is good in one place, after one hash, and under one key.
        #[test]
        fn threat_13_a_link_fits_nowhere_else(
            part in any::<i64>(), seq in any::<i64>(), previous in any::<[u8; 32]>(), seconds in 0_i64..4_000_000_000,
            place in 0_usize..32,
        ) {
            let sealed_at = DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let (secrets, row) = (secrets(), ChainRow { part, seq, sealed_at, ..row() });
            let hash = link(&secrets, &previous, &row, Some(&event()));
            let mut other = previous;
            other[place] ^= 1;
            prop_assert_ne!(hash, link(&secrets, &other, &row, Some(&event())));
            for moved in [
                ChainRow { part: part.wrapping_add(1), ..row.clone() },
                ChainRow { seq: seq.wrapping_add(1), ..row.clone() },
                ChainRow { sealed_at: sealed_at + chrono::TimeDelta::seconds(1), ..row.clone() },
            ] {
                prop_assert_ne!(hash, link(&secrets, &previous, &moved, Some(&event())));
            }
            prop_assert_ne!(hash, link(&secrets, &previous, &row, None));
            let foreign = Secrets::new(&MasterKey::generate().unwrap());
            prop_assert_ne!(hash, link(&foreign, &previous, &row, Some(&event())));
        }
    }
}
