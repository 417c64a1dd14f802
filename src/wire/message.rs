//! JSON-RPC 2.0 messages: told apart on the way in, written on the way out.
//!
//! Bad input becomes an error answer with the request's id where one can be read, never more than that
//! (invariant 11). The envelope is read without looking into `params`, so that deep, huge or broken values in
//! there cost neither the id nor the stack.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use tower_lsp::jsonrpc::{Error, ErrorCode};

use crate::transcript::{json, text};

/// A request's id as JSON text: it is echoed as it came, whatever number or string it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Box<str>);

impl RequestId {
    /// The id in `value`; `None` where it is neither a number nor a string.
    pub fn read(value: &RawValue) -> Option<Self> {
        let json = value.get();
        match json.as_bytes().first()? {
            // The same string can be escaped in several ways; an id is compared by what it says.
            b'"' => Some(Self::from(serde_json::from_str::<String>(json).ok()?.as_str())),
            b'-' | b'0'..=b'9' => Some(Self(json.into())),
            _ => None,
        }
    }
}

impl From<&str> for RequestId {
    fn from(text: &str) -> Self {
        Self(Value::from(text).to_string().into())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a client says.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// It wants an answer.
    Request {
        /// Names the answer.
        id: RequestId,
        /// What it wants.
        method: String,
        /// With what; `None` where missing or null.
        params: Option<Value>,
    },
    /// It tells.
    Notification {
        /// What.
        method: String,
        /// With what; `None` where missing or null.
        params: Option<Value>,
    },
    /// It answers.
    Response {
        /// Which question; `None` where it could not read what it was asked.
        id: Option<RequestId>,
        /// The answer.
        result: Result<Value, Error>,
    },
}

/// A message that cannot be used, and what its sender is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Its id, where one could be read.
    pub id: Option<RequestId>,
    /// What is wrong with it.
    pub error: Error,
}

/// The members of a message. The last of several with the same name counts.
#[derive(Default)]
struct Envelope<'a> {
    jsonrpc: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Envelope<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON-RPC message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(name) = map.next_key::<Cow<'_, str>>()? {
                    let member = match name.as_ref() {
                        "jsonrpc" => &mut envelope.jsonrpc,
                        "id" => &mut envelope.id,
                        "method" => &mut envelope.method,
                        "params" => &mut envelope.params,
                        "result" => &mut envelope.result,
                        "error" => &mut envelope.error,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *member = Some(map.next_value()?);
                }
                Ok(envelope)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Reads a message's body.
pub fn parse(body: &[u8]) -> Result<Message, Box<Rejected>> {
    let json = json::repaired(body);
    let json = json.trim_start_matches('\u{feff}').trim();
    let problem = match serde_json::from_str::<Envelope<'_>>(json) {
        Ok(envelope) => return envelope.classify(),
        Err(problem) => problem,
    };
    // Not an object: a fault of its own only where it is JSON at all.
    if problem.is_data() && serde_json::from_str::<IgnoredAny>(json).is_ok() {
        let batch = json.starts_with('[');
        let message =
            if batch { "batches are not part of the protocol" } else { "a message is a JSON object" };
        return Err(Box::new(Rejected { id: None, error: invalid(message) }));
    }
    let error = Error { message: format!("bad JSON: {problem}").into(), ..Error::parse_error() };
    Err(Box::new(Rejected { id: recover_id(json), error }))
}

impl Envelope<'_> {
    fn classify(self) -> Result<Message, Box<Rejected>> {
        let id = self.id.and_then(RequestId::read);
        let reject = |error| Box::new(Rejected { id: id.clone(), error });
        if self.jsonrpc.and_then(string).as_deref() != Some("2.0") {
            return Err(reject(invalid("`jsonrpc` is not \"2.0\"")));
        }
        let Some(method) = self.method else {
            return match (id.clone(), self.result, self.error) {
                (Some(id), result, error) if result.is_some() || error.is_some() => {
                    Ok(Message::Response { id: Some(id), result: answer(result, error) })
                }
                // Refusing a refusal would never end.
                (None, result, Some(error)) => {
                    Ok(Message::Response { id: None, result: answer(result, Some(error)) })
                }
                (None, Some(_), None) => Err(reject(invalid("an answer without the id of a request"))),
                _ => Err(reject(invalid("`method` is missing"))),
            };
        };
        let Some(method) = string(method) else {
            return Err(reject(invalid("`method` is not a string")));
        };
        if self.id.is_some() && id.is_none() {
            return Err(reject(invalid("`id` is neither a number nor a string")));
        }
        let params = self.params.map(value).transpose().map_err(|problem| {
            reject(Error::invalid_params(format!("`params` cannot be read: {problem}")))
        })?;
        let params = params.filter(|params| !params.is_null());
        Ok(match id {
            Some(id) => Message::Request { id, method, params },
            None => Message::Notification { method, params },
        })
    }
}

fn invalid(message: &'static str) -> Error {
    Error { message: message.into(), ..Error::invalid_request() }
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

fn value(raw: &RawValue) -> serde_json::Result<Value> {
    serde_json::from_str(raw.get())
}

/// The answer in a response; one that makes no sense is a failure.
fn answer(result: Option<&RawValue>, error: Option<&RawValue>) -> Result<Value, Error> {
    if let Some(error) = error.filter(|error| error.get() != "null") {
        return Err(serde_json::from_str(error.get()).unwrap_or_else(|_| Error::internal_error()));
    }
    result.map_or(Ok(Value::Null), |result| value(result).map_err(|_| Error::parse_error()))
}

/// The id of a message that is no JSON as a whole, found by its place: a member `id` of the outermost object.
pub fn recover_id(json: &str) -> Option<RequestId> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = json.as_bytes().get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => {
                let end = string_end(json.as_bytes(), at)?;
                if depth == 1
                    && text::range(json, at, end) == "\"id\""
                    && let Some(rest) = text::from(json, end).trim_start().strip_prefix(':')
                {
                    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Box<RawValue>>();
                    return RequestId::read(&values.next()?.ok()?);
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Behind the quote that ends the string beginning at `start`.
fn string_end(json: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match json.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[derive(Serialize)]
struct Outgoing<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Error>,
}

const EMPTY: Outgoing<'_> =
    Outgoing { jsonrpc: "2.0", id: None, method: None, params: None, result: None, error: None };

impl Outgoing<'_> {
    fn bytes(&self) -> Vec<u8> {
        // Strings and raw JSON only: this cannot fail, and an empty body would be seen at once.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What is said of an error at most, in bytes: a line for a person, also where it names what was huge.
pub(in crate::wire) const LONGEST_ERROR: usize = 1_000;

/// The body of an answer. Without an id (it could not be read) the answer carries `null`.
pub fn response(id: Option<&RequestId>, result: &Result<Value, Error>) -> Vec<u8> {
    let id = id.and_then(|id| RawValue::from_string(id.0.to_string()).ok());
    let id = Some(id.as_deref().unwrap_or(RawValue::NULL));
    match result {
        Ok(result) => match to_raw_value(result) {
            Ok(result) => Outgoing { id, result: Some(&result), ..EMPTY }.bytes(),
            Err(_) => Outgoing { id, error: Some(&Error::internal_error()), ..EMPTY }.bytes(),
        },
        Err(error) => {
            let message = text::ellipsis(&error.message, LONGEST_ERROR).into();
            let error = Error { code: error.code, message, data: error.data.clone() };
            Outgoing { id, error: Some(&error), ..EMPTY }.bytes()
        }
    }
}

/// The body of a request of ours.
pub fn request(id: &RequestId, method: &str, params: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let id = RawValue::from_string(id.0.to_string())?;
    let params = to_raw_value(params)?;
    Ok(Outgoing { id: Some(&id), method: Some(method), params: Some(&params), ..EMPTY }.bytes())
}

/// The body of a notification.
pub fn notification(method: &str, params: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let params = to_raw_value(params)?;
    Ok(Outgoing { method: Some(method), params: Some(&params), ..EMPTY }.bytes())
}

/// An error that has a code of its own and nothing to add.
pub fn server_error(code: i64, message: impl Into<Cow<'static, str>>) -> Error {
    Error { code: ErrorCode::ServerError(code), message: message.into(), data: None }
}

#[cfg(test)]
mod tests;
