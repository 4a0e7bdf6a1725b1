//! What stands before the replicas of a service in a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use test_kit::free_port;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How often a replica is asked whether it is ready. An orchestrator asks less often, and announces its stop for longer.
const PROBE: Duration = Duration::from_millis(50);

/// Gives each connection to the next replica that says that it is ready, and leaves it there: whoever keeps a connection
/// open stays with that replica. Where nobody listens, it goes to another one.
pub(super) struct Front {
    pub(super) name: &'static str,
    pub(super) origin: String,
    tasks: Vec<JoinHandle<()>>,
}

struct Backend {
    address: String,
    readiness: String,
    is_ready: AtomicBool,
}

impl Front {
    /// Listens for a service whose replicas have these addresses and answer for their readiness there; they need not run
    /// yet.
    pub(super) async fn before(name: &'static str, replicas: Vec<(String, String)>) -> Self {
        let backends: Vec<_> = replicas
            .into_iter()
            .map(|(address, readiness)| {
                Arc::new(Backend { address, readiness, is_ready: AtomicBool::new(false) })
            })
            .collect();
        let address = format!("127.0.0.1:{}", free_port());
        let listener = TcpListener::bind(&address).await.expect("a free port");
        let mut tasks: Vec<_> =
            backends.iter().map(|backend| tokio::spawn(watch(Arc::clone(backend)))).collect();
        tasks.push(tokio::spawn(accept(listener, backends)));
        Self { name, origin: format!("http://{address}"), tasks }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn watch(backend: Arc<Backend>) {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build();
    let http = http.expect("an HTTP client");
    loop {
        let is_ready = http.get(&backend.readiness).send().await.is_ok_and(|answer| answer.status() == 200);
        backend.is_ready.store(is_ready, Ordering::Release);
        tokio::time::sleep(PROBE).await;
    }
}

async fn accept(listener: TcpListener, backends: Vec<Arc<Backend>>) {
    let next = AtomicUsize::new(0);
    while let Ok((client, _)) = listener.accept().await {
        let first = next.fetch_add(1, Ordering::Relaxed);
        let mut order: Vec<_> = (0..backends.len())
            .map(|index| Arc::clone(&backends[(first + index) % backends.len()]))
            .collect();
        // Who is not ready comes last: something may still be there where nobody is.
        order.sort_by_key(|backend| !backend.is_ready.load(Ordering::Acquire));
        tokio::spawn(pass_on(client, order));
    }
}

async fn pass_on(mut client: TcpStream, order: Vec<Arc<Backend>>) {
    for backend in order {
        if let Ok(mut server) = TcpStream::connect(&backend.address).await {
            for stream in [&client, &server] {
                let _ = stream.set_nodelay(true);
            }
            // Whichever side ends it: both are closed.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}
