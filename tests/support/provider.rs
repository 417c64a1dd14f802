//! A provider double: a real HTTP server on loopback that speaks the three true wire formats.
//!
//! It answers from a script, keeps every request, and refuses with 400 what the real provider would refuse; dropped,
//! it panics if anything was refused, so that no test passes over a broken request. Plain code without test macros,
//! so that benches can use it: connections are kept alive, and the instants of each request are recorded.

pub mod anthropic;
pub mod cache;
pub mod chat;
pub mod faults;
pub mod images;
pub mod responses;
pub mod rules;
pub mod script;
pub mod socket;

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{Request, Response, body::Frame, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

use faults::{Harm, Move};
pub use script::Answer;
#[allow(unused_imports, reason = "benches never wait for a silent provider")]
pub use script::Stall;

/// Which format the double speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Responses,
    Chat,
    Anthropic,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub path: String,
    pub headers: HashMap<String, String>,
    /// The body; `Null` when it was not kept.
    pub body: Value,
    /// It as it came; empty when it was not kept.
    pub raw: Bytes,
    /// Size of the body in bytes.
    pub bytes: usize,
    /// Size of its instructions, tools and conversation in bytes, without cache marks.
    #[allow(dead_code, reason = "benches read it")]
    pub prompt: usize,
    /// How much of that, from its beginning on, the request before it had sent.
    #[allow(dead_code, reason = "benches read it")]
    pub repeated: usize,
    /// When its last byte had come.
    pub arrived: Instant,
    /// When the last byte of the answer was handed to the connection.
    pub answered: Option<Instant>,
}

/// The running double.
pub struct Double {
    wire: Wire,
    port: u16,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

struct State {
    wire: Wire,
    keep_bodies: bool,
    answers: VecDeque<Answer>,
    /// Answers when the script is at its end.
    model: Option<Model>,
    requests: Vec<Recorded>,
    connections: usize,
    violations: Vec<String>,
    /// What the last request of each session sent.
    sent: HashMap<String, rules::Sent>,
    /// Responses that are kept, with the calls that they left open.
    kept: HashMap<String, Vec<String>>,
    /// What it has seen of prompts, when usage figures are to be true to what was sent.
    cache: Option<cache::Cache>,
}

/// Answers a request by its body.
type Model = Box<dyn FnMut(&Value) -> Answer + Send>;

/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_hours(1);

type Body = UnsyncBoxBody<Bytes, io::Error>;

impl Double {
    /// Starts on a free port of loopback, in the current runtime.
    pub async fn start(wire: Wire, script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(Mutex::new(State {
            wire,
            keep_bodies: true,
            answers: script.into(),
            model: None,
            requests: Vec::new(),
            connections: 0,
            violations: Vec::new(),
            sent: HashMap::new(),
            kept: HashMap::new(),
            cache: None,
        }));
        let server = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { wire, port, state, server }
    }

    /// Starts with a model that answers each request by what is in it.
    pub async fn start_model(wire: Wire, model: impl FnMut(&Value) -> Answer + Send + 'static) -> Self {
        let double = Self::start(wire, Vec::new()).await;
        double.lock().model = Some(Box::new(model));
        double
    }

    /// Lets it keep a prompt cache: its usage figures are true to what was sent from now on.
    pub fn caching(self) -> Self {
        self.lock().cache = Some(cache::Cache::default());
        self
    }

    /// Its prompt cache is lost.
    pub fn forget_prompts(&self) {
        self.lock().cache.iter_mut().for_each(cache::Cache::forget);
    }

    /// What goes into `baseUrl`.
    pub fn base_url(&self) -> String {
        let version = if self.wire == Wire::Anthropic { "" } else { "/v1" };
        format!("http://127.0.0.1:{}{version}", self.port)
    }

    /// The format it speaks.
    pub fn wire(&self) -> Wire {
        self.wire
    }

    /// Appends to the script.
    pub fn then(&self, answer: Answer) {
        self.lock().answers.push_back(answer);
    }

    /// Takes the answers that nobody asked for yet off the script.
    #[allow(dead_code, reason = "tests of stopped turns use it")]
    pub fn forget_script(&self) {
        self.lock().answers.clear();
    }

    /// Answers so to every request behind the script.
    #[allow(dead_code, reason = "benches cannot tell how many requests come")]
    pub fn always(&self, answer: Answer) {
        self.lock().model = Some(Box::new(move |_| answer.clone()));
    }

    /// Keeps sizes and instants only, for long runs.
    pub fn forget_bodies(&self) {
        self.lock().keep_bodies = false;
    }

    /// The requests until now.
    pub fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    /// Waits until so many requests have come.
    pub async fn wait_for_requests(&self, count: usize) {
        let there = async {
            while self.lock().requests.len() < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), there).await;
        waited.unwrap_or_else(|_| panic!("{} requests came instead of {count}", self.lock().requests.len()));
    }

    /// How many connections were made until now.
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// What was refused until now; taken out, it does not fail the test any more.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().violations)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.server.abort();
        let violations = self.take_violations();
        assert!(
            violations.is_empty() || std::thread::panicking(),
            "the provider would refuse: {}",
            violations.join("; ")
        );
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((socket, _)) = listener.accept().await {
        socket.set_nodelay(true).expect("TCP_NODELAY can be set");
        state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).connections += 1;
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&state)));
            let mut server = http1::Builder::new();
            // A client that goes away in the middle of an answer is what some tests are about.
            drop(server.timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await);
        });
    }
}

async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let arrived = Instant::now();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let path = head.uri.path().to_owned();
    let (number, answer) = {
        let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (prompt, repeated) = state.compare(&body);
        let answer = state.judge(&path, &headers, &body);
        let kept =
            if state.keep_bodies { serde_json::from_slice(&body).unwrap_or_default() } else { Value::Null };
        let bytes = body.len();
        let raw = if state.keep_bodies { body } else { Bytes::new() };
        state.requests.push(Recorded {
            path,
            headers,
            body: kept,
            raw,
            bytes,
            prompt,
            repeated,
            arrived,
            answered: None,
        });
        (state.requests.len() - 1, answer)
    };
    match answer.before_the_head() {
        Some(Harm::Silence) => sleep(FOR_EVER).await,
        Some(Harm::Delay(time)) => sleep(*time).await,
        Some(_) => return Err(cut()),
        None => {}
    }
    Ok(respond(&answer, number, state))
}

impl State {
    /// Size of a request's prompt, and how much of it the one before had sent.
    fn compare(&self, bytes: &[u8]) -> (usize, usize) {
        let Some(sent) = rules::Sent::of(bytes) else { return (0, 0) };
        (sent.bytes(), self.sent.get(&sent.session).map_or(0, |before| sent.repeated(before)))
    }

    /// The next answer of the script, or a refusal.
    fn judge(&mut self, path: &str, headers: &HashMap<String, String>, bytes: &[u8]) -> Answer {
        let Ok(body) = serde_json::from_slice::<Value>(bytes) else {
            return self.refuse("the body is not JSON");
        };
        let previous = body.get("previous_response_id").and_then(Value::as_str).map(str::to_owned);
        let left_open = match &previous {
            None => Vec::new(),
            Some(id) => match self.kept.get(id) {
                Some(calls) => calls.clone(),
                None => return previous_not_found(id),
            },
        };
        let next = self.answers.pop_front().or_else(|| Some(self.model.as_mut()?(&body)));
        let Some(answer) = next else {
            return self.refuse("there are more requests than answers in the script");
        };
        let broken = match self.wire {
            Wire::Responses => responses::check(path, headers, &body, left_open),
            Wire::Chat => chat::check(path, headers, &body),
            Wire::Anthropic => anthropic::check(path, headers, &body),
        };
        if let Err(why) = broken.and_then(|()| images::check(self.wire, &body, bytes.len())) {
            return self.refuse(&why);
        }
        let sent = rules::Sent::of(bytes).expect("the body was checked before");
        if let (false, None, Some(before)) = (answer.new_prefix, &previous, self.sent.get(&sent.session))
            && let Err(why) = sent.continues(before)
        {
            return self.refuse(&why);
        }
        let mut answer = answer.to(&body, bytes.len());
        answer.response_id = format!("resp_{}", self.requests.len());
        if let (Some(cache), 200) = (&mut self.cache, answer.status) {
            answer.tokens = cache.count(self.wire, &body, &sent, &answer.response_id, answer.tokens);
        }
        if !answer.aside && previous.is_none() {
            self.sent.insert(sent.session.clone(), sent);
        }
        if body.get("store") == Some(&true.into()) {
            self.kept.insert(answer.response_id.clone(), answer.call_ids());
        }
        answer.render(self.wire);
        answer
    }

    fn refuse(&mut self, why: &str) -> Answer {
        self.violations.push(format!("request {}: {why}", self.requests.len()));
        let error = json!({"type": "invalid_request_error", "message": why});
        Answer::status(400).body(&json!({"type": "error", "error": error}).to_string())
    }
}

/// OpenAI's words; no fault of the client, which cannot know how long a response is kept.
fn previous_not_found(id: &str) -> Answer {
    let error = json!({
        "message": format!("Previous response with id '{id}' not found."),
        "type": "invalid_request_error",
        "param": "previous_response_id",
        "code": "previous_response_not_found",
    });
    Answer::status(400).body(&json!({"error": error}).to_string())
}

fn respond(answer: &Answer, number: usize, state: Arc<Mutex<State>>) -> Response<Body> {
    let mut head = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        head = head.header(name, value);
    }
    let moves: VecDeque<Move> = answer.moves().into();
    let body = if moves.is_empty() {
        Full::new(Bytes::new()).map_err(|never: Infallible| match never {}).boxed_unsync()
    } else {
        BodyExt::boxed_unsync(StreamBody::new(stream::unfold(moves, move |mut moves| {
            let state = Arc::clone(&state);
            async move {
                let written = next_write(&mut moves).await?;
                if moves.is_empty() {
                    let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    state.requests[number].answered = Some(Instant::now());
                }
                Some((written.map(Frame::data), moves))
            }
        })))
    };
    head.body(body).expect("the script's headers are valid")
}

/// Makes moves up to the next write, or to the end.
async fn next_write(moves: &mut VecDeque<Move>) -> Option<io::Result<Bytes>> {
    loop {
        match moves.pop_front()? {
            Move::Write(bytes) => return Some(Ok(bytes)),
            Move::Wait(time) => sleep(time).await,
            Move::Silence => sleep(FOR_EVER).await,
            Move::Cut => {
                // What was written before has to reach the client first.
                sleep(Duration::from_millis(20)).await;
                return Some(Err(cut()));
            }
        }
    }
}

fn cut() -> io::Error {
    io::Error::other("cut by the script")
}
