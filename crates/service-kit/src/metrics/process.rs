//! The process itself, under the names that Prometheus' own clients use. Read from `/proc`; elsewhere they are absent.

use std::{
    fmt::Write,
    fs,
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

/// When metrics began to be recorded, which is when the process started; in seconds of the Unix epoch.
static STARTED: LazyLock<u64> = LazyLock::new(|| {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
});

/// Notes the time.
pub(super) fn begin() {
    LazyLock::force(&STARTED);
}

/// Of `/proc/self/stat`, as Linux shows it on every architecture that we build for (`USER_HZ`).
#[expect(clippy::cast_precision_loss, reason = "exact for longer than a process lives")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / 100.0
}

/// Adds resident memory, processor time, threads, open files and the start to the page.
pub(super) fn append_to(page: &mut String) {
    let mut add = |kind: &str, name: &str, value: String| {
        let _ = writeln!(page, "# TYPE {name} {kind}\n{name} {value}");
    };
    if let Some(ticks) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(ticks) {
        add("counter", "process_cpu_seconds_total", seconds(ticks).to_string());
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kilobytes) = status_value(&status, "VmRSS:") {
        add("gauge", "process_resident_memory_bytes", (kilobytes * 1024).to_string());
    }
    if let Some(threads) = status_value(&status, "Threads:") {
        add("gauge", "process_threads", threads.to_string());
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        add("gauge", "process_open_fds", open.count().to_string());
    }
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    if let Some(most) = status_value(&limits, "Max open files") {
        add("gauge", "process_max_fds", most.to_string());
    }
    add("gauge", "process_start_time_seconds", STARTED.to_string());
}

/// User and system time. The program's name, in brackets, may hold anything, spaces and brackets included.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut times = after_name.split_whitespace().skip(11);
    Some(times.next()?.parse::<u64>().ok()? + times.next()?.parse::<u64>().ok()?)
}

fn status_value(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 163 0 0 0 250 50 0 0 20 0 1 0 1 2 3";
        assert_eq!(ticks(stat), Some(300));
        assert!((seconds(300) - 3.0).abs() < f64::EPSILON);
        assert_eq!(ticks("42 (a"), None);
    }

    #[test]
    fn this_process_has_memory_and_threads() {
        let mut page = String::new();
        append_to(&mut page);
        let value = |name: &str| {
            let line = page.lines().find(|line| line.starts_with(name)).unwrap();
            line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
        };
        assert!(value("process_resident_memory_bytes ") > 100_000.0);
        assert!(value("process_threads ") >= 1.0);
        assert!(value("process_max_fds ") >= value("process_open_fds ") && value("process_open_fds ") >= 3.0);
        assert!(value("process_start_time_seconds ") > 1_700_000_000.0);
        assert!(value("process_cpu_seconds_total ") >= 0.0);
    }
}
