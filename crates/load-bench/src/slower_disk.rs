//! A disk that is slower than this machine's: strace holds every flush of the server back for a while once it is done.
//!
//! It stops the server at flushes alone (a filter in the kernel lets everything else pass), so what else the server does costs
//! what it always does.

use std::process::Command;
use std::time::Duration;

/// What holds them back.
pub(crate) const PROGRAM: &str = "strace";
/// The calls that SQLite flushes by.
const FLUSHES: &str = "fdatasync,fsync";

/// This command, its flushes `delay` longer. The process is the command's own: strace is a grandchild.
pub(crate) fn before(command: &Command, delay: Duration) -> Command {
    let mut slowed = Command::new(PROGRAM);
    slowed.args(["-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]);
    slowed.args(["-e", &format!("trace={FLUSHES}")]);
    slowed.args(["-e", &format!("inject={FLUSHES}:delay_exit={}", delay.as_micros())]);
    slowed.arg("--").arg(command.get_program()).args(command.get_args());
    slowed.env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            slowed.env(name, value);
        }
    }
    if let Some(path) = std::env::var_os("PATH") {
        slowed.env("PATH", path);
    }
    slowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_keeps_its_arguments_and_its_environment() {
        let mut command = Command::new("/bin/tessera");
        command.arg("serve").env_clear().env("TESSERA_DATA_DIR", "/data");
        let slowed = before(&command, Duration::from_micros(1500));
        let arguments: Vec<_> = slowed.get_args().map(|argument| argument.to_string_lossy()).collect();
        assert!(arguments.ends_with(&["--".into(), "/bin/tessera".into(), "serve".into()]), "{arguments:?}");
        assert!(arguments.contains(&"inject=fdatasync,fsync:delay_exit=1500".into()), "{arguments:?}");
        let set: Vec<_> = slowed.get_envs().filter(|(name, _)| *name != "PATH").collect();
        assert_eq!(set, [("TESSERA_DATA_DIR".as_ref(), Some("/data".as_ref()))]);
    }
}
