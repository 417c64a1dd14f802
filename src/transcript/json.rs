//! JSON that another program wrote, as text that can be parsed.
//!
//! JavaScript cuts strings between the halves of a UTF-16 pair and writes the half that is left as an escape; no
//! parser of UTF-8 takes that. Pure.

use std::borrow::Cow;

/// `json` as text: what is no UTF-8 and escapes of surrogates without their partner become U+FFFD. Borrowed when
/// there is nothing to repair, the common case.
pub fn repaired(json: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(json);
    let Some(halves) = lone_surrogates(text.as_bytes()) else { return text };
    let mut bytes = text.into_owned().into_bytes();
    for at in halves {
        if let Some(digits) = bytes.get_mut(at + 2..at + 6) {
            digits.copy_from_slice(b"fffd");
        }
    }
    Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
}

/// Where escapes of surrogates without their partner stand; `None` when there are none.
fn lone_surrogates(json: &[u8]) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(step) = json.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += step;
        match escape(json, at) {
            Some(0xD800..=0xDBFF) if matches!(escape(json, at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                found.push(at);
                at += 6;
            }
            // A backslash escapes one byte, also another backslash.
            _ => at += 2,
        }
    }
    (!found.is_empty()).then_some(found)
}

/// The code unit of the `\uXXXX` at `at`.
fn escape(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_becomes_a_replacement_and_a_whole_one_stays() {
        let whole = br#"["\ud83d\ude00 \\ud83d"]"#;
        assert!(matches!(repaired(whole), Cow::Borrowed(_)));
        assert_eq!(repaired(br#"["\ud83d", "\ude00\ud83d"]"#), r#"["\ufffd", "\ufffd\ufffd"]"#);
        assert_eq!(repaired(b"\"\xff\""), "\"\u{fffd}\"");
    }
}
