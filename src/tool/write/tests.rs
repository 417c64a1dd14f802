//! Writing to the disk and through the editor.

use serde_json::json;

use super::*;
use crate::tool::{buffers::Applied, fixture::Desk};

#[tokio::test]
async fn a_new_file_is_created_with_its_folders_after_an_ask_that_shows_it() {
    let desk = Desk::new(&[]);
    let output = desk.call(Write, json!({"path": "a/b.txt", "content": "x\n"})).await.unwrap();
    assert_eq!(output.text, "created a/b.txt (1 lines, 2 bytes)");
    assert_eq!(output.changed[0].path, desk.root().join("a/b.txt").to_string_lossy());
    assert_eq!(desk.file("a/b.txt"), "x\n");
    let diff = desk.last_ask().diff.unwrap();
    assert!(diff.contains("--- /dev/null\n+++ b/a/b.txt") && diff.contains("+x"), "{diff}");
    let diff = textfile::unified_diff("/tmp/b.txt", Some("a\n"), Some("b\n"));
    assert!(diff.starts_with("--- /tmp/b.txt\n+++ /tmp/b.txt\n"), "{diff}");
}

#[tokio::test]
async fn mode_and_byte_order_mark_are_kept_and_nothing_is_left_behind() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new(&[("run.sh", "\u{feff}old")]);
    let path = desk.root().join("run.sh");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o751)).unwrap();
    desk.call(Write, json!({"path": "run.sh", "content": "new"})).await.unwrap();
    assert_eq!(desk.file("run.sh"), "\u{feff}new");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o751);
    assert_eq!(std::fs::read_dir(desk.root()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_refused_write_changes_nothing() {
    let mut desk = Desk::new(&[("a", "old")]);
    desk.refusal = Some(crate::permission::Refusal::Person);
    assert_eq!(desk.error(Write, json!({"path": "a", "content": "new"})).await, "refused");
    assert_eq!(desk.file("a"), "old");
}

#[tokio::test]
async fn an_open_document_is_written_through_the_editor() {
    let desk = Desk::new(&[("a", "disk")]);
    desk.open("a", "buffer", true);
    desk.call(Write, json!({"path": "a", "content": "new"})).await.unwrap();
    assert_eq!(desk.file("a"), "disk");
    assert_eq!(&*desk.documents.open.lock().unwrap()[&desk.root().join("a")].text, "new");
}

#[tokio::test]
async fn without_edits_a_clean_document_is_written_on_disk_and_an_unsaved_one_refused() {
    let desk = Desk::new(&[("a", "same"), ("b", "disk")]);
    *desk.documents.answer.lock().unwrap() = Applied::CannotApply;
    desk.open("a", "same", false);
    desk.open("b", "typed", true);
    desk.call(Write, json!({"path": "a", "content": "new"})).await.unwrap();
    assert_eq!(desk.file("a"), "new");
    let error = desk.error(Write, json!({"path": "b", "content": "new"})).await;
    assert!(error.contains("unsaved changes"), "{error}");
    assert_eq!(desk.file("b"), "disk");
}

#[tokio::test]
async fn a_file_that_was_changed_while_the_person_thought_is_not_overwritten() {
    let mut desk = Desk::new(&[("a", "old")]);
    desk.meanwhile = Some("theirs");
    let error = desk.error(Write, json!({"path": "a", "content": "mine"})).await;
    assert!(error.contains("was changed while the edit waited"), "{error}");
    assert_eq!(desk.file("a"), "theirs");
}
