//! What a client was told of a session that other processes write, and what is new since.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Look, MOST_MESSAGES, MOST_TEXT, News, growth::Watched, newest};
use crate::{
    store::{
        Loading, Result, approvals, inbox, leases, live, messages,
        rows::{self, Reading},
        sessions, turns,
    },
    transcript::{
        Message, ModelRef, PartKind, QueuedPrompt, Role, Seq, SessionId, Status, Timestamp, TurnId, Update,
        Usage,
    },
};

/// How far a client was told of a session. Small: of messages only those that may still change.
#[derive(Clone, Debug)]
pub struct Cursor {
    /// Messages up to here were told as they will stay.
    seen: Seq,
    /// Messages behind that were told and may still change, in order.
    open: Vec<Watched>,
    status: (Status, Option<String>, Option<Timestamp>),
    title: String,
    queue: Vec<QueuedPrompt>,
    usage: Usage,
    won: Option<live::Won>,
    /// Turns whose end has not been told.
    turns: BTreeSet<TurnId>,
}

impl Cursor {
    pub(super) fn begin(tx: &Connection, session: &SessionId, known: Option<Seq>) -> Result<Self> {
        let key = sessions::key(tx, session)?;
        let running = leases::find(tx, key)?.is_some();
        let newest = newest(tx, key)?;
        let settled = match unsettled(tx, key)? {
            Some(first) => Seq(first.0 - 1),
            // A turn may still add to its newest message.
            None if running => Seq(newest.0 - 1),
            None => newest,
        };
        let seen = if running { known.unwrap_or(settled).min(settled) } else { known.unwrap_or(settled) };
        let row = sessions::load(tx, session)?;
        Ok(Self {
            seen: seen.max(Seq(0)),
            open: Vec::new(),
            status: (Status::Idle, None, None),
            title: row.title,
            queue: Vec::new(),
            usage: row.usage,
            won: live::won(tx, key)?,
            turns: BTreeSet::new(),
        })
    }

    /// Clients were told everything up to `last` otherwise. Of what has no place in the history, the title is told as it
    /// is set, and the queue is told again where it is not empty.
    pub(super) fn resume(&mut self, tx: &Connection, session: &SessionId, last: Seq) -> Result<()> {
        let (key, row) = (sessions::key(tx, session)?, sessions::load(tx, session)?);
        (self.seen, self.usage, self.won) = (last, row.usage, live::won(tx, key)?);
        self.open.clear();
        self.queue.clear();
        self.turns.clear();
        self.status = (Status::Idle, None, None);
        Ok(())
    }

    /// The client reads the messages behind `known` now, as they are: they are told anew before they grow further.
    pub fn tell_again(&mut self, known: Seq) {
        self.seen = self.seen.min(known);
        let seen = self.seen;
        self.open.retain(|watched| watched.seq <= seen);
    }

    /// The client was told this title by this process itself.
    pub fn knows_title(&mut self, title: &str) {
        title.clone_into(&mut self.title);
    }

    /// Whether the session was doing something when last looked at.
    pub fn is_running(&self) -> bool {
        self.status.0 != Status::Idle
    }

    /// Adds to `look` what is new, in the order in which an owner's clients are told it.
    pub(super) fn look(
        &mut self,
        tx: &Connection,
        key: i64,
        session: &SessionId,
        look: &mut Look,
    ) -> Result<()> {
        let lease = leases::find(tx, key)?;
        look.dead = lease.as_ref().is_some_and(|lease| lease.vitality == leases::Vitality::Dead);
        let doing = leases::doing(tx, key)?;
        let status = (doing.status, doing.detail, doing.retry_at);
        if status.0 != Status::Idle {
            self.tell_status(tx, key, status.clone(), look)?;
        }
        let row = sessions::load(tx, session)?;
        if self.title != row.title {
            self.title.clone_from(&row.title);
            look.news.push(News::Update(None, Update::Title(row.title)));
        }
        self.messages(tx, key, session, None, look)?;
        if look.more {
            return Ok(());
        }
        self.tell_usage(tx, key, row.usage, row.cwd, look)?;
        self.tell_compaction(tx, key, look)?;
        let queue = inbox::waiting(tx, key)?;
        if queue != self.queue {
            self.queue.clone_from(&queue);
            look.news.push(News::Update(None, Update::Queue(queue)));
        }
        if self.turns(tx, look)? && self.status.0 == Status::Idle {
            // A turn came and went between two looks: its end is told all the same.
            self.status.0 = Status::Running;
        }
        if status.0 == Status::Idle {
            self.tell_status(tx, key, status, look)?;
        }
        Ok(())
    }

    fn tell_status(
        &mut self,
        tx: &Connection,
        key: i64,
        status: (Status, Option<String>, Option<Timestamp>),
        look: &mut Look,
    ) -> Result<()> {
        if status == self.status {
            return Ok(());
        }
        let turn = running_turn(tx, key)?;
        self.turns.extend(turn.clone());
        self.status = status.clone();
        let (status, detail, retry_at) = status;
        look.news.push(News::Update(turn, Update::Status { status, detail, retry_at }));
        Ok(())
    }

    /// Tells the messages behind `seen`, up to `until`.
    pub(super) fn messages(
        &mut self,
        tx: &Connection,
        key: i64,
        session: &SessionId,
        until: Option<Seq>,
        look: &mut Look,
    ) -> Result<()> {
        let newest = newest(tx, key)?;
        let running = running_turn(tx, key)?;
        let loading = Loading::Preview(0);
        let rows = messages::ascending(tx, key, session, Seq(self.seen.0 + 1), MOST_MESSAGES, loading)?;
        let full = rows.len() == MOST_MESSAGES as usize;
        let further = rows.last().is_some_and(|last| full && until.is_none_or(|until| last.seq < until));
        let (mut text, mut settled_before) = (0, true);
        for message in rows.into_iter().filter(|message| until.is_none_or(|until| message.seq <= until)) {
            let turn = turn_of(tx, key, message.seq)?;
            self.turns.extend(turn.clone());
            let at = self.watched(&message);
            let Some(watched) = self.open.get_mut(at) else { break };
            let told = watched.tell(tx, key, session, &message, turn, look)?;
            text += told.bytes;
            if told.todo {
                look.news.push(News::Update(None, Update::Todo(approvals::todo(tx, key)?)));
            }
            look.more |= told.more;
            let stays = is_settled(&message) && !told.more && (message.seq < newest || running.is_none());
            settled_before &= stays || until.is_some();
            if settled_before && !told.more {
                self.seen = message.seq;
            }
            if text >= MOST_TEXT {
                look.more = true;
                break;
            }
        }
        let seen = self.seen;
        self.open.retain(|watched| watched.seq > seen);
        look.more |= further && settled_before;
        Ok(())
    }

    /// The place of a message among those that are watched.
    fn watched(&mut self, message: &Message) -> usize {
        match self.open.iter().position(|watched| watched.seq == message.seq) {
            Some(at) => at,
            None => {
                self.open.push(Watched::new(message.seq));
                self.open.len() - 1
            }
        }
    }

    fn tell_usage(
        &mut self,
        tx: &Connection,
        key: i64,
        usage: Usage,
        cwd: String,
        look: &mut Look,
    ) -> Result<()> {
        if usage == self.usage {
            return Ok(());
        }
        self.usage = usage;
        let Some((turn, model, answer)) = newest_answer(tx, key)? else { return Ok(()) };
        let used = answer.total_input() + answer.output + answer.reasoning;
        look.news.push(News::Used { turn, cwd, usage, used, model });
        Ok(())
    }

    fn tell_compaction(&mut self, tx: &Connection, key: i64, look: &mut Look) -> Result<()> {
        let won = live::won(tx, key)?;
        if won == self.won {
            return Ok(());
        }
        self.won = won;
        if let Some(live::Won { before, after, evidence }) = won {
            let boundary = live::newest_summary(tx, key)?;
            look.news.push(News::Update(None, Update::Compacted { before, after, evidence, boundary }));
        }
        Ok(())
    }

    /// Tells how turns failed that are over. Whether any is.
    pub(super) fn turns(&mut self, tx: &Connection, look: &mut Look) -> Result<bool> {
        let mut over = Vec::new();
        for turn in &self.turns {
            if turns::has_ended(tx, turn)? {
                over.push(turn.clone());
            }
        }
        let any = !over.is_empty();
        for turn in over {
            self.turns.remove(&turn);
            if let Some(failure) = turns::load_end(tx, &turn)?.error {
                look.news.push(News::Update(Some(turn), Update::Error(failure)));
            }
        }
        Ok(any)
    }
}

/// Whether nothing is expected of a message but what its turn may add to its newest one.
fn is_settled(message: &Message) -> bool {
    let open = |kind: &PartKind| matches!(kind, PartKind::Tool(tool) if !tool.state.is_settled());
    message.completed_at.is_some() && !message.parts.iter().any(|part| open(&part.kind))
}

/// The first message that is not settled.
fn unsettled(tx: &Connection, key: i64) -> Result<Option<Seq>> {
    let first = |sql: &str| -> Result<Option<i64>> {
        Ok(tx.prepare_cached(sql)?.query_row([key], |row| row.get::<_, Option<i64>>(0))?)
    };
    let message = first("SELECT min(seq) FROM message WHERE session = ?1 AND completed_at IS NULL")?;
    let call = first("SELECT min(seq) FROM part WHERE session = ?1 AND status IN ('pending', 'running')")?;
    Ok(message.into_iter().chain(call).min().map(Seq))
}

fn running_turn(tx: &Connection, key: i64) -> Result<Option<TurnId>> {
    let mut select =
        tx.prepare_cached("SELECT id FROM turn WHERE session = ?1 AND ended_at IS NULL LIMIT 1")?;
    Ok(select.query_row([key], |row| row.get::<_, String>(0)).optional()?.map(TurnId::from))
}

fn turn_of(tx: &Connection, key: i64, seq: Seq) -> Result<Option<TurnId>> {
    let mut select = tx.prepare_cached("SELECT turn FROM message WHERE session = ?1 AND seq = ?2")?;
    let turn = select.query_row(params![key, seq.0], |row| row.get::<_, Option<String>>(0)).optional()?;
    Ok(turn.flatten().map(TurnId::from))
}

/// The newest answer that was counted: its turn, its model, what it consumed.
fn newest_answer(tx: &Connection, key: i64) -> Result<Option<(Option<TurnId>, ModelRef, Usage)>> {
    let mut select = tx.prepare_cached(
        "SELECT turn, model_provider, model_id, usage FROM message
         WHERE session = ?1 AND role = ?2 AND usage IS NOT NULL ORDER BY seq DESC LIMIT 1",
    )?;
    let found = select.query_row(params![key, rows::word(&Role::Assistant)?], |row| {
        let mut it = Reading::new(row);
        let found = (it.optional_text("turn").map(TurnId::from), it.model(), it.json::<Usage>("usage"));
        it.log(|| format!("the newest answer of session {key}"));
        Ok(found)
    });
    Ok(found.optional()?.and_then(|(turn, model, usage)| Some((turn, model?, usage?))))
}
