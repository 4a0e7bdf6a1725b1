//! `tessera audit verify`

use anyhow::Context;
use chrono::TimeDelta;
use identity::Identity;
use identity::audit::chain::{Expectations, Partition, Verification};
use serde::Serialize;

use crate::cli::VerifyAudit;
use crate::failure::Failure;
use crate::output::Output;

/// What was found, for scripts.
#[derive(Serialize)]
struct ReportView {
    partitions: Vec<PartitionView>,
    unsealed: i64,
    pruned: Vec<String>,
    fault_count: u64,
    faults: Vec<String>,
}

/// A partition of the chain.
#[derive(Serialize)]
struct PartitionView {
    partition: i64,
    month: String,
    first_seq: i64,
    last_seq: i64,
    verified: u64,
    head: String,
}

pub(super) async fn run(identity: &Identity, flags: &VerifyAudit, output: Output) -> Result<(), Failure> {
    let late = TimeDelta::from_std(flags.late).unwrap_or(TimeDelta::MAX);
    let expected = Expectations { anchors: flags.expect.clone(), late };
    let view = view(identity.verify_audit(&expected).await?);
    match output {
        Output::Json => output.record(&view, &[]),
        Output::Human => {
            let headings = ["partition", "month", "from", "to", "fit", "end"];
            output.table(&view.partitions, &headings, row).and_then(|()| output.record(&(), &remarks(&view)))
        }
    }
    .context("standard output")?;
    if view.fault_count > 0 { Err(Failure::Tampered(view.fault_count)) } else { Ok(()) }
}

fn view(report: Verification) -> ReportView {
    ReportView {
        partitions: report.partitions.into_iter().map(partition).collect(),
        unsealed: report.unsealed,
        pruned: report.pruned.iter().map(ToString::to_string).collect(),
        fault_count: report.fault_count,
        faults: report.faults.iter().map(ToString::to_string).collect(),
    }
}

fn partition(Partition { month, first_seq, verified, head }: Partition) -> PartitionView {
    let (partition, last_seq) = (head.part, head.seq);
    PartitionView { partition, month, first_seq, last_seq, verified, head: head.to_string() }
}

fn row(view: &PartitionView) -> Vec<String> {
    let numbers = [view.first_seq.to_string(), view.last_seq.to_string(), view.verified.to_string()];
    [vec![view.partition.to_string(), view.month.clone()], numbers.into(), vec![view.head.clone()]].concat()
}

fn remarks(view: &ReportView) -> Vec<(&'static str, String)> {
    let waiting = (view.unsealed > 0).then(|| ("waiting", format!("{} events to be sealed", view.unsealed)));
    let pruned = view.pruned.iter().map(|anchor| ("pruned", format!("{anchor}: nobody can tell any more")));
    let faults = view.faults.iter().map(|fault| ("fault", fault.clone()));
    let told = view.faults.len() as u64;
    let more = (view.fault_count > told).then(|| ("fault", format!("and {} more", view.fault_count - told)));
    waiting.into_iter().chain(pruned).chain(faults).chain(more).collect()
}
