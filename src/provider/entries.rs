//! What is sent of an entry, whichever the format: the rules that all vendors share.
//!
//! Pure (invariant 4): the same entry and model give the same pieces for ever.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{CallResult, Image, Model, Said, Seal};
use crate::transcript::text;

/// Arguments of a call that came without any, and of one whose arguments are no object.
pub(super) const NO_ARGUMENTS: &str = "{}";

/// What stands for an output without text: some servers refuse an empty one.
const NO_OUTPUT: &str = "(no output)";

/// The longest id of a call that every vendor takes, in bytes.
pub(in crate::provider) const MAX_ID_BYTES: usize = 64;

/// The longest name of a tool that every vendor takes, in bytes.
pub(in crate::provider) const MAX_NAME_BYTES: usize = 64;

/// What a call is named that has no name.
const NO_NAME: &str = "unnamed";

/// A piece of what the model said that can be sent again.
pub(super) enum Sent<'a> {
    /// Text that is not blank.
    Text(&'a str),
    /// Reasoning with the text shown and the vendor's own item.
    Reasoning { text: &'a str, item: &'a Value },
    /// A call; the arguments are an object.
    Call { call_id: &'a str, tool: Cow<'a, str>, arguments: &'a str },
}

/// The pieces of `said` that `provider` takes back from `model`.
///
/// Blank text is refused by some; reasoning is taken only by the model that made it, and only in front of
/// something it led to.
pub(super) fn sendable<'a>(said: &'a [Said], provider: &str, model: &Model) -> Vec<Sent<'a>> {
    let ours = |seal: &Seal| seal.provider == provider && seal.model == model.id;
    let mut pieces: Vec<_> = said
        .iter()
        .filter_map(|piece| match piece {
            Said::Text(text) if text.trim().is_empty() => None,
            Said::Text(text) => Some(Sent::Text(text)),
            Said::Reasoning { text, seal: Some(seal) } if ours(seal) => {
                Some(Sent::Reasoning { text, item: &seal.item })
            }
            Said::Reasoning { .. } => None,
            Said::Call { call_id, tool, arguments } => {
                Some(Sent::Call { call_id, tool: fitting_name(tool), arguments: object_or_empty(arguments) })
            }
        })
        .collect();
    let led_to_something = pieces.iter().rposition(|piece| !matches!(piece, Sent::Reasoning { .. }));
    pieces.truncate(led_to_something.map_or(0, |last| last + 1));
    pieces
}

/// `arguments` when they are a JSON object, else an empty one.
fn object_or_empty(arguments: &str) -> &str {
    match serde_json::from_str::<serde_json::Map<String, Value>>(arguments) {
        Ok(_) => arguments,
        Err(_) => NO_ARGUMENTS,
    }
}

/// The text of a result, never blank unless images say it all.
pub(super) fn result_text(result: &CallResult) -> &str {
    if result.text.trim().is_empty() && result.images.is_empty() { NO_OUTPUT } else { &result.text }
}

/// An image as a `data:` URL.
pub(super) fn data_url(image: &Image) -> String {
    format!("data:{};base64,{}", image.mime, image.base64)
}

/// `id` when it is short enough and each character is `allowed`, else one made from it: a call may have been
/// made by another vendor, before the model was switched.
pub(super) fn fitting_id(id: &str, allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !id.is_empty() && id.len() <= MAX_ID_BYTES && id.chars().all(allowed) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(call_id_from(id.as_bytes()))
}

/// The name of a tool as every vendor takes it: models call tools that there are not, by names that no tool can have, and
/// the vendor would refuse every later request for it.
fn fitting_name(tool: &str) -> Cow<'_, str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if tool.is_empty() {
        return Cow::Borrowed(NO_NAME);
    }
    if tool.len() <= MAX_NAME_BYTES && tool.chars().all(allowed) {
        return Cow::Borrowed(tool);
    }
    Cow::Owned(tool.chars().map(|c| if allowed(c) { c } else { '_' }).take(MAX_NAME_BYTES).collect())
}

/// An id of a call that is made from `bytes`: the same for the same bytes, and fit for every vendor.
pub(super) fn call_id_from(bytes: &[u8]) -> String {
    let hex = format!("{:x}", Sha256::digest(bytes));
    format!("call_{}", text::head(&hex, 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_another_vendor_is_made_to_fit_and_stays_the_same() {
        let plain = |id| fitting_id(id, |c: char| c.is_ascii_alphanumeric() || c == '_').into_owned();
        assert_eq!(plain("call_1"), "call_1");
        assert_eq!(plain("functions.bash:0"), plain("functions.bash:0"));
        assert_ne!(plain("functions.bash:0"), plain("functions.bash:1"));
        assert!(plain(&"x".repeat(65)).len() <= MAX_ID_BYTES);
    }

    #[test]
    fn a_name_that_no_tool_can_have_is_made_to_fit() {
        for (name, sent) in
            [("read", "read"), ("functions.bash", "functions_bash"), ("", "unnamed"), ("läs {", "l_s__")]
        {
            assert_eq!(fitting_name(name), sent);
        }
        assert_eq!(fitting_name(&"x".repeat(65)).len(), MAX_NAME_BYTES);
    }

    #[test]
    fn arguments_that_are_no_object_become_an_empty_one() {
        for (arguments, sent) in [(r#"{"a":1}"#, r#"{"a":1}"#), ("", "{}"), ("[1]", "{}"), (r#"{"a":"#, "{}")]
        {
            assert_eq!(object_or_empty(arguments), sent);
        }
    }
}
