//! What `read` shows of texts, images, folders and open documents.

use std::fs;

use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

#[tokio::test]
async fn lines_are_numbered_and_counted() {
    let desk = Desk::new(&[("a.txt", "one\r\ntwo\nthree")]);
    let text = desk.text(Read, json!({"path": "a.txt"})).await;
    assert_eq!(text, "     1\tone\n     2\ttwo\n     3\tthree\n(3 lines)");
    assert_eq!(desk.last_ask().items[0].label, "a.txt");
    assert!(!desk.last_ask().must_ask);
}

#[tokio::test]
async fn a_range_says_how_to_go_on() {
    let desk = Desk::new(&[("a.txt", "1\n2\n3\n4\n")]);
    let text = desk.text(Read, json!({"path": "a.txt", "offset": 2, "limit": "2"})).await;
    assert_eq!(text, "     2\t2\n     3\t3\n(lines 2-3 of 4; go on with offset 4)");
    let error = desk.error(Read, json!({"path": "a.txt", "offset": 5})).await;
    assert_eq!(error, "a.txt has 4 lines; offset 5 is past its end");
}

#[tokio::test]
async fn a_very_long_line_is_cut_on_a_character() {
    let desk = Desk::new(&[("a.txt", &format!("{}\nend\n", "é".repeat(5_000)))]);
    let text = desk.text(Read, json!({"path": "a.txt"})).await;
    assert!(
        text.contains("é… (line of 10001 bytes cut)\n     2\tend"),
        "{}",
        crate::transcript::text::tail(&text, 80)
    );
}

#[tokio::test]
async fn unsaved_text_is_what_is_read() {
    let desk = Desk::new(&[("a.txt", "disk")]);
    desk.open("a.txt", "buffer", true);
    assert_eq!(desk.text(Read, json!({"path": "a.txt"})).await, "     1\tbuffer\n(1 lines)");
}

#[tokio::test]
async fn an_image_is_returned_by_its_first_bytes() {
    let desk = Desk::new(&[("page.png", "<!DOCTYPE html>\n")]);
    let mut png = Vec::new();
    let mut writer = png::Encoder::new(&mut png, 2, 1).write_header().unwrap();
    writer.write_image_data(&[0, 255]).unwrap();
    writer.finish().unwrap();
    fs::write(desk.root().join("x.dat"), &png).unwrap();
    let output = desk.call(Read, json!({"path": "x.dat"})).await.unwrap();
    assert_eq!(output.text, format!("image/png, 2 × 1 pixels, {} bytes", png.len()));
    assert_eq!((output.images[0].picture.kind, &output.images[0].data[..]), (Kind::Png, &png[..]));
    fs::write(desk.root().join("cut.png"), &png[..40]).unwrap();
    let error = desk.error(Read, json!({"path": "cut.png"})).await;
    assert_eq!(error, "cut.png is an image that cannot be shown: its header is damaged");
    let page = desk.text(Read, json!({"path": "page.png"})).await;
    assert_eq!(page, "     1\t<!DOCTYPE html>\n(1 lines)", "what is no image is read as what it is");
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let desk = Desk::new(&[("main.rs", ""), ("src/lib.rs", "x")]);
    fs::write(desk.root().join("b.bin"), b"a\0b").unwrap();
    assert_eq!(desk.error(Read, json!({"path": "b.bin"})).await, "b.bin is a binary file (3 bytes)");
    assert_eq!(
        desk.error(Read, json!({"path": "Main.py"})).await,
        "Main.py does not exist; beside it there is main.rs"
    );
    assert_eq!(desk.text(Read, json!({"path": "main.rs"})).await, "(the file is empty)");
    assert_eq!(desk.text(Read, json!({"path": "."})).await, "b.bin\nmain.rs\nsrc/\n");
}

#[tokio::test]
async fn a_link_that_leaves_has_to_be_seen() {
    let (desk, other) = (Desk::new(&[]), Desk::new(&[("secret", "s")]));
    std::os::unix::fs::symlink(other.root().join("secret"), desk.root().join("link")).unwrap();
    desk.call(Read, json!({"path": "link"})).await.unwrap();
    let ask = desk.last_ask();
    assert!(ask.must_ask);
    let path = ask.path.unwrap();
    assert_eq!((path.link, path.target), (desk.root().join("link"), other.root().join("secret")));
}

#[tokio::test]
async fn a_refused_file_is_not_opened() {
    let mut desk = Desk::new(&[("a.env", "KEY=1")]);
    desk.refusal = Some(crate::permission::Refusal::Rule { rule: "read: *.env".to_owned() });
    assert_eq!(desk.error(Read, json!({"path": "a.env"})).await, "denied by the rule `read: *.env`");
}
