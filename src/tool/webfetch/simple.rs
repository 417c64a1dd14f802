//! Any page as a small, well-formed one: what a converter to Markdown can take without harm.
//!
//! A parser that builds the tree of a page as browsers do can be made to take quadratic time and to make far more
//! elements than the page has. So the page is read as a stream of tokens, in one pass, and what leaves is bounded by
//! construction (invariant 9): elements that mean something in Markdown, properly closed, at most [`DEEPEST`] deep and
//! [`MOST_ELEMENTS`] many, [`LONGEST`] bytes in all. The words of what is left out stay.

mod tags;

use std::convert::Infallible;

use html5gum::{
    Span, Tokenizer,
    emitters::callback::{CallbackEmitter, CallbackEvent},
};
use reqwest::Url;

use crate::transcript::text::ellipsis;
use tags::{Role, role};

/// Elements that are open at once.
pub(in crate::tool) const DEEPEST: usize = 64;

/// Lists and quotes that are open at once: each indents every line within it.
pub(in crate::tool) const MOST_INDENTS: usize = 8;

/// Elements in all.
pub(in crate::tool) const MOST_ELEMENTS: usize = 50_000;

/// The simple page, in bytes.
pub(in crate::tool) const LONGEST: usize = 1024 * 1024;

/// A title, in bytes.
const LONGEST_TITLE: usize = 200;

/// An attribute, in bytes; longer ones are left out.
pub(in crate::tool) const LONGEST_ATTRIBUTE: usize = 2_000;

/// A page that is safe to convert.
#[derive(Debug, Default)]
pub(super) struct Simple {
    /// Its HTML.
    pub(super) html: String,
    /// Its title, or nothing.
    pub(super) title: String,
    /// Whether there was more.
    pub(super) cut: bool,
}

/// `page` simplified. Links are made absolute with `base`.
pub(super) fn simplify(page: &str, base: &Url) -> Simple {
    let mut writer =
        Writer { base, page: Simple::default(), open: Vec::new(), tag: None, hidden: None, elements: 0 };
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| {
        writer.take(&event);
        None::<Infallible>
    });
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(page, emitter).finish();
    writer.close_to(0);
    writer.page.title = ellipsis(writer.page.title.trim(), LONGEST_TITLE);
    writer.page
}

/// A start tag while its attributes come.
struct Tag {
    role: Role,
    attribute: Vec<u8>,
    href: String,
    alt: String,
    language: String,
}

/// An open element.
struct Open {
    name: &'static str,
    /// Where its start tag begins and ends in the page.
    at: usize,
    inside: usize,
}

struct Writer<'b> {
    base: &'b Url,
    page: Simple,
    /// What is open, outermost first.
    open: Vec<Open>,
    tag: Option<Tag>,
    /// The element within which nothing is shown (its title apart), and how many of its kind are open in it.
    hidden: Option<(&'static str, usize)>,
    elements: usize,
}

impl Writer<'_> {
    fn take(&mut self, event: &CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                let role = role(name);
                let (attribute, href, alt, language) = Default::default();
                self.tag = Some(Tag { role, attribute, href, alt, language });
            }
            CallbackEvent::AttributeName { name } => {
                if let Some(tag) = &mut self.tag {
                    tag.attribute.clear();
                    tag.attribute.extend(name.iter().take(16));
                }
            }
            CallbackEvent::AttributeValue { value } => self.attribute(&String::from_utf8_lossy(value)),
            CallbackEvent::CloseStartTag { self_closing } => {
                if let Some(tag) = self.tag.take() {
                    self.start(&tag, *self_closing);
                }
            }
            CallbackEvent::EndTag { name } => {
                self.tag = None;
                self.end(role(name));
            }
            CallbackEvent::String { value } => self.text(&String::from_utf8_lossy(value)),
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
    }

    fn attribute(&mut self, value: &str) {
        let Some(tag) = self.tag.as_mut().filter(|_| value.len() <= LONGEST_ATTRIBUTE) else { return };
        match tag.attribute.as_slice() {
            b"href" | b"src" => tag.href = absolute(self.base, value),
            b"alt" => value.clone_into(&mut tag.alt),
            b"class" => {
                let named = value.split_ascii_whitespace().find_map(|class| class.strip_prefix("language-"));
                let plain = |name: &&str| {
                    name.chars().all(|char| char.is_ascii_alphanumeric() || "+#.".contains(char))
                };
                named.filter(plain).unwrap_or_default().clone_into(&mut tag.language);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag, self_closing: bool) {
        if let Some((name, depth)) = &mut self.hidden {
            if tag.role == Role::Hidden(name) && !self_closing {
                *depth += 1;
            }
            return;
        }
        match tag.role {
            Role::Hidden(name) if !self_closing => self.hidden = Some((name, 1)),
            Role::Hidden(_) | Role::Unknown => {}
            Role::Void(name) => self.void(name, tag),
            Role::Inline(name) => self.inline(name, tag),
            Role::Block(name) => self.block(name, tag),
        }
    }

    fn end(&mut self, role: Role) {
        if let Some((name, depth)) = &mut self.hidden {
            if role == Role::Hidden(name) {
                *depth -= 1;
                self.hidden = self.hidden.filter(|(_, depth)| *depth > 0);
            }
            return;
        }
        let (Role::Inline(name) | Role::Block(name)) = role else { return };
        if self.within("pre") && name != "pre" && name != "code" {
            return;
        }
        if let Some(at) = self.find(name, tags::walls(role)) {
            self.close_to(at);
        }
    }

    fn void(&mut self, name: &'static str, tag: &Tag) {
        if self.within("pre") {
            self.text("\n");
        } else if name == "img" {
            if !tag.href.is_empty() && !tag.alt.trim().is_empty() && self.room() {
                let (src, alt) = (escaped(&tag.href), escaped(tag.alt.trim()));
                self.page.html.push_str(&format!("<img src=\"{src}\" alt=\"{alt}\">"));
            }
        } else {
            if name == "hr" {
                self.close_paragraph();
            }
            if self.room() {
                self.page.html.push_str(&format!("<{name}>"));
            }
        }
    }

    fn inline(&mut self, name: &'static str, tag: &Tag) {
        if name == "code" && self.innermost() == Some("pre") {
            return self.code(&tag.language);
        }
        if self.within("pre") || (name != "a" && self.within(name)) {
            return;
        }
        if name == "a" {
            if let Some(at) = self.find("a", tags::walls(Role::Inline("a"))) {
                self.close_to(at);
            }
            if !tag.href.is_empty() {
                self.push("a", &format!(" href=\"{}\"", escaped(&tag.href)));
            }
            return;
        }
        // One behind another of its kind goes on with it.
        let closed = format!("</{name}>");
        if self.page.html.ends_with(&closed) && self.open.len() < DEEPEST {
            self.page.html.truncate(self.page.html.len() - closed.len());
            self.open.push(Open { name, at: 0, inside: 0 });
        } else {
            self.push(name, "");
        }
    }

    fn block(&mut self, name: &'static str, tag: &Tag) {
        if self.within("pre") {
            if name != "pre" && !self.page.html.ends_with('\n') && self.within("code") {
                self.text("\n");
            }
            return;
        }
        let name = self.fitting(name);
        for (closed, walls) in tags::closed_by(name) {
            if let Some(at) = self.find(closed, walls) {
                self.close_to(at);
            }
        }
        self.close_paragraph();
        if matches!(name, "td" | "th") && self.innermost() == Some("table") {
            self.push("tr", "");
        }
        self.push(name, "");
        if name == "pre" && !tag.language.is_empty() {
            self.code(&tag.language);
        }
    }

    /// What is opened in place of `name` where it does not fit: a table's parts outside of a table, a table in a cell,
    /// one list too many.
    fn fitting(&self, name: &'static str) -> &'static str {
        let indents = self.open.iter().filter(|open| matches!(open.name, "ul" | "ol" | "blockquote")).count();
        match name {
            "ul" | "ol" | "blockquote" if indents >= MOST_INDENTS => "div",
            "tr" | "td" | "th" if !self.within("table") => "div",
            "table" if self.within("table") => "div",
            name => name,
        }
    }

    /// Ends the paragraph or heading that a block ends, and what stands out in it. A link may go on.
    fn close_paragraph(&mut self) {
        let paragraph = self
            .open
            .iter()
            .rposition(|open| matches!(open.name, "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"));
        let wall = self.open.iter().rposition(|open| tags::holds_blocks(open.name)).map_or(0, |at| at + 1);
        if let Some(at) = paragraph.filter(|at| *at >= wall) {
            self.close_to(at);
        }
        while matches!(self.innermost(), Some("strong" | "em" | "code")) {
            self.close_to(self.open.len() - 1);
        }
    }

    fn code(&mut self, language: &str) {
        let class =
            if language.is_empty() { String::new() } else { format!(" class=\"language-{language}\"") };
        self.push("code", &class);
    }

    fn push(&mut self, name: &'static str, attributes: &str) {
        if self.open.len() >= DEEPEST || !self.room() {
            // Words of two blocks do not become one.
            if tags::is_block(name) && !self.page.html.ends_with([' ', '>']) {
                self.page.html.push(' ');
            }
            return;
        }
        let at = self.page.html.len();
        self.page.html.push_str(&format!("<{name}{attributes}>"));
        self.open.push(Open { name, at, inside: self.page.html.len() });
    }

    /// Whether one more element fits. Counts it.
    fn room(&mut self) -> bool {
        self.page.cut |= self.page.html.len() >= LONGEST;
        self.elements += 1;
        self.elements <= MOST_ELEMENTS && !self.page.cut
    }

    fn close_to(&mut self, depth: usize) {
        for Open { name, at, inside } in self.open.drain(depth.min(self.open.len())..).rev() {
            // An empty element says nothing, but for an empty cell, which takes its place.
            if self.page.html.len() == inside && !matches!(name, "td" | "th") {
                self.page.html.truncate(at);
            } else {
                self.page.html.push_str(&format!("</{name}>"));
            }
        }
    }

    /// The innermost open `name`, unless a wall stands before it.
    fn find(&self, name: &str, walls: &[&str]) -> Option<usize> {
        let at = self.open.iter().rposition(|open| open.name == name || walls.contains(&open.name))?;
        self.open.get(at).is_some_and(|open| open.name == name).then_some(at)
    }

    fn within(&self, name: &str) -> bool {
        self.open.iter().any(|open| open.name == name)
    }

    fn innermost(&self) -> Option<&'static str> {
        self.open.last().map(|open| open.name)
    }

    fn text(&mut self, text: &str) {
        if let Some((hidden, _)) = self.hidden {
            if hidden == "title" && self.page.title.len() < LONGEST_TITLE {
                self.page.title.extend(text.split_ascii_whitespace().flat_map(|word| [word, " "]));
            }
            return;
        }
        let blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        let between = matches!(self.innermost(), Some("table" | "tr" | "ul" | "ol" | "pre"));
        if blank && between {
            return;
        }
        if self.innermost() == Some("pre") {
            self.code("");
        }
        let verbatim = self.within("pre");
        for char in text.chars() {
            if self.page.html.len() >= LONGEST {
                self.page.cut = true;
                return;
            }
            match char {
                '<' => self.page.html.push_str("&lt;"),
                '>' => self.page.html.push_str("&gt;"),
                '&' => self.page.html.push_str("&amp;"),
                char if !verbatim && char.is_ascii_whitespace() => {
                    if !self.page.html.ends_with(' ') {
                        self.page.html.push(' ');
                    }
                }
                '\n' | '\t' => self.page.html.push(char),
                char if char.is_control() => {}
                char => self.page.html.push(char),
            }
        }
    }
}

/// A link that leads somewhere else than within the page, absolute; nothing for others.
fn absolute(base: &Url, link: &str) -> String {
    let link = link.trim();
    if link.starts_with('#') {
        return String::new();
    }
    match base.join(link) {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "mailto") => url.into(),
        _ => String::new(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
