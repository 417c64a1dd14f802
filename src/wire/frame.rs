//! The base protocol's framing, decoded from bytes as they come.
//!
//! `Content-Length: N`, blank line, N bytes (LSP specification, "Base Protocol"). What real pipes add is
//! tolerated: any header case and number, `\n` alone, junk between messages. Nothing is buffered above the
//! limit (invariant 9) and no byte sequence is fatal (invariant 11). Where the same bytes are cut makes no
//! difference to what is decoded.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::{Buf, Bytes, BytesMut};

/// What a message may weigh unless the configuration says otherwise, in bytes.
pub const DEFAULT_LIMIT: usize = 64 * 1024 * 1024;

/// The longest header line, in bytes. More without a line end is junk.
pub(in crate::wire) const MAX_LINE: usize = 8 * 1024;

/// What is kept of overlong junk, so that a header that begins at its end is found.
const KEPT_JUNK: usize = 64;

/// What is kept of a message above the limit, to read its id from.
pub(in crate::wire) const KEPT_HEAD: usize = 4 * 1024;

/// A message of up to this many times the limit is read and thrown away. A larger length is not believed:
/// waiting for it would swallow every later message.
pub(in crate::wire) const DRAIN_FACTOR: usize = 16;

/// A body whose memory is worth giving back, in bytes.
const LARGE: usize = 1024 * 1024;

const LENGTH_HEADER: &[u8] = b"content-length";

/// The size above which messages are refused. May change while the decoder runs.
#[derive(Clone, Debug)]
pub struct Limit(Arc<AtomicUsize>);

impl Default for Limit {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(DEFAULT_LIMIT)))
    }
}

impl Limit {
    /// Sets it, in bytes.
    pub fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// It, in bytes.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the decoder found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A message's body.
    Body(Bytes),
    /// A message above the limit; it was skipped.
    TooLarge {
        /// Its first bytes.
        head: Bytes,
        /// The limit in bytes.
        limit: usize,
    },
    /// Something that is no message. Decoding goes on behind it.
    Malformed(&'static str),
}

/// An incremental decoder: [`Decoder::feed`] it, then call [`Decoder::decode`] until it has nothing more.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
    state: State,
    limit: Limit,
}

#[derive(Debug)]
enum State {
    Header(Header),
    Body { length: usize },
    Draining { left: usize, head: BytesMut, limit: usize },
}

impl Default for State {
    fn default() -> Self {
        Self::Header(Header::default())
    }
}

/// What the lines of a header said so far.
#[derive(Debug, Default)]
struct Header {
    length: Option<Result<usize, &'static str>>,
    seen_lines: bool,
}

impl Decoder {
    /// A decoder that refuses messages above `limit`.
    pub fn new(limit: Limit) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Takes bytes as they came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next thing in what was fed; `None` when more bytes are needed.
    pub fn decode(&mut self) -> Option<Decoded> {
        loop {
            match &mut self.state {
                State::Header(_) => {
                    if let Some(problem) = self.decode_line()? {
                        return Some(Decoded::Malformed(problem));
                    }
                }
                State::Body { length } => {
                    if self.buffer.len() < *length {
                        return None;
                    }
                    let body = self.buffer.split_to(*length).freeze();
                    self.state = State::default();
                    if body.len() > LARGE {
                        // The rest shares the body's memory, and would keep all of it for ever.
                        self.buffer = BytesMut::from(self.buffer.as_ref());
                    }
                    return Some(Decoded::Body(body));
                }
                State::Draining { left, head, limit } => {
                    let gone = self.buffer.split_to(self.buffer.len().min(*left));
                    *left -= gone.len();
                    let wanted = KEPT_HEAD.saturating_sub(head.len()).min(gone.len());
                    head.extend_from_slice(gone.get(..wanted).unwrap_or_default());
                    if *left > 0 {
                        return None;
                    }
                    let refused = Decoded::TooLarge { head: std::mem::take(head).freeze(), limit: *limit };
                    self.state = State::default();
                    return Some(refused);
                }
            }
        }
    }

    /// The input has ended: whether it did so inside a message.
    pub fn ends_within_message(&self) -> bool {
        match &self.state {
            State::Header(header) => header.seen_lines || !self.buffer.is_empty(),
            State::Body { .. } | State::Draining { .. } => true,
        }
    }

    /// Gives back a body that was no message: when its length was too large it holds the next message's
    /// header, and decoding goes on from there.
    pub fn reclaim(&mut self, body: &[u8]) {
        if let Some(at) = find_length_header(body).or_else(|| find_begun_header(body)) {
            let mut buffer = BytesMut::from(body.get(at..).unwrap_or_default());
            buffer.extend_from_slice(&self.buffer);
            self.buffer = buffer;
        }
    }

    /// Consumes one header line and says what is wrong with the header it ends. `None`: it is not complete.
    #[expect(clippy::option_option, reason = "not yet, fine, or a problem")]
    fn decode_line(&mut self) -> Option<Option<&'static str>> {
        let window = self.buffer.get(..self.buffer.len().min(MAX_LINE)).unwrap_or_default();
        let Some(end) = window.iter().position(|byte| *byte == b'\n') else {
            if self.buffer.len() <= MAX_LINE {
                return None;
            }
            let junk = find_length_header(window).filter(|at| *at > 0).unwrap_or(MAX_LINE - KEPT_JUNK);
            self.buffer.advance(junk);
            return Some(None);
        };
        let line = self.buffer.split_to(end + 1);
        let line = line.trim_ascii_end();
        let State::Header(header) = &mut self.state else { return Some(None) };
        if !line.is_empty() {
            header.read(line);
            return Some(None);
        }
        let header = std::mem::take(header);
        Some(self.begin_body(&header))
    }

    /// The header is complete.
    fn begin_body(&mut self, header: &Header) -> Option<&'static str> {
        let limit = self.limit.get();
        match header.length {
            Some(Ok(length)) if length <= limit => self.state = State::Body { length },
            Some(Ok(length)) if length <= limit.saturating_mul(DRAIN_FACTOR) => {
                self.state = State::Draining { left: length, head: BytesMut::new(), limit };
            }
            Some(Ok(_)) => return Some("the Content-Length is too large to be true"),
            Some(Err(problem)) => return Some(problem),
            // Blank lines between messages are harmless.
            None if !header.seen_lines => {}
            None => return Some("a header without Content-Length"),
        }
        None
    }
}

impl Header {
    fn read(&mut self, line: &[u8]) {
        self.seen_lines = true;
        let Some(at) = find_length_header(line) else { return };
        let value = line.get(at + LENGTH_HEADER.len()..).unwrap_or_default().trim_ascii_start();
        let length = parse_length(value);
        self.length = match (self.length, length) {
            (Some(Ok(earlier)), Ok(now)) if earlier != now => {
                Some(Err("two different Content-Length headers"))
            }
            (Some(Err(problem)), _) => Some(Err(problem)),
            _ => Some(length),
        };
    }
}

/// Where the last Content-Length header in `bytes` begins: last, because junk may stand before it.
fn find_length_header(bytes: &[u8]) -> Option<usize> {
    bytes.windows(LENGTH_HEADER.len()).rposition(|window| window.eq_ignore_ascii_case(LENGTH_HEADER))
}

/// Where `bytes` end with the beginning of a Content-Length header.
fn find_begun_header(bytes: &[u8]) -> Option<usize> {
    let first = bytes.len().saturating_sub(LENGTH_HEADER.len());
    (first..bytes.len()).find(|at| {
        let end = bytes.get(*at..).unwrap_or_default();
        LENGTH_HEADER.get(..end.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(end))
    })
}

/// The value behind the header's name: a colon and decimal digits.
fn parse_length(value: &[u8]) -> Result<usize, &'static str> {
    let digits = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err("the Content-Length is not a decimal number");
    }
    let digits = str::from_utf8(digits).unwrap_or_default();
    // More digits than fit are a length above every limit.
    Ok(digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;
