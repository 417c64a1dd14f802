//! The message layer: what is read can be written and is read the same again, and every refusal is an answer.

use agentls::wire::message::{self, Message, RequestId};
use serde_json::Value;

pub fn holds(bytes: &[u8]) {
    message::recover_id(&String::from_utf8_lossy(bytes));
    match message::parse(bytes) {
        Ok(Message::Request { id, method, params }) => {
            let written = message::request(&id, &method, &params).unwrap();
            match message::parse(&written) {
                Ok(Message::Request { id: same, method: again, params: read }) => {
                    assert_eq!((same, again), (id.clone(), method));
                    assert_eq!(whole(read), whole(params));
                }
                other => panic!("{other:?}"),
            }
            is_answer(&message::response(Some(&id), &Ok(Value::Null)), Some(&id));
        }
        Ok(Message::Notification { method, params }) => {
            let written = message::notification(&method, &params).unwrap();
            let Ok(Message::Notification { method: again, params: read }) = message::parse(&written) else {
                panic!("{}", String::from_utf8_lossy(&written))
            };
            assert_eq!(again, method);
            assert_eq!(whole(read), whole(params));
        }
        Ok(Message::Response { id, result }) => {
            let known = result.is_err() || id.is_some();
            assert!(known, "a result without the id of a request");
            is_answer(&message::response(id.as_ref(), &result), id.as_ref());
        }
        Err(rejected) => {
            let answer = message::response(rejected.id.as_ref(), &Err(rejected.error));
            assert!(answer.len() <= bytes.len() * 8 + 8_192, "{} bytes", answer.len());
            is_answer(&answer, rejected.id.as_ref());
        }
    }
}

fn is_answer(written: &[u8], id: Option<&RequestId>) {
    match message::parse(written) {
        Ok(Message::Response { id: read, .. }) => assert_eq!(read.as_ref(), id),
        other => panic!("{other:?} of {}", String::from_utf8_lossy(written)),
    }
}

/// Without the last digits of fractions, which JSON does not promise to keep.
fn whole(value: Option<Value>) -> Option<Value> {
    value.map(|value| match value {
        Value::Number(number) if number.is_f64() => Value::from("a fraction"),
        Value::Array(list) => list.into_iter().filter_map(|element| whole(Some(element))).collect(),
        Value::Object(object) => {
            object.into_iter().filter_map(|(key, value)| Some((key, whole(Some(value))?))).collect()
        }
        value => value,
    })
}
