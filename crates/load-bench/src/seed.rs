//! What the scenarios find on the server: a directory that is declared, and what is made over the APIs.

use std::fs;
use std::path::Path;

use crate::scenarios::requests::{Requests, Triple};
use crate::server::Server;
use crate::wire::Http;

pub(crate) mod api;
pub(crate) mod directory;

use api::{Api, all};
use directory::{AGENTS, APPLICATIONS, PEOPLE, SERVICES};

/// The rooms of one person, which are read one by one.
const ROOMS: usize = 1000;
/// People who list their rooms, and how many each of them has.
const LISTERS: std::ops::Range<usize> = 1..51;
const LISTED: usize = 10;
/// People who make rooms. They list none.
const CREATORS: std::ops::Range<usize> = 100..164;
/// People whose tokens are asked about.
const TOKENS: usize = 500;
/// How many of those tokens are exchanged.
const EXCHANGED: usize = 100;
/// Bases with an API-Token each.
const BASES: usize = 20;

/// Settings without which a limit or the end of a lifetime would be measured. 0 switches a limit off.
const SETTINGS: [(&str, &str); 15] = [
    ("TESSERA_AUTH__ACCESS_TOKEN_TTL", "1d"),
    ("TESSERA_AUTH__MEET__TOKEN_TTL", "1d"),
    ("TESSERA_AUTH__LIMITS__ACCOUNT_REQUESTS", "0"),
    ("TESSERA_AUTH__LIMITS__ADDRESS_REQUESTS", "0"),
    ("TESSERA_AUTH__LIMITS__CLIENT_REQUESTS", "0"),
    ("TESSERA_AUTH__LIMITS__SIGN_IN_REQUESTS", "0"),
    ("TESSERA_AUTH__SEATABLE__RATES__ANON", "0"),
    ("TESSERA_AUTH__SEATABLE__RATES__APP", "0"),
    ("TESSERA_AUTH__SEATABLE__RATES__LINK", "0"),
    ("TESSERA_AUTH__SEATABLE__RATES__PING", "0"),
    ("TESSERA_AUTH__SEATABLE__RATES__USER", "0"),
    // Floor DB has this signature; `shared` would be one less.
    ("TESSERA_BASES__TOKENS__SIGNING", "es256"),
    ("TESSERA_BASES__RATES__ANON", "0"),
    ("TESSERA_BASES__RATES__APP", "0"),
    ("TESSERA_BASES__RATES__USER", "0"),
];

/// What scripts send, and what there is to send.
pub(crate) struct Seed {
    /// Writes requests to the server.
    pub(crate) http: Http,
    /// Account-Tokens of different agents.
    pub(crate) account_tokens: Vec<String>,
    /// The requests of the scenarios.
    pub(crate) requests: Requests,
}

/// What the requests are about.
pub(crate) struct Made {
    /// Clients that get tokens of their own.
    pub(crate) services: Vec<String>,
    /// E-mail addresses of people.
    pub(crate) people: Vec<String>,
    /// Logins of the same people.
    pub(crate) logins: Vec<String>,
    /// E-mail addresses of agents with a password.
    pub(crate) agents: Vec<String>,
    /// Access tokens for different people.
    pub(crate) tokens: Vec<String>,
    /// Those of them that are exchanged.
    pub(crate) exchanged: Vec<String>,
    /// Ids of rooms of the person that the first token is for.
    pub(crate) rooms: Vec<String>,
    /// Tokens of people who have ten rooms each.
    pub(crate) listers: Vec<String>,
    /// Tokens of people who make rooms.
    pub(crate) creators: Vec<String>,
    /// A session that stays.
    pub(crate) session: Triple,
    /// API-Tokens of different bases.
    pub(crate) api_tokens: Vec<String>,
    /// A token that reads applications.
    pub(crate) crm: String,
    /// Applications that it reads.
    pub(crate) applications: Vec<String>,
}

/// Settings (`TESSERA_…`) that the server is started with. Files that they name are written into `home`.
pub(crate) fn settings(home: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let file = home.join("bootstrap.yaml");
    fs::write(&file, directory::document().to_string())?;
    let mut settings: Vec<(String, String)> =
        SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    settings.push(("TESSERA_BOOTSTRAP__FILE".to_owned(), file.display().to_string()));
    Ok(settings)
}

/// Makes what the scenarios use.
pub(crate) async fn seed(server: &Server) -> anyhow::Result<Seed> {
    let (api, http) = (Api::of(server)?, Http::new(server.address()));
    let logins = (0..AGENTS).map(directory::agent).collect::<Vec<_>>();
    let account_tokens = all(logins.iter().map(|login| api.account_token(login))).await?;
    let requests = Requests::about(&http, &made(&api).await?);
    Ok(Seed { http, account_tokens, requests })
}

async fn made(api: &Api) -> anyhow::Result<Made> {
    let emails = |logins: &[String]| logins.iter().map(|login| directory::email(login)).collect::<Vec<_>>();
    let logins = (0..PEOPLE).map(directory::person).collect::<Vec<_>>();
    let people = emails(&logins);
    let tokens = all(people.iter().take(TOKENS).map(|email| api.meet_token(directory::MEET, email))).await?;
    let (keeper, listers) = (&tokens[0], tokens[LISTERS].to_vec());
    let rooms = all((0..ROOMS).map(|_| api.room(keeper))).await?;
    all(listers.iter().flat_map(|token| (0..LISTED).map(|_| api.room(token)))).await?;
    Ok(Made {
        services: (0..SERVICES).map(directory::service).collect(),
        agents: emails(&(0..AGENTS).map(directory::agent).collect::<Vec<_>>()),
        exchanged: tokens[TOKENS - EXCHANGED..].to_vec(),
        creators: tokens[CREATORS].to_vec(),
        session: api.sign_in(&directory::email(directory::ADMINISTRATOR)).await?,
        api_tokens: api_tokens(api).await?,
        crm: api.client_token(directory::CRM).await?,
        applications: (0..APPLICATIONS).map(directory::application).collect(),
        logins,
        people,
        tokens,
        rooms,
        listers,
    })
}

/// One after the other: all bases lie in one workspace, which the first one makes.
async fn api_tokens(api: &Api) -> anyhow::Result<Vec<String>> {
    let author = api.account_token(directory::ADMINISTRATOR).await?;
    let mut tokens = Vec::new();
    for number in 0..BASES {
        tokens.push(api.api_token(&author, &format!("bench-{number}")).await?);
    }
    Ok(tokens)
}
