//! `make demo`: starts the platform on a throw-away directory and walks an integrator's, an agent's, an application's,
//! a script's, an administrator's and an auditor's path as a client, printing each request and its answer. Exits non-zero at
//! the first answer that is not the expected one.

mod agent;
mod applications;
mod auditor;
mod bases;
mod integrator;
mod provisioning;
mod server;
mod walk;

use std::process::ExitCode;

use server::DemoServer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(steps) => {
            println!("\nAll {steps} answers were the expected ones.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("\ndemo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<usize> {
    let server = DemoServer::start().await?;
    println!("Tessera listens on {} with the demo directory.", server.url);
    let mut walk = walk::Walk::new(server.url.clone())?;
    integrator::walk(&mut walk).await?;
    agent::walk(&mut walk).await?;
    applications::walk(&mut walk).await?;
    bases::walk(&mut walk).await?;
    provisioning::walk(&mut walk).await?;
    auditor::walk(&mut walk, &server).await?;
    Ok(walk.steps())
}
