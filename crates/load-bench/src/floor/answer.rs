//! The handler of every floor.

use std::rc::Rc;

use actix_web::http::header::ContentType;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use anyhow::Context as _;
use tokio::sync::OnceCell;

use super::Kind;
use super::rows::Rows;
use super::signing::{Checking, Seen, Signing};

/// Around the padding of the constant document.
const BEGIN: &str = r#"{"constant":""#;
const END: &str = r#""}"#;

/// What is done for a request.
pub(super) struct Work {
    document: Bytes,
    signing: Option<Signing>,
    checking: Option<Checking>,
    rows: Option<Rows>,
    seen: Option<Seen>,
}

impl Work {
    /// Of this kind, with a document of this size.
    pub(super) async fn new(kind: Kind, bytes: usize, database: Option<&str>) -> anyhow::Result<Self> {
        let rows = if kind.reads() { Some(Rows::open(database.context("no database")?)?) } else { None };
        Ok(Self {
            document: document(bytes).into(),
            signing: matches!(kind, Kind::B | Kind::Db).then(Signing::new).transpose()?,
            checking: (kind == Kind::C).then(Checking::new).transpose()?,
            seen: if kind == Kind::Seen { Some(Seen::new().await?) } else { None },
            rows,
        })
    }

    fn carry_out(&self) -> anyhow::Result<()> {
        if let Some(rows) = &self.rows {
            rows.read()?;
        }
        if let Some(checking) = &self.checking {
            checking.check()?;
        }
        if let Some(seen) = &self.seen {
            seen.verify()?;
        }
        if let Some(signing) = &self.signing {
            signing.sign()?;
        }
        Ok(())
    }
}

/// A JSON document of this size; the smallest one has 15 octets.
fn document(bytes: usize) -> String {
    format!("{BEGIN}{}{END}", "x".repeat(bytes.saturating_sub(BEGIN.len() + END.len())))
}

/// The work of one worker, made on its own thread with its first request.
#[derive(Clone)]
pub(super) struct Slot(Rc<Inner>);

struct Inner {
    kind: Kind,
    bytes: usize,
    database: Option<String>,
    work: OnceCell<Work>,
}

impl Slot {
    /// Not made yet.
    pub(super) fn new(kind: Kind, bytes: usize, database: Option<String>) -> Self {
        Self(Rc::new(Inner { kind, bytes, database, work: OnceCell::new() }))
    }

    async fn respond(&self) -> anyhow::Result<Bytes> {
        let Inner { kind, bytes, database, work } = &*self.0;
        let work = work.get_or_try_init(|| Work::new(*kind, *bytes, database.as_deref())).await?;
        work.carry_out()?;
        Ok(work.document.clone())
    }
}

/// Answers every request alike, once its body has come.
pub(super) async fn answer(request: HttpRequest, _: Bytes) -> HttpResponse {
    let Some(slot) = request.app_data::<Slot>() else { return HttpResponse::InternalServerError().finish() };
    match slot.respond().await {
        Ok(document) => HttpResponse::Ok().insert_header(ContentType::json()).body(document),
        Err(error) => HttpResponse::InternalServerError().body(format!("{error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_json_of_the_size_that_was_asked_for() {
        for size in [15, 16, 100, 5000] {
            let document = document(size);
            assert_eq!(document.len(), size);
            assert!(serde_json::from_str::<serde_json::Value>(&document).is_ok(), "{document}");
        }
        assert_eq!(document(0).len(), 15);
    }
}
