//! One HTTP client for the process, and a POST whose waits all have an end.
//!
//! Nothing is set up before the first call: TLS roots are read and a connection is made only then. Redirects are
//! not followed, so that a key goes to no host but the configured one. Invariant 9: each wait has a deadline.
//! Any byte of the answer, a comment or a ping too, is a sign of life that starts the wait anew.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::future::Either;
use reqwest::{
    Client, Response,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout, timeout_at},
};

use super::{
    Deadlines, Outgoing, Phase, ProviderError,
    failure::{broken, of_status, senseless},
};

/// The most of an error's body that is read, in bytes.
pub(in crate::provider) const MAX_ERROR_BYTES: usize = 64 * 1024;

/// The request body is handed to the connection in pieces of this size, so that its end is seen.
const SEND_PIECE: usize = 64 * 1024;

/// How long an error's words are waited for: its status says enough.
pub(in crate::provider) const ERROR_BODY: Duration = Duration::from_secs(5);

/// How long the end of a complete answer is waited for, so that its connection can be used again.
pub(in crate::provider) const DRAIN: Duration = Duration::from_secs(1);

/// Connections to one host that are kept for the next call.
pub(in crate::provider) const MOST_IDLE: usize = 16;

/// How long they are kept.
pub(in crate::provider) const IDLE: Duration = Duration::from_secs(90);

/// A header with a credential, added when the request is sent.
pub(super) type Credential = (String, String);

/// The body of a good answer.
#[derive(Debug)]
pub(super) struct Answer {
    response: Response,
    deadlines: Deadlines,
    phase: Phase,
    /// When the wait for the first byte ends.
    first_event: Instant,
}

impl Answer {
    /// The next bytes; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, ProviderError> {
        let (until, waited) = match self.phase {
            Phase::Idle => (Instant::now() + self.deadlines.idle, self.deadlines.idle),
            _ => (self.first_event, self.deadlines.first_event),
        };
        match timeout_at(until, self.response.chunk()).await {
            Err(_) => Err(ProviderError::Stalled { phase: self.phase, waited }),
            Ok(Err(error)) => Err(broken(format!("the connection broke: {}", describe(error)))),
            Ok(Ok(chunk)) => {
                self.first_event = Instant::now() + self.deadlines.first_event;
                Ok(chunk)
            }
        }
    }

    /// An event has come: from now on the wait is the one between two events.
    pub(super) fn event_seen(&mut self) {
        self.phase = Phase::Idle;
    }

    /// Reads what is left behind the last event, in the background, so that the connection can be used again.
    pub(super) fn drain(mut self) {
        tokio::spawn(timeout(DRAIN, async move { while let Ok(Some(_)) = self.response.chunk().await {} }));
    }
}

/// Sends a request and returns the answer once its head has arrived and is that of an event stream.
pub(super) async fn post(
    outgoing: Outgoing,
    credentials: &[Credential],
    deadlines: Deadlines,
) -> Result<Answer, ProviderError> {
    let sent = Arc::new(Notify::new());
    let body = Announced { rest: outgoing.body, sent: Arc::clone(&sent) };
    let mut request = client()?.post(&outgoing.url).body(reqwest::Body::wrap(body));
    for (name, value) in outgoing.headers.iter().chain(credentials) {
        request = request.header(name, value);
    }
    let (response, first_event) = send(request, &sent, deadlines).await?;
    check_head(Answer { response, deadlines, phase: Phase::FirstEvent, first_event }).await
}

/// Asks for a page; the status of the answer, whose body nobody reads. The caller sets the deadline.
pub(super) async fn get_status(
    url: &str,
    headers: &[(String, String)],
    credentials: &[Credential],
) -> Result<reqwest::StatusCode, String> {
    let mut request = client().map_err(|error| error.to_string())?.get(url);
    for (name, value) in headers.iter().chain(credentials) {
        request = request.header(name, value);
    }
    Ok(request.send().await.map_err(describe)?.status())
}

/// The head of the answer, and when the wait for the first event ends: it begins when the request is sent.
async fn send(
    request: reqwest::RequestBuilder,
    sent: &Notify,
    deadlines: Deadlines,
) -> Result<(Response, Instant), ProviderError> {
    let failed = |error| broken(format!("cannot reach the provider: {}", describe(error)));
    let stalled = |phase, waited| ProviderError::Stalled { phase, waited };
    let answering = Box::pin(request.send());
    let sending =
        timeout(deadlines.connect, futures::future::select(answering, Box::pin(sent.notified()))).await;
    let first_event = Instant::now() + deadlines.first_event;
    let response = match sending {
        Err(_) => return Err(stalled(Phase::Connect, deadlines.connect)),
        Ok(Either::Left((response, _))) => response,
        Ok(Either::Right(((), answering))) => timeout_at(first_event, answering)
            .await
            .map_err(|_| stalled(Phase::FirstEvent, deadlines.first_event))?,
    };
    Ok((response.map_err(failed)?, first_event))
}

async fn check_head(mut answer: Answer) -> Result<Answer, ProviderError> {
    let status = answer.response.status();
    if !status.is_success() {
        let headers = answer.response.headers().clone();
        let body = beginning(&mut answer).await;
        return Err(of_status(status, &headers, &body));
    }
    let kind =
        answer.response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Nothing but plain bytes was asked for.
    if let Some(coding) =
        answer.response.headers().get(CONTENT_ENCODING).filter(|coding| *coding != "identity")
    {
        return Err(senseless(format!("the answer is encoded as {coding:?}, which was not asked for")));
    }
    // Servers are careless about the type of a stream; these two are surely none.
    if kind.starts_with("text/html") || kind.starts_with("application/json") {
        let message = format!("expected a stream of events, got {kind}");
        let body = beginning(&mut answer).await;
        return Err(senseless(format!("{message}: {body}")));
    }
    Ok(answer)
}

/// The beginning of a body, as far as it comes in time.
async fn beginning(answer: &mut Answer) -> String {
    let until = Instant::now() + ERROR_BODY;
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = timeout_at(until, answer.chunk()).await {
        let room = MAX_ERROR_BYTES.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if body.len() >= MAX_ERROR_BYTES {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// Chooses the process's cryptography, before the first HTTP client is made. Any number of times.
pub(crate) fn prepare_tls() {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
}

/// The process's client.
fn client() -> Result<&'static Client, ProviderError> {
    static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
    let made = CLIENT.get_or_init(|| {
        prepare_tls();
        Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .user_agent(concat!("agentls/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(describe)
    });
    made.as_ref().map_err(|why| broken(format!("cannot set up HTTP: {why}")))
}

/// An error with its causes, without the URL (which may hold a secret).
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// A body of known length that tells when the connection has taken its last piece.
struct Announced {
    rest: Bytes,
    sent: Arc<Notify>,
}

impl http_body::Body for Announced {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.rest.len().min(SEND_PIECE);
        let piece = self.rest.split_to(size);
        if self.rest.is_empty() {
            self.sent.notify_one();
        }
        Poll::Ready(Some(Ok(http_body::Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}
