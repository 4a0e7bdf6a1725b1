//! How the binary is linked.
#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script everything in variables; these are no settings"
)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Addresses that the loader has to adjust in a binary of this size: a bitmap (DT_RELR) in place of 24 bytes for each, so
    // that the file and the memory of an idle process are 2.7 MiB smaller. glibc has understood it since 2.36.
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    let gnu = of("CARGO_CFG_TARGET_OS") == "linux" && of("CARGO_CFG_TARGET_ENV") == "gnu";
    if gnu && of("CARGO_CFG_TARGET_ARCH") == "x86_64" && of("PROFILE") == "release" {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
