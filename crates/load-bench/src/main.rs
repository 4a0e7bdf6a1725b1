//! `load-bench`: what the services carry on one core, beside what the machine allows at all.
//!
//! A scenario is a request that clients send again and again. It is measured beside its floor: the least that any server
//! has to do for such an answer on this machine (HTTP, and a signature or a query where one is needed), made with the same
//! web framework and cryptography. The ratio of the two says more about the services than requests per second do.

mod cores;
mod growth;
mod load;
mod scenario;
mod scenarios;
mod seed;
mod server;
mod wire;

fn main() {
    for scenario in scenarios::all() {
        println!("{}: {}", scenario.name, scenario.about);
    }
}
