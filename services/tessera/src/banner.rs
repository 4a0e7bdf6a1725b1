//! What the demo says when it has started: where it is, who is there, and one call to paste.

use std::net::SocketAddr;

/// The demo's client, person, RDV agent and a contact centre's back end, as in deploy/bootstrap.demo.yaml.
const CLIENT: (&str, &str) = ("demo-visio", "demo-visio-secret-0123456789abcdef");
const PERSON: (&str, &str) = ("agent@example.org", "demo-agent-password");
const AGENT: (&str, &str) = ("anais.berthelot@rdv.example.org", "demo-Agent-Password-1");
const BACK_END: (&str, &str) = ("demo-crm-sync", "demo-crm-sync-secret-0123456789abcdef");

/// Prints it on standard output; logs go to standard error.
pub(crate) fn print(listen: SocketAddr, management: SocketAddr) {
    println!("{}", text(listen, management));
}

fn text(listen: SocketAddr, management: SocketAddr) -> String {
    let ((client, secret), (person, password)) = (CLIENT, PERSON);
    let ((agent, agent_password), (back_end, back_end_secret)) = (AGENT, BACK_END);
    format!(
        "
Tessera is running with demo data. Its secrets are public: never use it for anything real.

  API          http://{listen}
  Explorer     http://{listen}/docs
  Metadata     http://{listen}/.well-known/oauth-authorization-server
  Health       http://{management}/readyz

  Application  {client} / {secret}
  Person       {person} / {password}
  RDV agent    {agent} / {agent_password}
  Back end     {back_end} / {back_end_secret}

A first token:

  curl -s http://{listen}/external-api/v1.0/application/token \\
    -d client_id={client} -d client_secret={secret} \\
    -d grant_type=client_credentials -d scope={person}

Stop it with Ctrl-C.
"
    )
}
