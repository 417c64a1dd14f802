//! Summary compaction as far as it can be decided without calling anybody: what stays, what is asked, whether the
//! answer will do, and what stands behind the new boundary.
//!
//! Pure. Nothing falls between the summary and what stays verbatim: the summary covers the whole window, its newest
//! turn included. Behind the boundary the order is fixed: summary, evidence, the request in work, todos, kept tail.

mod summary;

pub use summary::{Flaw, check, instruction, part_note};

use super::{item::Item, window::Window};
use crate::{
    store::Weight,
    transcript::{Body, Compaction, MessageId, Part, PartId, PartKind, Seq, TodoItem, TodoStatus, text},
};

/// Calls for a summary in a row that won nothing, after which none is made by itself.
pub const MOST_FAILURES: u32 = 3;

/// Calls that have their evidence behind a boundary at most.
pub const MOST_EVIDENCE: u32 = 64;

/// Tokens of evidence behind a boundary at most.
pub(in crate::context) const EVIDENCE_TOKENS: u64 = 8_000;

/// Tokens of a summary at most.
pub(in crate::context) const SUMMARY_TOKENS: u64 = 6_000;

/// What a summary is taken for before it is written, in tokens.
const LIKELY_SUMMARY: u64 = 800;

/// A history that is too long for one request is summarised in at most so many.
pub(in crate::context) const MOST_CHUNKS: usize = 8;

/// Bytes of the request in work that are repeated behind the boundary when it does not stay verbatim.
pub(in crate::context) const REQUEST_BYTES: usize = 8 * 1024;

/// What a compaction will keep, and how large its pieces may be. Sizes in tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The first message that stays verbatim.
    pub tail: Option<Seq>,
    /// The request before.
    pub before: u64,
    /// What stays of it whatever the summary is: instructions, tools, the tail.
    pub stays: u64,
    /// Room for evidence.
    pub evidence: u64,
    /// Room for the summary.
    pub summary: u64,
}

/// Why there is nothing to plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlan {
    /// A compaction would win nothing worth its price.
    Nothing,
    /// Even what has to stay does not fit.
    Floor {
        /// Tokens of what has to stay.
        need: u64,
        /// Tokens that a request may hold.
        have: u64,
    },
}

/// Plans the compaction of a window that keeps at most `keep` tokens of the newest messages verbatim.
pub fn plan(window: &Window, keep: u64) -> Result<Plan, NoPlan> {
    let frame = window.calibration().apply(text::estimate_tokens(window.asked().frame_bytes));
    plan_of(&window.weights(), window.used(), frame, window.budget().usable, keep)
}

fn plan_of(weights: &[Weight], before: u64, frame: u64, usable: u64, keep: u64) -> Result<Plan, NoPlan> {
    let free = usable.saturating_sub(frame);
    let (summary, evidence) = (SUMMARY_TOKENS.min(free / 6), EVIDENCE_TOKENS.min(free / 6));
    let unanswered = weights.iter().take_while(|weight| weight.user).map(|weight| weight.tokens).sum::<u64>();
    if frame + unanswered + LIKELY_SUMMARY.min(summary) >= usable {
        return Err(NoPlan::Floor { need: frame + unanswered + LIKELY_SUMMARY, have: usable });
    }
    let tail = tail(weights, keep.min(free / 3), free / 2);
    let kept = weights.iter().take_while(|weight| tail.is_some_and(|tail| weight.seq >= tail));
    let stays = frame + kept.map(|weight| weight.tokens).sum::<u64>();
    let plan = Plan { tail, before, stays, evidence, summary };
    if tail.is_some_and(|tail| weights.last().is_some_and(|oldest| oldest.seq >= tail)) || weights.is_empty()
    {
        return Err(NoPlan::Nothing);
    }
    if plan.wins(plan.stays + LIKELY_SUMMARY.min(summary)) { Ok(plan) } else { Err(NoPlan::Nothing) }
}

/// Where the messages begin that stay verbatim: whole turns where the newest one fits, else its newest steps. The
/// prompts that nobody has answered stay whatever they weigh, and so does the newest step up to `newest` tokens: the
/// model has not seen its results.
fn tail(weights: &[Weight], keep: u64, newest: u64) -> Option<Seq> {
    let (mut sum, mut turn, mut step, mut unanswered) = (0, None, None, true);
    for (index, weight) in weights.iter().enumerate() {
        sum += weight.tokens;
        unanswered &= weight.user;
        let stays = unanswered || (index == 0 && weight.tokens <= newest);
        if sum > keep && !stays {
            break;
        }
        step = Some(weight.seq);
        if weight.user {
            turn = step;
        }
    }
    turn.or(step)
}

impl Plan {
    /// Whether a request of `after` tokens is worth it: at least 5 % less.
    pub fn wins(&self, after: u64) -> bool {
        after <= self.before - self.before / 20
    }

    /// What the request will be about, before the summary is written. `evidence` is what will stand there.
    pub fn likely_after(&self, evidence: u64) -> u64 {
        self.stays + LIKELY_SUMMARY.min(self.summary) + evidence.min(self.evidence)
    }
}

/// Takes digests, newest first, as far as they fit into `tokens`; returns them oldest first.
pub fn fitting_evidence(digests: Vec<(PartId, String)>, tokens: u64) -> Vec<(PartId, String)> {
    let mut room = tokens;
    let mut taken: Vec<_> = digests
        .into_iter()
        .take_while(|(_, digest)| {
            let size = text::estimate_tokens(digest.len() as u64 + 2);
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        })
        .collect();
    taken.reverse();
    taken
}

/// What stands behind a new boundary, beside the summary itself.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Digests of calls, oldest first.
    pub evidence: Vec<(PartId, String)>,
    /// The request in work, when it does not stay verbatim.
    pub request: Option<String>,
    /// The todo list.
    pub todos: Vec<TodoItem>,
}

/// The parts of a summary message, in their fixed order.
pub fn parts(message: &MessageId, compaction: Compaction, summary: &str, kept: &Kept) -> Vec<Part> {
    let mut texts = vec![summary.to_owned()];
    texts.extend(evidence_list(&kept.evidence));
    texts.extend(kept.request.as_deref().map(request));
    texts.extend(todo_list(&kept.todos));
    let kinds = std::iter::once(PartKind::Compaction(compaction))
        .chain(texts.into_iter().map(|text| PartKind::Text(Body::whole(text))));
    (0..)
        .zip(kinds)
        .map(|(index, kind)| Part { id: PartId::random(), message_id: message.clone(), index, kind })
        .collect()
}

fn evidence_list(evidence: &[(PartId, String)]) -> Option<String> {
    let digests: Vec<&str> = evidence.iter().map(|(_, digest)| digest.as_str()).collect();
    (!digests.is_empty()).then(|| {
        format!(
            "[agentls] What earlier tool calls found, the newest last. `recall` reads the whole of each; older calls \
             and messages are found with ref \"history\".\n\n{}",
            digests.join("\n\n")
        )
    })
}

fn request(words: &str) -> String {
    let cut =
        if words.len() > REQUEST_BYTES { "\n[cut here; the whole: recall, ref \"history\"]" } else { "" };
    format!("[agentls] The request that is being worked on:\n\n{}{cut}", text::head(words, REQUEST_BYTES))
}

fn todo_list(todos: &[TodoItem]) -> Option<String> {
    let open = |item: &&TodoItem| matches!(item.status, TodoStatus::Pending | TodoStatus::Active);
    let lines: Vec<String> = todos
        .iter()
        .filter(open)
        .map(|item| {
            let active = if item.status == TodoStatus::Active { " (in work)" } else { "" };
            format!("- {}{active}", item.text)
        })
        .collect();
    (!lines.is_empty()).then(|| format!("[agentls] Still to do:\n{}", lines.join("\n")))
}

/// The items of a window in pieces of at most `room` tokens, none of which parts a message. `None` when it takes too
/// many. A message larger than that is a piece of its own.
pub fn chunks(items: &[Item], room: u64) -> Option<Vec<&[Item]>> {
    let messages: Vec<&[Item]> = items.chunk_by(|one, other| one.seq == other.seq).collect();
    let size = |items: &[Item]| items.iter().map(|item| item.tokens).sum::<u64>();
    let (mut chunks, mut from, mut to, mut filled) = (Vec::new(), 0, 0, 0);
    for message in messages {
        let tokens = size(message);
        if filled + tokens > room && to > from {
            chunks.extend(items.get(from..to));
            (from, filled) = (to, 0);
        }
        (to, filled) = (to + message.len(), filled + tokens);
    }
    chunks.extend(items.get(from..to).filter(|rest| !rest.is_empty()));
    (chunks.len() <= MOST_CHUNKS).then_some(chunks)
}

#[cfg(test)]
mod tests;
