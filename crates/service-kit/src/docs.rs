//! `/docs`: the API explorer (Swagger UI), with its files inside the binary.
//!
//! The files are static data of the program, compressed at build time: serving one copies nothing to the heap.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentEncoding, ContentType, LOCATION},
    web::{self, Bytes, ServiceConfig},
};
use serde_json::json;

use crate::not_found;

/// Scripts and requests from and to this origin only. Swagger UI writes `style` attributes and shows pictures from its
/// style sheet as `data:` URLs; it needs no inline script and no `eval`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A new release of the program may bring new files under the same names.
const REMEMBERED: &str = "max-age=3600";

/// The explorer for a list of API descriptions. Cheap to clone; build it once and mount it on each worker.
#[derive(Clone)]
pub struct Explorer(web::Data<Pages>);

/// Writes an API's `OpenAPI` document in JSON.
pub type Describe = fn() -> serde_json::Result<String>;

/// What the explorer serves besides Swagger UI's own files.
struct Pages {
    documents: Vec<Document>,
    /// The script that starts Swagger UI with these documents.
    start: Bytes,
}

/// An API's document, written when it is first asked for: most processes never are, and it takes megabytes to write.
struct Document {
    name: &'static str,
    describe: Describe,
    json: OnceLock<Option<Bytes>>,
}

impl Document {
    /// The document. `None` if it does not serialize, which a test of each service rules out.
    fn json(&self) -> Option<Bytes> {
        let write = || {
            (self.describe)().inspect_err(|error| tracing::error!(self.name, %error, "no OpenAPI document"))
        };
        self.json.get_or_init(|| write().ok().map(Bytes::from)).clone()
    }
}

impl Explorer {
    /// An explorer for these APIs, each with a name for the selection and what writes its `OpenAPI` document. Names
    /// become part of a path: letters, digits and dashes.
    #[must_use]
    pub fn new(apis: &[(&'static str, Describe)]) -> Self {
        let document = |&(name, describe)| Document { name, describe, json: OnceLock::new() };
        let documents: Vec<_> = apis.iter().map(document).collect();
        let start = start(documents.iter().map(|document| document.name)).into();
        Self(web::Data::new(Pages { documents, start }))
    }

    /// Mounts `/docs/` and what belongs to it; `/` leads there.
    pub fn configure(&self, cfg: &mut ServiceConfig) {
        let get = |path: &str| web::resource(path).app_data(self.0.clone());
        // A person who opens the bare address is shown what there is.
        cfg.service(get("/").route(web::get().to(redirect))).service(
            web::scope("/docs")
                .service(get("").route(web::get().to(redirect)))
                .service(get("/openapi/{name}.json").route(web::get().to(document)))
                .service(get("/swagger-initializer.js").route(web::get().to(initializer)))
                .service(get("/{file:.*}").route(web::get().to(asset))),
        );
    }
}

/// Swagger UI's `swagger-initializer.js`. Nothing is sent to its authors' validator, and no credential outlives the page.
fn start(names: impl Iterator<Item = &'static str>) -> String {
    let urls: Vec<_> =
        names.map(|name| json!({ "name": name, "url": format!("openapi/{name}.json") })).collect();
    let settings = json!({
        "urls": urls,
        "dom_id": "#swagger-ui",
        "deepLinking": true,
        "displayOperationId": true,
        "persistAuthorization": false,
        "validatorUrl": null,
        "layout": "StandaloneLayout",
    });
    format!(
        "window.onload = () => {{\n  window.ui = SwaggerUIBundle({{\n    ...{settings},\n    \
         presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],\n    \
         plugins: [SwaggerUIBundle.plugins.DownloadUrl],\n  }});\n}};\n"
    )
}

/// To the directory, so that the page's relative addresses work.
async fn redirect() -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((LOCATION, "/docs/")).finish()
}

async fn document(name: web::Path<String>, pages: web::Data<Pages>) -> HttpResponse {
    let Some(document) = pages.documents.iter().find(|document| document.name == *name) else {
        return not_found().await;
    };
    match document.json() {
        Some(json) => HttpResponse::Ok().content_type(ContentType::json()).body(json),
        None => HttpResponse::InternalServerError().finish(),
    }
}

async fn initializer(pages: web::Data<Pages>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript").body(pages.start.clone())
}

async fn asset(file: web::Path<String>) -> HttpResponse {
    // Its own initializer, which a configuration would go into, is never served.
    let Ok(Some(asset)) = utoipa_swagger_ui::serve(&file, Arc::default()) else {
        return not_found().await;
    };
    let mut response = HttpResponse::Ok();
    response
        .content_type(asset.content_type)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, REMEMBERED));
    if asset.gzpipped {
        // Every browser reads it; other clients have a flag for it (`curl --compressed`).
        response.insert_header(ContentEncoding::Gzip);
    }
    match asset.bytes {
        Cow::Borrowed(bytes) => response.body(Bytes::from_static(bytes)),
        Cow::Owned(bytes) => response.body(bytes),
    }
}
