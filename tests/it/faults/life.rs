//! A session's life, for the rows that break it off at some point: a home, a model that answers by what is asked, and
//! a client that goes on when a request fails and stops when the server is gone.

use std::{
    collections::{BTreeSet, HashMap},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    compaction::{asks_for_summary, summary},
    support::{
        home::{Home, config_for},
        invariants::{self, Acknowledged},
        provider::{Answer, Double, Wire},
        server::{Client, Reply, Server},
    },
};

/// Where it takes place.
pub struct Life {
    pub home: Home,
    /// Kept for as long as there are servers.
    _double: Double,
}

impl Life {
    pub async fn new() -> Self {
        let double = Double::start_model(Wire::Responses, model()).await;
        let mut config = config_for(&double);
        config["permission"] = json!({"*": "allow", "write": "ask"});
        config["compaction"] = json!({"keepTokens": 200, "protectTokens": 1_000});
        Self { home: Home::new(&config), _double: double }
    }

    /// A server whose person allows everything, for the whole session where that can be.
    pub async fn start(&self, client: Client) -> Server {
        let server = client.start(&self.home).await;
        server.always_answer("session/requestPermission", |params| {
            let options = params["options"].as_array().expect("there are options");
            let longer = options.iter().any(|option| option["id"] == "session");
            json!({"optionId": if longer { "session" } else { "once" }})
        });
        server
    }

    /// What has to hold after each fault: INV, every turn and message has an end, no tool ran twice, and the next prompt
    /// of each session works.
    pub async fn check(&self, acknowledged: &[Acknowledged]) {
        let server = self.start(Client::default()).await;
        self.check_on(&server, acknowledged).await;
        assert_eq!(server.shut_down().await, Some(0));
    }

    /// As [`check`](Self::check), with a server that has recovered what there was.
    pub async fn check_on(&self, server: &Server, acknowledged: &[Acknowledged]) {
        // A call that waits for it goes on.
        self.home.write("go", "");
        invariants::hold_on(&self.home, server, acknowledged).await;
        self.every_turn_has_its_end();
        let listed = server.call("session/list", json!({"limit": 5})).await;
        for session in listed["sessions"].as_array().expect("a page has sessions") {
            let session = session["id"].as_str().expect("a session has an id");
            assert_eq!(server.prompt(session, "Go on.").await["stopReason"], "endTurn");
        }
        self.no_tool_ran_twice();
    }

    fn every_turn_has_its_end(&self) {
        assert_eq!(self.open_ends(), Vec::<String>::new(), "turns, messages and calls without an end");
    }

    /// The ids of what has no end in the database.
    pub fn open_ends(&self) -> Vec<String> {
        let database = rusqlite::Connection::open(self.home.data().join("agentls.db")).unwrap();
        let shown = "session IN (SELECT key FROM session WHERE deleted_at IS NULL)";
        let open = format!(
            "SELECT id FROM turn WHERE ended_at IS NULL
             UNION ALL SELECT id FROM message WHERE completed_at IS NULL AND {shown}
             UNION ALL SELECT id FROM part WHERE status IN ('pending', 'running') AND {shown}"
        );
        let mut open = database.prepare(&open).unwrap();
        open.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn no_tool_ran_twice(&self) {
        let runs = std::fs::read_to_string(self.home.workspace().join("runs")).unwrap_or_default();
        let mut seen = BTreeSet::new();
        for run in runs.lines() {
            assert!(seen.insert(run), "the call {run} ran twice");
        }
    }
}

/// The prompts that a client was told are stored: it saw their message.
pub fn acknowledged(server: &Server) -> Vec<Acknowledged> {
    let mut seen = HashMap::new();
    for notification in server.notifications() {
        let (params, message) = (&notification["params"], &notification["params"]["update"]["message"]);
        if params["update"]["kind"] != "message" || message["role"] != "user" {
            continue;
        }
        let texts = message["parts"].as_array().into_iter().flatten();
        let text = texts.filter_map(|part| part["text"]["text"].as_str()).collect();
        let session = params["sessionId"].as_str().expect("an update has a session").to_owned();
        seen.insert(message["id"].to_string(), Acknowledged { session, text });
    }
    seen.into_values().collect()
}

/// Answers by the prompt: `Run n` and `Hold n` call a tool once for each n, `Talk` is answered at length.
fn model() -> impl FnMut(&Value) -> Answer + Send + 'static {
    let (mut calls, mut summaries, mut cut) = (0, 0, BTreeSet::new());
    move |body| {
        if asks_for_summary(body) {
            summaries += 1;
            let text = if summaries % 2 == 1 { "I did a lot.".to_owned() } else { summary("all of it") };
            return Answer::new().text(&text).aside();
        }
        let answer = Answer::new().new_prefix();
        let last = body["input"].as_array().and_then(|items| items.last()).cloned().unwrap_or_default();
        let asked = last["content"][0]["text"].as_str().unwrap_or_default();
        let (word, number) = asked.split_once(' ').unwrap_or((asked, ""));
        calls += 1;
        let id = format!("call_{calls}");
        let shell = |command: String| answer.clone().call(&id, "bash", &json!({"command": command}));
        match word {
            "Run" => answer.text("I run it.").call(
                &id,
                "bash",
                &json!({"command": format!("echo {number} >> runs; seq 1 4000")}),
            ),
            "Hold" => {
                shell(format!("echo {number} >> runs; touch held; until [ -e go ]; do sleep 0.02; done"))
            }
            "Write" => answer.call(&id, "write", &json!({"path": "n.txt", "content": number})),
            "Fill" => {
                shell(format!("echo {number} >> runs; head -c 48000 /dev/zero | tr '\\0' x | fold -w 99"))
            }
            "Cut" if cut.insert(number.to_owned()) => {
                answer.text("This will break off in the middle.").cut_after(6)
            }
            "Talk" => at_length(answer),
            _ => answer.text("Done."),
        }
    }
}

/// About 12 KB of text in a quarter of a second: it is stored in several pieces.
fn at_length(answer: Answer) -> Answer {
    let mut answer = answer.text(&"words and words ".repeat(750));
    answer.response_id = "resp_long".into();
    answer.render(Wire::Responses);
    let writes = answer.frames.chunks(250).map(|events| events.concat().into()).collect();
    Answer::raw(writes).delay(Duration::from_millis(20)).new_prefix()
}

/// A client of a server that may die or fail.
pub struct Told<'a> {
    server: &'a Server,
    /// Requests that failed: the method and the error.
    pub failures: Vec<(String, Value)>,
}

impl<'a> Told<'a> {
    pub fn by(server: &'a Server) -> Self {
        Self { server, failures: Vec::new() }
    }

    /// A result. Nothing when the server is gone; a failure is noted, and asked again once.
    pub async fn ask(&mut self, method: &str, params: Value) -> Option<Value> {
        for _ in 0..2 {
            match self.server.start(method, params.clone()).if_it_lives().await? {
                Ok(result) => return Some(result),
                Err(error) => self.failures.push((method.to_owned(), error)),
            }
        }
        None
    }

    pub async fn session(&mut self, life: &Life) -> Option<String> {
        let made = self.ask("session/new", json!({"cwd": life.home.workspace()})).await?;
        made["session"]["id"].as_str().map(str::to_owned)
    }

    /// A prompt: a word, and a number that no other has. Asked again once, as another prompt.
    pub async fn prompt(&mut self, session: &str, word: &str) -> Option<Value> {
        for _ in 0..2 {
            match self.server.start("session/prompt", words(session, word)).if_it_lives().await? {
                Ok(result) => return Some(result),
                Err(error) => self.failures.push(("session/prompt".to_owned(), error)),
            }
        }
        None
    }

    /// Text that streams, a tool, a question to the person, an answer that breaks off.
    pub async fn turns(&mut self, session: &str) -> Option<()> {
        for word in ["Talk", "Run", "Write", "Cut"] {
            self.prompt(session, word).await?;
        }
        Some(())
    }

    /// One prompt joins a running turn, another one waits and is taken back.
    pub async fn company(&mut self, life: &Life, session: &str) -> Option<()> {
        for file in ["held", "go"] {
            // Of another time round.
            drop(std::fs::remove_file(life.home.workspace().join(file)));
        }
        let held = words(session, "Hold");
        let mut held = Box::pin(self.server.start("session/prompt", held).if_it_lives());
        tokio::select! {
            there = self.server.while_it_lives(life.home.wait_for_file("held")) => there?,
            early = &mut held => {
                self.note(early?);
                return Some(());
            }
        }
        let mut steer = words(session, "Steer");
        steer["delivery"] = "steer".into();
        let steered = self.server.start("session/prompt", steer);
        let waiting = words(session, "Wait");
        let waiting = self.server.start("session/prompt", waiting);
        if let Some(message) = self.second_in_the_queue(session).await? {
            self.ask("session/unqueue", json!({"sessionId": session, "messageId": message})).await;
        }
        life.home.write("go", "");
        self.note(held.await?);
        self.note(steered.if_it_lives().await?);
        self.note(waiting.if_it_lives().await?);
        Some(())
    }

    /// The message of the second prompt that waits, if there is one soon.
    async fn second_in_the_queue(&mut self, session: &str) -> Option<Option<Value>> {
        for _ in 0..100 {
            let queue = self.ask("session/queue", json!({"sessionId": session})).await;
            match queue.map(|queue| queue["prompts"][1]["messageId"].clone()) {
                Some(message) if message.is_string() => return Some(Some(message)),
                None if self.server.has_ended() => return None,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        Some(None)
    }

    /// Notes a failure. That a prompt was taken back is none.
    fn note(&mut self, reply: Reply) {
        if let Err(error) = reply
            && error["data"]["kind"] != "interrupted"
        {
            self.failures.push(("session/prompt".to_owned(), error));
        }
    }

    /// A summary: the first one is of no use, the second is.
    pub async fn summary(&mut self, session: &str) -> Option<()> {
        self.ask("session/compact", json!({"sessionId": session})).await.map(drop)
    }

    /// Large outputs, until the oldest become evidence.
    pub async fn outputs(&mut self, session: &str) -> Option<()> {
        for word in ["Fill", "Fill", "Fill", "Look"] {
            self.prompt(session, word).await?;
        }
        Some(())
    }

    /// A copy of the session comes and goes.
    pub async fn copies(&mut self, session: &str) -> Option<()> {
        let fork = self.ask("session/fork", json!({"sessionId": session})).await?;
        self.ask("session/rename", json!({"sessionId": fork["session"]["id"], "title": "A copy"})).await?;
        self.ask("session/delete", json!({"sessionId": fork["session"]["id"]})).await.map(drop)
    }

    /// All of it.
    pub async fn whole(&mut self, life: &Life) -> Option<()> {
        let session = self.session(life).await?;
        self.turns(&session).await?;
        self.company(life, &session).await?;
        self.summary(&session).await?;
        self.copies(&session).await
    }
}

/// A prompt of a word and a number that no other has.
fn words(session: &str, word: &str) -> Value {
    static NUMBERS: AtomicU32 = AtomicU32::new(1);
    let text = format!("{word} {}.", NUMBERS.fetch_add(1, Ordering::SeqCst));
    json!({"sessionId": session, "parts": [{"type": "text", "text": text}]})
}
