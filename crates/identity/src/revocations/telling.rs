//! What a transaction tells of revocations, noted while it works: asking the database for it would cost two round trips. A
//! transaction's work stays on one thread.

use std::cell::RefCell;

use auth_claims::revocations::RevocationEntry;

/// What the answer to a transaction tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Of any revocation, its own or one that it has found.
    pub(super) any: bool,
    /// The entries of its own, in the order of the feed.
    pub(super) entries: Vec<RevocationEntry>,
}

thread_local! {
    /// None while nobody watches.
    static TOLD: RefCell<Option<Told>> = const { RefCell::new(None) };
}

/// Does this work, and notes what it tells.
pub(super) fn watching<T>(work: impl FnOnce() -> T) -> (T, Told) {
    TOLD.set(Some(Told::default()));
    let outcome = work();
    (outcome, TOLD.take().unwrap_or_default())
}

/// Says that the answer to this work tells of a revocation: one of its own, or one that it has found, which may be of this
/// moment.
pub(crate) fn tells() {
    note(|told| told.any = true);
}

/// Says that this work has added an entry.
pub(super) fn added(entry: impl Into<RevocationEntry>) {
    note(|told| {
        told.any = true;
        told.entries.push(entry.into());
    });
}

fn note(noted: impl FnOnce(&mut Told)) {
    TOLD.with_borrow_mut(|told| told.as_mut().map(noted));
}

#[cfg(test)]
mod tests {
    use auth_claims::revocations::{RevocationKind, RevocationReason};

    use super::*;

    fn entry(seq: i64) -> RevocationEntry {
        RevocationEntry {
            seq,
            kind: RevocationKind::Sub,
            value: "ada".to_owned(),
            issued_before: 0,
            reason: RevocationReason::Revoked,
            expires_at: 0,
            lifted: false,
        }
    }

    #[test]
    fn each_work_tells_for_itself() {
        added(entry(1));
        let ((), told) = watching(|| {});
        assert!(!told.any && told.entries.is_empty());
        let ((), told) = watching(tells);
        assert!(told.any && told.entries.is_empty());
        let ((), told) = watching(|| [2, 3].map(entry).into_iter().for_each(added));
        assert!(told.any);
        assert_eq!(told.entries, [2, 3].map(entry));
    }
}
