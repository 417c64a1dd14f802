//! Rows about framing and JSON: headers, lengths, encodings.

use serde_json::{Value, json};

use super::{Row, frame};

/// Not decodable: nobody knows whose fault it is.
const PARSE: i64 = -32700;

/// JSON, and no message.
const INVALID: i64 = -32600;

/// A good request of that id, as a body.
fn status(id: &str) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": "server/status"}).to_string()
}

/// A good request behind a header of which `{}` becomes its length.
fn behind(header: &str, id: &str) -> Vec<u8> {
    let status = status(id);
    (header.replace("{}", &status.len().to_string()) + &status).into_bytes()
}

pub fn rows() -> Vec<Row> {
    [headers(), lengths(), encodings(), json_texts(), whole_values()].into_iter().flatten().collect()
}

fn headers() -> Vec<Row> {
    let taken = |name: &str, header: &str| Row::taken(name, behind(header, name), name);
    let refused = |name: &str, header: &str| Row::refused(name, behind(header, name), Value::Null, PARSE);
    vec![
        taken("lower case", "content-length: {}\r\n\r\n"),
        taken("upper case", "CONTENT-LENGTH: {}\r\n\r\n"),
        taken("line feeds only", "Content-Length: {}\n\n"),
        taken("no space", "Content-Length:{}\r\n\r\n"),
        taken("spaces everywhere", "Content-Length :   {}  \r\n\r\n"),
        taken("leading zeros", "Content-Length: 000{}\r\n\r\n"),
        taken(
            "a content type before",
            "Content-Type: application/vscode-jsonrpc\r\nContent-Length: {}\r\n\r\n",
        ),
        taken(
            "a content type behind",
            "Content-Length: {}\r\nContent-Type: text/html; charset=utf-16\r\n\r\n",
        ),
        taken("an unknown header", "X-What: ever\r\nContent-Length: {}\r\n\r\n"),
        taken("the same length twice", "Content-Length: {}\r\nContent-Length: {}\r\n\r\n"),
        taken("blank lines before", "\r\n\r\n\n\r\nContent-Length: {}\r\n\r\n"),
        taken("junk before, same line", "not a header Content-Length: {}\r\n\r\n"),
        taken("junk before, own line", "Segmentation fault (core dumped)\nContent-Length: {}\r\n\r\n"),
        taken("binary junk before", "\u{0}\u{1}\u{fffd}\nContent-Length: {}\r\n\r\n"),
        taken("20,000 bytes of junk", &("x".repeat(20_000) + "Content-Length: {}\r\n\r\n")),
        taken("a byte order mark before", "\u{feff}Content-Length: {}\r\n\r\n"),
        refused("two lengths", "Content-Length: {}\r\nContent-Length: 7\r\n\r\n"),
        refused("no length", "Content-Type: application/json\r\n\r\n"),
        refused("junk instead of a header", "hello\r\n\r\n"),
    ]
}

fn lengths() -> Vec<Row> {
    let refused = |name: &str, length: &str| {
        Row::refused(name, format!("Content-Length: {length}\r\n\r\n"), Value::Null, PARSE)
    };
    let claims = |name: &str, more: isize| {
        let status = status(name);
        let claimed = status.len().checked_add_signed(more).unwrap();
        format!("Content-Length: {claimed}\r\n\r\n{status}")
    };
    vec![
        refused("negative", "-5"),
        refused("signed", "+5"),
        refused("hexadecimal", "0x10"),
        refused("fraction", "12.5"),
        refused("exponent", "1e3"),
        refused("a word", "many"),
        refused("nothing", ""),
        refused("two numbers", "10 20"),
        refused("a list", "10, 10"),
        refused("Arabic digits", "\u{661}\u{662}"),
        refused("ten digits too many", "99999999999999"),
        refused("no number of this machine", &"9".repeat(40)),
        refused("empty body", "0"),
        Row::refused("one byte too few", claims("one byte too few", -1), "one byte too few", PARSE),
        Row::refused("half a body", claims("half a body", -20), "half a body", PARSE),
        Row::refused(
            "three bytes too many",
            claims("three bytes too many", 3),
            "three bytes too many",
            PARSE,
        ),
        Row::refused("a header too many", claims("a header too many", 22), "a header too many", PARSE),
        Row::refused("a header and more", claims("a header and more", 40), "a header and more", PARSE),
    ]
}

fn encodings() -> Vec<Row> {
    let with = |text: &[u8]| {
        let mut bytes = br#"{"jsonrpc":"2.0","id":"x","method":"session/list","params":{"search":""#.to_vec();
        bytes.extend_from_slice(text);
        bytes.extend_from_slice(br#""}}"#);
        frame(bytes)
    };
    let utf16 = |id: &str| status(id).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    vec![
        Row::taken("no UTF-8", with(b"\xff\xfe\xc3"), "x"),
        Row::taken("overlong UTF-8", with(b"\xc0\xaf"), "x"),
        Row::taken("surrogates in UTF-8", with(b"\xed\xa0\x80"), "x"),
        Row::taken("the first half of a pair", with(br"\ud83d"), "x"),
        Row::taken("the second half of a pair", with(br"\udc00 and more"), "x"),
        Row::taken("halves the wrong way round", with(br"\udc00\ud83d"), "x"),
        Row::taken("a whole pair", with(br"\ud83d\ude00"), "x"),
        Row::taken("an escaped NUL", with(br"a\u0000b"), "x"),
        Row::taken("text that turns around", with("\u{202e}\u{200b}\u{e0041}".as_bytes()), "x"),
        Row::refused("a raw NUL", with(b"a\0b"), "x", PARSE),
        Row::refused("a raw line end", with(b"a\nb"), "x", PARSE),
        Row::refused("an unknown escape", with(br"\x41"), "x", PARSE),
        Row::taken("a byte order mark", frame(format!("\u{feff}{}", status("bom"))), "bom"),
        Row::refused("UTF-16", frame(utf16("utf-16")), Value::Null, PARSE),
    ]
}

fn json_texts() -> Vec<Row> {
    let params =
        |text: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"server/status","params":{text}}}"#);
    let broken = |name: &str, text: &str| Row::refused(name, frame(text), 7, PARSE);
    let deep = |open: &str, close: &str| open.repeat(200) + &close.repeat(200);
    vec![
        broken("cut off", r#"{"jsonrpc":"2.0","id":7,"method":"server/st"#),
        broken("a comma too many", r#"{"jsonrpc":"2.0","id":7,"method":"server/status",}"#),
        broken("a brace too many", &(params("{}") + "}")),
        broken("two messages", &(params("{}") + &params("{}"))),
        broken("a comment", &params("{} /* nothing */")),
        broken("not a number", &params("[NaN]")),
        broken("a leading zero", &params("[007]")),
        Row::refused("single quotes", frame("{'jsonrpc':'2.0','id':7}"), Value::Null, PARSE),
        Row::refused("no JSON at all", frame("GET / HTTP/1.1"), Value::Null, PARSE),
        Row::refused("white space only", frame(" \r\n\t "), Value::Null, PARSE),
        Row::refused("a number without end", frame(params("[1e999]")), 7, -32602),
        Row::refused("200 lists", frame(params(&deep("[", "]"))), 7, -32602),
        Row::refused("200 objects", frame(params(&deep(r#"{"a":["#, "]}"))), 7, -32602),
        Row::refused("200 lists, not closed", frame(params(&"[".repeat(200))), 7, PARSE),
        Row::taken(
            "the same member twice: the last counts",
            frame(r#"{"jsonrpc":"1.0","jsonrpc":"2.0","id":6,"id":7,"method":"x","method":"server/status"}"#),
            7,
        ),
        Row::taken(
            "unknown members",
            frame(r#"{"jsonrpc":"2.0","trace":{"a":[1]},"id":7,"method":"server/status"}"#),
            7,
        ),
        Row::taken("white space around", frame(format!(" \r\n{}\n ", params("{}"))), 7),
    ]
}

/// JSON that is no object.
fn whole_values() -> Vec<Row> {
    let refused = |name: &str, text: &str| Row::refused(name, frame(text), Value::Null, INVALID);
    vec![
        refused("a batch", &format!("[{},{}]", status("a"), status("b"))),
        refused("an empty batch", "[]"),
        refused("null", "null"),
        refused("a number", "42"),
        refused("a string", r#""server/status""#),
        refused("true", "true"),
        refused("200 nested lists", &("[".repeat(200) + &"]".repeat(200))),
        refused("an empty object", "{}"),
    ]
}
