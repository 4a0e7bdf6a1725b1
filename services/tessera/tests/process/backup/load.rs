//! People making rooms, as fast as they can.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::stack::Stack;

/// How many at the same time.
const MAKERS: usize = 4;

/// What was acknowledged so far, and how to end it.
pub(super) struct Load {
    made: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    makers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins. Every request has to succeed, whatever else goes on.
    pub(super) async fn begin(stack: &Stack) -> Self {
        let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
        let (made, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let makers = (0..MAKERS)
            .map(|_| {
                let request = stack.http.post(stack.rooms_url("/rooms")).bearer_auth(&token);
                tokio::spawn(make_rooms(request, Arc::clone(&made), Arc::clone(&stop)))
            })
            .collect();
        Self { made, stop, makers }
    }

    /// The ids of the rooms that were answered 201.
    pub(super) fn acknowledged(&self) -> Vec<String> {
        self.made.lock().unwrap().clone()
    }

    /// Waits until more rooms have been made than there are now.
    pub(super) async fn goes_on(&self) {
        let (goal, start) = (self.made.lock().unwrap().len() + 20, Instant::now());
        while self.made.lock().unwrap().len() < goal {
            assert!(start.elapsed() < Duration::from_mins(1), "nobody makes rooms any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it; how many rooms were made.
    pub(super) async fn end(self) -> usize {
        self.stop.store(true, Ordering::Release);
        for maker in self.makers {
            maker.await.unwrap();
        }
        self.made.lock().unwrap().len()
    }
}

async fn make_rooms(request: reqwest::RequestBuilder, made: Arc<Mutex<Vec<String>>>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Acquire) {
        let answer = request.try_clone().unwrap().send().await.unwrap();
        let (status, body) = (answer.status(), answer.json::<serde_json::Value>().await.unwrap());
        assert_eq!(status, 201, "{body}");
        made.lock().unwrap().push(body["id"].as_str().unwrap().to_owned());
    }
}

/// The ids of every room, page by page.
pub(super) async fn rooms(stack: &Stack) -> HashSet<String> {
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    let mut found = HashSet::new();
    let mut url = Some(stack.rooms_url("/rooms?page_size=100"));
    while let Some(next) = url {
        let page = stack.send(stack.http.get(next).bearer_auth(&token)).await.expect(200).json();
        let ids =
            page["results"].as_array().unwrap().iter().map(|room| room["id"].as_str().unwrap().to_owned());
        found.extend(ids);
        url = page["next"].as_str().map(str::to_owned);
    }
    found
}
