//! One session as it was worked through: turns of a question, tool steps and an answer, and compactions.

use super::{
    Extent,
    calls::Call,
    database::Database,
    random::Random,
    rows::{self, Answer, Millis},
    words,
};

/// What a message of one step stores beside its tool result and its texts.
const STEP_OVERHEAD: usize = 1_300;

/// About what rows take that hold token counts. Their digits depend on what came before, the sizes that are drawn
/// must not: the live window is to be the same whatever stands before it.
const MESSAGE_BYTES: usize = 400;
const STEP_FINISH_BYTES: usize = 210;

/// A session that is being written.
pub(crate) struct Session<'a> {
    database: &'a mut Database,
    id: String,
    title: String,
    created: Millis,
    /// Until now.
    written: Extent,
    /// Its bytes, those of rows with token counts taken for what they are about.
    paced: usize,
    /// Bytes that a model is sent of it.
    sent: usize,
    /// The user message that is being answered.
    asked: String,
}

/// A piece of work.
#[derive(Debug)]
pub(crate) struct Worked {
    /// The id of its first message.
    first: String,
    /// Bytes that a model is sent of it.
    sent: usize,
}

/// Extents of one piece of work: what it is to have, and what the session had before.
#[derive(Clone, Copy)]
struct Plan {
    extent: Extent,
    before: Extent,
    /// Bytes that it had, in the same way as [`Session::paced`].
    paced: usize,
}

impl<'a> Session<'a> {
    pub(crate) fn begin(database: &'a mut Database, random: &mut Random, title: &str) -> Self {
        let created = database.after(1_000);
        let id = database.session_id(random);
        let written = Extent { messages: 0, parts: 0, bytes: 0 };
        Self {
            database,
            id,
            title: title.to_owned(),
            created,
            written,
            paced: 0,
            sent: 0,
            asked: String::new(),
        }
    }

    /// Writes the session's own row; its extent.
    pub(crate) fn end(self) -> Extent {
        self.database.session(&self.id, &self.title, self.created);
        self.written
    }

    /// Turns with exactly so many messages and parts, and about so many bytes.
    pub(crate) fn work(&mut self, random: &mut Random, extent: Extent) -> Worked {
        let plan = Plan { extent, before: self.written, paced: self.paced };
        let before = self.sent;
        let mut first = None;
        loop {
            let left = extent.messages - (self.written.messages - plan.before.messages);
            if left == 0 {
                return Worked { first: first.unwrap_or_default(), sent: self.sent - before };
            }
            let length = random.between(8, 40);
            // Nothing remains that is too short for a turn.
            let length = if left < length + 2 { left } else { length };
            let asked = self.turn(random, plan, length);
            first.get_or_insert(asked);
        }
    }

    /// A question, `length` − 2 steps and an answer; the id of the question.
    fn turn(&mut self, random: &mut Random, plan: Plan, length: usize) -> String {
        let now = self.database.after(60_000);
        self.asked = self.database.id("msg", random);
        let id = self.asked.clone();
        self.message(&id, now, &rows::user(now));
        let bytes = random.between(60, 900);
        let question = words::prose(random, bytes);
        self.sent += question.len();
        self.part(random, &id, &rows::typed(&question));
        for _ in 2..length {
            self.step(random, plan);
        }
        self.answer(random, plan);
        id
    }

    /// How many parts are due once the next message is written.
    fn parts_due(&self, plan: Plan) -> usize {
        let messages = self.written.messages + 1 - plan.before.messages;
        let due = plan.extent.parts * messages / plan.extent.messages;
        due.saturating_sub(self.written.parts - plan.before.parts)
    }

    /// The bytes that are left for each message that is left.
    fn bytes_due(&self, plan: Plan) -> usize {
        let messages = plan.extent.messages - (self.written.messages - plan.before.messages);
        plan.extent.bytes.saturating_sub(self.paced - plan.paced) / messages.max(1)
    }

    /// An answer that calls tools.
    fn step(&mut self, random: &mut Random, plan: Plan) {
        let bytes = self.bytes_due(plan).saturating_sub(STEP_OVERHEAD);
        let call = Call::some(random, self.database.directory(), bytes);
        let patched = usize::from(call.changes());
        // Start, call and end are always there; what is due beyond them varies.
        let due = self.parts_due(plan).saturating_sub(3 + patched);
        let extra = due.saturating_sub(usize::from(random.chance(30)));
        let (id, created) = self.open(random);
        let snapshot = format!("{:020x}{:020x}", random.next(), random.next());
        self.part(random, &id, &rows::step_start(&snapshot));
        let reasons = extra > 1 || (extra == 1 && random.chance(40));
        if reasons {
            self.reasoning(random, &id);
        }
        if extra > usize::from(reasons) {
            self.text(random, &id, 120);
        }
        let file = call.input["filePath"].clone();
        self.tool(random, &id, &call);
        for _ in 2..extra {
            let another = Call::some(random, self.database.directory(), bytes / 4);
            self.tool(random, &id, &another);
        }
        let tokens = self.tokens();
        self.part(random, &id, &rows::step_finish(&snapshot, "tool-calls", tokens));
        if patched == 1 {
            self.part(random, &id, &rows::patch(&snapshot, &file));
        }
        self.close(&id, created, "build", "tool-calls");
    }

    /// The answer at the end of a turn. What parts are due and no step could have become texts here.
    fn answer(&mut self, random: &mut Random, plan: Plan) {
        let texts = self.parts_due(plan).saturating_sub(2).max(1);
        let (id, created) = self.open(random);
        let snapshot = format!("{:020x}{:020x}", random.next(), random.next());
        self.part(random, &id, &rows::step_start(&snapshot));
        for _ in 0..texts {
            self.text(random, &id, 700);
        }
        let tokens = self.tokens();
        self.part(random, &id, &rows::step_finish(&snapshot, "stop", tokens));
        self.close(&id, created, "build", "stop");
    }

    /// A compaction that keeps `tail`, the work before it.
    pub(crate) fn compact(&mut self, random: &mut Random, tail: &Worked) {
        let now = self.database.after(2_000);
        self.asked = self.database.id("msg", random);
        let asked = self.asked.clone();
        self.message(&asked, now, &rows::user(now));
        self.part(random, &asked, &rows::compaction(&tail.first));
        let (id, created) = self.open(random);
        let snapshot = format!("{:020x}{:020x}", random.next(), random.next());
        self.part(random, &id, &rows::step_start(&snapshot));
        self.text(random, &id, 2_500);
        let tokens = self.tokens();
        self.part(random, &id, &rows::step_finish(&snapshot, "stop", tokens));
        self.close(&id, created, "compaction", "stop");
        // The summary, a few thousand bytes, is left out.
        self.sent = tail.sent;
    }

    /// The model begins to answer.
    fn open(&mut self, random: &mut Random) -> (String, Millis) {
        let created = self.database.after(40);
        let id = self.database.id("msg", random);
        self.database.after(random.millis(400, 6_000));
        (id, created)
    }

    fn close(&mut self, id: &str, created: Millis, mode: &str, finish: &str) {
        let completed = self.database.after(30);
        let (directory, tokens) = (self.database.directory().to_owned(), self.tokens());
        let parent = &self.asked.clone();
        let answer = Answer { parent, mode, directory: &directory, tokens, created, completed, finish };
        self.message(id, created, &rows::assistant(&answer));
    }

    fn reasoning(&mut self, random: &mut Random, message: &str) {
        let text = words::prose(random, 300);
        self.sent += text.len();
        let (start, end) = (self.database.after(5), self.database.after(900));
        self.part(random, message, &rows::reasoning(&text, start, end));
    }

    fn text(&mut self, random: &mut Random, message: &str, bytes: usize) {
        let text = words::prose(random, bytes);
        self.sent += text.len();
        let (start, end) = (self.database.after(5), self.database.after(600));
        self.part(random, message, &rows::text(&text, start, end));
    }

    fn tool(&mut self, random: &mut Random, message: &str, call: &Call) {
        self.sent += call.sent();
        let id = format!("call_{:08}", self.written.parts);
        let (start, end) = (self.database.after(10), self.database.after(random.millis(20, 3_000)));
        self.part(random, message, &rows::tool(call, &id, start, end));
    }

    /// What the model was sent until now.
    fn tokens(&self) -> usize {
        self.sent / 4
    }

    fn message(&mut self, id: &str, created: Millis, data: &serde_json::Value) {
        self.written.bytes += self.database.message(id, &self.id, created, data);
        self.written.messages += 1;
        self.paced += MESSAGE_BYTES;
    }

    fn part(&mut self, random: &mut Random, message: &str, data: &serde_json::Value) {
        self.database.after(3);
        let id = self.database.id("prt", random);
        let bytes = self.database.part(&id, message, &self.id, data);
        self.written.bytes += bytes;
        self.written.parts += 1;
        self.paced += if data["type"] == "step-finish" { STEP_FINISH_BYTES } else { bytes };
    }
}
