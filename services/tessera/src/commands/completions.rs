//! `tessera completions`

use std::io;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::Cli;

pub(super) fn run(shell: Shell) {
    generate(shell, &mut Cli::command(), "tessera", &mut io::stdout().lock());
}
