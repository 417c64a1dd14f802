#![expect(clippy::unused_async, reason = "handlers are async functions")]

use serde_json::json;
use tokio::{
    io::{AsyncWriteExt, DuplexStream},
    time::timeout,
};
use tower_lsp::{
    LanguageServer, LspService,
    jsonrpc::Result,
    lsp_types::{InitializeParams, InitializeResult},
};

use super::*;
use crate::wire::reply::after_reply;

struct Mock {
    outbox: Outbox,
    calls: Calls,
}

#[tower_lsp::async_trait]
impl LanguageServer for Mock {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        Ok(InitializeResult::default())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

impl Mock {
    async fn echo(&self, params: Value) -> Result<Value> {
        Ok(params)
    }

    async fn hang(&self, _: Value) -> Result<Value> {
        std::future::pending().await
    }

    async fn pause(&self, _: Value) -> Result<Value> {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        Ok(json!("rested"))
    }

    async fn explode(&self, _: Value) -> Result<Value> {
        tokio::task::yield_now().await;
        panic!("a handler's bug")
    }

    async fn shout(&self, _: Value) -> Result<Value> {
        after_reply({
            let outbox = self.outbox.clone();
            move || outbox.send(b"\"after\"".to_vec())
        });
        self.outbox.send(b"\"before\"".to_vec());
        tokio::task::yield_now().await;
        Ok(json!("reply"))
    }

    async fn ask(&self, _: Value) -> Result<Value> {
        self.calls.ask("client/question", &json!({})).await.map_err(|_| Error::internal_error())
    }

    async fn note(&self, params: Value) {
        self.outbox.send(params.to_string().into_bytes());
    }

    async fn explosive_note(&self, _: Value) {
        panic!("a handler's bug")
    }
}

fn failed(failure: Failure) -> Error {
    server_error(-1, failure.message)
}

/// A client on the other end of in-memory pipes.
struct Client {
    to: DuplexStream,
    from: DuplexStream,
    decoder: Decoder,
    ended: tokio::task::JoinHandle<Ended>,
    limit: Limit,
}

impl Client {
    fn new() -> Self {
        let (to, input) = tokio::io::duplex(1 << 16);
        let (output, from) = tokio::io::duplex(1 << 16);
        let outbox = Outbox::default();
        let calls = Calls::new(outbox.clone());
        let mock = Mock { outbox: outbox.clone(), calls: calls.clone() };
        let (service, _) = LspService::build(|_| mock)
            .custom_method("echo", Mock::echo)
            .custom_method("hang", Mock::hang)
            .custom_method("pause", Mock::pause)
            .custom_method("explode", Mock::explode)
            .custom_method("shout", Mock::shout)
            .custom_method("ask", Mock::ask)
            .custom_method("note", Mock::note)
            .custom_method("explosiveNote", Mock::explosive_note)
            .finish();
        let limit = Limit::default();
        let mut pump = Pump::new(service, outbox.clone(), calls, limit.clone(), failed);
        tokio::spawn(async move { outbox.write_to(output).await });
        let ended = tokio::spawn(async move { pump.run(input, &CancellationToken::new()).await });
        Self { to, from, decoder: Decoder::default(), ended, limit }
    }

    async fn initialized() -> Self {
        let mut client = Self::new();
        client.request(json!(0), "initialize", json!({"capabilities": {}})).await;
        assert_eq!(client.read().await["id"], 0);
        client
    }

    async fn send(&mut self, message: &Value) {
        self.send_body(message.to_string().as_bytes()).await;
    }

    async fn send_body(&mut self, body: &[u8]) {
        self.to.write_all(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes()).await.unwrap();
        self.to.write_all(body).await.unwrap();
    }

    async fn request(&mut self, id: Value, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    async fn read(&mut self) -> Value {
        let minute = std::time::Duration::from_mins(1);
        loop {
            match self.decoder.decode() {
                Some(Decoded::Body(body)) => return serde_json::from_slice(&body).unwrap(),
                Some(other) => panic!("{other:?}"),
                None => {}
            }
            let mut chunk = Vec::with_capacity(1024);
            assert!(timeout(minute, self.from.read_buf(&mut chunk)).await.unwrap().unwrap() > 0, "closed");
            self.decoder.feed(&chunk);
        }
    }

    async fn error_of(&mut self, id: Value) -> i64 {
        let reply = self.read().await;
        assert_eq!(reply["id"], id, "{reply}");
        reply["error"]["code"].as_i64().unwrap()
    }

    /// The next request works.
    async fn works(&mut self) {
        self.request(json!("works"), "echo", json!({"a": 1})).await;
        assert_eq!(self.read().await, json!({"jsonrpc": "2.0", "id": "works", "result": {"a": 1}}));
    }
}

#[tokio::test]
async fn bad_input_is_one_error_and_the_next_request_works() {
    let mut client = Client::initialized().await;
    for (body, id, code) in [
        ("", Value::Null, -32700),
        ("[]", Value::Null, -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"no\"}", json!(3), -32601),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"$/no\"}", json!(1.5), -32601),
        ("{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"note\"}", json!(4), -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"exit\"}", json!(5), -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"ec", json!(6), -32700),
    ] {
        client.send_body(body.as_bytes()).await;
        assert_eq!(client.error_of(id).await, code, "{body:?}");
        client.works().await;
    }
    client.to.write_all(b"Content-Length: -1\r\n\r\n").await.unwrap();
    assert_eq!(client.error_of(Value::Null).await, -32700);
    client.works().await;
}

#[tokio::test]
async fn a_message_shorter_than_it_says_does_not_take_the_next_one_with_it() {
    let mut client = Client::initialized().await;
    client
        .to
        .write_all(b"Content-Length: 60\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"e")
        .await
        .unwrap();
    client.request(json!(7), "echo", json!({})).await;
    assert_eq!(client.error_of(json!(6)).await, -32700);
    assert_eq!(client.read().await["id"], 7);
}

#[tokio::test]
async fn a_message_above_the_limit_is_refused_with_its_id_and_the_limit() {
    let mut client = Client::initialized().await;
    client.limit.set(1000);
    client.request(json!(1), "echo", json!("x".repeat(2000))).await;
    let refused = client.read().await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(1), &json!(-1)));
    assert_eq!(refused["error"]["message"], "the message is larger than 1000 bytes");
    client.works().await;
}

#[tokio::test]
async fn waiting_requests_block_nothing_and_can_be_cancelled() {
    let mut client = Client::initialized().await;
    for id in 0..20 {
        client.request(json!(format!("wait {id}")), "hang", Value::Null).await;
    }
    client.works().await;
    client.notify("$/cancelRequest", json!({"id": "nobody's"})).await;
    client.notify("$/cancelRequest", json!({})).await;
    client.notify("$/cancelRequest", json!({"id": "wait 7"})).await;
    assert_eq!(client.error_of(json!("wait 7")).await, -32800);
    client.works().await;
}

#[tokio::test]
async fn an_id_in_flight_is_not_taken_twice_and_the_number_of_requests_has_a_cap() {
    let mut client = Client::initialized().await;
    client.request(json!(1), "hang", json!({})).await;
    client.request(json!(1), "echo", json!({})).await;
    assert_eq!(client.error_of(json!(1)).await, -32600);
    for id in 2..=i64::try_from(MAX_IN_FLIGHT).unwrap() {
        client.request(json!(id), "hang", json!({})).await;
    }
    client.request(json!("one more"), "echo", json!({})).await;
    assert_eq!(client.error_of(json!("one more")).await, BUSY);
    client.notify("$/cancelRequest", json!({"id": 1})).await;
    assert_eq!(client.error_of(json!(1)).await, -32800);
    client.works().await;
}

#[tokio::test]
async fn more_small_requests_than_may_be_in_flight_are_slowed_down_not_refused() {
    let mut client = Client::initialized().await;
    let requests = 3 * MAX_IN_FLIGHT;
    let frames: String = (0..requests)
        .map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "pause", "params": {}}).to_string())
        .map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len()))
        .collect();
    let mut to = std::mem::replace(&mut client.to, tokio::io::duplex(1).0);
    let sending = tokio::spawn(async move { (to.write_all(frames.as_bytes()).await, to) });
    for _ in 0..requests {
        let reply = client.read().await;
        assert_eq!(reply["result"], "rested", "{reply}");
    }
    sending.await.unwrap().0.unwrap();
}

#[tokio::test]
async fn a_panic_is_an_error_of_that_request_only() {
    let mut client = Client::initialized().await;
    client.request(json!(1), "explode", json!({})).await;
    assert_eq!(client.error_of(json!(1)).await, -32603);
    client.notify("explosiveNote", json!({})).await;
    client.works().await;
}

#[tokio::test]
async fn a_reply_comes_behind_its_notifications_and_before_what_waits_for_it() {
    let mut client = Client::initialized().await;
    client.request(json!(1), "shout", json!({})).await;
    assert_eq!(client.read().await, json!("before"));
    assert_eq!(client.read().await["result"], "reply");
    assert_eq!(client.read().await, json!("after"));
}

#[tokio::test]
async fn notifications_complete_in_the_order_of_arrival() {
    let mut client = Client::initialized().await;
    for number in 0..100 {
        client.notify("note", json!(number)).await;
    }
    for number in 0..100 {
        assert_eq!(client.read().await, json!(number));
    }
}

#[tokio::test]
async fn a_handler_may_wait_for_the_client() {
    let mut client = Client::initialized().await;
    client.request(json!(1), "ask", Value::Null).await;
    let question = client.read().await;
    assert_eq!(question["method"], "client/question");
    client.send(&json!({"jsonrpc": "2.0", "id": "agentls-99", "result": "to nobody"})).await;
    client.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result": "yes"})).await;
    assert_eq!(client.read().await["result"], "yes");
}

#[tokio::test]
async fn the_life_cycle_is_what_lsp_says() {
    let mut client = Client::new();
    client.request(json!(1), "echo", json!({})).await;
    assert_eq!(client.error_of(json!(1)).await, -32002);
    client.notify("shutdown", Value::Null).await;
    client.request(json!(2), "initialize", json!({"capabilities": {}})).await;
    assert_eq!(client.read().await["id"], 2);
    client.request(json!(3), "initialize", json!({"capabilities": {}})).await;
    assert_eq!(client.error_of(json!(3)).await, -32600);
    client.request(json!(4), "shutdown", Value::Null).await;
    assert_eq!(client.read().await, json!({"jsonrpc": "2.0", "id": 4, "result": null}));
    client.request(json!(5), "echo", json!({})).await;
    assert_eq!(client.error_of(json!(5)).await, -32600);
    client.notify("exit", Value::Null).await;
    assert_eq!(client.ended.await.unwrap(), Ended::Exit { orderly: true });
}

#[tokio::test]
async fn exit_eof_and_a_closed_output_end_it_with_handlers_waiting() {
    let mut client = Client::initialized().await;
    client.request(json!(1), "hang", json!({})).await;
    client.notify("exit", Value::Null).await;
    assert_eq!(client.ended.await.unwrap(), Ended::Exit { orderly: false });

    let mut client = Client::initialized().await;
    client.request(json!(1), "hang", json!({})).await;
    drop(client.to);
    assert_eq!(client.ended.await.unwrap(), Ended::Disconnected);

    let mut client = Client::initialized().await;
    client.from = tokio::io::duplex(1).0;
    client.request(json!(1), "echo", json!({})).await;
    assert_eq!(client.ended.await.unwrap(), Ended::Disconnected);
}

/// Gives as much as there is room for, and remembers how much that was.
#[derive(Default)]
struct Reads(Vec<usize>);

impl AsyncRead for Reads {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        if self.0.len() < 20 {
            self.0.push(buffer.remaining());
            buffer.put_slice(&vec![b' '; buffer.remaining()]);
        }
        std::task::Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn however_much_there_is_a_read_takes_a_chunk() {
    let (mut input, mut decoder) = (Reads::default(), Decoder::default());
    while let Ok(Some(_)) = next(&mut decoder, &mut input, &Outbox::default()).await {}
    assert_eq!(input.0, [CHUNK; 20]);
}
