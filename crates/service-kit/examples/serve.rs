//! A whole service in one file: what a binary's `main` looks like. The black-box tests of process life run it.

use std::{process::ExitCode, time::Duration};

use actix_web::{HttpResponse, Responder, web};
use clap::Parser;
use serde::Deserialize;
use service_kit::{
    Server,
    docs::Explorer,
    flags::Flags,
    request_id::RequestId,
    settings::{self, LogSettings, ServerSettings, Sources},
    telemetry,
};

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    flags: Flags,
}

/// The settings of this service.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    server: ServerSettings,
    log: LogSettings,
}

#[actix_web::main]
async fn main() -> ExitCode {
    match serve(&Command::parse().flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(flags: &Flags) -> Result<(), Box<dyn std::error::Error>> {
    let settings: Settings = settings::load(Sources {
        service: "example",
        file: flags.config.clone(),
        overrides: flags.overrides(),
        secrets: &[],
        env: settings::environment(),
    })?;
    let _telemetry = telemetry::init(&settings.log, "example")?;
    let explorer = Explorer::new(&[
        ("greetings", || Ok(DESCRIPTION.to_owned())),
        ("partings", || Ok(DESCRIPTION.to_owned())),
    ]);
    Server::new(&settings.server)
        .configure(greetings)
        .configure(move |cfg| explorer.configure(cfg))
        .ready("nothing", async || Ok::<_, &str>(()))
        .on_shutdown(async { tracing::info!("flushed") })
        .run()
        .await?;
    Ok(())
}

fn greetings(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/greetings/{name}").route(web::get().to(greet)))
        .service(web::resource("/slow/{milliseconds}").route(web::get().to(slow)))
        .service(web::resource("/panic").route(web::get().to(fail)));
}

#[tracing::instrument(name = "greeting.write", skip_all)]
async fn greet(name: web::Path<String>, id: RequestId) -> impl Responder {
    tracing::debug!("greeting");
    format!("hello {name}, {id}\n")
}

async fn slow(milliseconds: web::Path<u64>) -> impl Responder {
    tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
    "done\n"
}

#[expect(clippy::panic, reason = "that is what it is for")]
async fn fail() -> HttpResponse {
    panic!("as asked")
}

const DESCRIPTION: &str = r#"{
    "openapi": "3.1.0",
    "info": { "title": "Greetings", "version": "1" },
    "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
    "security": [{ "token": [] }],
    "paths": { "/greetings/{name}": { "get": {
        "tags": ["greetings"],
        "operationId": "greet",
        "summary": "Says hello",
        "parameters": [{ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } }],
        "responses": { "200": { "description": "The greeting", "content": { "text/plain": {} } } }
    } } }
}"#;
