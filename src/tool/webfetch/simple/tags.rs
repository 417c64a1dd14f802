//! What an element means for Markdown, and which one ends another: a small part of the HTML standard's rules
//! (<https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody>) as tables.

/// What becomes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Begins a line of its own.
    Block(&'static str),
    /// Stands in a line.
    Inline(&'static str),
    /// Has no content.
    Void(&'static str),
    /// Is left out with all that is in it. (The title is read on the way.)
    Hidden(&'static str),
    /// Is left out; what is in it stays.
    Unknown,
}

/// The role of the element called `name` (in lower case, as the tokenizer gives it).
pub(super) fn role(name: &[u8]) -> Role {
    match name {
        b"p" => Role::Block("p"),
        b"h1" => Role::Block("h1"),
        b"h2" => Role::Block("h2"),
        b"h3" => Role::Block("h3"),
        b"h4" => Role::Block("h4"),
        b"h5" => Role::Block("h5"),
        b"h6" => Role::Block("h6"),
        b"ul" | b"menu" => Role::Block("ul"),
        b"ol" => Role::Block("ol"),
        b"li" => Role::Block("li"),
        b"blockquote" => Role::Block("blockquote"),
        b"pre" | b"xmp" | b"listing" => Role::Block("pre"),
        b"table" => Role::Block("table"),
        b"tr" => Role::Block("tr"),
        b"td" => Role::Block("td"),
        b"th" => Role::Block("th"),
        b"div" | b"section" | b"article" | b"main" | b"header" | b"footer" | b"aside" | b"nav"
        | b"address" | b"details" | b"summary" | b"dl" | b"dt" | b"dd" | b"figure" | b"figcaption"
        | b"fieldset" | b"legend" | b"form" | b"center" | b"caption" | b"hgroup" | b"search" => {
            Role::Block("div")
        }
        b"b" | b"strong" => Role::Inline("strong"),
        b"i" | b"em" => Role::Inline("em"),
        b"code" | b"kbd" | b"samp" | b"tt" => Role::Inline("code"),
        b"a" => Role::Inline("a"),
        b"br" => Role::Void("br"),
        b"hr" => Role::Void("hr"),
        b"img" => Role::Void("img"),
        b"script" => Role::Hidden("script"),
        b"style" => Role::Hidden("style"),
        b"noscript" => Role::Hidden("noscript"),
        b"template" => Role::Hidden("template"),
        b"title" => Role::Hidden("title"),
        b"svg" => Role::Hidden("svg"),
        b"math" => Role::Hidden("math"),
        b"iframe" => Role::Hidden("iframe"),
        b"object" => Role::Hidden("object"),
        b"canvas" => Role::Hidden("canvas"),
        b"select" => Role::Hidden("select"),
        b"textarea" => Role::Hidden("textarea"),
        _ => Role::Unknown,
    }
}

/// Whether `name` begins a line of its own.
pub(super) fn is_block(name: &str) -> bool {
    !matches!(name, "strong" | "em" | "code" | "a")
}

/// Whether other blocks stand in `name`, so that they do not end what is open around it.
pub(super) fn holds_blocks(name: &str) -> bool {
    matches!(name, "div" | "ul" | "ol" | "li" | "blockquote" | "table" | "tr" | "td" | "th")
}

/// Behind which elements the end of one has no say.
pub(super) fn walls(role: Role) -> &'static [&'static str] {
    match role {
        Role::Block("table" | "tr") => &[],
        Role::Block("td" | "th") => &["table"],
        Role::Block("li") => &["td", "th", "table", "ul", "ol"],
        Role::Block(_) => &["td", "th", "table"],
        _ => &["td", "th", "table", "tr", "ul", "ol", "li", "blockquote", "pre"],
    }
}

/// What a block ends when it begins, and behind which elements not.
pub(super) fn closed_by(name: &str) -> &'static [(&'static str, &'static [&'static str])] {
    match name {
        "li" => &[("li", &["ul", "ol", "td", "th"])],
        "td" | "th" => &[("td", &["tr", "table"]), ("th", &["tr", "table"])],
        "tr" => &[("tr", &["table"])],
        _ => &[],
    }
}
