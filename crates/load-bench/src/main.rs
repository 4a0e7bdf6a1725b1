//! `load-bench`: what the services carry on one core, beside what the machine allows at all.
//!
//! A scenario is a request that clients send again and again. It is measured beside its floor: the least that any server
//! has to do for such an answer on this machine (HTTP, and a signature or a query where one is needed), made with the same
//! web framework and cryptography, in the same run, round for round. The ratio of the two says more about the services than
//! requests per second do, and means the same on another machine.
//!
//! The server has a core to itself, with the floor and the database in its place or beside it; the generator has another
//! one. To add a scenario, see [`scenarios`].

mod bench;
mod cli;
mod client;
mod cores;
mod costs;
mod figures;
mod findings;
mod floor;
mod group_commit;
mod growth;
mod limits;
mod load;
mod machine;
mod markdown;
mod memory;
mod output;
mod pace;
mod process;
mod response;
mod rival;
mod run;
mod saturation;
mod scenario;
mod scenarios;
mod seed;
mod seen;
mod serve;
mod server;
mod slower_disk;
mod statistics;
mod table;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().carry_out() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("load-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}
