//! Messages with all that rendering them takes, read in one go: what a request is made from.
//!
//! Bodies are read only for what is sent (invariant 2): of a compacted call its digest, of a long output its ends.

use rusqlite::Connection;

use super::{
    Result, Store,
    body::{self, Field},
    evidence, messages, parts,
    parts::Loading,
    sessions,
};
use crate::transcript::{
    Message, Part, PartId, PartKind, Seq, SessionId, ToolPart, ToolState, image::Shown, text,
};

/// A message as it is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// It. Outputs that stand in `results` are empty here.
    pub message: Message,
    /// Further bodies of its parts: file contents, seals, attachments.
    pub bodies: Vec<(PartId, Field, Vec<u8>)>,
    /// What the model sees as the result of a call, where that is not the output itself: a digest, or the ends.
    pub results: Vec<(PartId, String)>,
}

/// How completed calls are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Results {
    /// As they stand: the compacted ones as evidence.
    AsTheyStand,
    /// All as evidence.
    Evidence,
}

impl Store {
    /// At most `limit` messages from `first` on, up to and including `last`, ascending.
    pub async fn sent(
        &self,
        session: &SessionId,
        (first, last): (Seq, Seq),
        limit: u32,
        results: Results,
    ) -> Result<Vec<Sent>> {
        let session = session.clone();
        let (sent, remade) = self
            .read(move |tx| {
                let key = sessions::key(tx, &session)?;
                let mut remade = Vec::new();
                let messages = messages::ascending(tx, key, &session, first, limit, Loading::Sent)?;
                let sent: Result<Vec<_>> = messages
                    .into_iter()
                    .filter(|message| message.seq <= last)
                    .map(|message| complete(tx, message, results, &mut remade))
                    .collect();
                Ok((sent?, remade))
            })
            .await?;
        for evidence in remade {
            self.keep_evidence(evidence).await;
        }
        Ok(sent)
    }
}

fn complete(
    tx: &Connection,
    message: Message,
    results: Results,
    remade: &mut Vec<(PartId, evidence::Evidence)>,
) -> Result<Sent> {
    let mut sent = Sent { message, bodies: Vec::new(), results: Vec::new() };
    for part in &sent.message.parts {
        match &part.kind {
            PartKind::File(file) => {
                let shown = if file.is_image() {
                    sent_image(file.shown.as_ref(), Field::Data, 0)
                } else {
                    Some(Field::Data)
                };
                sent.bodies.extend(shown.map(|shown| field(tx, part, shown)).transpose()?);
            }
            PartKind::Reasoning(_) => sent.bodies.push(field(tx, part, Field::Seal)?),
            PartKind::Tool(tool) if stands_as_evidence(tool, results) => {
                let evidence = evidence::load(tx, &part.id)?;
                sent.results.push((part.id.clone(), evidence.text.clone()));
                if evidence.recomputed {
                    remade.push((part.id.clone(), evidence));
                }
            }
            PartKind::Tool(tool) => {
                if let ToolState::Completed { output, .. } = &tool.state
                    && output.bytes > text::SHOWN_BYTES as u64
                {
                    sent.results.push((part.id.clone(), ends(tx, &part.id)?));
                }
                for (index, file) in (0_u8..).zip(&tool.attachments) {
                    let shown = sent_image(file.shown.as_ref(), Field::Attachment(index), index);
                    sent.bodies.extend(shown.map(|shown| field(tx, part, shown)).transpose()?);
                }
            }
            _ => {}
        }
    }
    Ok(sent)
}

/// The field that holds an image as it is sent; `None` where a note stands for it, or nobody has looked at it.
fn sent_image(shown: Option<&Shown>, original: Field, index: u8) -> Option<Field> {
    match shown {
        Some(Shown::Image(image)) => Some(if image.copy { Field::Copy(index) } else { original }),
        Some(Shown::Note(_)) | None => None,
    }
}

fn stands_as_evidence(tool: &ToolPart, results: Results) -> bool {
    matches!(tool.state, ToolState::Completed { .. })
        && (tool.compacted_at.is_some() || results == Results::Evidence)
}

fn field(tx: &Connection, part: &Part, field: Field) -> Result<(PartId, Field, Vec<u8>)> {
    Ok((part.id.clone(), field, parts::data(tx, &part.id, field)?))
}

/// A long output as it is shown, made from its ends without reading the middle into memory.
fn ends(tx: &Connection, id: &PartId) -> Result<String> {
    let (key, _) = parts::locate(tx, id)?;
    let (lines, bytes) = body::count_lines(tx, key, Field::Output)?;
    let first = body::beginning(tx, key, Field::Output, text::END_BYTES)?;
    let from = bytes.saturating_sub(text::END_BYTES as u64);
    let last = body::text_range(tx, key, Field::Output, from, u64::MAX)?.data;
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    Ok(text::cap_ends(&first, &String::from_utf8_lossy(&last), lines, bytes, Some(id.as_str())))
}
