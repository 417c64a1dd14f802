//! Carries messages between the client and a tower `Service` (tower-lsp's `LspService`).
//!
//! Notifications, `initialize` and `$/cancelRequest` are handled in the order in which they arrive, each to
//! its end; other requests are begun in that order and then run beside each other. Every request gets exactly
//! one reply, whatever its handler does, and no message ends the process (invariant 11). Requests are given
//! ids of our own on the way to the service: the client's may be any number or string, and come twice.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use serde_json::{Map, Value, json, value::RawValue};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower_lsp::{
    ExitedError,
    jsonrpc::{Error, ErrorCode, Request, Response},
};
use tower_service::Service;

use super::{
    calls::Calls,
    frame::{Decoded, Decoder, Limit},
    message::{self, Message, RequestId, server_error},
    outbox::Outbox,
    reply::AfterReply,
};
use crate::transcript::{Failure, FailureKind};

/// Requests that may be in flight at once.
pub const MAX_IN_FLIGHT: usize = 1024;

/// How long a request beyond that waits for another to be answered before it is refused.
pub(in crate::wire) const PATIENCE: Duration = Duration::from_millis(100);

/// Read from the input at once, in bytes.
pub(in crate::wire) const CHUNK: usize = 64 * 1024;

/// LSP's `ServerNotInitialized`.
const NOT_INITIALIZED: i64 = -32002;

/// Refused: too many requests in flight. From the range that JSON-RPC leaves to servers.
const BUSY: i64 = -32001;

/// Why the pump has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// `exit` came; `orderly` if `shutdown` had come before it.
    Exit {
        /// Whether the client did it the way LSP wants.
        orderly: bool,
    },
    /// The client closed its end, or nobody reads what is written, or it was told to stop.
    Disconnected,
}

/// The pump.
pub struct Pump<S> {
    service: S,
    outbox: Outbox,
    calls: Calls,
    decoder: Decoder,
    in_flight: InFlight,
    handlers: JoinSet<()>,
    handed_on: u64,
    /// As many requests as may be are in flight, and none was answered for [`PATIENCE`].
    stuck: bool,
    initialized: bool,
    shut_down: bool,
    failed: fn(Failure) -> Error,
}

impl<S> Pump<S>
where
    S: Service<Request, Response = Option<Response>, Error = ExitedError>,
    S::Future: Send + 'static,
{
    /// Between `service` and a client that is spoken to through `outbox` and asked through `calls`. Messages
    /// above `limit` are refused; `failed` says how the client is told of a failure.
    pub fn new(service: S, outbox: Outbox, calls: Calls, limit: Limit, failed: fn(Failure) -> Error) -> Self {
        let in_flight = InFlight { outbox: outbox.clone(), open: Arc::default() };
        let decoder = Decoder::new(limit);
        Self {
            service,
            outbox,
            calls,
            decoder,
            in_flight,
            handlers: JoinSet::new(),
            handed_on: 0,
            stuck: false,
            initialized: false,
            shut_down: false,
            failed,
        }
    }

    /// Runs until `exit`, the end of `input`, the end of whoever reads the outbox, or `stop`.
    pub async fn run(&mut self, mut input: impl AsyncRead + Unpin, stop: &CancellationToken) -> Ended {
        loop {
            let decoded = tokio::select! {
                biased;
                () = stop.cancelled() => return Ended::Disconnected,
                () = self.outbox.broken() => return Ended::Disconnected,
                Some(_) = self.handlers.join_next() => continue,
                decoded = next(&mut self.decoder, &mut input, &self.outbox) => decoded,
            };
            match decoded {
                Ok(Some(Decoded::Body(body))) => {
                    if let Some(ended) = self.take(&body).await {
                        return ended;
                    }
                }
                Ok(Some(Decoded::TooLarge { head, limit })) => {
                    let id = message::recover_id(&String::from_utf8_lossy(&head));
                    let kind = FailureKind::FrameTooLarge { limit: limit as u64 };
                    let failure = Failure::new(kind, format!("the message is larger than {limit} bytes"));
                    self.refuse(id.as_ref(), (self.failed)(failure));
                }
                Ok(Some(Decoded::Malformed(problem))) => self.refuse(None, bad_frame(problem)),
                Ok(None) => {
                    if self.decoder.ends_within_message() {
                        self.refuse(None, bad_frame("the input ended inside a message"));
                    }
                    return Ended::Disconnected;
                }
                Err(problem) => {
                    tracing::warn!(%problem, "the input cannot be read");
                    return Ended::Disconnected;
                }
            }
        }
    }

    /// Waits until every request that was taken has its reply.
    pub async fn settle(&mut self) {
        while self.handlers.join_next().await.is_some() {}
    }

    async fn take(&mut self, body: &[u8]) -> Option<Ended> {
        match message::parse(body) {
            Ok(Message::Request { id, method, params }) => self.request(id, method, params).await,
            Ok(Message::Notification { method, .. }) if method == "exit" => {
                return Some(Ended::Exit { orderly: self.shut_down });
            }
            Ok(Message::Notification { method, params }) if method == "$/cancelRequest" => {
                self.cancel(params.as_ref()).await;
            }
            Ok(Message::Notification { method, params }) => self.notification(method, params).await,
            Ok(Message::Response { id: Some(id), result }) => self.calls.answer(&id, result),
            Ok(Message::Response { id: None, result }) => {
                tracing::warn!(?result, "the client could not read a message");
            }
            Err(rejected) => {
                self.refuse(rejected.id.as_ref(), rejected.error);
                self.decoder.reclaim(body);
            }
        }
        None
    }

    async fn notification(&mut self, method: String, params: Option<Value>) {
        if matches!(method.as_str(), "initialize" | "shutdown") {
            // Without an id there is nobody to answer, and the service would change its state all the same.
            tracing::warn!(method, "a request without an id");
            return;
        }
        let call = self.call(Request::build(method.clone()).params(or_empty(params)).finish()).await;
        if AssertUnwindSafe(call).catch_unwind().await.is_err() {
            tracing::error!(method, "the handler of a notification panicked");
        }
    }

    async fn request(&mut self, id: RequestId, method: String, params: Option<Value>) {
        self.handed_on += 1;
        let inner = self.handed_on.to_string();
        self.make_room().await;
        let admitted = match method.as_str() {
            "exit" | "$/cancelRequest" => Err(wrong("this is a notification: send it without an id")),
            _ => self.in_flight.admit(&id, &inner),
        };
        if let Err(refusal) = admitted {
            return self.refuse(Some(&id), refusal);
        }
        let in_order = method == "initialize";
        let stage = self.stage();
        let request = Request::build(method.clone()).id(inner);
        let request = if method == "shutdown" {
            // It takes none, and the service refuses even `null`.
            self.shut_down = true;
            request.finish()
        } else {
            request.params(or_empty(params)).finish()
        };
        let call = self.call(request).await;
        let after = AfterReply::default();
        let handler = after.scope(AssertUnwindSafe(call).catch_unwind());
        let in_flight = self.in_flight.clone();
        let mut answered = Box::pin(async move {
            let reply = match handler.await {
                Ok(outcome) => stage.told(reply(outcome, &method), &method),
                Err(_) => Err(Error {
                    message: format!("{method} failed: panic").into(),
                    ..Error::internal_error()
                }),
            };
            in_flight.answer(&id, &reply);
            after.run();
            reply.is_ok()
        });
        if in_order {
            self.initialized |= answered.await;
        } else if futures::poll!(&mut answered).is_pending() {
            self.handlers.spawn(answered.map(drop));
        }
    }

    fn stage(&self) -> Stage {
        match (self.shut_down, self.initialized) {
            (true, _) => Stage::ShutDown,
            (false, true) => Stage::Serving,
            (false, false) => Stage::Uninitialized,
        }
    }

    /// Waits for a place: a client that sends many small requests at once is slowed down, not refused. Requests
    /// that wait for a person or a provider leave no place; then nobody else waits until one is answered, so that
    /// the client's answers and cancellations are read.
    async fn make_room(&mut self) {
        self.stuck &= self.in_flight.is_full();
        while !self.stuck && self.in_flight.is_full() {
            self.stuck = tokio::time::timeout(PATIENCE, self.handlers.join_next()).await.is_err();
        }
    }

    /// Passes the cancellation on under the id that the service knows.
    async fn cancel(&mut self, params: Option<&Value>) {
        let id = params.and_then(|params| params.get("id")).map(Value::to_string);
        let id = id.and_then(|id| RequestId::read(&RawValue::from_string(id).ok()?));
        if let Some(inner) = id.and_then(|id| self.in_flight.inner(&id)) {
            self.notification("$/cancelRequest".to_owned(), Some(json!({ "id": inner }))).await;
        }
    }

    async fn call(&mut self, request: Request) -> S::Future {
        // The service is ready for anything at any time, or has exited and says so when it is called.
        let ready = std::future::poll_fn(|context| self.service.poll_ready(context)).await;
        if ready.is_err() {
            tracing::debug!("called after exit");
        }
        self.service.call(request)
    }

    fn refuse(&self, id: Option<&RequestId>, error: Error) {
        tracing::debug!(%error, "refused a message");
        self.outbox.send(message::response(id, &Err(error)));
    }
}

/// The next thing in the input, when there is room for what may answer it. Loses nothing when dropped.
async fn next(
    decoder: &mut Decoder,
    input: &mut (impl AsyncRead + Unpin),
    outbox: &Outbox,
) -> io::Result<Option<Decoded>> {
    let mut chunk = Vec::new();
    loop {
        outbox.room().await;
        if let Some(decoded) = decoder.decode() {
            return Ok(Some(decoded));
        }
        chunk.clear();
        chunk.reserve(CHUNK);
        if input.read_buf(&mut chunk).await? == 0 {
            return Ok(None);
        }
        decoder.feed(&chunk);
    }
}

/// Requests that have no reply yet: the client's id and the service's.
#[derive(Clone)]
struct InFlight {
    outbox: Outbox,
    open: Arc<Mutex<HashMap<RequestId, String>>>,
}

impl InFlight {
    fn admit(&self, id: &RequestId, inner: &str) -> Result<(), Error> {
        let mut open = self.lock();
        if open.len() >= MAX_IN_FLIGHT {
            return Err(server_error(
                BUSY,
                format!("{MAX_IN_FLIGHT} requests are in flight; wait for some replies"),
            ));
        }
        match open.entry(id.clone()) {
            Entry::Occupied(_) => Err(wrong("a request with this id is in flight")),
            Entry::Vacant(place) => {
                place.insert(inner.to_owned());
                Ok(())
            }
        }
    }

    fn is_full(&self) -> bool {
        self.lock().len() >= MAX_IN_FLIGHT
    }

    fn inner(&self, id: &RequestId) -> Option<String> {
        self.lock().get(id).cloned()
    }

    fn answer(&self, id: &RequestId, reply: &Result<Value, Error>) {
        self.lock().remove(id);
        self.outbox.send(message::response(Some(id), reply));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the connection stands in LSP's life cycle.
#[derive(Clone, Copy)]
enum Stage {
    Uninitialized,
    Serving,
    ShutDown,
}

impl Stage {
    /// What a request that came in this stage is told: the service says of some of them only that they are invalid, and
    /// of methods that it does not know nothing of the stage.
    fn told(self, reply: Result<Value, Error>, method: &str) -> Result<Value, Error> {
        let error = match reply {
            Ok(result) => return Ok(result),
            Err(error) => error,
        };
        Err(match (self, &error.code) {
            (Self::Uninitialized, ErrorCode::MethodNotFound) => {
                server_error(NOT_INITIALIZED, "send `initialize` first")
            }
            (Self::Serving, ErrorCode::InvalidRequest) if method == "initialize" => {
                wrong("the connection is initialized already; `initialize` comes once")
            }
            (Self::ShutDown, ErrorCode::InvalidRequest | ErrorCode::MethodNotFound) => {
                wrong("the server has been shut down; nothing but `exit` is taken any more")
            }
            _ => error,
        })
    }
}

/// What the client is told of what the service said.
fn reply(outcome: Result<Option<Response>, ExitedError>, method: &str) -> Result<Value, Error> {
    match outcome {
        Ok(Some(response)) => response.into_parts().1,
        // The service has nothing to say to unknown methods that begin with `$/`, but a request is a request.
        Ok(None) => Err(Error { data: Some(method.into()), ..Error::method_not_found() }),
        Err(ExitedError { .. }) => Err(Error::invalid_request()),
    }
}

fn or_empty(params: Option<Value>) -> Value {
    params.unwrap_or_else(|| Value::Object(Map::new()))
}

fn wrong(message: &'static str) -> Error {
    Error { message: message.into(), ..Error::invalid_request() }
}

fn bad_frame(problem: &'static str) -> Error {
    Error { message: problem.into(), ..Error::parse_error() }
}

#[cfg(test)]
mod tests;
