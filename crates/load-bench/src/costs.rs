//! `load-bench costs`: a profile as two short tables, for who has no room for a flame graph.
//!
//! It reads folded stacks as `inferno-collapse-perf --all` writes them: frames from the outermost on, with semicolons, and
//! how much was sampled there.

mod frame;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};

use frame::Frame;

/// Where a sample counts of which no frame says whose it is.
const OTHERS: &str = "others";

/// What is summed up.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folded stacks
    file: PathBuf,
    /// A crate whose functions have a line each; may be given again
    #[arg(long = "own", value_name = "CRATE")]
    own: Vec<String>,
    /// The most lines of a table
    #[arg(long, value_name = "N", default_value_t = 25)]
    lines: usize,
}

/// Prints the tables.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let file = options.file.display();
    let folded = fs::read_to_string(&options.file).with_context(|| format!("cannot read {file}"))?;
    let costs = Costs::of(&folded, &options.own).with_context(|| format!("{file} holds no folded stacks"))?;
    ensure!(costs.all > 0, "{file} holds no samples: was the server idle?");
    print!("{}", costs.tables(options.lines));
    Ok(())
}

/// How much was sampled, in whatever unit the profile has.
#[derive(Debug, Default)]
struct Costs {
    all: u64,
    libraries: BTreeMap<String, Cost>,
    functions: BTreeMap<String, u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    /// In the library itself, and in what belongs to no other one.
    itself: u64,
    /// The same with everything that it calls.
    with_calls: u64,
}

impl Costs {
    /// `None` where a line is no stack.
    fn of(folded: &str, own: &[String]) -> Option<Self> {
        let mut costs = Self::default();
        for line in folded.lines().filter(|line| !line.is_empty()) {
            let (stack, count) = line.rsplit_once(' ')?;
            costs.add(stack, count.parse().ok()?, own);
        }
        Some(costs)
    }

    /// A function that calls itself counts once.
    fn add(&mut self, stack: &str, count: u64, own: &[String]) {
        self.all += count;
        // The first one is the name of the thread.
        let frames: Vec<Frame> = stack.split(';').skip(1).map(Frame::parse).collect();
        let libraries: Vec<&str> = frames.iter().filter_map(|frame| frame.library.as_deref()).collect();
        let innermost = libraries.last().copied().unwrap_or(OTHERS);
        self.libraries.entry(innermost.to_owned()).or_default().itself += count;
        for library in libraries.into_iter().chain([innermost]).collect::<BTreeSet<_>>() {
            self.libraries.entry(library.to_owned()).or_default().with_calls += count;
        }
        let is_own = |frame: &&Frame| frame.library.as_ref().is_some_and(|library| own.contains(library));
        for function in frames.iter().filter(is_own).map(|frame| &frame.function).collect::<BTreeSet<_>>() {
            *self.functions.entry(function.clone()).or_default() += count;
        }
    }

    fn tables(&self, lines: usize) -> String {
        let mut libraries: Vec<_> = self.libraries.iter().collect();
        libraries.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.itself));
        let mut functions: Vec<_> = self.functions.iter().collect();
        functions.sort_by_key(|(_, with_calls)| std::cmp::Reverse(**with_calls));
        let mut text = String::new();
        // A `String` takes whatever is written.
        let _ = writeln!(text, "| itself | with what it calls | library |\n| ---: | ---: | --- |");
        for (library, cost) in libraries.into_iter().take(lines) {
            let (itself, with_calls) = (self.share(cost.itself), self.share(cost.with_calls));
            let _ = writeln!(text, "| {itself} | {with_calls} | {library} |");
        }
        let _ = writeln!(text, "\n| with what it calls | function |\n| ---: | --- |");
        for (function, with_calls) in functions.into_iter().take(lines) {
            let _ = writeln!(text, "| {} | `{function}` |", self.share(*with_calls));
        }
        text
    }

    fn share(&self, count: u64) -> Percent {
        #[expect(clippy::cast_precision_loss, reason = "a share in percent needs no more than 52 bits")]
        let share = count as f64 / self.all as f64;
        Percent(share * 100.0)
    }
}

struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5.1} %", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDED: &str = "\
actix-rt;clone3;actix_http::h1::dispatch;<rooms::api::Room as actix_web::Responder>::respond_to;memcpy 10
actix-rt;clone3;actix_http::h1::dispatch;rooms::api::retrieve::{{closure}};rooms::api::retrieve;sqlite3_step;btreeNext 50
actix-rt;clone3;actix_http::h1::dispatch;__send;do_syscall_64_[k];tcp_sendmsg_[k] 35
actix-rt;[unknown] 5
";

    #[test]
    fn what_is_called_counts_for_its_callers_and_once() {
        let costs = Costs::of(FOLDED, &["rooms".to_owned()]).unwrap();
        assert_eq!(costs.all, 100);
        let cost = |library: &str| (costs.libraries[library].itself, costs.libraries[library].with_calls);
        assert_eq!(cost("actix-http"), (0, 95));
        assert_eq!(cost("rooms"), (10, 60), "memcpy belongs to who calls it");
        assert_eq!(cost("SQLite"), (50, 50));
        assert_eq!(cost("kernel"), (35, 35));
        assert_eq!(cost(OTHERS), (5, 5));
        assert_eq!(costs.libraries.values().map(|cost| cost.itself).sum::<u64>(), costs.all);
        let functions: Vec<_> = costs.functions.iter().map(|(name, cost)| (name.as_str(), *cost)).collect();
        assert_eq!(functions, [("rooms::api::Room::respond_to", 10), ("rooms::api::retrieve", 50)]);
    }

    #[test]
    fn the_tables_are_sorted_and_short() {
        let text = Costs::of(FOLDED, &["rooms".to_owned()]).unwrap().tables(2);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[2], "|  50.0 % |  50.0 % | SQLite |");
        assert_eq!(lines[3], "|  35.0 % |  35.0 % | kernel |");
        assert_eq!(lines[4], "");
        assert_eq!(
            lines[7..],
            ["|  50.0 % | `rooms::api::retrieve` |", "|  10.0 % | `rooms::api::Room::respond_to` |"]
        );
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        assert!(Costs::of("main;a b;c", &[]).is_none());
        assert_eq!(Costs::of("", &[]).map(|costs| costs.all), Some(0));
    }
}
