//! Every failure as a JSON-RPC error: its code, its kind, what a person can do. The only place where this is
//! said.

use serde_json::{Map, Value};
use tower_lsp::jsonrpc::{Error, ErrorCode};

use crate::{engine::EngineError, transcript::Failure};

/// LSP's `RequestFailed`: the request was in order and could not be done.
const REQUEST_FAILED: i64 = -32803;

/// What a client is told of `error`.
pub fn to_jsonrpc(error: EngineError) -> Error {
    match error {
        EngineError::InvalidParams(message) => Error::invalid_params(message),
        EngineError::Failed(failure) => failed(failure),
    }
}

/// What a client is told of `failure`.
pub fn failed(failure: Failure) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_FAILED),
        data: Some(Value::Object(data(&failure))),
        message: failure.message.into(),
    }
}

/// The kind with what belongs to it, whether trying again may help, and the cure.
pub fn data(failure: &Failure) -> Map<String, Value> {
    let mut data = match serde_json::to_value(&failure.kind) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    data.insert("retryable".to_owned(), failure.kind.retryable().into());
    data.insert("cure".to_owned(), failure.cure().into());
    data
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::transcript::FailureKind;

    #[test]
    fn a_failure_carries_its_kind_its_data_and_a_cure() {
        let kind = FailureKind::ContextFloor { need: 9, have: 4 };
        let error = to_jsonrpc(Failure::new(kind.clone(), "too small").into());
        assert_eq!((error.code.code(), error.message.as_ref()), (-32803, "too small"));
        let expected = json!({
            "kind": "contextFloor", "need": 9, "have": 4, "retryable": false, "cure": kind.cure(),
        });
        assert_eq!(error.data, Some(expected));
    }

    #[test]
    fn wrong_parameters_have_the_standard_code() {
        let error = to_jsonrpc(EngineError::InvalidParams("limit: 0".into()));
        assert_eq!((error.code.code(), error.message.as_ref()), (-32602, "limit: 0"));
    }
}
