use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::tool::webfetch::markdown;

fn base() -> Url {
    Url::parse("https://example.com/docs/index.html").unwrap()
}

fn markdown(html: &str) -> String {
    markdown::of_simple(&simplify(html, &base()).html).unwrap()
}

#[test]
fn pages_become_the_markdown_that_a_person_would_write() {
    for (html, expected) in [
        ("<h1>One</h1><p>Two <b>three</b> <i>four</i>.<p>Five", "# One\n\nTwo **three** *four*.\n\nFive"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "- a\n- b\n  - c"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("<a href='../x?a=1&amp;b=2'>x</a>", "[x](https://example.com/x?a=1&b=2)"),
        ("<a href='/y'><h2>Card</h2></a>", "[## Card](https://example.com/y)"),
        ("<a href='#top'>up</a> <a href='javascript:x()'>run</a>", "up run"),
        ("<img src=a.png alt='A cat'><img src=b.png>", "![A cat](https://example.com/docs/a.png)"),
        (
            "<pre><code class='hl language-rust'>fn a() {\n  1 &lt; 2\n}\n</code></pre>",
            "```rust\nfn a() {\n  1 < 2\n}\n```",
        ),
        ("<pre>a\n <span>b</span><br>c</pre>", "```\na\n b\nc\n```"),
        ("<p>Use <code>x</code> or <kbd>y</kbd></p>", "Use `x` or `y`"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n> \n> b"),
        ("<script>no()</script><style>no{}</style><svg><title>no</title><path/></svg>yes", "yes"),
        ("a<br>b<hr>c", "a  \nb\n\n* * *\n\nc"),
        (
            "<table><tr><th>a<th>b<tr><td>1|2<td><p>3</p><p>4</p></table>",
            "| a | b |\n| --- | --- |\n| 1\\|2 | 3 4 |",
        ),
        ("<table><tr><td>a<table><tr><td>b</table></table>c", "| a |\n| --- |\n| b |\n\nc"),
        ("1 &lt; 2 &amp;&amp; 2 &gt; 1", "1 < 2 && 2 > 1"),
        ("<td>a</td><li>b</li></p></div></b>c", "a\n- b\n\nc"),
    ] {
        assert_eq!(markdown(html).trim().replace("\n\n\n", "\n\n"), expected, "{html}");
    }
}

#[test]
fn the_title_is_the_pages_and_not_that_of_a_picture() {
    let page = simplify("<svg><title>icon</title></svg><title>\n The  page </title><p>x", &base());
    assert_eq!(page.title, "The page");
    assert_eq!(page.html, "<p>x</p>");
}

/// Within a time that only something quadratic misses.
fn soon(html: &str) -> String {
    let begun = Instant::now();
    let markdown = markdown(html);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?} for {:.60}", begun.elapsed(), html);
    assert!(markdown.len() <= 64 << 20, "{} bytes for {:.60}", markdown.len(), html);
    markdown
}

#[test]
fn a_hundred_thousand_nested_tags_overflow_nothing() {
    for tag in [
        "div",
        "b",
        "p",
        "a",
        "a href=x",
        "ul><li",
        "ol><li",
        "blockquote",
        "table><tr><td",
        "pre",
        "code",
        "svg",
        "title",
    ] {
        let open = format!("<{tag}>").repeat(100_000);
        assert!(soon(&format!("{open}deep")).len() < 1_000_000, "{tag}");
    }
}

#[test]
fn five_megabytes_of_links_end_in_bounded_time_and_space() {
    for piece in ["<a>", "<a href=x>x"] {
        soon(&piece.repeat((5 << 20) / piece.len()));
    }
}

#[test]
fn much_of_anything_ends_in_bounded_time_and_space() {
    let much = |piece: &str| piece.repeat((200 << 10) / piece.len());
    for piece in [
        "<b><p>",
        "<b>x</b>",
        "<b>x</b><i>y</i>",
        "<br>",
        "<li>x",
        "<tr><td>x",
        "<table>",
        "<table><tr><th>",
        "x\n",
        "<pre>\n",
        "`",
        "&lt;",
        "<",
        "<!--",
        "<![CDATA[",
        "<div ",
        "\"'>",
        "<blockquote>x<br>",
        "<img src=x alt=y>",
        "<script>",
        "</p>",
        "<code>`</code>",
        "*_[",
    ] {
        soon(&much(piece));
    }
    soon(&format!("<a {}>x", much("a b c ")));
    soon(&format!("<a href='{}'>x", much("x")));
    let open: String = (0..5_000).map(|n| format!("<b id={n}>")).collect();
    assert!(
        soon(&format!("<p>{open}{}", much("<p>x"))).len() < 1_000_000,
        "no element is opened again in each paragraph"
    );
    let wide = format!("<table><tr><td>{}</td></tr>{}", much("x"), "<tr><td>y".repeat(5_000));
    assert!(soon(&wide).len() < 1_000_000, "cells are not padded");
    let uneven = format!("<table><tr>{}{}", "<td>x".repeat(5_000), "<tr><td>y".repeat(5_000));
    assert!(soon(&uneven).len() < 1_000_000, "rows are not filled up");
}

#[test]
fn what_does_not_fit_is_said() {
    let page = simplify(&"<p>word ".repeat(400_000), &base());
    assert!(page.cut && page.html.len() <= LONGEST + 1_000);
    let page = simplify(&format!("<a href='/{}'>x</a>", "y".repeat(LONGEST_ATTRIBUTE)), &base());
    assert_eq!(page.html, "x");
    let page = simplify(&format!("{}x", "<ul><li>".repeat(20)), &base());
    assert_eq!(page.html.matches("<ul>").count(), MOST_INDENTS);
    let page = simplify(&"<hr>x".repeat(MOST_ELEMENTS + 10), &base());
    assert_eq!(page.html.matches("<hr>").count(), MOST_ELEMENTS);
    assert_eq!(
        (page.html.matches('x').count(), page.cut),
        (MOST_ELEMENTS + 10, false),
        "no words are missing"
    );
}

/// Pieces of which pages are made, well or badly.
fn piece() -> impl Strategy<Value = String> {
    let tags = [
        "p",
        "div",
        "b",
        "i",
        "a href=/x",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "pre",
        "code",
        "h2",
        "blockquote",
    ];
    let tag = prop::sample::select(tags.to_vec());
    prop_oneof![
        tag.clone().prop_map(|tag| format!("<{tag}>")),
        tag.prop_map(|tag| format!("</{}>", tag.split(' ').next().unwrap())),
        "[a-z<>&\"' \n]{1,6}",
        Just("word".to_owned()),
        Just("<br>".to_owned()),
    ]
}

proptest! {
    #[test]
    fn what_leaves_is_well_formed_shallow_and_keeps_every_word(pieces in prop::collection::vec(piece(), 0..120)) {
        let page = simplify(&pieces.concat(), &base());
        let mut open: Vec<&str> = Vec::new();
        for tag in page.html.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').expect("each tag ends");
            let name = tag.split(' ').next().unwrap();
            if let Some(name) = name.strip_prefix('/') {
                prop_assert_eq!(open.pop(), Some(name));
            } else if !matches!(name, "br" | "hr" | "img") {
                open.push(name);
                prop_assert!(open.len() <= DEEPEST);
            }
        }
        prop_assert!(open.is_empty());
        markdown::of_simple(&page.html).unwrap();
    }

    #[test]
    fn any_text_survives(words in prop::collection::vec("[a-z]{1,8}", 1..40), deep in 0_usize..200) {
        let page = format!("{}{}", "<div><ul><li><b>".repeat(deep), words.join(" <i>"));
        let shown = markdown(&page);
        let shown: String = shown.chars().map(|char| if char.is_alphabetic() { char } else { ' ' }).collect();
        prop_assert_eq!(shown.split_whitespace().collect::<Vec<_>>(), words);
    }
}
