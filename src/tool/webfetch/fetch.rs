//! One request and its answer: a client that connects to checked addresses only, and follows nothing by itself.
//!
//! Clients are made when first used. They keep no connection, no cookie and no referrer, send no key, and go through no
//! proxy (a proxy would look names up itself, behind the check).

use std::sync::{Arc, OnceLock};

use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION},
};

use super::{
    address::{self, Blocked, Reach},
    body,
    resolver::{Guarded, Lookup, System},
    target::Target,
};
use crate::provider::prepare_tls;

/// Types that are wanted, best first.
const WANTED: &str = "text/markdown, text/html;q=0.9, application/xhtml+xml;q=0.9, application/json;q=0.9, \
                      text/*;q=0.8, */*;q=0.1";

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    /// The host leads where nobody is connected to.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// No connection, or a broken one.
    #[error("{0}")]
    Broken(String),
    /// The answer is packed in a way that was not asked for.
    #[error("the answer is encoded as {0}, which was not asked for")]
    Coding(String),
    /// The packed answer cannot be unpacked.
    #[error("the answer is no valid gzip: {0}")]
    Packed(String),
}

impl FetchError {
    /// The reason behind an error of the client: what the resolver said, else all its words but the URL.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut words = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            if let Some(blocked) = error.downcast_ref::<Blocked>() {
                return Self::Blocked(blocked.clone());
            }
            words = format!("{words}: {error}");
            cause = error.source();
        }
        Self::Broken(words)
    }
}

/// What came back for one request.
pub(super) enum Reply {
    /// Ask there instead.
    Redirect(String),
    /// The head of an answer; its body is not read yet.
    Answer(Answer),
}

/// The head of an answer.
pub(super) struct Answer {
    /// How it went.
    pub(super) status: StatusCode,
    /// The `Content-Type`, as it stands there.
    pub(super) media_type: Option<String>,
    /// Size of the body in bytes, where it is told.
    pub(super) length: Option<u64>,
    response: Response,
}

impl Answer {
    /// The body, at most `most` bytes of it.
    pub(super) async fn body(self, most: usize) -> Result<body::Body, FetchError> {
        body::read(self.response, most).await
    }
}

/// Makes requests.
pub(super) struct Fetcher {
    lookup: Arc<dyn Lookup>,
    public: OnceLock<Result<Client, String>>,
    private: OnceLock<Result<Client, String>>,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::with(Arc::new(System))
    }
}

impl Fetcher {
    /// One that looks names up so.
    pub(super) fn with(lookup: Arc<dyn Lookup>) -> Self {
        Self { lookup, public: OnceLock::new(), private: OnceLock::new() }
    }

    /// Asks for `target`. The caller sets the deadline and has the permission.
    pub(super) async fn request(&self, target: &Target, reach: Reach) -> Result<Reply, FetchError> {
        if let Some(address) = target.address() {
            address::check(target.host(), address, reach)?;
        }
        let request = self.client(reach)?.get(target.url().clone());
        let request = request.header(ACCEPT, WANTED).header(ACCEPT_ENCODING, body::CODING);
        let response = request.send().await.map_err(FetchError::of)?;
        let header = |name| response.headers().get(name).map(HeaderValue::as_bytes);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let status = response.status();
        let moved = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
        if let Some(location) = header(LOCATION).filter(|_| moved) {
            return Ok(Reply::Redirect(text(location)));
        }
        let media_type = header(CONTENT_TYPE).map(text);
        Ok(Reply::Answer(Answer { status, media_type, length: response.content_length(), response }))
    }

    /// The client for that reach.
    fn client(&self, reach: Reach) -> Result<&Client, FetchError> {
        let place = match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        let made = place.get_or_init(|| {
            prepare_tls();
            let client = Client::builder()
                .dns_resolver(Arc::new(Guarded { lookup: Arc::clone(&self.lookup), reach }))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .pool_max_idle_per_host(0)
                .user_agent(concat!("agentls/", env!("CARGO_PKG_VERSION")));
            client.build().map_err(|error| error.to_string())
        });
        made.as_ref().map_err(|why| FetchError::Broken(format!("cannot set up HTTP: {why}")))
    }
}
