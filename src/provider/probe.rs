//! Whether a provider can be reached and takes the key: one GET of its list of models, which costs no tokens.
//!
//! Every wait has a deadline (invariant 9). Invariant 13: the key goes to the configured address only and into no message.

use std::time::{Duration, Instant};

use reqwest::{StatusCode, Url};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{Key, Settings, http, remote};
use crate::transcript::secret::Secrets;

/// How long the answer is waited for.
pub(in crate::provider) const ANSWER: Duration = Duration::from_secs(10);

/// How long a name or a connection is waited for, when there was no answer.
pub(in crate::provider) const STEP: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It answered.
    Answered {
        /// What the answer says of the key.
        key: KeyVerdict,
        /// The HTTP status.
        status: u16,
        /// From the request to the head of the answer, the connection included.
        millis: u64,
    },
    /// It did not: where it failed, and why.
    Unreached(String),
}

/// What a provider says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyVerdict {
    /// It was taken, or none is needed.
    Accepted,
    /// It was refused.
    Refused,
    /// There is none to send; the provider was asked without.
    Missing,
    /// The answer does not tell.
    Unknown,
}

/// Asks the provider of these settings.
pub async fn probe(settings: &Settings) -> Probe {
    let url = format!("{}/{}", settings.base_url, remote::models_path(settings.api));
    let credentials = remote::credentials(settings);
    let begun = Instant::now();
    let answered = timeout(ANSWER, http::get_status(&url, &settings.headers, &credentials)).await;
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let why = match answered {
        Ok(Ok(status)) => {
            return Probe::Answered { key: verdict(settings, status), status: status.as_u16(), millis };
        }
        Ok(Err(why)) => Secrets::new(credentials.into_iter().map(|(_, value)| value)).clean(&why),
        Err(_) => format!("no answer within {} s", ANSWER.as_secs()),
    };
    Probe::Unreached(diagnose(&settings.base_url).await.unwrap_or(why))
}

fn verdict(settings: &Settings, status: StatusCode) -> KeyVerdict {
    match (&settings.key, status) {
        (Key::Missing(_), _) => KeyVerdict::Missing,
        (_, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => KeyVerdict::Refused,
        (_, status) if status.is_success() => KeyVerdict::Accepted,
        _ => KeyVerdict::Unknown,
    }
}

/// Which of the steps before HTTP fails; `None` when none of them does.
async fn diagnose(base_url: &str) -> Option<String> {
    let url = Url::parse(base_url).ok()?;
    let (host, port) = (url.host_str()?.to_owned(), url.port_or_known_default()?);
    let addresses = match timeout(STEP, lookup_host((host.as_str(), port))).await {
        Ok(Ok(addresses)) => addresses.collect::<Vec<_>>(),
        Ok(Err(error)) => return Some(format!("DNS: {host} has no address: {error}")),
        Err(_) => return Some(format!("DNS: no answer for {host} within {} s", STEP.as_secs())),
    };
    match timeout(STEP, TcpStream::connect(addresses.as_slice())).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(format!("TCP: {host}:{port}: {error}")),
        Err(_) => Some(format!("TCP: {host}:{port} did not answer within {} s", STEP.as_secs())),
    }
}
