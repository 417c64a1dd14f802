//! What `list` shows.

use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

#[tokio::test]
async fn folders_are_marked_and_ignored_files_left_out() {
    let desk = Desk::new(&[
        (".gitignore", "target\n"),
        ("target/x", ""),
        ("src/deep/a.rs", ""),
        ("README.md", ""),
        (".git/config", ""),
    ]);
    assert_eq!(desk.text(List, json!({})).await, ".gitignore\nREADME.md\nsrc/\n");
    let deeper = desk.text(List, json!({"path": "src", "depth": 2})).await;
    assert_eq!(deeper, "deep/\ndeep/a.rs\n");
}

#[tokio::test]
async fn long_folders_say_how_much_is_missing() {
    let names: Vec<String> = (0..MAX_ENTRIES + 3).map(|n| format!("f{n}")).collect();
    let desk = Desk::new(&names.iter().map(|name| (name.as_str(), "")).collect::<Vec<_>>());
    assert!(desk.text(List, json!({})).await.ends_with("(3 more entries; list a folder below, or use glob)"));
}

#[tokio::test]
async fn a_file_is_not_a_folder() {
    let desk = Desk::new(&[("a", "")]);
    assert_eq!(desk.error(List, json!({"path": "a"})).await, "a is not a folder");
}
