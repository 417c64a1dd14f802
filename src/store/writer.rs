//! The one thread that writes.
//!
//! Jobs arrive in a bounded queue and run in order. What waits together is committed together: each job has a
//! savepoint of its own, so that one that fails takes nothing with it. A transaction is closed after
//! [`LONGEST_TRANSACTION`] so that other processes get their turn.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    Result, StoreError,
    access::{Access, Opened},
    backlog::Backlog,
    busy, migrate, second_look,
};
use crate::failpoint;

/// After this long a transaction takes no further job.
pub(in crate::store) const LONGEST_TRANSACTION: Duration = Duration::from_millis(20);

/// Idle time after which the WAL is folded back into the database.
const IDLE_CHECKPOINT: Duration = Duration::from_secs(5);

/// How often it is tried to write what the disk would not take.
const BACKLOG_RETRY: Duration = Duration::from_secs(1);

/// Something to be written, and who waits for it.
trait Job: Send {
    /// When it was asked for.
    fn asked(&self) -> Instant;
    /// Runs inside a savepoint. Says why its changes are not to be kept.
    fn run(&mut self, connection: &Connection) -> std::result::Result<(), StoreError>;
    /// Tells whoever waits, after the commit or instead of it.
    fn finish(self: Box<Self>, commit: std::result::Result<(), StoreError>);
}

struct Work<T, F, A> {
    asked: Instant,
    job: Option<F>,
    result: Option<Result<T>>,
    /// Told at the end why it was not written, before whoever waits is.
    ended: A,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F, A> Job for Work<T, F, A>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T> + Send,
    A: FnOnce(Option<&StoreError>) + Send,
{
    fn asked(&self) -> Instant {
        self.asked
    }

    fn run(&mut self, connection: &Connection) -> std::result::Result<(), StoreError> {
        let Some(job) = self.job.take() else { return Err(StoreError::Closed) };
        let result = catch_unwind(AssertUnwindSafe(|| job(connection))).unwrap_or(Err(StoreError::Closed));
        let result = result.map_err(|error| second_look::reconsider(connection, error));
        self.result.insert(result).as_ref().map(drop).map_err(Clone::clone)
    }

    fn finish(self: Box<Self>, commit: std::result::Result<(), StoreError>) {
        let result = match (self.result, commit) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        (self.ended)(result.as_ref().err());
        // Nobody waits any more when the future was dropped; the row is written all the same.
        drop(self.reply.send(result));
    }
}

/// The queue between those who want something written and the thread that writes.
struct Queue {
    jobs: Mutex<Jobs>,
    arrived: Condvar,
    transactions: AtomicU64,
    backlog: Arc<Backlog>,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Box<dyn Job>>,
    closed: bool,
}

/// A handle on the writing thread, which ends when the last job is done after the handle is dropped.
pub(super) struct Writer {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread, which opens the database itself where nobody could before.
    pub(super) fn start(
        access: Arc<Access>,
        connection: Option<Connection>,
        backlog: Arc<Backlog>,
    ) -> Result<Self> {
        let queue = Arc::new(Queue {
            jobs: Mutex::default(),
            arrived: Condvar::new(),
            transactions: AtomicU64::new(0),
            backlog,
        });
        let theirs = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .stack_size(512 * 1024)
            .spawn(move || theirs.work(&mut Link { access, connection, told: None }))
            .map_err(|error| StoreError::Readonly(format!("no thread for writing: {error}")))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Puts a job into the queue. The queue is as long as there are turns and requests that wait for it: every
    /// submitter awaits its reply or a later one before it submits without bound. `ended` is told on the writing thread
    /// why the job was not written, or that it was.
    pub(super) fn submit<T, F, A>(
        &self,
        job: F,
        ended: A,
    ) -> impl Future<Output = Result<T>> + Send + use<T, F, A>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
        A: FnOnce(Option<&StoreError>) + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.queue.push(Box::new(Work { asked: Instant::now(), job: Some(job), result: None, ended, reply }));
        async move { answer.await.unwrap_or(Err(StoreError::Closed)) }
    }

    /// Takes no further job, and waits until the last one is done and the WAL is folded back. Blocks.
    pub(super) fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer panicked");
        }
    }

    /// How many transactions were committed.
    #[cfg(test)]
    pub(super) fn transactions(&self) -> u64 {
        self.queue.transactions.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// The connection that writes, as soon as there can be one.
struct Link {
    access: Arc<Access>,
    connection: Option<Connection>,
    /// Why what waits could not be written the last time; it is told once.
    told: Option<StoreError>,
}

impl Link {
    fn connection(&mut self) -> Result<&Connection> {
        if self.connection.is_none() {
            match self.access.open(|path| Ok(migrate::open(path)?.connection))? {
                Opened::Shared(connection) => self.connection = Some(connection),
                Opened::Alone(alone) => return Err(alone.why),
            }
        }
        self.connection.as_ref().ok_or(StoreError::Closed)
    }

    fn checkpoint(&self) {
        if let Some(connection) = &self.connection {
            failpoint::pass("checkpoint.before");
            report(busy::checkpoint(connection), "checkpoint");
            failpoint::pass("checkpoint.after");
        }
    }
}

impl Queue {
    fn push(&self, job: Box<dyn Job>) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.closed {
            drop(jobs);
            return job.finish(Err(StoreError::Closed));
        }
        jobs.waiting.push_back(job);
        self.arrived.notify_one();
    }

    fn close(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.arrived.notify_one();
    }

    fn pop(&self) -> Option<Box<dyn Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).waiting.pop_front()
    }

    /// Waits for a job. `None` when there will be none.
    fn wait(&self, link: &mut Link) -> Option<Box<dyn Job>> {
        let mut checkpointed = false;
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = jobs.waiting.pop_front() {
                return Some(job);
            }
            if jobs.closed {
                return None;
            }
            let backlog = !self.backlog.is_empty();
            let patience = if backlog { BACKLOG_RETRY } else { IDLE_CHECKPOINT };
            let (guard, timeout) =
                self.arrived.wait_timeout(jobs, patience).unwrap_or_else(PoisonError::into_inner);
            jobs = guard;
            if timeout.timed_out() && backlog {
                drop(jobs);
                self.write_backlog(link);
                jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            } else if timeout.timed_out() && !checkpointed {
                checkpointed = true;
                drop(jobs);
                link.checkpoint();
                jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn work(&self, link: &mut Link) {
        while let Some(first) = self.wait(link) {
            self.write_backlog(link);
            match link.connection() {
                Ok(connection) => self.transaction(connection, first),
                Err(error) => first.finish(Err(error)),
            }
        }
        self.write_backlog(link);
        link.checkpoint();
    }

    /// Writes what the disk would not take before, if it does now.
    fn write_backlog(&self, link: &mut Link) {
        if self.backlog.is_empty() {
            return;
        }
        let written = link.connection().and_then(|connection| self.backlog.write(connection)).err();
        if let Some(error) = written.as_ref().filter(|error| link.told.as_ref() != Some(*error)) {
            tracing::warn!(%error, "the disk does not take what waits; it is tried again");
        }
        link.told = written;
    }

    fn transaction(&self, connection: &Connection, first: Box<dyn Job>) {
        if let Err(error) = begin(connection, first.asked()) {
            first.finish(Err(error));
            return;
        }
        let started = Instant::now();
        let mut done = Vec::new();
        let mut next = Some(first);
        let mut ran = Ok(true);
        while let Some(mut job) = next {
            ran = run_in_savepoint(connection, job.as_mut());
            done.push(job);
            if ran != Ok(true) || started.elapsed() >= LONGEST_TRANSACTION {
                break;
            }
            next = self.pop();
        }
        failpoint::pass("commit.before");
        let committed = ran.and_then(|_| Ok(connection.execute_batch("COMMIT")?));
        if committed.is_err() && !connection.is_autocommit() {
            report(connection.execute_batch("ROLLBACK").map_err(StoreError::from), "rollback");
        }
        failpoint::pass("commit.after");
        self.transactions.fetch_add(1, Ordering::Relaxed);
        for job in done {
            job.finish(committed.clone());
        }
    }
}

/// Says whether a further job may follow in the transaction: not behind one that the disk did not take, which may have to
/// be written before it. Fails when the whole transaction is lost: a disk that fails in the middle of a statement makes
/// SQLite roll all of it back.
/// <https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>
fn run_in_savepoint(connection: &Connection, job: &mut dyn Job) -> Result<bool> {
    connection.execute_batch("SAVEPOINT job")?;
    let ran = job.run(connection);
    if connection.is_autocommit() {
        let lost = StoreError::Failed("the transaction was rolled back".to_owned());
        return Err(ran.err().filter(StoreError::is_of_the_disk).unwrap_or(lost));
    }
    if ran.is_err() {
        connection.execute_batch("ROLLBACK TO job")?;
    }
    connection.execute_batch("RELEASE job")?;
    Ok(!ran.is_err_and(|error| error.is_of_the_disk()))
}

/// Takes the write lock. A lock held by another process is waited for, by all jobs that stand behind each other together.
fn begin(connection: &Connection, asked: Instant) -> Result<()> {
    busy::patiently_since(asked, || Ok(connection.execute_batch("BEGIN IMMEDIATE")?))
}

fn report(result: Result<()>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, what, "the store's writer");
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Lessee, *};

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER UNIQUE)").unwrap();
        let access = Arc::new(Access::shared("in memory".into()));
        Writer::start(access, Some(connection), Arc::new(Backlog::new(Lessee::this_process("test")))).unwrap()
    }

    fn insert(n: i64) -> impl FnOnce(&Connection) -> Result<i64> + Send {
        move |connection| {
            connection.execute("INSERT INTO t VALUES (?1)", [n])?;
            Ok(n)
        }
    }

    #[tokio::test]
    async fn jobs_that_wait_together_are_committed_together_and_in_order() {
        let writer = writer();
        let answers: Vec<_> = (0..100).map(|n| writer.submit(insert(n), |_| {})).collect();
        for (n, answer) in (0_i64..).zip(answers) {
            assert_eq!(answer.await.unwrap(), n);
        }
        assert!(writer.transactions() < 100, "{}", writer.transactions());
    }

    #[tokio::test]
    async fn a_failing_or_panicking_job_takes_no_other_with_it() {
        let writer = writer();
        let good = writer.submit(insert(1), |_| {});
        let twice = writer.submit(insert(1), |_| {});
        let panics = writer.submit(|_| -> Result<()> { panic!("on purpose") }, |_| {});
        let last = writer.submit(insert(2), |_| {});
        assert!(good.await.is_ok());
        assert!(twice.await.is_err());
        assert!(matches!(panics.await, Err(StoreError::Closed)));
        assert!(last.await.is_ok());
        let count =
            |c: &Connection| Ok(c.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))?);
        let rows = writer.submit(count, |_| {});
        assert_eq!(rows.await.unwrap(), 2);
    }
}
