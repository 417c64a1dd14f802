//! From the bytes of an answer to text for a model: by media type and character encoding.
//!
//! What is no text is named, not shown. Terminal escapes and control characters are taken out, as from every tool's
//! output, and so are characters that a person does not see: they are counted.

use encoding_rs::{Encoding, UTF_8};
use reqwest::Url;

use super::{body::Body, markdown, simple};
use crate::{tool::terminal::Cleaner, transcript::hidden::without_hidden};

/// How far into a page its own word on its encoding is looked for, in bytes; the HTML standard's figure.
const PRESCAN: usize = 1024;

/// What an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page.
    Html,
    /// Text that is shown as it is.
    Text,
    /// It does not say.
    Unsaid,
    /// Something else.
    Other,
}

/// What a `Content-Type` says.
pub(super) fn kind(media_type: Option<&str>) -> Kind {
    let Some(media_type) = media_type else { return Kind::Unsaid };
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "" => Kind::Unsaid,
        "text/html" | "application/xhtml+xml" => Kind::Html,
        "application/json"
        | "application/xml"
        | "application/javascript"
        | "application/x-javascript"
        | "application/ecmascript"
        | "application/yaml"
        | "application/x-yaml"
        | "application/toml"
        | "application/x-ndjson"
        | "application/jsonl"
        | "application/x-sh"
        | "application/sql"
        | "application/graphql"
        | "application/typescript" => Kind::Text,
        other if other.starts_with("text/") => Kind::Text,
        other if ["+json", "+xml", "+yaml"].iter().any(|suffix| other.ends_with(suffix)) => Kind::Text,
        _ => Kind::Other,
    }
}

/// An answer as text.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The text.
    pub(super) text: String,
    /// The title of a page, or nothing.
    pub(super) title: String,
    /// Whether some of what was read is not in it.
    pub(super) cut: bool,
    /// Hidden characters that were taken out.
    pub(super) hidden: usize,
}

/// The text of `body`; `None` when it is none. A page becomes Markdown unless its `source` is wanted.
pub(super) fn text(body: &Body, media_type: Option<&str>, base: &Url, source: bool) -> Option<Page> {
    let kind = kind(media_type);
    let text = decode(&body.bytes, media_type, kind);
    if kind == Kind::Other || text.contains('\0') {
        return None;
    }
    let is_page = kind == Kind::Html || (kind == Kind::Unsaid && looks_like_a_page(&text));
    let page = if is_page && !source { convert(&text, base) } else { Page { text, ..Page::default() } };
    let text = Cleaner::default().feed(page.text.as_bytes());
    let (text, hidden) = without_hidden(&text);
    let title = without_hidden(&page.title).0.into_owned();
    Some(Page { text: text.into_owned(), title, hidden, cut: page.cut })
}

fn convert(html: &str, base: &Url) -> Page {
    let simple = simple::simplify(html, base);
    match markdown::of_simple(&simple.html) {
        Ok(text) => Page { text, title: simple.title, cut: simple.cut, hidden: 0 },
        Err(error) => {
            tracing::warn!(%error, "a page could not be converted; its simplified source is shown");
            Page { text: simple.html, title: simple.title, cut: simple.cut, hidden: 0 }
        }
    }
}

fn looks_like_a_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(14).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// By the byte order mark, else the header, else the page's own word, else as UTF-8.
fn decode(bytes: &[u8], media_type: Option<&str>, kind: Kind) -> String {
    let said = media_type.and_then(|media_type| charset(media_type.as_bytes()));
    let own = || charset(bytes.get(..PRESCAN).unwrap_or(bytes)).filter(|_| kind != Kind::Text);
    let encoding = said.or_else(own).unwrap_or(UTF_8);
    encoding.decode(bytes).0.into_owned()
}

/// The encoding behind the first `charset=`.
fn charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let (_, label) = text.split_once("charset=")?;
    let label = label.trim_start_matches(['"', '\'', ' ']);
    let end = label.find(|char: char| !char.is_ascii_alphanumeric() && !"-_:.".contains(char));
    Encoding::for_label(label.as_bytes().get(..end.unwrap_or(label.len()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], media_type: &str) -> Option<String> {
        let base = Url::parse("https://example.com/docs/").unwrap();
        let body = Body { bytes: bytes.to_vec(), cut: false };
        text(&body, Some(media_type).filter(|it| !it.is_empty()), &base, false).map(|page| page.text)
    }

    #[test]
    fn text_is_shown_as_it_is_and_other_things_are_not() {
        for (bytes, media_type, shown) in [
            (&b"{\"a\": 1}\n"[..], "application/json", Some("{\"a\": 1}\n")),
            (b"a < b", "text/plain; charset=utf-8", Some("a < b")),
            (b"<p>x", "application/atom+xml", Some("<p>x")),
            (b"plain", "", Some("plain")),
            (b"<!DOCTYPE html><p>x</p>", "", Some("x")),
            (b"<b>x</b>", "text/html", Some("**x**")),
            (b"a\x00b", "text/plain", None),
            (b"%PDF-1.7", "application/pdf", None),
            (b"\x89PNG", "image/png", None),
            (b"x", "application/octet-stream", None),
        ] {
            assert_eq!(read(bytes, media_type).as_deref(), shown, "{media_type}");
        }
    }

    #[test]
    fn the_encoding_is_the_headers_then_the_pages_then_utf_8() {
        for (bytes, media_type, shown) in [
            (&b"caf\xe9"[..], "text/plain; charset=ISO-8859-1", "café"),
            (b"<meta charset=\"windows-1252\">caf\xe9", "text/html", "café"),
            (b"\xff\xfec\x00a\x00f\x00\xe9\x00", "text/plain; charset=utf-8", "café"),
            (b"\xef\xbb\xbfcaf\xc3\xa9", "text/html", "café"),
            (b"\x83\x65\x83\x58\x83\x67", "text/html; charset=\"Shift_JIS\"", "テスト"),
            (b"caf\xe9", "text/plain; charset=klingon", "caf\u{fffd}"),
        ] {
            assert_eq!(read(bytes, media_type).unwrap(), shown, "{media_type}");
        }
    }

    #[test]
    fn terminal_escapes_and_hidden_characters_are_taken_out() {
        assert_eq!(read(b"a\x1b[31mb\x1b]0;title\x07c", "text/plain").unwrap(), "abc");
        assert_eq!(read(b"<p>a&#27;(Bb</p>", "text/html").unwrap(), "a(Bb");
        assert_eq!(read("a\u{200b}b\u{202e}c\u{e0041}".as_bytes(), "text/plain").unwrap(), "abc");
    }
}
