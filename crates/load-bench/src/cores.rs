//! Which core a process runs on.

use std::io;
use std::process::{Child, Command};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores that this machine lets the process use, whatever it was started with.
pub(crate) fn usable() -> io::Result<Vec<usize>> {
    let before = sched_getaffinity(None)?;
    let mut all = CpuSet::new();
    (0..CpuSet::MAX_CPU).for_each(|core| all.set(core));
    // The kernel keeps those that there are.
    sched_setaffinity(None, &all)?;
    let granted = sched_getaffinity(None)?;
    sched_setaffinity(None, &before)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| granted.is_set(*core)).collect())
}

/// Keeps the calling thread, and threads and processes that it starts, on one core.
pub(crate) fn stay_on(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    if core < CpuSet::MAX_CPU {
        set.set(core);
    }
    Ok(sched_setaffinity(None, &set)?)
}

/// Starts a process on one core. Children inherit the cores of the thread that starts them.
pub(crate) fn spawn_on(core: usize, command: &mut Command) -> io::Result<Child> {
    let before = sched_getaffinity(None)?;
    stay_on(core)?;
    let child = command.spawn();
    sched_setaffinity(None, &before)?;
    child
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_the_one_core_and_the_parent_keeps_its_own() {
        let (before, cores) = (sched_getaffinity(None).unwrap(), usable().unwrap());
        let last = *cores.last().unwrap();
        let mut command = Command::new("sleep");
        let mut child = spawn_on(last, command.arg("60")).unwrap();
        let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let inherited = sched_getaffinity(pid).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(inherited.is_set(last) && inherited.count() == 1);
        assert_eq!(sched_getaffinity(None).unwrap(), before);
        assert!(stay_on(usize::MAX).is_err());
    }
}
