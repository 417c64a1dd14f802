//! Responses that the explorer keeps, as a provider with `store: true` does: the conversation up to each answer.
//!
//! In memory, for this process only, the newest ones up to a cap (invariant 9): a lost one is refused in the words
//! that providers use, and the turn sends everything again.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use crate::provider::ProviderError;

use super::wire::Turn;

/// Responses that are kept at most, over all sessions.
pub(in crate::provider) const MOST_KEPT: usize = 16;

static KEPT: Mutex<VecDeque<(String, Vec<Turn>)>> = Mutex::new(VecDeque::new());

/// Keeps the conversation that ends with the answer `id`.
pub(super) fn keep(id: String, conversation: Vec<Turn>) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push_back((id, conversation));
    if kept.len() > MOST_KEPT {
        kept.pop_front();
    }
}

/// The conversation that ends with the answer `id`.
pub(super) fn find(id: &str) -> Result<Vec<Turn>, ProviderError> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let found = kept.iter().find(|(other, _)| other == id).map(|(_, conversation)| conversation.clone());
    found.ok_or_else(|| ProviderError::Rejected {
        status: 404,
        message: format!("Previous response with id '{id}' not found."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_answer_is_forgotten_and_said_to_be_gone() {
        for number in 0..=MOST_KEPT {
            keep(format!("cap_{number}"), Vec::new());
        }
        let gone = find("cap_0").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(gone.contains("not found"), "{gone}");
    }
}
