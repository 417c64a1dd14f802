//! What `glob` finds.

use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

fn desk() -> Desk {
    Desk::new(&[
        ("src/b.rs", ""),
        ("src/a/c.rs", ""),
        ("top.rs", ""),
        (".env", ""),
        (".github/x.rs", ""),
        (".gitignore", "out\n"),
        ("out/d.rs", ""),
    ])
}

#[tokio::test]
async fn names_match_at_any_depth_in_order() {
    assert_eq!(desk().text(Glob, json!({"pattern": "*.rs"})).await, "src/a/c.rs\nsrc/b.rs\ntop.rs");
    assert_eq!(desk().text(Glob, json!({"pattern": "src/*.rs"})).await, "src/b.rs");
    assert_eq!(desk().text(Glob, json!({"pattern": "**/*.rs", "path": "src"})).await, "src/a/c.rs\nsrc/b.rs");
}

#[tokio::test]
async fn hidden_files_are_found_when_asked_for() {
    assert_eq!(desk().text(Glob, json!({"pattern": ".env"})).await, ".env");
    assert_eq!(desk().text(Glob, json!({"pattern": "*.rs", "path": ".github"})).await, ".github/x.rs");
    assert_eq!(desk().text(Glob, json!({"pattern": "d.rs"})).await, "no file matches");
}

#[tokio::test]
async fn a_limit_says_that_there_is_more() {
    let text = desk().text(Glob, json!({"pattern": "*.rs", "limit": 1})).await;
    assert_eq!(text, "src/a/c.rs\n(more than 1 files; narrow the pattern)");
}

#[tokio::test]
async fn patterns_that_make_no_sense_are_named() {
    for (pattern, words) in
        [("[", "`pattern` is not a pattern"), ("/etc/*", "relative to the folder searched")]
    {
        let error = desk().error(Glob, json!({"pattern": pattern})).await;
        assert!(error.contains(words), "{error}");
    }
}
