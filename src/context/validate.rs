//! The rules that every provider has, checked before a request leaves (invariant 5).
//!
//! A violation is a fault of ours: it fails the turn with a report instead of a provider's 400 for ever.

use crate::provider::Entry;

/// What of an entry the rules speak about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The person speaks.
    User,
    /// The model speaks and makes these calls.
    Assistant(Vec<String>),
    /// The results of these calls.
    Results(Vec<String>),
}

impl Shape {
    /// The shape of an entry.
    pub fn of(entry: &Entry) -> Self {
        match entry {
            Entry::User(_) => Self::User,
            Entry::Assistant(said) => Self::Assistant(
                said.iter()
                    .filter_map(|piece| match piece {
                        crate::provider::Said::Call { call_id, .. } => Some(call_id.clone()),
                        _ => None,
                    })
                    .collect(),
            ),
            Entry::Results(results) => {
                Self::Results(results.iter().map(|result| result.call_id.clone()).collect())
            }
        }
    }
}

/// A rule that a request breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// It holds nothing.
    #[error("the request is empty")]
    Empty,
    /// It does not begin with the user.
    #[error("the request does not begin with a user message")]
    Beginning,
    /// It does not end with something to answer.
    #[error("the request ends with the model's own words")]
    Ending,
    /// Calls and results do not match.
    #[error("entry {index}: results {results:?} for calls {calls:?}")]
    Unmatched {
        /// Where.
        index: usize,
        /// The open calls there.
        calls: Vec<String>,
        /// The results there.
        results: Vec<String>,
    },
    /// Two calls of one answer have the same id.
    #[error("entry {index}: the call id {call} is used twice")]
    Repeated {
        /// Where.
        index: usize,
        /// The id.
        call: String,
    },
}

/// Checks a whole request.
pub fn check<'a>(shapes: impl IntoIterator<Item = &'a Shape>) -> Result<(), Violation> {
    let mut open: &[String] = &[];
    let mut last = None;
    for (index, shape) in shapes.into_iter().enumerate() {
        if index == 0 && *shape != Shape::User {
            return Err(Violation::Beginning);
        }
        let results: &[String] = match shape {
            Shape::Results(results) => results,
            _ => &[],
        };
        if results != open {
            return Err(Violation::Unmatched { index, calls: open.to_vec(), results: results.to_vec() });
        }
        open = match shape {
            Shape::Assistant(calls) => calls,
            _ => &[],
        };
        if let Some(call) = first_repeated(open) {
            return Err(Violation::Repeated { index, call: call.clone() });
        }
        last = Some(shape);
    }
    match last {
        None => Err(Violation::Empty),
        Some(Shape::Assistant(_)) => Err(Violation::Ending),
        Some(_) => Ok(()),
    }
}

fn first_repeated(calls: &[String]) -> Option<&String> {
    calls
        .iter()
        .enumerate()
        .find(|(index, call)| calls.iter().take(*index).any(|other| other == *call))
        .map(|(_, call)| call)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn calls_and_results_must_match_in_number_and_order() {
        let good =
            [Shape::User, Shape::Assistant(ids(&["a", "b"])), Shape::Results(ids(&["a", "b"])), Shape::User];
        assert_eq!(check(&good), Ok(()));
        for wrong in [ids(&["b", "a"]), ids(&["a"]), ids(&["a", "b", "c"]), ids(&[])] {
            let shapes = [Shape::User, Shape::Assistant(ids(&["a", "b"])), Shape::Results(wrong)];
            assert!(matches!(check(&shapes), Err(Violation::Unmatched { index: 2, .. })));
        }
    }

    #[test]
    fn orphans_wrong_ends_and_repeated_ids_are_found() {
        assert_eq!(check(&[]), Err(Violation::Empty));
        assert_eq!(check(&[Shape::Assistant(vec![])]), Err(Violation::Beginning));
        assert_eq!(check(&[Shape::User, Shape::Assistant(vec![])]), Err(Violation::Ending));
        assert!(matches!(
            check(&[Shape::User, Shape::Results(ids(&["x"]))]),
            Err(Violation::Unmatched { .. })
        ));
        assert!(matches!(
            check(&[Shape::User, Shape::Assistant(ids(&["a"])), Shape::User]),
            Err(Violation::Unmatched { .. })
        ));
        assert!(matches!(
            check(&[Shape::User, Shape::Assistant(ids(&["a", "a"]))]),
            Err(Violation::Repeated { .. })
        ));
    }
}
