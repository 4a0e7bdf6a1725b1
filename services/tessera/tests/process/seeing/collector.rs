//! A collector of traces, as services export them: OTLP over HTTP.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Services send what they have several times a second; on a busy machine it takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A span that has arrived.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// Of which process.
    pub(super) service: String,
    pub(super) name: String,
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: String,
    pub(super) attributes: BTreeMap<String, String>,
}

/// Receives spans until it is dropped.
pub(super) struct Collector {
    origin: String,
    spans: Arc<Mutex<Vec<Span>>>,
    task: JoinHandle<()>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let received = Arc::clone(&spans);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(receive(client, Arc::clone(&received)));
            }
        });
        Self { origin, spans, task }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` has to be.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Everything that has arrived so far.
    pub(super) fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `look` finds what it looks for.
    pub(super) async fn until<T>(&self, what: &str, look: impl Fn(&[Span]) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            let spans = self.spans();
            if let Some(found) = look(&spans) {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "{what} does not arrive: {spans:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers the exports that come on one connection.
async fn receive(client: TcpStream, spans: Arc<Mutex<Vec<Span>>>) -> Option<()> {
    let mut client = BufReader::new(client);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        client.read_line(&mut first).await.ok().filter(|length| *length > 0)?;
        assert_eq!(first, "POST /v1/traces HTTP/1.1\r\n");
        loop {
            let mut line = String::new();
            client.read_line(&mut line).await.ok()?;
            let line = line.trim_end().to_ascii_lowercase();
            assert_ne!(line, "transfer-encoding: chunked", "this collector needs a length");
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        client.read_exact(&mut body).await.ok()?;
        spans.lock().unwrap_or_else(PoisonError::into_inner).extend(read(&body));
        client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.ok()?;
    }
}

fn read(body: &[u8]) -> Vec<Span> {
    let export = ExportTraceServiceRequest::decode(body).unwrap();
    let mut spans = Vec::new();
    for process in export.resource_spans {
        let resource = named(process.resource.unwrap_or_default().attributes);
        for span in process.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            spans.push(Span {
                service: resource["service.name"].clone(),
                name: span.name,
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                attributes: named(span.attributes),
            });
        }
    }
    spans
}

fn named(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    attributes.into_iter().map(|KeyValue { key, value, .. }| (key, text(value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
