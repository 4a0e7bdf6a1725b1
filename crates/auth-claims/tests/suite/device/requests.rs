//! Requests to a service that tells what it found in them.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::dev::{Payload, Service as _};
use actix_web::error::PayloadError;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse};
use auth_claims::caller::{Credential, Rejection};
use auth_claims::device::{
    self, BodyParameters, DeviceTriple, body_parameters, credential_after_bearer, credential_first,
};
use futures_util::stream::{self, StreamExt as _};

/// A request.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    /// The body arrives in pieces of this size; at once if 0.
    pub(super) pieces: usize,
    /// The body ends with a failure.
    pub(super) fails: bool,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) triple: Option<DeviceTriple>,
    pub(super) others: String,
    pub(super) first: String,
    /// The body as the handler got it.
    pub(super) body: Vec<u8>,
    /// Pieces of the body that were read before the handler began.
    pub(super) read_before: usize,
    /// How the body ended for the handler.
    pub(super) failed: bool,
}

impl Asked {
    pub(super) fn get() -> Self {
        Self::default()
    }

    pub(super) fn signed_in() -> Self {
        Self::get().header("access-token", "t").header("client", "c").header("uid", "u@x")
    }

    /// One more header, also of a name that is there already.
    pub(super) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(super) fn query(mut self, query: &str) -> Self {
        self.query = query.to_owned();
        self
    }

    pub(super) fn body(mut self, media_type: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("content-type", media_type)
    }

    pub(super) fn json(self, body: &str) -> Self {
        self.body("application/json; charset=utf-8", body.as_bytes())
    }

    pub(super) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body.as_bytes())
    }

    pub(super) fn in_pieces(self, pieces: usize) -> Self {
        Self { pieces, ..self }
    }

    pub(super) fn that_fails(self) -> Self {
        Self { fails: true, ..self }
    }

    /// The body as it arrives, which counts the pieces that were taken from it.
    fn payload(&self, taken: &Rc<Cell<usize>>) -> Payload {
        let size = if self.pieces == 0 { self.body.len().max(1) } else { self.pieces };
        let pieces: Vec<_> = self.body.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let end = self.fails.then(|| Err(PayloadError::Incomplete(None)));
        let taken = Rc::clone(taken);
        let counted =
            stream::iter(pieces.into_iter().chain(end)).inspect(move |_| taken.set(taken.get() + 1));
        Payload::from(counted.boxed_local())
    }
}

pub(super) fn triple(access_token: &str, client: &str, uid: &str) -> DeviceTriple {
    let [access_token, client, uid] = [access_token, client, uid].map(str::to_owned);
    DeviceTriple { access_token, client, uid }
}

pub(super) async fn found(asked: Asked) -> Option<DeviceTriple> {
    ask(asked).await.triple
}

pub(super) async fn ask(asked: Asked) -> Answer {
    ask_through(body_parameters(), asked).await
}

pub(super) async fn ask_through(parameters: BodyParameters, asked: Asked) -> Answer {
    let taken = Rc::new(Cell::new(0));
    let counter = Rc::clone(&taken);
    let handler = move |request: HttpRequest, payload: web::Payload| {
        let taken = counter.get();
        async move { report(&request, payload, taken).await }
    };
    let service = init_service(App::new().wrap(parameters).default_service(web::to(handler))).await;
    let mut request = TestRequest::with_uri(&format!("/?{}", asked.query));
    for (name, value) in &asked.headers {
        let name: HeaderName = name.parse().unwrap();
        request = request.append_header((name, HeaderValue::from_bytes(value).unwrap()));
    }
    let mut request = request.to_request();
    if !asked.body.is_empty() || asked.fails {
        *request.payload() = asked.payload(&taken);
    }
    let response = service.call(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let text =
        |name: &str| String::from_utf8(response.headers().get(name).unwrap().as_bytes().to_vec()).unwrap();
    let [triple, others, first] = ["x-triple", "x-others", "x-first"].map(text);
    let (read_before, failed) = (text("x-read").parse().unwrap(), text("x-failed") == "true");
    let triple = DeviceTriple::from_subject_token(&triple);
    Answer { triple, others, first, read_before, failed, body: read_body(response).await.to_vec() }
}

async fn report(request: &HttpRequest, mut payload: web::Payload, taken: usize) -> HttpResponse {
    let triple = device::triple(request).map_or_else(|| "-".to_owned(), |triple| triple.to_subject_token());
    let (mut body, mut failed) = (Vec::new(), false);
    while let Some(piece) = payload.next().await {
        match piece {
            Ok(piece) => body.extend_from_slice(&piece),
            Err(_) => failed = true,
        }
    }
    HttpResponse::Ok()
        .insert_header(("x-triple", triple))
        .insert_header(("x-others", describe(credential_after_bearer(request))))
        .insert_header(("x-first", describe(credential_first(request))))
        .insert_header(("x-read", taken.to_string()))
        .insert_header(("x-failed", failed.to_string()))
        .body(body)
}

fn describe(credential: Result<Credential, Rejection>) -> HeaderValue {
    let text = match credential {
        Ok(Credential::Bearer(token)) => format!("Bearer({token})"),
        Ok(Credential::Subject { token_type, token }) => {
            assert_eq!(token_type, device::DEVICE_SESSION);
            let DeviceTriple { access_token, client, uid } =
                DeviceTriple::from_subject_token(&token).unwrap();
            format!("Subject({access_token} {client} {uid})")
        }
        Err(rejection) => format!("{rejection:?}"),
    };
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static("?"))
}
