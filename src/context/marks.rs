//! Behind which items of a request the provider's cache is worth keeping.
//!
//! Pure. A provider that caches on its own passes over the choice; one that caches where it is told to takes as many
//! places as it has marks for, from the first on. Marks move from request to request and are no part of what is
//! frozen (invariant 4).

use super::{item::Item, validate::Shape};
use crate::transcript::text;

/// An output of more characters than this is worth a mark of its own.
const LARGE_OUTPUT: u64 = 7_000;

/// Items by their index, the most valuable first, each once: where this request ends, for the next one to read;
/// where the one before ended, which is what this one reads, however many blocks came since; the newest summary,
/// which outlives both; and the newest large output among the rest.
pub fn places(items: &[Item]) -> Vec<usize> {
    let mut places: Vec<usize> = ends(items).rev().take(2).collect();
    let newest = |wanted: &dyn Fn(&Item) -> bool| items.iter().rposition(wanted);
    let summary = newest(&|item| item.summary);
    let large = text::estimate_tokens(LARGE_OUTPUT);
    let output = newest(&|item| item.outputs.iter().any(|(_, tokens)| *tokens > large));
    for place in [summary, output].into_iter().flatten() {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Where requests end: with the last item before each answer, and with the last of all.
fn ends(items: &[Item]) -> impl DoubleEndedIterator<Item = usize> {
    let answered = items.iter().skip(1).map(|item| matches!(item.shape, Shape::Assistant(_))).chain([true]);
    let ours = items.iter().map(|item| !matches!(item.shape, Shape::Assistant(_)));
    let both: Vec<bool> = ours.zip(answered).map(|(ours, answered)| ours && answered).collect();
    (0..both.len()).filter(move |at| both.get(*at) == Some(&true))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{
        context::gallery::Load,
        transcript::{PartId, Seq},
    };

    fn item(shape: Shape) -> Item {
        let encoded = Bytes::from_static(b"{}");
        let (outputs, images) = (Vec::new(), Load::default());
        Item { seq: Seq(1), shape, encoded, tokens: 10, outputs, summary: false, images }
    }

    /// `u`: the person, `U`: a summary, `a`: the model, `r`: results, `R`: results with a large one.
    fn places_of(items: &str) -> Vec<usize> {
        let items: Vec<Item> = items
            .chars()
            .map(|letter| match letter {
                'a' => item(Shape::Assistant(Vec::new())),
                'r' => item(Shape::Results(Vec::new())),
                'R' => {
                    let outputs = vec![(PartId::from("prt_1"), 2_000)];
                    Item { outputs, ..item(Shape::Results(Vec::new())) }
                }
                letter => Item { summary: letter == 'U', ..item(Shape::User) },
            })
            .collect();
        places(&items)
    }

    #[test]
    fn the_ends_of_this_request_and_of_the_one_before_come_first() {
        assert_eq!(places_of("u"), [0]);
        assert_eq!(places_of("uar"), [2, 0]);
        assert_eq!(places_of("uarar"), [4, 2]);
        assert_eq!(places_of("uaruu"), [4, 0], "what came between two answers is one place");
        assert_eq!(places_of(""), [0; 0]);
    }

    #[test]
    fn then_the_newest_summary_and_the_newest_large_output() {
        assert_eq!(places_of("Uararar"), [6, 4, 0]);
        assert_eq!(places_of("UaRararar"), [8, 6, 0, 2]);
        assert_eq!(places_of("uaRaRarar"), [8, 6, 4]);
        assert_eq!(places_of("UaR"), [2, 0], "each place once");
    }
}
