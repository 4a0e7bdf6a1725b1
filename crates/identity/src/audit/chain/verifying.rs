//! Looking whether everything is as it was sealed.

mod faults;

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::dsl::{count_star, exists, max, not};
use diesel::prelude::*;
use store::{Db, DbConn, StoreError};

pub use self::faults::Fault;
use super::schema::{Head, audit_chain, audit_unsealed};
use super::walk::{Link, Verdict, Walk, links};
use super::{Anchor, heads};
use crate::Identity;
use crate::audit::rows::audit_events;
use crate::errors::IdentityError;
use crate::master::Secrets;

/// Links or events that are looked at together: what there is in memory at any time.
const PAGE: i64 = 1000;

/// Faults that are told one by one.
const TOLD: usize = 100;

/// Events from before there was a chain are sealed as late as it begins, within this time.
const ADOPTION: TimeDelta = TimeDelta::days(1);

/// What is known beside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    /// Points of the chain that were kept elsewhere.
    pub anchors: Vec<Anchor>,
    /// An event that was sealed so much later than it says that it happened counts as inserted.
    pub late: TimeDelta,
}

impl Default for Expectations {
    fn default() -> Self {
        Self { anchors: Vec::new(), late: TimeDelta::days(1) }
    }
}

/// A partition that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The month it was begun in, such as `2026-01`.
    pub month: String,
    /// The first event that is still there.
    pub first_seq: i64,
    /// How many events fit.
    pub verified: u64,
    /// Where it ends.
    pub head: Anchor,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Every partition, in their order.
    pub partitions: Vec<Partition>,
    /// Events that wait to be sealed.
    pub unsealed: i64,
    /// Anchors of events that are pruned: nobody can tell any more.
    pub pruned: Vec<Anchor>,
    /// The first hundred faults.
    pub faults: Vec<Fault>,
    /// How many there are in all.
    pub fault_count: u64,
}

impl Verification {
    fn note(&mut self, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            self.fault_count += 1;
            if self.faults.len() < TOLD {
                self.faults.push(fault);
            }
        }
    }
}

impl Identity {
    /// Looks at every event of the trail, in pages and beside whatever goes on. Changes nothing.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "audit.verify", skip_all)]
    pub async fn verify_audit(&self, expected: &Expectations) -> Result<Verification, IdentityError> {
        let mut report = Verification::default();
        let (ends, heads) = self.db().read(overview).await?;
        report.note(faults::of_heads(self.secrets(), &heads, &ends));
        let known = |anchor: &Anchor| heads.iter().any(|head| head.part == anchor.part);
        report.note(
            expected.anchors.iter().filter(|anchor| !known(anchor)).map(|anchor| Fault::Other(*anchor)),
        );
        let adopted = heads.first().map(|head| head.began_at + ADOPTION).unwrap_or_default();
        for head in heads {
            let anchors = expected.anchors.iter().filter(|anchor| anchor.part == head.part);
            let partition = Looking {
                db: self.db(),
                secrets: self.secrets(),
                expected: by_seq(anchors.copied()),
                late: expected.late,
                adopted,
                walk: Walk { next: head.first_seq, previous: head.anchor.clone() },
                first_seq: head.first_seq,
                head,
                verified: 0,
            };
            partition.look(&mut report).await?;
        }
        strays(self.db(), &mut report).await?;
        Ok(report)
    }
}

/// Whoever gives two that differ wants to know of both.
fn by_seq(anchors: impl Iterator<Item = Anchor>) -> BTreeMap<i64, Vec<Anchor>> {
    let mut by_seq = BTreeMap::<i64, Vec<Anchor>>::new();
    anchors.for_each(|anchor| by_seq.entry(anchor.seq).or_default().push(anchor));
    by_seq
}

/// A partition while it is looked at.
struct Looking<'a> {
    db: &'a Db,
    secrets: &'a Secrets,
    expected: BTreeMap<i64, Vec<Anchor>>,
    late: TimeDelta,
    adopted: NaiveDateTime,
    walk: Walk,
    first_seq: i64,
    head: Head,
    verified: u64,
}

impl Looking<'_> {
    async fn look(mut self, report: &mut Verification) -> Result<(), IdentityError> {
        while self.walk.next <= self.head.last_seq {
            let (part, from, last) = (self.head.part, self.walk.next, self.head.last_seq);
            let page = self.db.read(move |conn| links(conn, part, from, last, PAGE)).await?;
            let mut ahead = self.walk.clone();
            let found: Vec<Fault> = if page.is_empty() {
                (ahead.next, ahead.previous) = (last + 1, self.head.last_hash.clone());
                vec![Fault::Missing { part, from, to: last }]
            } else {
                page.iter().flat_map(|link| self.faults_of(&mut ahead, link)).collect()
            };
            if !found.is_empty() && self.was_pruned_meanwhile().await? {
                continue;
            }
            self.verified += (page.len() as u64).saturating_sub(found.len() as u64);
            report.note(found);
            report.note(self.compare(&page));
            self.walk = ahead;
        }
        if self.walk.previous != self.head.last_hash {
            report.note([Fault::End { part: self.head.part }]);
        }
        self.conclude(report);
        Ok(())
    }

    fn faults_of(&self, walk: &mut Walk, link: &Link) -> Vec<Fault> {
        let (part, from) = (self.head.part, walk.next);
        let (missing, verdict) = walk.step(self.secrets, link);
        let (row, event) = link;
        let (seq, id) = (row.seq, || row.event_id.clone());
        let gap = (missing > 0).then(|| Fault::Missing { part, from, to: seq - 1 });
        let is_late = || {
            let Some(event) = event else { return false };
            row.sealed_at >= self.adopted && row.sealed_at - event.at > self.late
        };
        let own = match verdict {
            Verdict::Deleted => Some(Fault::Deleted { part, seq, event: id() }),
            Verdict::Changed => Some(Fault::Changed { part, seq, event: id() }),
            Verdict::Fits | Verdict::Unknown if is_late() => Some(Fault::Late { part, seq, event: id() }),
            Verdict::Fits | Verdict::Unknown => None,
        };
        gap.into_iter().chain(own).collect()
    }

    /// What pruning deletes while it is looked at is not missing: the head has moved on, and so does the walk.
    async fn was_pruned_meanwhile(&mut self) -> Result<bool, IdentityError> {
        let part = self.head.part;
        let now = self.db.read(move |conn| heads::find(conn, part)).await?;
        match now {
            Some(head) if head.first_seq > self.walk.next && head.is_genuine(self.secrets) => {
                self.walk = Walk { next: head.first_seq, previous: head.anchor.clone() };
                self.head = head;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The anchors that lie in this page.
    fn compare(&mut self, page: &[Link]) -> Vec<Fault> {
        let mut others = Vec::new();
        for (row, _) in page {
            let anchors = self.expected.remove(&row.seq).unwrap_or_default();
            let other = anchors.into_iter().filter(|anchor| row.hash[..] != anchor.hash[..]);
            others.extend(other.map(Fault::Other));
        }
        others
    }

    fn conclude(self, report: &mut Verification) {
        for anchor in self.expected.into_values().flatten() {
            // Of the event before the first the hash is still there.
            let fits = anchor.seq == self.first_seq - 1 && self.head.first_seq == self.first_seq;
            match () {
                () if fits && self.head.anchor[..] == anchor.hash[..] => {}
                () if anchor.seq < self.head.first_seq - 1 => report.pruned.push(anchor),
                () => report.note([Fault::Other(anchor)]),
            }
        }
        let Head { part, month, last_seq, last_hash, .. } = self.head;
        if let Some(head) = Anchor::new(part, last_seq, &last_hash) {
            let (first_seq, verified) = (self.first_seq, self.verified);
            report.partitions.push(Partition { month, first_seq, verified, head });
        }
    }
}

/// Where the links of each partition end, and the heads. In this order: sealing moves both on, a head at last.
fn overview(conn: &mut DbConn) -> Result<(BTreeMap<i64, i64>, Vec<Head>), StoreError> {
    let query = audit_chain::table.group_by(audit_chain::part);
    let ends: Vec<(i64, Option<i64>)> =
        query.select((audit_chain::part, max(audit_chain::seq))).load(conn)?;
    let ends = ends.into_iter().filter_map(|(part, last)| Some((part, last?))).collect();
    Ok((ends, heads::all(conn)?))
}

/// Events that are in no chain and do not wait for one: nobody who writes events as this program does leaves any.
async fn strays(db: &Db, report: &mut Verification) -> Result<(), IdentityError> {
    report.unsealed =
        db.read(|conn| Ok::<_, StoreError>(audit_unsealed::table.select(count_star()).first(conn)?)).await?;
    let mut from = Some(String::new());
    while let Some(after) = from {
        let (found, last) = db.read(move |conn| strays_after(conn, &after)).await?;
        report.note(found.into_iter().map(|event| Fault::Stray { event }));
        from = last;
    }
    Ok(())
}

/// Those of one page, and where the next one begins.
fn strays_after(conn: &mut DbConn, after: &str) -> Result<(Vec<String>, Option<String>), StoreError> {
    let page = audit_events::table.filter(audit_events::id.gt(after)).order(audit_events::id);
    let last: Option<String> =
        page.select(audit_events::id).offset(PAGE - 1).limit(1).first(conn).optional()?;
    let sealed = audit_chain::table.filter(audit_chain::event_id.eq(audit_events::id));
    let waiting = audit_unsealed::table.filter(audit_unsealed::event_id.eq(audit_events::id));
    let mut query = audit_events::table
        .filter(audit_events::id.gt(after))
        .filter(not(exists(sealed)))
        .filter(not(exists(waiting)))
        .select(audit_events::id)
        .into_boxed();
    if let Some(last) = &last {
        query = query.filter(audit_events::id.le(last));
    }
    Ok((query.order(audit_events::id).limit(PAGE).load(conn)?, last))
}
