//! The JSON of `opencode export`: `{info: session, messages: [{info, parts}]}`, one session.
//!
//! Read as a stream: memory holds one message. What is broken further on costs what stands behind it, with its place.

use std::{
    cell::Cell,
    fmt,
    io::{BufReader, Read},
    path::Path,
    rc::Rc,
};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    SessionFacts,
    message::ModelChoice,
    shape::{Number, Tokens, lenient, usage},
};
use crate::{
    store::import::{ImportError, landing::Mark, open, taking::Taking},
    transcript::{Timestamp, json},
};

/// What the file should be.
const EXPECTED: &str = "an export of opencode";

/// Reads the session in the file.
pub(in super::super) fn read(path: &Path, taking: &mut Taking<'_>) -> Result<(), ImportError> {
    let file = open(path)?;
    let total = file.metadata().map_or(0, |metadata| metadata.len());
    let read = Rc::new(Cell::new(0));
    let counted = Counted { file, read: Rc::clone(&read) };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(counted));
    let mut export = Export { taking, read, total, begun: false, unread: None, failed: None };
    let parsed = ExportSeed(&mut export).deserialize(&mut json).and_then(|()| json.end());
    let Export { begun, unread, failed, .. } = export;
    match (failed, parsed) {
        (Some(error), _) => Err(error),
        (None, Err(error)) if !begun => Err(ImportError::foreign(path, EXPECTED, error.to_string())),
        (None, Err(error)) => {
            taking.skip("what follows".to_owned(), error.to_string());
            taking.end(None)
        }
        (None, Ok(())) if !begun => {
            let lacks =
                unread.map_or_else(|| "it has no `info`".to_owned(), |why| format!("its `info`: {why}"));
            Err(ImportError::foreign(path, EXPECTED, lacks))
        }
        (None, Ok(())) => {
            taking.progress(total, total);
            taking.end(None)
        }
    }
}

/// Counts what was read of a file.
struct Counted {
    file: std::fs::File,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// What the parser hands its pieces to.
struct Export<'a, 'b> {
    taking: &'a mut Taking<'b>,
    /// Bytes of the file that were read.
    read: Rc<Cell<u64>>,
    total: u64,
    /// Whether the session was begun.
    begun: bool,
    /// Why the session could not be begun with its `info`.
    unread: Option<String>,
    /// Why our side stopped.
    failed: Option<ImportError>,
}

#[derive(Deserialize)]
struct Info {
    id: String,
    directory: String,
    #[serde(default)]
    title: String,
    #[serde(default, rename = "parentID", deserialize_with = "lenient")]
    parent_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    agent: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    model: Option<ModelChoice>,
    #[serde(default, deserialize_with = "lenient")]
    cost: Option<Number>,
    #[serde(default, deserialize_with = "lenient")]
    tokens: Option<Tokens>,
    #[serde(default)]
    time: Times,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Times {
    #[serde(deserialize_with = "lenient")]
    created: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    updated: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    archived: Option<Number>,
}

impl From<Info> for SessionFacts {
    fn from(info: Info) -> Self {
        let created_at = info.time.created.map_or(Timestamp(0), Number::time);
        Self {
            id: info.id,
            parent: info.parent_id,
            title: info.title,
            directory: info.directory,
            // The export does not name it.
            worktree: None,
            agent: info.agent,
            model: info.model.map(Into::into),
            usage: info.tokens.and_then(|tokens| usage(Some(tokens), info.cost)),
            created_at,
            updated_at: info.time.updated.map_or(created_at, Number::time),
            archived_at: info.time.archived.map(Number::time),
        }
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    info: &'a RawValue,
    #[serde(borrow, default)]
    parts: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct MessageHead {
    id: String,
    #[serde(default)]
    time: Times,
}

#[derive(Deserialize)]
struct PartHead {
    id: String,
}

impl Export<'_, '_> {
    fn session(&mut self, info: &RawValue) -> Result<(), ImportError> {
        let info: Info = match serde_json::from_str(&json::repaired(info.get().as_bytes())) {
            Ok(info) => info,
            Err(error) => {
                // Its line and column would count from the beginning of `info`.
                self.unread = error.to_string().split(" at line ").next().map(str::to_owned);
                return Ok(());
            }
        };
        self.begun = true;
        self.taking.begin(info.into())?;
        Ok(())
    }

    fn message(&mut self, message: &Message<'_>) -> Result<(), ImportError> {
        self.taking.progress(self.read.get(), self.total);
        let info = message.info.get();
        let head: MessageHead = match serde_json::from_str(&json::repaired(info.as_bytes())) {
            Ok(head) => head,
            Err(error) => {
                self.taking.skip("a message".to_owned(), error.to_string());
                return Ok(());
            }
        };
        let time = head.time.created.map_or(Timestamp(0), Number::time).0;
        self.taking.message(Mark { time, id: head.id }, info.as_bytes())?;
        for part in &message.parts {
            match serde_json::from_str::<PartHead>(&json::repaired(part.get().as_bytes())) {
                Ok(head) => self.taking.part(&head.id, part.get().as_bytes())?,
                Err(error) => self.taking.skip("a part".to_owned(), error.to_string()),
            }
        }
        Ok(())
    }

    /// Ends the parser's work with our own reason.
    fn stop<E: serde::de::Error>(&mut self, outcome: Result<(), ImportError>) -> Result<(), E> {
        outcome.map_err(|error| {
            self.failed = Some(error);
            E::custom("the import stopped")
        })
    }
}

struct ExportSeed<'a, 'b, 'c>(&'a mut Export<'b, 'c>);

impl<'de> DeserializeSeed<'de> for ExportSeed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ExportSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `info` and `messages`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "info" if !self.0.begun => {
                    let info = members.next_value::<Box<RawValue>>()?;
                    let outcome = self.0.session(&info);
                    self.0.stop(outcome)?;
                }
                "messages" if self.0.begun => members.next_value_seed(MessagesSeed(&mut *self.0))?,
                "messages" => {
                    return Err(A::Error::custom("`messages` stand before `info`, or `info` is no session"));
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct MessagesSeed<'a, 'b, 'c>(&'a mut Export<'b, 'c>);

impl<'de> DeserializeSeed<'de> for MessagesSeed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for MessagesSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<(), A::Error> {
        while let Some(raw) = messages.next_element::<Box<RawValue>>()? {
            let outcome = match serde_json::from_str::<Message<'_>>(raw.get()) {
                Ok(message) => self.0.message(&message),
                Err(error) => {
                    self.0.taking.skip("a message".to_owned(), error.to_string());
                    Ok(())
                }
            };
            self.0.stop(outcome)?;
        }
        Ok(())
    }
}
