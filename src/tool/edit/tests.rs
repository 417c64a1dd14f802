//! What an edit replaces, and what it refuses to.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

fn input(old: &str, new: &str) -> Value {
    json!({"path": "a", "oldText": old, "newText": new})
}

async fn edited(text: &str, old: &str, new: &str) -> String {
    let desk = Desk::new(&[("a", text)]);
    desk.call(Edit, input(old, new)).await.unwrap();
    desk.file("a")
}

async fn refused(text: &str, old: &str, new: &str) -> String {
    let desk = Desk::new(&[("a", text)]);
    let error = desk.error(Edit, input(old, new)).await;
    assert_eq!(desk.file("a"), text, "a refused edit changes nothing");
    error
}

#[tokio::test]
async fn an_exact_and_unique_text_is_replaced_and_the_difference_shown() {
    let desk = Desk::new(&[("a", "x\ny\nz\n")]);
    let output = desk.call(Edit, input("y", "Y")).await.unwrap();
    assert_eq!(desk.file("a"), "x\nY\nz\n");
    assert!(output.text.starts_with("edited a\n") && output.text.contains("-y\n+Y"), "{}", output.text);
    assert!(desk.last_ask().diff.unwrap().contains("-y\n+Y"));
}

#[tokio::test]
async fn white_space_may_differ_when_the_place_is_unique() {
    let text = "fn a() {\n        b();\n}\n";
    assert_eq!(edited(text, "fn a() {\n    b();\n", "fn c() {\n    d();\n").await, "fn c() {\n    d();\n}\n");
    let twice = "  b();\nx\n    b();\n";
    assert!(refused(twice, "b() ;\n", "c").await.contains("is not in the file"));
    assert!(refused(twice, "\tb();", "c").await.contains("at lines 1, 3"));
}

#[tokio::test]
async fn a_text_that_is_there_twice_lists_its_lines_or_is_replaced_everywhere() {
    let error = refused("a\nb\na\n", "a", "c").await;
    assert!(error.contains("occurs 2 times, at lines 1, 3"), "{error}");
    let desk = Desk::new(&[("a", "a\nb\na\n")]);
    let input = json!({"path": "a", "oldText": "a", "newText": "c", "replaceAll": true});
    desk.call(Edit, input).await.unwrap();
    assert_eq!(desk.file("a"), "c\nb\nc\n");
}

#[tokio::test]
async fn a_miss_shows_the_nearest_lines() {
    let error = refused("one\nlet total = count + 1;\nthree\n", "let total = count + 2;", "x").await;
    assert!(error.contains("the nearest is lines 2-2:\n     2\tlet total = count + 1;"), "{error}");
    assert_eq!(refused("abc\n", "zzzzzz", "x").await, "`oldText` is not in the file");
}

#[tokio::test]
async fn line_ends_and_byte_order_mark_are_kept() {
    assert_eq!(edited("\u{feff}a\r\nb\r\n", "a\nb\n", "c\nd\n").await, "\u{feff}c\r\nd\r\n");
    assert_eq!(edited("a\r\nb\nc\n", "b\n", "x\n").await, "a\r\nx\nc\n");
}

#[tokio::test]
async fn edits_that_make_no_sense_are_named() {
    for (old, new, words) in [("", "x", "`oldText` is empty"), ("a", "a", "the same as")] {
        assert!(refused("a", old, new).await.contains(words));
    }
    let error = Desk::new(&[]).error(Edit, input("a", "b")).await;
    assert!(error.contains("does not exist"), "{error}");
}

#[tokio::test]
async fn the_buffer_of_an_open_document_is_what_is_edited() {
    let desk = Desk::new(&[("a", "disk")]);
    desk.open("a", "buffer", true);
    desk.call(Edit, input("buffer", "new")).await.unwrap();
    assert_eq!(desk.file("a"), "disk");
}

#[tokio::test]
async fn of_a_saved_document_the_file_is_edited_which_may_be_newer() {
    let desk = Desk::new(&[("a", "newer")]);
    desk.open("a", "as it was opened", false);
    desk.call(Edit, input("newer", "newest")).await.unwrap();
    assert_eq!(&*desk.documents.open.lock().unwrap()[&desk.root().join("a")].text, "newest");
}

fn params(old: &str, new: &str, all: bool) -> Params {
    Params { path: String::new(), old_text: old.to_owned(), new_text: new.to_owned(), replace_all: all }
}

proptest! {
    #[test]
    fn an_edit_changes_nothing_outside_of_what_matched(before in "[a-c \n]{0,30}", after in "[a-c \n]{0,30}") {
        let text = format!("{before}OLD{after}");
        let edited = replace(&text, &params("OLD", "NEW\nX", false)).unwrap();
        prop_assert_eq!(edited.text, format!("{before}NEW\nX{after}"));
    }

    #[test]
    fn crlf_stays_crlf(lines in prop::collection::vec("[a-c]{0,3}", 1..8)) {
        let text: String = lines.join("\r\n") + "\r\nOLD\r\n";
        let edited = replace(&text, &params("OLD\n", "N\nM\n", false)).unwrap().text;
        prop_assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count());
        prop_assert_eq!(edited.matches("\r\n").count(), lines.len() + 2);
    }

    #[test]
    fn no_edit_panics(text in "[ab \\r\\n\u{e4}]{0,40}", old in "[ab \\r\\n\u{e4}]{1,8}", new in "[ab\\n]{0,8}") {
        let all = [false, true].map(|all| replace(&text, &params(&old, &new, all)).is_ok());
        prop_assert!(!all[0] || all[1], "what works once works with replaceAll");
    }
}
