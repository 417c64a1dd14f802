//! What the model still sees of a session: each piece with its size and its fate.
//!
//! Made by the code that makes the requests, from the same window, so that it cannot tell another story. Costs the
//! window and not the history (invariant 2): of what lies before the window the newest parts are listed, the rest is
//! one sum.

use serde::{Deserialize, Serialize};

use super::{
    fragments::Fragment,
    history::Overflow,
    item::{Asked, Item},
    render::{self, Contents},
    window::Window,
};
use crate::{
    store::{Outline, Store, StoreError},
    transcript::{Counts, Message, MessageId, Part, PartId, PartKind, Seq, SessionId, Timestamp, text},
};

/// Parts before the window that are listed one by one.
pub(in crate::context) const LISTED: u32 = 400;

/// What became of a piece of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is sent as it is.
    Full,
    /// Its digest is sent.
    Evidence,
    /// A summary stands for it.
    Summarized,
    /// Nothing that is sent stands for it; `recall` reaches it.
    Outside,
}

/// A piece of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its message's place.
    pub seq: Seq,
    /// Its message.
    pub message_id: MessageId,
    /// The part; `None` for what stands for several.
    pub part_id: Option<PartId>,
    /// The part's type; `summary`, or `earlier` for a sum.
    pub kind: String,
    /// The tool called.
    pub tool: Option<String>,
    /// The call's title.
    pub title: Option<String>,
    /// Its tokens in the next request; of what is not sent, what it would take.
    pub tokens: u64,
    /// What became of it.
    pub fate: Fate,
    /// How many parts it stands for.
    pub parts: u64,
}

/// A piece of the system prompt, or the tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    /// What it is.
    pub name: String,
    /// Its tokens.
    pub tokens: u64,
    /// When it was last changed, where it is a file.
    pub changed_at: Option<Timestamp>,
}

/// What the next request will hold.
#[derive(Debug)]
pub struct Report {
    /// Pieces, oldest first.
    pub pieces: Vec<Piece>,
    /// What stands before them in each request.
    pub fragments: Vec<Framed>,
    /// The window itself.
    pub window: Window,
}

/// Makes the report of a session.
pub async fn make(
    store: &Store,
    session: &SessionId,
    asked: Asked,
    overflow: Overflow,
    fragments: Vec<Framed>,
) -> Result<Report, StoreError> {
    let counts = store.session(session).await?.counts;
    let last = store.live(session).await?.last;
    let mut seen = Vec::new();
    let mut see = |message: &Message, contents: &Contents, items: &[Item]| {
        seen.extend(message_pieces(message, contents, items));
    };
    let window = Window::look(store, session, last, asked, overflow, &mut see).await?;
    let place = *window.place();
    let before = store.outline_before(session, place.first, LISTED).await?;
    let summary: Vec<_> = seen.iter().filter(|piece| Some(piece.seq) == place.summary).cloned().collect();
    let live: Vec<_> = seen
        .into_iter()
        .filter(|piece| piece.seq >= place.first && Some(piece.seq) != place.summary)
        .collect();
    let known = live.iter().chain(&summary).map(|piece| piece.parts).sum::<u64>();
    let mut pieces: Vec<Piece> = earlier(&window, counts, known, &before).into_iter().collect();
    pieces.extend(
        before.iter().rev().filter(|part| Some(part.seq) != place.summary).map(|part| listed(&window, part)),
    );
    pieces.extend(summary);
    pieces.extend(live);
    calibrate(&window, &mut pieces);
    let ratio = window.calibration();
    let fragments =
        fragments.into_iter().map(|framed| Framed { tokens: ratio.apply(framed.tokens), ..framed }).collect();
    Ok(Report { pieces, fragments, window })
}

/// The frame of a request piece by piece: the fragments, then the tools with their size in bytes.
pub fn frame(fragments: &[Fragment], tool_bytes: u64) -> Vec<Framed> {
    let mut framed: Vec<Framed> = fragments
        .iter()
        .map(|fragment| Framed {
            name: fragment.name.clone(),
            tokens: text::estimate_tokens(fragment.text.len() as u64),
            changed_at: fragment.changed_at,
        })
        .collect();
    framed.push(Framed {
        name: "tools".to_owned(),
        tokens: text::estimate_tokens(tool_bytes),
        changed_at: None,
    });
    framed
}

/// A message's tokens, told by part: each in proportion to what it shows.
fn message_pieces(message: &Message, contents: &Contents, items: &[Item]) -> Vec<Piece> {
    let tokens: u64 = items.iter().map(|item| item.tokens).sum();
    if message.summary {
        let kind = "summary".to_owned();
        let parts = message.parts.len() as u64;
        return vec![Piece { kind, parts, ..piece(message, None, tokens, Fate::Full) }];
    }
    let shown: Vec<(&Part, u64)> = message
        .parts
        .iter()
        .enumerate()
        .filter(|(index, _)| !message.is_replaced(*index))
        .map(|(_, part)| (part, render::shown_bytes(part, contents)))
        .filter(|(_, bytes)| *bytes > 0)
        .collect();
    let all: u64 = shown.iter().map(|(_, bytes)| bytes).sum();
    let mut given = 0;
    let count = shown.len();
    let share = |(index, (part, bytes)): (usize, (&Part, u64))| {
        let tokens = if index + 1 == count { tokens - given } else { tokens * bytes / all.max(1) };
        given += tokens;
        let mut piece = piece(message, Some(part.id.clone()), tokens, Fate::Full);
        part.kind.name().clone_into(&mut piece.kind);
        if let PartKind::Tool(tool) = &part.kind {
            (piece.tool, piece.title) = (Some(tool.tool.clone()), tool.title.clone());
            if tool.compacted_at.is_some() {
                piece.fate = Fate::Evidence;
            }
        }
        piece
    };
    shown.into_iter().enumerate().map(share).collect()
}

fn piece(message: &Message, part_id: Option<PartId>, tokens: u64, fate: Fate) -> Piece {
    Piece {
        seq: message.seq,
        message_id: message.id.clone(),
        part_id,
        kind: String::new(),
        tool: None,
        title: None,
        tokens,
        fate,
        parts: 1,
    }
}

/// A part before the window.
fn listed(window: &Window, part: &Outline) -> Piece {
    Piece {
        seq: part.seq,
        message_id: part.message_id.clone(),
        part_id: Some(part.part_id.clone()),
        kind: part.kind.clone(),
        tool: part.tool.clone(),
        title: part.title.clone(),
        tokens: part.tokens,
        fate: fate(window, part.seq, Some(&part.part_id)),
        parts: 1,
    }
}

/// What became of something before the window.
fn fate(window: &Window, seq: Seq, part: Option<&PartId>) -> Fate {
    let live = window.live();
    match &live.boundary {
        Some(boundary) if part.is_some_and(|part| boundary.compaction.evidence.contains(part)) => {
            Fate::Evidence
        }
        Some(_) if live.start.is_none_or(|start| seq >= start) => Fate::Summarized,
        _ => Fate::Outside,
    }
}

/// All that is older than what is listed, as one piece.
fn earlier(window: &Window, counts: Counts, known: u64, listed: &[Outline]) -> Option<Piece> {
    let oldest = listed.last().filter(|_| listed.len() >= LISTED as usize)?;
    let parts = counts.parts.saturating_sub(known + listed.len() as u64);
    let sent: u64 = window.items().iter().map(|item| item.encoded.len() as u64).sum();
    let bytes = counts.bytes.saturating_sub(sent + listed.iter().map(|part| part.bytes).sum::<u64>());
    (parts > 0).then(|| Piece {
        seq: Seq(1),
        message_id: oldest.message_id.clone(),
        part_id: None,
        kind: "earlier".to_owned(),
        tool: None,
        title: None,
        tokens: text::estimate_tokens(bytes),
        fate: fate(window, Seq(1), None),
        parts,
    })
}

/// From estimates to what the provider would count.
fn calibrate(window: &Window, pieces: &mut [Piece]) {
    let ratio = window.calibration();
    for piece in pieces {
        piece.tokens = ratio.apply(piece.tokens);
    }
}
