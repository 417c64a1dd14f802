//! The frame decoder: where its bytes are cut changes nothing, a frame is read as it was written, and behind any junk the
//! next messages are found.

use agentls::wire::{
    frame::{Decoded, Decoder, Limit},
    message,
};

/// The largest body that is taken, in bytes: small, so that the fuzzer gets beyond it.
const LIMIT: usize = 64;

/// More messages than any length that is believed can swallow.
const MESSAGES: usize = 24;

pub fn holds(bytes: &[u8]) {
    let whole = decode(&[bytes]);
    assert!(whole.len() <= bytes.len(), "more findings than bytes");
    let pieces: Vec<&[u8]> = bytes.chunks(1 + bytes.len() % 13).collect();
    assert_eq!(decode(&pieces), whole, "cut into pieces");

    let body = &bytes[..bytes.len().min(LIMIT)];
    let header = format!("Content-Length: {}\r\n\r\n", body.len());
    let framed = read(&[header.as_bytes(), body], false);
    assert!(matches!(framed.as_slice(), [Decoded::Body(read)] if read == body), "{framed:?}");

    let messages: Vec<String> = (0..MESSAGES).map(ping).collect();
    let mut pieces = vec![bytes];
    pieces.extend(messages.iter().map(String::as_bytes));
    let found = decode(&pieces);
    let (_, last) = messages[MESSAGES - 1].split_once("\r\n\r\n").unwrap();
    assert!(matches!(found.last(), Some(Decoded::Body(body)) if body == last), "{:?}", found.last());
}

fn ping(number: usize) -> String {
    let body = format!(r#"{{"jsonrpc":"2.0","id":{number},"method":"ping"}}"#);
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

/// What is found as the pump reads: a body that is no message is given back.
fn decode(pieces: &[&[u8]]) -> Vec<Decoded> {
    read(pieces, true)
}

fn read(pieces: &[&[u8]], give_back: bool) -> Vec<Decoded> {
    let limit = Limit::default();
    limit.set(LIMIT);
    let mut decoder = Decoder::new(limit);
    let mut found = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Some(decoded) = decoder.decode() {
            if let (Decoded::Body(body), true) = (&decoded, give_back)
                && message::parse(body).is_err()
            {
                decoder.reclaim(body);
            }
            found.push(decoded);
        }
    }
    found
}
