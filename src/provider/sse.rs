//! Server-sent events: bytes in pieces of any size become the data of events.
//!
//! Format: <https://html.spec.whatwg.org/multipage/server-sent-events.html>. Only `data` matters here, for every
//! provider repeats the event's name inside it. An event has a byte cap (invariant 9), which the parsers at hand
//! lack; they also look at a growing line again for each piece, which is quadratic for a large event. Bytes
//! become text only when a line is whole, so that no character is ever cut.

/// The largest event that is accepted, in bytes: some events repeat the whole answer.
pub(in crate::provider) const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// An event is larger than [`MAX_EVENT_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Takes the bytes of a stream as they come.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    line: Vec<u8>,
    data: Option<String>,
    /// The last line ended with a carriage return: a line feed that follows belongs to it.
    after_cr: bool,
    /// A byte order mark may stand before the first line only.
    begun: bool,
}

impl Decoder {
    /// Takes the next bytes and appends the data of each event that they complete to `events`.
    pub(super) fn push(&mut self, bytes: &[u8], events: &mut Vec<String>) -> Result<(), TooLarge> {
        for piece in bytes.split_inclusive(|byte| is_line_end(*byte)) {
            let (text, end) = match piece.split_last() {
                Some((end, text)) if is_line_end(*end) => (text, Some(*end)),
                _ => (piece, None),
            };
            let second_half = std::mem::replace(&mut self.after_cr, end == Some(b'\r'));
            if second_half && text.is_empty() && end == Some(b'\n') {
                continue;
            }
            let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
            if held + text.len() > MAX_EVENT_BYTES {
                return Err(TooLarge);
            }
            self.line.extend_from_slice(text);
            if end.is_some() {
                events.extend(self.end_line());
            }
        }
        Ok(())
    }

    /// An empty line completes the event; a `data` line adds to it; all others are of no interest.
    fn end_line(&mut self) -> Option<String> {
        let mut line = String::from_utf8(std::mem::take(&mut self.line))
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if line.is_empty() {
            return self.data.take();
        }
        let name = line.split(':').next().map_or(0, str::len);
        if !line.starts_with("data") || name != "data".len() {
            return None;
        }
        let colon = usize::from(line.len() > name);
        let space = usize::from(line.as_bytes().get(name + colon) == Some(&b' '));
        // In place: the data of a large event is not copied.
        line.drain(..name + colon + space);
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(&line);
            }
            none => *none = Some(line),
        }
        None
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(pieces: &[&[u8]]) -> Vec<String> {
        let (mut decoder, mut events) = (Decoder::default(), Vec::new());
        for piece in pieces {
            decoder.push(piece, &mut events).unwrap();
        }
        events
    }

    const SAMPLE: &str = "\u{feff}event: a\nid: 1\ndata: {\"x\":\"déjà 🦀\"}\n\n: comment\n\ndata:one\ndata: two\n\ndatax: no\ndata\n\n";

    #[test]
    fn only_data_counts_and_lines_of_one_event_are_joined() {
        assert_eq!(decode(&[SAMPLE.as_bytes()]), ["{\"x\":\"déjà 🦀\"}", "one\ntwo", ""]);
    }

    #[test]
    fn the_three_line_ends_mean_the_same_however_the_bytes_are_cut() {
        let expected = decode(&[SAMPLE.as_bytes()]);
        for end in ["\n", "\r\n", "\r"] {
            let text = SAMPLE.replace('\n', end);
            for at in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(at);
                assert_eq!(decode(&[first, second]), expected, "{end:?} cut at {at}");
            }
        }
    }

    #[test]
    fn an_event_without_its_empty_line_is_not_an_event() {
        assert!(decode(&[b"data: half"]).is_empty());
    }

    #[test]
    fn an_endless_event_is_refused_at_the_cap() {
        let (mut decoder, mut events) = (Decoder::default(), Vec::new());
        let piece = vec![b'x'; 1024 * 1024];
        let taken = (0..64).take_while(|_| decoder.push(&piece, &mut events).is_ok()).count();
        assert_eq!(taken * piece.len(), MAX_EVENT_BYTES);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same_events(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), any::<u8>()], 0..80),
            at in 0_usize..80,
        ) {
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            prop_assert_eq!(decode(&[first, second]), decode(&[&bytes]));
        }
    }
}
