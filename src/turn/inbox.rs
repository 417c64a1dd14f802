//! What a prompt is made of while it waits in the inbox, and the message that it becomes.
//!
//! Files are read when the prompt is accepted: what the person saw then is what the model gets.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{Shared, commands};
use crate::{
    store::{Bodies, Field, NewPart},
    transcript::{
        Body, FilePart, MessageId, Part, PartId, PartKind, SessionId, Update,
        image::{Outgoing, Shown},
        secret::Secrets,
    },
    workspace::commands::template::Piece,
};

/// A part of an accepted prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AcceptedPart {
    /// What the person wrote.
    Text(String),
    /// A text in which a command was called, and what that becomes.
    Command {
        /// The command's name.
        name: String,
        /// What the person wrote.
        typed: String,
        /// What the model reads in its place; the snippets among it are run when the turn begins.
        pieces: Vec<Piece>,
    },
    /// A text file, or some of its lines.
    File {
        /// Where it is; the lines stand in the fragment.
        uri: String,
        /// Its name.
        name: String,
        /// What it says.
        text: String,
    },
    /// An image.
    Image {
        /// Media type.
        mime: String,
        /// Where it is, when it came from a file.
        uri: Option<String>,
        /// Its name, when it came from a file.
        #[serde(default)]
        name: Option<String>,
        /// Its bytes in standard base64, checked.
        base64: String,
        /// Its width and height in pixels. Prompts that an older version accepted have none.
        #[serde(default)]
        size: Option<(u32, u32)>,
    },
}

impl AcceptedPart {
    /// Hides keys in its texts.
    pub fn hide(&mut self, secrets: &Secrets) {
        let texts: Vec<&mut String> = match self {
            Self::Text(text) | Self::File { text, .. } => vec![text],
            Self::Command { typed, pieces, .. } => {
                let pieces = pieces.iter_mut().map(|piece| match piece {
                    Piece::Text(text) | Piece::Shell(text) => text,
                });
                std::iter::once(typed).chain(pieces).collect()
            }
            Self::Image { .. } => Vec::new(),
        };
        for text in texts.into_iter().filter(|text| secrets.are_in(text)) {
            *text = secrets.hide(text);
        }
    }
}

/// Tells clients which prompts wait. Looking and telling are one act, so that what is told last is what is so.
pub(super) async fn show(shared: &Shared, session: &SessionId) {
    let _telling = shared.queue_telling.lock().await;
    match shared.store.waiting_prompts(session).await {
        Ok(waiting) => shared.events.emit(session, None, Update::Queue(waiting)),
        Err(error) => tracing::warn!(%error, "the inbox cannot be read"),
    }
}

/// The inbox's form of a prompt.
pub fn to_inbox(parts: &[AcceptedPart]) -> String {
    serde_json::to_string(parts).unwrap_or_default()
}

/// The parts of the message that a prompt becomes. `None` when they cannot be read.
pub fn from_inbox(stored: &str, message: &MessageId) -> Option<Vec<NewPart>> {
    let parts: Vec<AcceptedPart> = serde_json::from_str(stored)
        .inspect_err(
            |error| tracing::error!(%error, message = message.as_str(), "a waiting prompt cannot be read"),
        )
        .ok()?;
    let new = |(index, (kind, bodies))| {
        let (id, message_id) = (PartId::random(), message.clone());
        NewPart { part: Part { id, message_id, index, kind }, bodies }
    };
    Some((0_u32..).zip(parts.into_iter().flat_map(made_of)).map(new).collect())
}

/// The parts that an accepted one becomes, each with its further bodies.
fn made_of(accepted: AcceptedPart) -> Vec<(PartKind, Bodies)> {
    let text = |text: String| (PartKind::Text(Body::whole(text)), Bodies::new());
    let file = |mime: String, name: Option<String>, uri: Option<String>, data: Vec<u8>, shown| {
        let file = FilePart { mime, name, uri, bytes: data.len() as u64, shown };
        (PartKind::File(file), vec![(Field::Data, data)])
    };
    match accepted {
        AcceptedPart::Text(said) => vec![text(said)],
        AcceptedPart::Command { name, typed, pieces } => vec![text(typed), commands::part(name, &pieces)],
        AcceptedPart::File { uri, name, text } => {
            vec![file("text/plain".to_owned(), Some(name), Some(uri), text.into_bytes(), None)]
        }
        AcceptedPart::Image { mime, uri, name, base64, size } => {
            let data = STANDARD.decode(base64).unwrap_or_default();
            let bytes = data.len() as u64;
            let shown = size.map(|(width, height)| {
                Shown::Image(Outgoing { mime: mime.clone(), width, height, bytes, copy: false })
            });
            vec![file(mime, name, uri, data, shown)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_comes_out_of_the_inbox_as_it_went_in() {
        let image = AcceptedPart::Image {
            mime: "image/png".into(),
            uri: None,
            name: None,
            base64: STANDARD.encode([1, 2, 3]),
            size: Some((2, 1)),
        };
        let stored = to_inbox(&[AcceptedPart::Text("hello ✅".into()), image]);
        let parts = from_inbox(&stored, &MessageId::from("msg_1")).unwrap();
        assert_eq!(parts[0].part.kind, PartKind::Text(Body::whole("hello ✅")));
        assert_eq!(parts[1].bodies, vec![(Field::Data, vec![1, 2, 3])]);
    }

    #[test]
    fn an_image_that_an_older_version_accepted_is_one_that_nobody_looked_at() {
        let stored = r#"[{"image":{"mime":"image/png","uri":null,"base64":"AAAA"}}]"#;
        let parts = from_inbox(stored, &MessageId::from("msg_1")).unwrap();
        let PartKind::File(file) = &parts[0].part.kind else { panic!("{parts:?}") };
        assert_eq!((file.bytes, &file.shown), (3, &None));
    }
}
