use proptest::prelude::*;
use serde_json::json;

use super::*;

fn rejected(body: &[u8]) -> (i64, Option<String>) {
    let Rejected { id, error } = *parse(body).unwrap_err();
    (error.code.code(), id.map(|id| id.to_string()))
}

fn request_id(id: &str) -> String {
    let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
    match parse(body.as_bytes()) {
        Ok(Message::Request { id, .. }) => id.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ids_come_back_as_they_were_sent() {
    for id in ["1", "-7", "1.5", "1e999", "18446744073709551616", r#""a""#, r#""ü\n""#] {
        assert_eq!(request_id(id), id);
    }
    assert_eq!(request_id(r#""\u0061""#), r#""a""#);
}

#[test]
fn what_is_no_message_is_refused_with_the_id_where_it_can_be_read() {
    for (body, code, id) in [
        (r"", -32700, None),
        (r"{", -32700, None),
        (r#"{"jsonrpc":"2.0","id":5,"method":"m","params":{bad}}"#, -32700, Some("5")),
        (r#"{"params":{"id":1},"id":"x","method":"m""#, -32700, Some(r#""x""#)),
        ("[]", -32600, None),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#, -32600, None),
        ("5", -32600, None),
        (r#"{"id":1,"method":"m"}"#, -32600, Some("1")),
        (r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, -32600, Some("1")),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600, Some("1")),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32600, Some("1")),
        (r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","result":1}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":1e999}"#, -32602, Some("1")),
    ] {
        assert_eq!(rejected(body.as_bytes()), (code, id.map(str::to_owned)), "{body}");
    }
}

#[test]
fn two_hundred_levels_are_an_error_with_the_id_and_a_million_are_no_crash() {
    let deep = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"jsonrpc":"2.0","id":9,"method":"m","params":{open}{close}}}"#)
    };
    assert!(parse(deep(100).as_bytes()).is_ok());
    assert_eq!(rejected(deep(200).as_bytes()), (-32602, Some("9".to_owned())));
    assert_eq!(rejected(deep(1_000_000).as_bytes()), (-32602, Some("9".to_owned())));
    assert_eq!(rejected("[".repeat(1_000_000).as_bytes()), (-32700, None));
}

#[test]
fn broken_text_is_repaired_and_whole_text_is_left_alone() {
    for (sent, read) in [
        (&br#""\ud800""#[..], "\u{fffd}"),
        (br#""\uDC00x\ud800\ud800\udc00""#, "\u{fffd}x\u{fffd}\u{10000}"),
        (br#""\\ud800""#, r"\ud800"),
        (b"\"\xff\xfe\"", "\u{fffd}\u{fffd}"),
    ] {
        let body = [br#"{"jsonrpc":"2.0","method":"m","params":["#, sent, b"]}"].concat();
        let expected = Message::Notification { method: "m".into(), params: Some(json!([read])) };
        assert_eq!(parse(&body), Ok(expected), "{read}");
    }
}

#[test]
fn the_last_of_two_members_counts_and_null_params_are_none() {
    let body =
        "\u{feff}{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":{},\"method\":\"b\",\"params\":null}";
    let expected = Message::Notification { method: "b".into(), params: None };
    assert_eq!(parse(body.as_bytes()), Ok(expected));
}

#[test]
fn answers_are_told_from_requests() {
    let body = br#"{"jsonrpc":"2.0","id":"agentls-1","result":null}"#;
    assert_eq!(
        parse(body),
        Ok(Message::Response { id: Some(RequestId::from("agentls-1")), result: Ok(Value::Null) })
    );
    let body = br#"{"jsonrpc":"2.0","id":1,"error":"garbage"}"#;
    let Ok(Message::Response { result, .. }) = parse(body) else { panic!("no response") };
    assert_eq!(result.unwrap_err().code, ErrorCode::InternalError);
}

#[test]
fn what_is_written_is_what_the_specification_says() {
    let id = RequestId::from("a");
    assert_eq!(response(Some(&id), &Ok(Value::Null)), br#"{"jsonrpc":"2.0","id":"a","result":null}"#);
    assert_eq!(
        response(None, &Err(Error::parse_error())),
        br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#
    );
    assert_eq!(notification("n", &json!({})).unwrap(), br#"{"jsonrpc":"2.0","method":"n","params":{}}"#);
    assert_eq!(
        request(&id, "r", &json!([1])).unwrap(),
        br#"{"jsonrpc":"2.0","id":"a","method":"r","params":[1]}"#
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(parse(&body).is_err());
    }

    #[test]
    fn no_json_like_text_panics(body in r#"(\{|\}|\[|\]|"id":|"|\\|\\ud[89a-f]00|[0-9]|:|,|é){0,40}"#) {
        prop_assert!(parse(body.as_bytes()).is_err());
    }
}
