//! The real server as a client meets it: the built binary behind a pipe.
//!
//! Every wait has a deadline and says what came instead. What must never be on the pipe is noticed by whoever
//! reads it (`server/record.rs`) and fails the test when the server is dropped; so does nothing else: the child
//! is killed then, without ceremony.

mod pipe;
mod record;

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::home::Home;
use pipe::Pipe;
use record::Record;
pub use record::{Question, Reply};

/// How long anything may take on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(30);

/// A client that starts a server.
pub struct Client {
    capabilities: Value,
    options: Value,
    environment: Vec<(String, String)>,
    process: u32,
}

impl Default for Client {
    /// It speaks for a person, and vouches for the workspace.
    fn default() -> Self {
        Self {
            capabilities: json!({"workspace": {"applyEdit": true}}),
            options: json!({"clientAbilities": {"permission": true, "question": true}, "trust": "trusted"}),
            environment: Vec::new(),
            process: std::process::id(),
        }
    }
}

impl Client {
    /// A client without a person.
    pub fn headless() -> Self {
        Self { options: json!({"trust": "trusted"}), ..Self::default() }
    }

    /// Replaces what it says of itself to agentls.
    pub fn options(mut self, options: Value) -> Self {
        self.options = options;
        self
    }

    /// Says nothing of trust in the workspace, where every other client here vouches for it.
    pub fn without_trust(mut self) -> Self {
        self.options.as_object_mut().expect("the options are an object").remove("trust");
        self
    }

    /// Replaces the plain LSP capabilities.
    pub fn capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// The process that the server takes for its client, instead of the test's own.
    pub fn process(mut self, pid: u32) -> Self {
        self.process = pid;
        self
    }

    /// Sets a variable of the server's environment, which is empty otherwise.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Pauses or ends the server at named places; see `src/failpoint.rs`.
    pub fn failpoints(self, plan: &str) -> Self {
        self.env("AGENTLS_FAILPOINTS", plan)
    }

    /// Starts a server and shakes hands with it.
    pub async fn start(self, home: &Home) -> Server {
        let server = self.spawn(home);
        let root = format!("file://{}", home.workspace().display());
        let introduction = json!({
            "workspaceFolders": [{"uri": root, "name": "workspace"}],
            "processId": self.process,
            "clientInfo": {"name": "it"},
            "capabilities": self.capabilities,
            "initializationOptions": {"agentls": self.options},
        });
        server.call("initialize", introduction).await;
        server.notify("initialized", json!({}));
        server
    }

    /// Starts a server without a word to it.
    pub fn spawn(&self, home: &Home) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_agentls"))
            .args(["serve", "--stdio"])
            .current_dir(home.workspace())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.workspace())
            .env("AGENTLS_DATA_DIR", home.data())
            .env("AGENTLS_CONFIG_DIR", home.config_dir())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built");
        let record = Arc::new(Record::default());
        let pipe = Pipe::new(&mut child, &record);
        Server { child, pipe, record, cwd: home.workspace().to_string_lossy().into_owned() }
    }
}

/// A running server.
pub struct Server {
    child: Child,
    pipe: Pipe,
    record: Arc<Record>,
    cwd: String,
}

/// A request that waits for its reply.
pub struct Started {
    /// Its id, for `$/cancelRequest`.
    pub id: u64,
    method: String,
    reply: tokio::sync::oneshot::Receiver<Reply>,
    record: Arc<Record>,
}

impl Started {
    /// The reply: a result or an error object.
    pub async fn wait(self) -> Reply {
        match timeout(DEADLINE, self.reply).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => panic!("the server ended before it answered {}", self.method),
            Err(tokio::time::error::Elapsed { .. }) => {
                panic!("no reply to {}; {}", self.method, self.record.lately())
            }
        }
    }

    /// The reply, or nothing when the server ends before it comes.
    pub async fn if_it_lives(self) -> Option<Reply> {
        match timeout(DEADLINE, self.reply).await {
            Ok(reply) => reply.ok(),
            Err(tokio::time::error::Elapsed { .. }) => {
                panic!("no reply to {}; {}", self.method, self.record.lately())
            }
        }
    }

    /// The result; a failure fails the test.
    pub async fn result(self) -> Value {
        let method = self.method.clone();
        self.wait().await.unwrap_or_else(|error| panic!("{method} failed: {error}"))
    }

    /// The error object; a success fails the test.
    pub async fn error(self) -> Value {
        let method = self.method.clone();
        self.wait().await.err().unwrap_or_else(|| panic!("{method} did not fail"))
    }
}

impl Server {
    /// Sends a request.
    pub fn start(&self, method: &str, params: Value) -> Started {
        let (id, reply) = self.record.expect_reply();
        self.pipe.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        Started { id, method: method.to_owned(), reply, record: Arc::clone(&self.record) }
    }

    /// Sends a request that has to succeed.
    pub async fn call(&self, method: &str, params: Value) -> Value {
        self.start(method, params).result().await
    }

    pub fn notify(&self, method: &str, params: Value) {
        self.pipe.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Asks the server to stop working on a request.
    pub fn cancel_request(&self, request: &Started) {
        self.notify("$/cancelRequest", json!({"id": request.id}));
    }

    /// The notifications until now, in order.
    pub fn notifications(&self) -> Vec<Value> {
        self.record.notifications()
    }

    /// The first notification, past or future, that `wanted` accepts.
    pub async fn wait_for(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait_after(0, what, wanted).await
    }

    /// As `wait_for`, without the first `seen` notifications.
    pub async fn wait_after(&self, seen: usize, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = self.record.watch(|record| record.notification(seen, &wanted));
        timeout(DEADLINE, found).await.unwrap_or_else(|_| panic!("no {what}; {}", self.record.lately()))
    }

    /// Answers every question of `method` from now on with what `answer` says of its parameters.
    pub fn always_answer(&self, method: &str, answer: impl Fn(&Value) -> Value + Send + 'static) {
        let pipe = self.pipe.clone();
        self.record.on_question(method, move |question| pipe.answer(&question.id, answer(&question.params)));
    }

    /// Allows once whatever is asked: commands that the shell's analysis wants a person to see.
    pub fn allow_all(&self) {
        self.always_answer("session/requestPermission", |_| json!({"optionId": "once"}));
    }

    /// The next question of `method` that nobody took yet.
    pub async fn question(&self, method: &str) -> Question {
        let found = self.record.watch(|record| record.take_question(method));
        let waited = timeout(DEADLINE, found).await;
        waited.unwrap_or_else(|_| panic!("no {method}; {}", self.record.lately()))
    }

    /// How many questions of `method` came until now.
    pub fn questions_asked(&self, method: &str) -> usize {
        self.record.questions_asked(method)
    }

    /// Answers a question.
    pub fn answer(&self, question: &Question, result: Value) {
        self.pipe.answer(&question.id, result);
    }

    /// A new session in the workspace; its id.
    pub async fn session(&self) -> String {
        self.session_with(json!({})).await
    }

    /// A new session with more parameters.
    pub async fn session_with(&self, more: Value) -> String {
        let mut params = more;
        params["cwd"] = self.cwd.clone().into();
        let made = self.call("session/new", params).await;
        made["session"]["id"].as_str().expect("a session has an id").to_owned()
    }

    /// Sends a prompt of one text.
    pub fn start_prompt(&self, session: &str, text: &str) -> Started {
        self.start_prompt_with(session, text, json!({}))
    }

    /// Sends a prompt of one text with more parameters, such as `delivery`.
    pub fn start_prompt_with(&self, session: &str, text: &str, more: Value) -> Started {
        let mut params = Map::new();
        params.insert("sessionId".into(), session.into());
        params.insert("parts".into(), json!([{"type": "text", "text": text}]));
        params.extend(more.as_object().cloned().unwrap_or_default());
        self.start("session/prompt", params.into())
    }

    /// Sends a prompt and waits for the end of its turn, which has to succeed.
    pub async fn prompt(&self, session: &str, text: &str) -> Value {
        self.start_prompt(session, text).result().await
    }

    /// The newest messages of a session, with whole bodies.
    pub async fn messages(&self, session: &str) -> Vec<Value> {
        let params = json!({"sessionId": session, "limit": 500, "bodies": "full"});
        let page = self.call("session/messages", params).await;
        page["messages"].as_array().expect("a page has messages").clone()
    }

    /// Waits for an update of a session.
    pub async fn update(&self, session: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.update_after(0, session, what, wanted).await
    }

    /// As `update`, without the first `seen` notifications.
    pub async fn update_after(
        &self,
        seen: usize,
        session: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let ours = |notification: &Value| {
            notification["method"] == "session/update"
                && notification["params"]["sessionId"] == session
                && wanted(&notification["params"]["update"])
        };
        self.wait_after(seen, what, ours).await["params"]["update"].take()
    }

    /// The updates of a session until now, in order.
    pub fn updates(&self, session: &str) -> Vec<Value> {
        let all = self.notifications().into_iter();
        all.filter(|it| it["method"] == "session/update" && it["params"]["sessionId"] == session)
            .map(|mut it| it["params"]["update"].take())
            .collect()
    }

    /// Waits until a session does nothing.
    pub async fn wait_until_idle(&self, session: &str) {
        let idle = async {
            while self.call("session/get", json!({"sessionId": session})).await["session"]["status"] != "idle"
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(DEADLINE, idle).await.unwrap_or_else(|_| panic!("never idle; {}", self.record.lately()));
    }

    /// Does something with the server, unless that ends before.
    pub async fn while_it_lives<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.record.watch(Record::ended) => None,
        }
    }

    pub fn has_ended(&self) -> bool {
        self.record.ended().is_some()
    }

    /// As [`crash`](Self::crash); what it said until then can be looked at.
    pub fn kill(&mut self) {
        self.end();
    }

    /// Ends the server as a crash would: SIGKILL, nothing is written any more.
    pub fn crash(mut self) {
        self.end();
    }

    /// Ends the server as LSP says; its exit code.
    pub async fn shut_down(mut self) -> Option<i32> {
        self.call("shutdown", Value::Null).await;
        self.notify("exit", Value::Null);
        self.exit_code().await
    }

    /// Closes the server's stdin.
    pub fn close_stdin(&self) {
        self.pipe.close();
    }

    /// Waits for the server's end; its exit code, none when a signal ended it.
    pub async fn exit_code(&mut self) -> Option<i32> {
        let ended = self.record.watch(Record::ended);
        timeout(DEADLINE, ended).await.expect("the server ends");
        self.child.wait().expect("it can be waited for").code()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn end(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
        self.pipe.join();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            eprintln!("--- stderr of the server ---\n{}\n---", self.record.stderr());
            return;
        }
        let problems = self.record.problems();
        assert!(problems.is_empty(), "the server broke the protocol: {}", problems.join("; "));
    }
}
