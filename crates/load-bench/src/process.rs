//! What processes use, as Linux counts it.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// Processor time and memory of one process, all its threads together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// This one.
    pub(crate) fn own() -> Self {
        Self(std::process::id())
    }

    /// How long it has run on processors.
    pub(crate) fn cpu_time(self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        let (_, time) = parse(&stat).context("/proc/PID/stat")?;
        Ok(time)
    }

    /// How long children of it that have ended, and were waited for, had run on processors.
    pub(crate) fn cpu_time_of_ended_children(self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        let (_, [_, children]) = parse_times(&stat).context("/proc/PID/stat")?;
        Ok(children)
    }

    /// Octets of memory that are resident.
    pub(crate) fn resident(self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024)
    }
}

/// How long processes of this name have run on processors, those that have ended excepted.
pub(crate) fn cpu_time_of(name: &str) -> Duration {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = processes.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    stats.filter_map(|stat| parse(&stat).filter(|(found, _)| *found == name).map(|(_, time)| time)).sum()
}

/// How long a core had nothing to do since the machine was started.
pub(crate) fn idle_time_of(core: usize) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    parse_idle(&stat, core).with_context(|| format!("/proc/stat has no core {core}"))
}

fn parse_idle(stat: &str, core: usize) -> Option<Duration> {
    /// Of the fields of a core, proc(5): idle, and waiting for a disk.
    const IDLE: usize = 3;
    let name = format!("cpu{core}");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '))?;
    let ticks = line.split_ascii_whitespace().skip(IDLE).take(2).map(|field| field.parse::<u64>().ok());
    Some(Duration::from_secs(ticks.sum::<Option<u64>>()?) / ticks_per_second()?)
}

fn ticks_per_second() -> Option<u32> {
    u32::try_from(rustix::param::clock_ticks_per_second()).ok()
}

/// Name and processor time in a line of `stat`.
fn parse(stat: &str) -> Option<(&str, Duration)> {
    parse_times(stat).map(|(name, [own, _])| (name, own))
}

/// Name and processor time in a line of `stat`, and that of children that have ended, proc(5). The name may hold spaces and
/// parentheses.
fn parse_times(stat: &str) -> Option<(&str, [Duration; 2])> {
    /// Of the fields behind the name, the user's and the kernel's time; behind them both again, of the children.
    const USER: usize = 11;
    let (_, rest) = stat.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(USER);
    let mut time = || {
        let user: u64 = fields.next()?.parse().ok()?;
        let kernel: u64 = fields.next()?.parse().ok()?;
        Some(Duration::from_secs(user + kernel) / ticks_per_second()?)
    };
    Some((name, [time()?, time()?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "42 (a ) (b) R 1 1 1 0 -1 4194304 100 0 0 0 150 50 30 40 20 0 4 0 100 1 1";
        let ticks = ticks_per_second().unwrap();
        assert_eq!(parse(stat), Some(("a ) (b", Duration::from_secs(200) / ticks)));
        let [own, children] = parse_times(stat).unwrap().1;
        assert_eq!([own, children], [200, 70].map(|time| Duration::from_secs(time) / ticks));
        assert_eq!(parse("42 (a"), None);
    }

    #[test]
    fn a_core_is_idle_when_it_waits_for_a_disk_too() {
        let stat = "cpu  1 1 1 9 9 1\ncpu1 1 2 3 40 10 5\ncpu11 1 1 1 7 7 1\nintr 1\n";
        let ticks = ticks_per_second().unwrap();
        assert_eq!(parse_idle(stat, 1), Some(Duration::from_secs(50) / ticks));
        assert_eq!(parse_idle(stat, 2), None);
    }

    #[test]
    fn the_own_process_uses_memory_and_time() {
        assert!(Process::own().resident().unwrap() > 1024 * 1024);
        assert!(Process::own().cpu_time().is_ok());
        assert_eq!(cpu_time_of("no process has this name"), Duration::ZERO);
    }
}
