use proptest::prelude::*;

use super::*;

fn frame(body: &str) -> Vec<u8> {
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn decode_in(chunks: &[&[u8]], limit: usize) -> Vec<Decoded> {
    let cap = Limit::default();
    cap.set(limit);
    let mut decoder = Decoder::new(cap);
    let mut found = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk);
        found.extend(std::iter::from_fn(|| decoder.decode()));
    }
    found
}

fn decode(bytes: &[u8]) -> Vec<Decoded> {
    decode_in(&[bytes], 1 << 20)
}

fn body(text: &str) -> Decoded {
    Decoded::Body(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn headers_of_any_case_number_and_line_end_are_read() {
    for header in [
        "Content-Length: 2\r\n\r\n",
        "content-length:2\n\n",
        "X-One: 1\r\nCONTENT-LENGTH :  2 \r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        "\r\n\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
        "\u{feff}Content-Length: 2\r\n\r\n",
        "junk\r\nmore junk Content-Length: 2\r\n\r\n",
    ] {
        assert_eq!(decode(format!("{header}{{}}").as_bytes()), [body("{}")], "{header:?}");
    }
}

#[test]
fn a_header_that_makes_no_sense_is_one_error_and_the_next_message_is_found() {
    for header in [
        "Content-Length: -2\r\n\r\n{}",
        "Content-Length: 0x2\r\n\r\n{}",
        "Content-Length: two\r\n\r\n{}",
        "Content-Length:\r\n\r\n{}",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "Content-Length: 99999999999999999999999\r\n\r\n{}",
        "Content-Length: 999999999999\r\n\r\n{}",
        "Content-Type: text\r\n\r\n{}",
        "{}\r\n\r\n",
    ] {
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend(frame("[1]"));
        let found = decode(&bytes);
        assert!(
            matches!(found.as_slice(), [Decoded::Malformed(_), next] if *next == body("[1]")),
            "{header:?}: {found:?}"
        );
    }
}

#[test]
fn a_message_above_the_limit_is_drained_and_refused_and_never_buffered() {
    let mut decoder = Decoder::new(Limit::default());
    decoder.limit.set(10_000);
    decoder.feed(b"Content-Length: 100000\r\n\r\n{\"id\":7,");
    for _ in 0..999 {
        decoder.feed(&[b' '; 100]);
        assert_eq!(decoder.decode(), None);
        assert!(decoder.buffer.is_empty());
    }
    decoder.feed(&[b' '; 92]);
    decoder.feed(&frame("{}"));
    let Some(Decoded::TooLarge { head, limit: 10_000 }) = decoder.decode() else { panic!("not refused") };
    assert!(head.starts_with(b"{\"id\":7,") && head.len() == KEPT_HEAD);
    assert_eq!(decoder.decode(), Some(body("{}")));
}

#[test]
fn a_body_that_swallowed_the_next_header_gives_it_back() {
    let mut decoder = Decoder::default();
    decoder.feed(b"Content-Length: 20\r\n\r\n{}");
    decoder.feed(&frame("[1]"));
    let Some(Decoded::Body(swallowed)) = decoder.decode() else { panic!("no body") };
    decoder.reclaim(&swallowed);
    assert_eq!(decoder.decode(), Some(body("[1]")));
}

#[test]
fn a_large_message_leaves_no_memory_behind() {
    let mut decoder = Decoder::default();
    decoder.feed(&frame(&" ".repeat(4 * LARGE)));
    decoder.feed(&frame("{}"));
    assert!(matches!(decoder.decode(), Some(Decoded::Body(_))));
    assert!(decoder.buffer.capacity() < LARGE);
    assert_eq!(decoder.decode(), Some(body("{}")));
}

#[test]
fn the_end_of_input_inside_a_message_is_noticed() {
    for (bytes, within) in [("", false), ("Content-Le", true), ("Content-Length: 5\r\n", true)] {
        let mut decoder = Decoder::default();
        decoder.feed(bytes.as_bytes());
        assert_eq!(decoder.decode(), None);
        assert_eq!(decoder.ends_within_message(), within, "{bytes:?}");
    }
    let mut decoder = Decoder::default();
    decoder.feed(b"Content-Length: 5\r\n\r\n{}");
    assert_eq!((decoder.decode(), decoder.ends_within_message()), (None, true));
}

/// Bytes as bad pipes make them: junk, headers, good messages, in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        "[a-z]{0,8}(\r\n|\n){0,2}".prop_map(String::into_bytes),
        "Content-Length: ?-?[0-9]{0,4}(\r?\n){1,2}".prop_map(String::into_bytes),
        "\\PC{0,20}".prop_map(|text| frame(&text)),
        (8_000_usize..20_000).prop_map(|length| vec![b'x'; length]),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cutting_the_input_changes_nothing(bytes in soup(), cut in 1_usize..300) {
        let chunks: Vec<&[u8]> = bytes.chunks(cut).collect();
        prop_assert_eq!(decode_in(&chunks, 500), decode_in(&[&bytes], 500));
    }

    #[test]
    fn a_message_behind_lines_of_junk_is_found(junk in "([a-z{}\": ]{0,40}\r?\n){0,6}[a-z{}]{0,9}", text in "\\PC{0,40}") {
        let mut bytes = junk.into_bytes();
        bytes.extend(frame(&text));
        let found = decode(&bytes);
        prop_assert_eq!(found.last(), Some(&body(&text)));
    }
}
