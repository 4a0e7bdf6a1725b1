//! Where the next page begins, as a text that clients only hand back: it holds for the filters it was made with, and
//! nobody else can make one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use identity::audit::AuditFilter;
use identity::audit::listing::Place;
use identity::master::{Purpose, Secrets};

/// Longer than any that was made here.
const LONGEST: usize = 512;

/// Bytes of the code.
const CODE: usize = 32;

/// The cursor behind this place of a list.
pub(super) fn write(secrets: &Secrets, filter: &AuditFilter, place: &Place) -> String {
    let mut bytes = place.at.timestamp_micros().to_be_bytes().to_vec();
    bytes.extend_from_slice(place.id.as_bytes());
    let code = secrets.mac(Purpose::AuditCursor, &message(filter, &bytes));
    bytes.extend_from_slice(&code);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place behind which the list goes on; `None` for a text that is no cursor of this list.
pub(super) fn read(secrets: &Secrets, filter: &AuditFilter, cursor: &str) -> Option<Place> {
    if cursor.len() > LONGEST {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (place, code) = bytes.split_at_checked(bytes.len().checked_sub(CODE)?)?;
    if !secrets.verify(Purpose::AuditCursor, &message(filter, place), code) {
        return None;
    }
    let (at, id) = place.split_first_chunk()?;
    Some(Place {
        at: DateTime::from_timestamp_micros(i64::from_be_bytes(*at))?,
        id: String::from_utf8(id.to_vec()).ok()?,
    })
}

/// What the code is over. Pages may differ in their size, and in nothing else.
fn message(filter: &AuditFilter, place: &[u8]) -> Vec<u8> {
    let AuditFilter { actor, action, target, client_id, dialect, outcome, since, until, limit: _ } = filter;
    let instant = |at: &DateTime<_>| at.timestamp_micros().to_string();
    let parts = [
        actor.clone(),
        action.clone(),
        target.clone(),
        client_id.clone(),
        dialect.clone(),
        outcome.map(|outcome| outcome.as_str().to_owned()),
        since.as_ref().map(instant),
        until.as_ref().map(instant),
    ];
    let mut bytes = Vec::with_capacity(128);
    for part in parts {
        bytes.push(u8::from(part.is_some()));
        let part = part.unwrap_or_default();
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes.extend_from_slice(place);
    bytes
}

#[cfg(test)]
mod tests {
    use identity::audit::Outcome;
    use identity::master::MasterKey;
    use proptest::prelude::*;

    use super::*;

    fn secrets() -> Secrets {
        Secrets::new(&MasterKey::generate().expect("random bytes"))
    }

    fn filter() -> AuditFilter {
        AuditFilter { actor: Some("ada".to_owned()), limit: 10, ..AuditFilter::default() }
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(micros in 0_i64..4_000_000_000_000_000, id in "[0-9a-f-]{0,40}", limit in 1_u32..1000) {
            let (secrets, place) = (secrets(), Place { at: DateTime::from_timestamp_micros(micros).expect("an instant"), id });
            let cursor = write(&secrets, &filter(), &place);
            prop_assert_eq!(read(&secrets, &AuditFilter { limit, ..filter() }, &cursor), Some(place));
        }

        /// Threat 13: a changed, cut or extended cursor is none.
        #[test]
        fn threat_13_a_changed_cursor_is_none(flip in 0_usize..600, cut in 1_usize..40) {
            let (secrets, at) = (secrets(), DateTime::from_timestamp(1_800_000_000, 0).expect("an instant"));
            let cursor = write(&secrets, &filter(), &Place { at, id: "01a457a6".to_owned() });
            let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).expect("base64");
            let bit = flip % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(read(&secrets, &filter(), &URL_SAFE_NO_PAD.encode(&bytes)), None);
            prop_assert_eq!(read(&secrets, &filter(), &cursor[..cursor.len() - cut]), None);
            let extended = format!("{cursor}AAAA");
            prop_assert_eq!(read(&secrets, &filter(), &extended), None);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            prop_assert_eq!(read(&secrets(), &filter(), &text), None);
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_filters_and_its_key() {
        let (secrets, at) = (secrets(), DateTime::from_timestamp(1_800_000_000, 0).expect("an instant"));
        let cursor = write(&secrets, &filter(), &Place { at, id: "x".to_owned() });
        let text = |text: &str| Some(text.to_owned());
        for other in [
            AuditFilter { actor: None, ..filter() },
            AuditFilter { actor: None, action: text("ada"), ..filter() },
            AuditFilter { actor: text("ad"), action: text("a"), ..filter() },
            AuditFilter { outcome: Some(Outcome::Failure), ..filter() },
            AuditFilter { since: Some(at), ..filter() },
            AuditFilter { until: Some(at), ..filter() },
        ] {
            assert_eq!(read(&secrets, &other, &cursor), None, "{other:?}");
        }
        assert_eq!(read(&self::secrets(), &filter(), &cursor), None);
    }
}
