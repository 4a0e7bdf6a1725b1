//! Memory of password hashes is given back. In a test binary of its own, so that nothing else allocates meanwhile.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use identity::passwords::{PasswordHasher, PasswordSettings};
use secrecy::SecretString;

/// Resident memory in KiB.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// Eight threads with 19 MiB each would keep some 150 MiB if they stayed, or the allocator's arenas held on to their blocks.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn argon2_blocks_are_not_kept_at_idle() {
    let settings = PasswordSettings { threads: Some(8), ..PasswordSettings::default() };
    let hasher = PasswordHasher::new(&settings).unwrap();
    let password = SecretString::from("correct horse battery staple");
    let before = resident();
    let tasks: Vec<_> = (0..24)
        .map(|_| {
            let (hasher, password) = (hasher.clone(), password.clone());
            tokio::spawn(async move { hasher.hash(&password).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    // The threads stay for a second, in case there is more to do.
    for _ in 0..200 {
        if kept(before) < 19 * 1024 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} KiB are kept", kept(before));
}

#[cfg(target_os = "linux")]
fn kept(before: u64) -> u64 {
    resident().saturating_sub(before)
}
