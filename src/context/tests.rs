//! Promises of the window over histories of every kind, read back from a real store, without any provider.

use std::sync::Arc;

use proptest::prelude::*;

use super::{
    budget::Budget,
    compaction,
    history::Overflow,
    item::Asked,
    render::{self, Contents},
    validate::{self, Shape},
    window::Window,
};
use crate::{
    provider::{Cost, Entry, Explorer, Model, Said},
    store::{Change, Lessee, NewMessage, NewPart, NewSessionRow, NewSummary, Reshape, Step, Store},
    transcript::{
        Body, Compaction, Failure, FailureKind, Message, MessageId, ModelRef, Part, PartId, PartKind, Role,
        Seq, SessionId, Timestamp, ToolPart, ToolState, TurnId, Usage,
    },
};

/// Something that happens in a session.
#[derive(Clone, Debug)]
enum Act {
    /// The person says so many bytes.
    Says(usize),
    /// The model says something.
    Answers(usize),
    /// The model makes calls with outputs of these sizes; `None` is one that never got its result.
    Calls(Vec<Option<usize>>),
    /// An answer that broke off.
    Breaks(usize),
    /// Old outputs become evidence.
    Prunes,
    /// The history is summarised.
    Compacts,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let calls = prop::collection::vec(prop::option::weighted(0.9, 0_usize..6_000), 1..4);
    let act = prop_oneof![
        3 => (0_usize..400).prop_map(Act::Says),
        3 => (0_usize..400).prop_map(Act::Answers),
        5 => calls.prop_map(Act::Calls),
        1 => (0_usize..400).prop_map(Act::Breaks),
        1 => Just(Act::Prunes),
        1 => Just(Act::Compacts),
    ];
    prop::collection::vec(act, 1..30)
}

struct Desk {
    store: Store,
    session: SessionId,
    turn: TurnId,
    _directory: tempfile::TempDir,
}

fn reference() -> ModelRef {
    ModelRef { provider: "offline".into(), id: "m".into() }
}

fn asked(context: u64) -> Asked {
    let model = Model {
        id: "m".into(),
        context,
        max_output: 500,
        images: false,
        cost: Cost::default(),
        options: serde_json::Map::new(),
    };
    let budget = Budget::of(&model, 1_000);
    Asked { provider: Arc::new(Explorer::default()), model, budget, frame_bytes: 2_000 }
}

impl Desk {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Lessee::this_process("test")).unwrap();
        let session = SessionId::random();
        let row = NewSessionRow {
            id: session.clone(),
            root: "/project".into(),
            project_name: "project".into(),
            parent_id: None,
            title: None,
            cwd: "/project".into(),
            agent: "build".into(),
            model: reference(),
        };
        store.create_session(row).await.unwrap();
        let turn = store.begin_upkeep(&session).await.unwrap().into_inner().0;
        Self { store, session, turn, _directory: directory }
    }

    fn message(&self, role: Role, kinds: Vec<PartKind>) -> NewMessage {
        let id = MessageId::random();
        let part = |(index, kind)| Part { id: PartId::random(), message_id: id.clone(), index, kind };
        let parts = (0..).zip(kinds).map(part).map(NewPart::from).collect();
        let complete = true;
        NewMessage {
            id,
            role,
            parent_id: None,
            turn: self.turn.clone(),
            agent: "build".into(),
            model: reference(),
            complete,
            parts,
        }
    }

    async fn add(&self, role: Role, kinds: Vec<PartKind>) -> MessageId {
        let new = self.message(role, kinds);
        self.store.add_message(&self.session, new).await.unwrap().into_inner().id
    }

    async fn last(&self) -> Seq {
        self.store.live(&self.session).await.unwrap().last
    }

    async fn load(&self, last: Seq, context: u64) -> Window {
        Window::load(&self.store, &self.session, last, asked(context), Overflow::Window).await.unwrap()
    }

    /// Does it. Says whether the prefix may be another from now on.
    async fn act(&self, act: &Act, context: u64) -> bool {
        let text = |size: usize| PartKind::Text(Body::whole("x".repeat(size)));
        match act {
            Act::Says(size) => drop(self.add(Role::User, vec![text(*size)]).await),
            Act::Answers(size) => drop(self.add(Role::Assistant, vec![text(*size)]).await),
            Act::Calls(outputs) => {
                let calls = outputs.iter().copied().map(call).collect();
                self.add(Role::Assistant, calls).await;
            }
            Act::Breaks(size) => {
                let message = self.add(Role::Assistant, vec![text(*size)]).await;
                let error = Some(Failure::new(FailureKind::Interrupted, "cut"));
                let cut = Change::Completed {
                    message,
                    at: Timestamp::now(),
                    finish: None,
                    error,
                    usage: None,
                    response: None,
                };
                self.store.apply(&self.session, vec![cut]).await.unwrap();
            }
            Act::Prunes => {
                let window = self.load(self.last().await, context).await;
                let outputs = window.items().iter().flat_map(|item| &item.outputs);
                let old: Vec<_> = outputs.map(|(part, _)| part.clone()).take(2).collect();
                self.store.reshape(&self.session, Reshape::Prune(old)).await.unwrap();
                return true;
            }
            Act::Compacts => {
                let window = self.load(self.last().await, context).await;
                if let Ok(plan) = compaction::plan(&window, 300) {
                    let first = window.place().first;
                    self.summarise(plan.tail, first).await;
                    return true;
                }
            }
        }
        false
    }

    async fn summarise(&self, tail: Option<Seq>, first: Seq) {
        let compaction = PartKind::Compaction(Compaction { tail, ..Compaction::default() });
        let message = self.message(Role::Assistant, vec![compaction, PartKind::Text(Body::whole("## Goal"))]);
        let step = Step {
            seq: 0,
            message_id: message.id.clone(),
            started_at: Timestamp(0),
            model: reference(),
            request_bytes: 0,
            input_items: 0,
            threading: "full".into(),
            threading_reason: String::new(),
            usage: Usage::default(),
            cache_miss: None,
            frame: String::new(),
            first_event_ms: None,
            duration_ms: 0,
            retries: 0,
            overhead_us: 0,
            finish: "compaction".into(),
        };
        let summary = NewSummary { message, first, usage: Usage::default(), step };
        self.store.add_summary(&self.session, summary).await.unwrap();
    }
}

fn call(output: Option<usize>) -> PartKind {
    let state = match output {
        None => ToolState::Running { started_at: Timestamp(0) },
        Some(size) => ToolState::Completed {
            started_at: Timestamp(0),
            ended_at: Timestamp(0),
            output: Body::whole("line of output\n".repeat(size / 15 + 1)),
        },
    };
    PartKind::Tool(ToolPart {
        call_id: PartId::random().to_string(),
        tool: "read".into(),
        title: None,
        input: Body::whole(r#"{"path":"a"}"#),
        state,
        compacted_at: None,
        attachments: Vec::new(),
    })
}

fn encoded(window: &Window) -> Vec<&[u8]> {
    window.items().iter().map(|item| item.encoded.as_ref()).collect()
}

/// Where the window differs from the one before, and why it may.
fn frozen(before: &Window, after: &Window) -> bool {
    let moved =
        before.place().first != after.place().first || before.place().summary != after.place().summary;
    moved || encoded(after).starts_with(&encoded(before))
}

/// Calls in any state, words, thoughts, a file: a message as a crash, a cancel or an import may have left it.
fn any_message(seq: i64) -> impl Strategy<Value = Message> {
    let state = prop_oneof![
        Just(ToolState::Pending),
        Just(ToolState::Running { started_at: Timestamp(1) }),
        any::<String>().prop_map(|output| ToolState::Completed {
            started_at: Timestamp(1),
            ended_at: Timestamp(2),
            output: Body::whole(output),
        }),
        any::<String>().prop_map(|message| ToolState::Error {
            started_at: None,
            ended_at: Timestamp(2),
            message,
        }),
    ];
    let call = (any::<String>(), any::<String>(), state).prop_map(|(call_id, input, state)| {
        PartKind::Tool(ToolPart {
            call_id,
            tool: "read".to_owned(),
            title: None,
            input: Body::whole(input),
            state,
            compacted_at: None,
            attachments: Vec::new(),
        })
    });
    let kind = prop_oneof![
        3 => call,
        1 => any::<String>().prop_map(|text| PartKind::Text(Body::whole(text))),
        1 => any::<String>().prop_map(|text| PartKind::Reasoning(Body::whole(text).into())),
        1 => Just(PartKind::StepStart),
    ];
    (prop::collection::vec(kind, 0..5), any::<bool>(), any::<bool>()).prop_map(
        move |(kinds, user, failed)| {
            let id = MessageId::random();
            let role = if user { Role::User } else { Role::Assistant };
            let part = |(index, kind)| Part { id: PartId::random(), message_id: id.clone(), index, kind };
            let parts = (0_u32..).zip(kinds).map(part).collect();
            let error = failed.then(|| Failure::internal("it broke off"));
            let draft = Message::draft(id, SessionId::from("ses_1"), Seq(seq), role, parts);
            Message { error, completed_at: Some(Timestamp(3)), ..draft }
        },
    )
}

proptest! {
    #![proptest_config(crate::cases::cases())]

    #[test]
    fn p_04_each_call_of_any_message_has_one_result_whatever_became_of_it(message in any_message(2)) {
        let entries = render::entries(&message, &Contents::default(), true);
        let calls: Vec<&String> = entries
            .iter()
            .filter_map(|entry| if let Entry::Assistant(said) = entry { Some(said) } else { None })
            .flatten()
            .filter_map(|said| if let Said::Call { call_id, .. } = said { Some(call_id) } else { None })
            .collect();
        let results: Vec<&String> = entries
            .iter()
            .filter_map(|entry| if let Entry::Results(results) = entry { Some(results) } else { None })
            .flatten()
            .map(|result| &result.call_id)
            .collect();
        prop_assert_eq!(calls, results);
        prop_assert_eq!(entries, render::entries(&message, &Contents::default(), true));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_prefix_of_every_log_makes_a_valid_window_whose_beginning_is_frozen(
        acts in acts(), context in 3_000_u64..20_000
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let desk = Desk::new().await;
            desk.act(&Act::Says(40), context).await;
            let mut before: Option<Window> = None;
            for act in &acts {
                let reshaped = desk.act(act, context).await;
                let last = desk.last().await;
                let window = desk.load(last, context).await;
                // What a turn would send next ends with something to answer.
                let ending = [Shape::User];
                let shapes = window.items().iter().map(|item| &item.shape).chain(&ending);
                prop_assert_eq!(validate::check(shapes), Ok(()), "{:?}", acts);
                let newest_turn = newest_turn(&window);
                prop_assert!(
                    window.used() <= window.budget().usable || newest_turn,
                    "{} of {:?} and more than the newest turn", window.used(), window.budget()
                );
                if let Some(before) = before.as_ref().filter(|_| !reshaped) {
                    prop_assert!(frozen(before, &window), "the prefix changed without a boundary: {acts:?}");
                }
                // Read again, it is the same byte for byte.
                let again = desk.load(last, context).await;
                prop_assert_eq!(encoded(&again), encoded(&window));
                before = Some(window);
            }
            Ok(())
        })?;
    }
}

/// Whether the window holds a single turn, which cannot be cut down.
fn newest_turn(window: &Window) -> bool {
    window.weights().iter().all(|weight| !weight.user || weight.seq <= window.place().first)
}
