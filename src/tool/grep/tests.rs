//! What `grep` finds.

use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

fn desk() -> Desk {
    Desk::new(&[
        ("src/b.rs", "fn one() {}\nlet x = 1;\nfn two() {}\n"),
        ("a.txt", "fn three\n"),
        ("bin", "fn \0 four\n"),
        (".hidden", "fn five\n"),
        ("prod.env", "fn six\n"),
    ])
}

#[tokio::test]
async fn lines_come_with_path_and_number_in_order() {
    let text = desk().text(Grep, json!({"pattern": r"^fn \w"})).await;
    assert_eq!(text, "a.txt:1:fn three\nprod.env:1:fn six\nsrc/b.rs:1:fn one() {}\nsrc/b.rs:3:fn two() {}");
}

#[tokio::test]
async fn a_glob_a_folder_and_a_file_narrow_it() {
    let found = "src/b.rs:2:let x = 1;";
    assert_eq!(desk().text(Grep, json!({"pattern": "x =", "glob": "*.rs"})).await, found);
    assert_eq!(desk().text(Grep, json!({"pattern": "x =", "path": "src"})).await, found);
    assert_eq!(desk().text(Grep, json!({"pattern": "x =", "path": "src/b.rs"})).await, found);
    assert_eq!(desk().text(Grep, json!({"pattern": "x =", "glob": "*.txt"})).await, "no line matches");
}

#[tokio::test]
async fn what_was_not_searched_to_its_end_is_said() {
    let desk = desk();
    let binary = desk.text(Grep, json!({"pattern": "four", "path": "bin"})).await;
    assert_eq!(binary, "no line matches\n(not searched to the end: bin (it is binary))");
    let long = format!("needle\n{}\nneedle\n", "x".repeat(MAX_LINE_HEAP + 1));
    let desk = Desk::new(&[("long.txt", &long), ("short.txt", "needle\n")]);
    let text = desk.text(Grep, json!({"pattern": "needle"})).await;
    assert_eq!(
        text,
        "long.txt:1:needle\nshort.txt:1:needle\n(not searched to the end: long.txt (a line is longer than 16 MiB))"
    );
}

#[tokio::test]
async fn unsaved_text_is_searched_instead_of_the_disk() {
    let desk = desk();
    desk.open("a.txt", "nothing\nfn typed", true);
    assert_eq!(desk.text(Grep, json!({"pattern": "fn t", "path": "a.txt"})).await, "a.txt:2:fn typed");
}

#[tokio::test]
async fn denied_files_are_left_out() {
    let mut desk = desk();
    desk.denied = vec!["prod.env".to_owned()];
    assert_eq!(desk.text(Grep, json!({"pattern": "six"})).await, "no line matches");
}

#[tokio::test]
async fn a_limit_says_that_there_is_more() {
    let text = desk().text(Grep, json!({"pattern": "fn", "limit": 1})).await;
    assert_eq!(text, "a.txt:1:fn three\n(more than 1 lines match; narrow the search)");
}

#[tokio::test]
async fn expressions_that_make_no_sense_are_named() {
    for pattern in ["(", "a{1000}{1000}{1000}", "(?=x)", "a\\nb"] {
        let error = desk().error(Grep, json!({"pattern": pattern})).await;
        assert!(error.starts_with("`pattern` is not a regular expression"), "{pattern}: {error}");
    }
}

#[tokio::test]
async fn a_stopped_search_ends() {
    let desk = desk();
    desk.cancel.cancel();
    assert_eq!(desk.error(Grep, json!({"pattern": "x"})).await, "interrupted");
}

#[tokio::test]
async fn a_file_with_a_line_beyond_all_memory_is_not_searched_further() {
    let endless = format!("needle 1\n{}needle 2\nneedle 3\n", "x".repeat(MAX_LINE_HEAP + 1));
    let desk = Desk::new(&[("a", "needle 0\n"), ("b", &endless), ("c", "needle 4\n")]);
    let text = desk.text(Grep, json!({"pattern": "needle"})).await;
    assert!(text.contains("a:1:needle 0") && text.contains("c:1:needle 4"), "{text}");
    assert!(!text.contains("needle 3"), "{text}");
}
