//! Both notations, all or nothing.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

fn marked(body: &str) -> Value {
    json!({"patch": format!("*** Begin Patch\n{body}\n*** End Patch")})
}

#[tokio::test]
async fn one_patch_adds_updates_moves_and_deletes() {
    let desk = Desk::new(&[("u", "1\n2\n3\n"), ("d", "x\n"), ("m", "a\nb\n")]);
    let body = "*** Add File: n/new\n+hello\n*** Update File: u\n@@\n 1\n-2\n+two\n\n*** Delete File: d\n\
                *** Update File: m\n*** Move to: moved\n@@ a\n-b\n+B";
    let output = desk.call(Patch, marked(body)).await.unwrap();
    assert_eq!(output.text, "added n/new\nupdated u\ndeleted d\nmoved m to moved\ndeleted m");
    assert_eq!(
        (desk.file("n/new"), desk.file("u"), desk.file("moved")),
        ("hello\n".into(), "1\ntwo\n3\n".into(), "a\nB\n".into())
    );
    assert!(!desk.root().join("d").exists() && !desk.root().join("m").exists());
    assert_eq!(desk.asks.lock().unwrap().len(), 1);
    assert_eq!(desk.last_ask().items.len(), 5);
}

#[tokio::test]
async fn a_unified_diff_is_understood_as_git_writes_it() {
    let desk = Desk::new(&[("src/a.rs", "a\nb\nc\n"), ("old", "x\n"), ("gone", "g\n")]);
    let patch = "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,3 +1,3 @@ fn\n a\n-b\n+B\n c\n\
                 diff --git a/old b/new\nsimilarity index 100%\nrename from old\nrename to new\n\
                 --- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-g\n--- /dev/null\n+++ b/fresh\n@@ -0,0 +1 @@\n+f\n";
    desk.call(Patch, json!({"patch": patch})).await.unwrap();
    assert_eq!(
        (desk.file("src/a.rs"), desk.file("new"), desk.file("fresh")),
        ("a\nB\nc\n".into(), "x\n".into(), "f\n".into())
    );
    assert!(!desk.root().join("gone").exists() && !desk.root().join("old").exists());
}

#[tokio::test]
async fn one_hunk_that_does_not_fit_changes_nothing() {
    let desk = Desk::new(&[("a", "1\n"), ("b", "1\n1\n")]);
    for (second, words) in [
        ("*** Update File: b\n@@\n-9\n+8", "b: hunk 1: its lines are not in the file"),
        ("*** Update File: b\n@@\n-1\n+8", "occur at lines 1, 2"),
        ("*** Update File: b\n@@ nowhere\n-1\n+8", "the line `nowhere`"),
        ("*** Update File: none\n@@\n-1\n+8", "none does not exist"),
        ("*** Add File: b\n+x", "b exists already"),
        ("*** Update File: ./a\n@@\n-1\n+3", "a is in the patch twice"),
        ("*** Update File: b\n*** Move to: a\n@@\n 1\n-1\n+3", "a is in the patch twice"),
    ] {
        let error = desk.error(Patch, marked(&format!("*** Update File: a\n@@\n-1\n+2\n{second}"))).await;
        assert!(error.contains(words), "{error}");
        assert_eq!((desk.file("a"), desk.file("b")), ("1\n".into(), "1\n1\n".into()));
    }
}

#[tokio::test]
async fn a_write_that_fails_puts_back_what_was_written_before() {
    let desk = Desk::new(&[("a", "1\n"), ("b", "2\n")]);
    desk.open("b", "2\n", true);
    *desk.documents.answer.lock().unwrap() = crate::tool::buffers::Applied::Refused("read only".to_owned());
    let error =
        desk.error(Patch, marked("*** Update File: a\n@@\n-1\n+x\n*** Update File: b\n@@\n-2\n+y")).await;
    assert_eq!(error, "the editor refused the edit: read only; nothing was changed");
    assert_eq!(desk.file("a"), "1\n");
}

#[tokio::test]
async fn a_patch_that_goes_far_outside_names_ten_paths_and_counts_the_rest() {
    let desk = Desk::new(&[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = std::fs::canonicalize(elsewhere.path()).unwrap();
    std::os::unix::fs::symlink(&folder, desk.root().join("link")).unwrap();
    let added: Vec<_> = (0..12).map(|n| format!("*** Add File: link/f{n}\n+x")).collect();
    desk.call(Patch, marked(&added.join("\n"))).await.unwrap();
    let ask = desk.last_ask();
    let first = format!("{} → {}, ", desk.root().join("link/f0").display(), folder.join("f0").display());
    assert!(
        ask.must_ask && ask.reason.contains(&first) && ask.reason.ends_with(", 2 more"),
        "{}",
        ask.reason
    );
    assert!(ask.items.iter().all(|item| item.label.starts_with(folder.to_str().unwrap())));
}

#[test]
fn patches_that_make_no_sense_are_named() {
    for (patch, words) in [
        ("", "holds no change"),
        ("hello", "holds no change"),
        ("*** Begin Patch\n*** Update File: a\n@@\n-1", "cut off"),
        ("*** Begin Patch\n-1\n*** End Patch", "a file has to be named"),
        ("*** Begin Patch\n*** Update File: a\n*** End Patch", "without a hunk"),
        ("*** Begin Patch\n*** Add File: a\nx\n*** End Patch", "does not begin with `+`"),
        ("--- a\n+++ a\n@@ -1,2 +1,2 @@\n x\n", "fewer lines than it says"),
        ("--- a\n+++ a\n@@ x @@\n", "is not `@@ -l,n +l,n @@`"),
        ("--- a\n+++ a\n", "no hunk follows"),
    ] {
        let error = parse::parse(patch).unwrap_err();
        assert!(error.contains(words), "{patch}: {error}");
    }
}

fn patched(old: &str, diff: &str) -> String {
    match parse::parse(diff).unwrap().remove(0).action {
        Action::Update { hunks, .. } => apply::apply(old, &hunks).unwrap(),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn applying_the_difference_gives_the_other_text(a in "([ab-]{0,2}\n){0,30}[ab]{0,2}", b in "([ab+]{0,2}\n){0,30}[ab]{0,2}") {
        prop_assume!(a != b);
        let diff = unified_diff("f", Some(&a), Some(&b));
        prop_assert_eq!(patched(&a, &diff), b);
    }

    #[test]
    fn a_difference_of_lf_texts_applies_to_their_crlf_forms(a in "([ab]{1,2}\n){1,20}", b in "([ab]{1,2}\n){1,20}") {
        prop_assume!(a != b);
        let diff = unified_diff("f", Some(&a), Some(&b));
        prop_assert_eq!(patched(&a.replace('\n', "\r\n"), &diff), b.replace('\n', "\r\n"));
    }

    #[test]
    fn no_patch_panics(patch in "([-+ @*\\\\]{1,3}[ab0-9, ]{0,4}\n){0,12}", text in "([ab]{0,2}\n){0,6}") {
        for whole in [format!("--- f\n+++ f\n@@ -1,2 +1,2 @@\n{patch}"), format!("*** Begin Patch\n*** Update File: f\n{patch}*** End Patch")] {
            let Ok(changes) = parse::parse(&whole) else { continue };
            for change in changes {
                prop_assert!(!change.path.is_empty());
                if let Action::Update { hunks, .. } = change.action {
                    let fits = apply::apply(&text, &hunks).is_ok();
                    prop_assert!(fits || !hunks.is_empty(), "only a hunk can fail to fit");
                }
            }
        }
    }
}
