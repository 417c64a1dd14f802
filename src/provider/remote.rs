//! A provider behind HTTP: what all wire formats share, written once.
//!
//! A [`Format`] is pure: entries to bytes, an envelope to a body, events to events. This file joins it with HTTP,
//! credentials and the event stream. Invariant 13: credentials are added when a request is sent and are removed
//! from every error.

use std::{collections::VecDeque, fmt::Debug, sync::Arc};

use bytes::Bytes;
use futures::{future::BoxFuture, stream};

use super::{
    Api, Deadlines, Entry, Envelope, Event, EventStream, Key, Model, Outgoing, Provider, ProviderError,
    Settings,
    http::{self, Answer, Credential},
    incoming::{self, Incoming},
    redact,
};
use crate::transcript::secret::Secrets;

/// The most images of a request. Anthropic's limit, the lowest of the large providers:
/// <https://platform.claude.com/docs/en/build-with-claude/vision>.
pub(in crate::provider) const MOST_IMAGES: usize = 100;

/// A wire format.
pub(super) trait Format: Send + Sync + Debug {
    /// What is appended to the base URL.
    fn path(&self) -> &'static str;

    /// Headers of the format itself.
    fn headers(&self) -> &'static [(&'static str, &'static str)];

    /// The header that carries the key.
    fn credential(&self, key: &str) -> Credential;

    /// See [`Provider::encode`].
    fn encode(&self, settings: &Settings, model: &Model, entry: &Entry) -> Bytes;

    /// See [`Provider::keeps_responses`].
    fn keeps_responses(&self, _settings: &Settings, _model: &Model) -> bool {
        false
    }

    /// See [`Provider::cache_floor`]. OpenAI's, and that of most who follow it.
    fn cache_floor(&self, _model: &Model) -> u64 {
        1_024
    }

    /// See [`Provider::image_tokens`].
    fn image_tokens(&self, model: &Model, width: u32, height: u32) -> u64;

    /// See [`Provider::most_images`].
    fn most_images(&self) -> usize {
        MOST_IMAGES
    }

    /// The body of [`Provider::request`].
    fn body(&self, settings: &Settings, envelope: &Envelope<'_>, encoded: &[Bytes], cache: &[usize])
    -> Bytes;

    /// Reads one answer of `model`.
    fn decoder(&self, settings: &Settings, model: String) -> Box<dyn Decode>;
}

/// Reads the events of one answer.
pub(super) trait Decode: Send {
    /// Takes the data of one event.
    fn event(&mut self, data: &str, out: &mut VecDeque<Event>) -> Result<(), ProviderError>;

    /// The connection ended. A format whose last event is optional may finish the answer here.
    fn end(&mut self, out: &mut VecDeque<Event>);

    /// Bytes that it keeps and has not handed out.
    fn held(&self) -> usize {
        0
    }
}

/// Where a provider lists its models, behind the base URL.
pub(super) fn models_path(api: Api) -> &'static str {
    if api == Api::Anthropic { "v1/models" } else { "models" }
}

/// The headers that a format needs, and those that carry a key.
pub(super) fn credentials(settings: &Settings) -> Vec<Credential> {
    let format = incoming::format(settings.api);
    let own = format.headers().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let key = if let Key::Secret(key) = &settings.key { Some(format.credential(key)) } else { None };
    own.chain(key).collect()
}

/// The provider of these settings. Nothing is connected yet.
pub fn connect(settings: Settings) -> Arc<dyn Provider> {
    let format = incoming::format(settings.api);
    let (plain, mut credentials) = (settings.headers.clone(), settings.secret_headers.clone());
    if let Key::Secret(key) = &settings.key {
        credentials.push(format.credential(key));
    }
    let key = if let Key::Secret(key) = &settings.key { Some(key.clone()) } else { None };
    let secrets = Secrets::new(credentials.iter().map(|(_, value)| value.clone()).chain(key));
    Arc::new(Remote { settings, format, headers: plain, credentials, secrets })
}

struct Remote {
    settings: Settings,
    format: Box<dyn Format>,
    /// Configured headers that may be shown.
    headers: Vec<(String, String)>,
    /// Headers that may not.
    credentials: Vec<Credential>,
    secrets: Secrets,
}

impl Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("name", &self.settings.name)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Provider for Remote {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn encode(&self, model: &Model, entry: &Entry) -> Bytes {
        self.format.encode(&self.settings, model, entry)
    }

    fn keeps_responses(&self, model: &Model) -> bool {
        self.format.keeps_responses(&self.settings, model)
    }

    fn cache_floor(&self, model: &Model) -> u64 {
        self.format.cache_floor(model)
    }

    fn image_tokens(&self, model: &Model, width: u32, height: u32) -> u64 {
        self.format.image_tokens(model, width, height)
    }

    fn most_images(&self) -> usize {
        self.format.most_images()
    }

    fn request(&self, envelope: &Envelope<'_>, encoded: &[Bytes], cache: &[usize]) -> Outgoing {
        let own = self.format.headers().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Outgoing {
            model: envelope.model.id.clone(),
            url: format!("{}{}", self.settings.base_url, self.format.path()),
            headers: own.chain(self.headers.iter().cloned()).collect(),
            body: self.format.body(&self.settings, envelope, encoded, cache),
        }
    }

    fn shown(&self, model: &Model, outgoing: &Outgoing) -> Outgoing {
        let options = [&self.settings.options, &model.options];
        redact::shown(outgoing, &self.credentials, &self.secrets, options)
    }

    fn open(
        &self,
        outgoing: Outgoing,
        deadlines: Deadlines,
    ) -> BoxFuture<'_, Result<EventStream, ProviderError>> {
        Box::pin(async move {
            if let Key::Missing(why) = &self.settings.key {
                return Err(ProviderError::Auth(why.clone()));
            }
            let decoder = self.format.decoder(&self.settings, outgoing.model.clone());
            let answer = http::post(outgoing, &self.credentials, deadlines)
                .await
                .map_err(|error| self.secrets.clean_error(error))?;
            let reading = Reading {
                answer: Some(answer),
                incoming: Incoming::new(decoder, self.secrets.clone()),
                failed: None,
            };
            let stream: EventStream = Box::pin(stream::unfold(reading, Reading::next));
            Ok(stream)
        })
    }
}

/// An answer that is being read.
struct Reading {
    /// `None` once the answer has finished or failed.
    answer: Option<Answer>,
    incoming: Incoming,
    /// Handed out behind what came before it.
    failed: Option<ProviderError>,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<Event, ProviderError>, Self)> {
        loop {
            if let Some(event) = self.incoming.next() {
                return Some((Ok(self.hand_out(event)), self));
            }
            if let Some(error) = self.failed.take() {
                return Some((Err(error), self));
            }
            let answer = self.answer.as_mut()?;
            let taken = match answer.chunk().await {
                Ok(Some(bytes)) => self.incoming.take(&bytes),
                Ok(None) => self.incoming.end(),
                Err(error) => Err(error),
            };
            if self.incoming.has_begun() {
                answer.event_seen();
            }
            if let Err(error) = taken {
                self.answer = None;
                self.failed = Some(error);
            }
        }
    }

    fn hand_out(&mut self, event: Event) -> Event {
        if matches!(event, Event::Finish { .. }) {
            self.failed = None;
            if let Some(answer) = self.answer.take() {
                answer.drain();
            }
        }
        event
    }
}
