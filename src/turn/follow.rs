//! The second window follows live: what other processes do in sessions that our client has open is told to it as the
//! events of our own turns are.
//!
//! A client follows a session that it has opened: made, forked, prompted, or read messages of; and it follows the lists
//! of sessions and projects once it has read or opened anything of them. While there is something to follow, the
//! database is asked [`POLL`] after [`POLL`] whether anybody has committed anything, and only then for what is new
//! ([`crate::store::follow`]); otherwise nothing runs.
//! The newest [`MOST_FOLLOWED`] sessions are followed (invariant 9). A session that this process runs is left alone:
//! from the begin of a turn ([`Follower::own`]) to its end ([`Follower::let_go`]) its events come from the turn itself,
//! and at both ends what was told by one is where the other goes on, so that nothing is told twice or left out.
//!
//! A process that dies commits nothing, so owners are looked at now and then; what a dead one left open is ended here.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Prepare, events::Events};
use crate::{
    store::{
        Store, StoreError,
        follow::{Cursor, Look, News, Watch},
    },
    transcript::{ProjectId, Seq, SessionId, Update},
};

/// How often the database is asked whether anything was committed.
const POLL: Duration = Duration::from_millis(100);

/// How often the owners of running sessions are looked at though nothing was committed.
const OWNERS: Duration = Duration::from_millis(500);

/// Sessions that are followed at most; the one opened longest ago is forgotten.
pub(in crate::turn) const MOST_FOLLOWED: usize = 32;

/// Follows what other processes do.
pub struct Follower {
    store: Store,
    events: Arc<Events>,
    prepare: Arc<dyn Prepare>,
    /// What the client opened since the last look.
    opened: Mutex<Vec<Opened>>,
    /// The sessions whose turn here has ended since the last look.
    released: Mutex<Vec<Released>>,
    something: Notify,
    state: tokio::sync::Mutex<State>,
    closing: CancellationToken,
}

/// A session that a client has opened, and up to where it knows the messages as they will stay.
type Opened = (SessionId, Option<Seq>);

/// A session whose turn here has ended, and up to where clients were told by it.
type Released = (SessionId, Option<Seq>);

/// A followed session.
struct Followed {
    session: SessionId,
    cursor: Cursor,
    /// This process runs it.
    ours: bool,
}

#[derive(Default)]
struct State {
    watch: Option<Watch>,
    /// Opened longest ago first.
    sessions: Vec<Followed>,
    /// The newest change of the list that was told, once a list was read.
    list: Option<i64>,
    /// There was more than one look tells.
    more: bool,
    owners_seen: Option<Instant>,
}

/// What a look at everything has found.
#[derive(Default)]
struct Found {
    looks: Vec<(SessionId, Look)>,
    changes: Vec<(SessionId, crate::transcript::Change)>,
    projects: Vec<ProjectId>,
}

impl Follower {
    /// Follows nothing yet.
    pub fn new(store: Store, events: Arc<Events>, prepare: Arc<dyn Prepare>) -> Arc<Self> {
        Arc::new(Self {
            store,
            events,
            prepare,
            opened: Mutex::default(),
            released: Mutex::default(),
            something: Notify::new(),
            state: tokio::sync::Mutex::default(),
            closing: CancellationToken::new(),
        })
    }

    /// The client has opened a session; it knows the messages up to `known` as they will stay.
    pub fn open(&self, session: SessionId, known: Option<Seq>) {
        open_also(&mut self.opened.lock().unwrap_or_else(PoisonError::into_inner), (session, known));
        self.something.notify_one();
    }

    /// The client is about to read something of the lists of sessions or projects: it is told of changes of both from
    /// here on.
    pub async fn open_list(&self) {
        let mut state = self.state.lock().await;
        if state.list.is_none() {
            match self.store.newest_notice().await {
                Ok(newest) => state.list = Some(newest),
                Err(error) => tracing::warn!(%error, "other windows' sessions cannot be followed"),
            }
            self.something.notify_one();
        }
    }

    /// Runs until the follower is closed; does nothing while there is nothing to follow.
    pub async fn run(self: Arc<Self>) {
        self.closing.run_until_cancelled(self.follow()).await;
        // The connection would keep the WAL from being folded back.
        self.state.lock().await.watch = None;
    }

    /// Ends [`Follower::run`].
    pub fn close(&self) {
        self.closing.cancel();
    }

    async fn follow(&self) {
        loop {
            let idle = {
                let state = self.state.lock().await;
                state.sessions.is_empty() && state.list.is_none()
            };
            if idle {
                self.something.notified().await;
            } else {
                // What was opened is not kept waiting.
                tokio::select! {
                    () = self.something.notified() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
            if let Err(error) = self.tick().await {
                tracing::warn!(%error, "what other windows do cannot be read");
            }
        }
    }

    async fn tick(&self) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let (opened, released) = (Self::take(&self.opened), Self::take(&self.released));
        let store = self.store.clone();
        let mut found = state
            .blocking(move |state| {
                state.resume(released);
                for opened in opened {
                    state.take_in(opened, &store)?;
                }
                state.look(&store)
            })
            .await?;
        let projects = std::mem::take(&mut found.projects);
        let dead = self.tell(&mut state, found);
        drop(state);
        for project in projects {
            self.tell_of_project(&project).await;
        }
        for session in dead {
            if self.store.recover(&session).await?.into_inner() {
                tracing::info!(session = session.as_str(), "its process died; what it left open is ended");
            }
        }
        Ok(())
    }

    /// Tells what was found. Returns the sessions whose owner is dead.
    fn tell(&self, state: &mut State, found: Found) -> Vec<SessionId> {
        let mut dead = Vec::new();
        for (session, look) in found.looks {
            if look.gone {
                state.sessions.retain(|followed| followed.session != session);
            }
            for news in look.news {
                self.emit(&session, news);
            }
            if look.dead {
                dead.push(session);
            }
        }
        for (session, change) in found.changes {
            self.events.changed(&session, change);
        }
        dead
    }

    /// Tells a project as it is now: what is trusted depends on its files, too.
    async fn tell_of_project(&self, id: &ProjectId) {
        let stored = match self.store.project(id).await {
            Ok(stored) => stored,
            Err(error) => return tracing::warn!(%error, "another window's change of a project is not told"),
        };
        let prepare = Arc::clone(&self.prepare);
        match tokio::task::spawn_blocking(move || prepare.project(stored)).await {
            Ok(project) => self.events.project_changed(&project),
            Err(error) => tracing::warn!(%error, "another window's change of a project is not told"),
        }
    }

    fn emit(&self, session: &SessionId, news: News) {
        match news {
            News::Update(turn, update) => self.events.emit(session, turn.as_ref(), update),
            News::Used { turn, cwd, usage, used, model } => {
                let limit = self.prepare.context_limit(Path::new(&cwd), &model);
                self.events.emit(session, turn.as_ref(), Update::Usage { usage, used, limit });
            }
        }
    }

    /// This process has begun a turn whose first message is `first`: it holds the lease. Tells what others wrote before
    /// that; from here on the turn tells.
    pub(super) async fn own(&self, session: &SessionId, first: Seq) {
        let mut state = self.state.lock().await;
        let Some(at) = state.sessions.iter().position(|followed| followed.session == *session) else {
            return;
        };
        let name = session.clone();
        let found = state
            .blocking(move |state| {
                let State { watch: Some(watch), sessions, .. } = state else { return Ok(Vec::new()) };
                let Some(followed) = sessions.get_mut(at) else { return Ok(Vec::new()) };
                followed.ours = true;
                watch.look_before(&name, first, &mut followed.cursor)
            })
            .await;
        match found {
            Ok(news) => news.into_iter().for_each(|news| self.emit(session, news)),
            Err(error) => tracing::warn!(%error, "what another window wrote last cannot be read"),
        }
    }

    /// The turn is over and the session is nobody's: clients were told everything up to `last`. Without `last` they
    /// are told what stands there now. Does not wait: the next look goes on from there.
    pub(super) fn let_go(&self, session: &SessionId, last: Option<Seq>) {
        let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        released.retain(|(other, _)| other != session);
        released.push((session.clone(), last));
        drop(released);
        self.something.notify_one();
    }

    fn take<T>(from: &Mutex<Vec<T>>) -> Vec<T> {
        std::mem::take(&mut *from.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The client was told this title by this process itself.
    pub async fn knows_title(&self, session: &SessionId, title: &str) {
        let mut state = self.state.lock().await;
        if let Some(followed) = state.sessions.iter_mut().find(|followed| followed.session == *session) {
            followed.cursor.knows_title(title);
        }
    }
}

impl State {
    /// Does `work` where blocking is allowed. Called only where nobody gives up waiting: the state is away meanwhile.
    async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut state = std::mem::take(self);
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&mut state);
            (state, done)
        });
        let (state, done) = done.await.map_err(|_| StoreError::Closed)?;
        *self = state;
        done
    }

    /// Goes on where turns of this process have ended.
    fn resume(&mut self, released: Vec<Released>) {
        let Self { watch: Some(watch), sessions, more, .. } = self else { return };
        for (session, last) in released {
            let Some(at) = sessions.iter().position(|followed| followed.session == session) else { continue };
            let Some(followed) = sessions.get_mut(at) else { continue };
            followed.ours = false;
            *more = true;
            if let Err(error) = watch.resume(&session, last, &mut followed.cursor) {
                tracing::debug!(%error, "a session is not followed any more");
                sessions.remove(at);
            }
        }
    }

    fn watch(&mut self, store: &Store) -> Result<&mut Watch, StoreError> {
        if self.watch.is_none() {
            self.watch = Some(Watch::open(store)?);
        }
        self.watch.as_mut().ok_or(StoreError::Closed)
    }

    fn take_in(&mut self, opened: Opened, store: &Store) -> Result<(), StoreError> {
        let (session, known) = opened;
        let followed = match self.sessions.iter().position(|followed| followed.session == session) {
            Some(at) => {
                let mut followed = self.sessions.remove(at);
                if let (Some(known), false) = (known, followed.ours) {
                    followed.cursor.tell_again(known);
                }
                followed
            }
            None => match self.watch(store)?.begin(&session, known) {
                Ok(cursor) => Followed { session, cursor, ours: false },
                Err(StoreError::SessionNotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            },
        };
        self.sessions.push(followed);
        if self.list.is_none() {
            self.list = Some(self.watch(store)?.newest_notice()?);
        }
        let surplus = self.sessions.len().saturating_sub(MOST_FOLLOWED);
        self.sessions.drain(..surplus);
        self.more = true;
        Ok(())
    }

    /// Looks at everything, if anything can be new.
    fn look(&mut self, store: &Store) -> Result<Found, StoreError> {
        if self.sessions.is_empty() && self.list.is_none() {
            return Ok(Found::default());
        }
        let changed = self.watch(store)?.changed()?;
        let running = self.sessions.iter().any(|followed| !followed.ours && followed.cursor.is_running());
        let owners_due = running && self.owners_seen.is_none_or(|at| at.elapsed() >= OWNERS);
        let mut found = Found::default();
        if !(changed || owners_due || self.more) {
            return Ok(found);
        }
        self.owners_seen = Some(Instant::now());
        self.more = false;
        let Self { watch: Some(watch), sessions, list, more, .. } = self else { return Ok(found) };
        let mut unreadable = Vec::new();
        for followed in sessions.iter_mut().filter(|followed| !followed.ours) {
            let before = followed.cursor.clone();
            match watch.look(&followed.session, &mut followed.cursor) {
                Ok(look) => {
                    *more |= look.more;
                    found.looks.push((followed.session.clone(), look));
                }
                // What the others have found is told, and this is looked at again.
                Err(StoreError::Busy(_)) => (followed.cursor, *more) = (before, true),
                Err(error) => {
                    tracing::warn!(%error, session = followed.session.as_str(), "it cannot be followed");
                    unreadable.push(followed.session.clone());
                }
            }
        }
        sessions.retain(|followed| !unreadable.contains(&followed.session));
        if let Some(after) = list {
            let notices = watch.notices(*after)?;
            (found.changes, found.projects, *after) = (notices.sessions, notices.projects, notices.newest);
        }
        Ok(found)
    }
}

/// Notes that a session was opened: each once, at most [`MOST_FOLLOWED`], the newest last.
fn open_also(opened: &mut Vec<Opened>, (session, mut known): Opened) {
    opened.retain(|(other, known_before)| {
        if *other == session {
            // What was to be told anew still is.
            known = known.into_iter().chain(*known_before).min();
        }
        *other != session
    });
    opened.push((session, known));
    let surplus = opened.len().saturating_sub(MOST_FOLLOWED);
    opened.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_much_is_opened_between_two_looks_only_the_newest_is_followed() {
        let mut opened = Vec::new();
        for number in 0..100 {
            open_also(&mut opened, (SessionId::from(format!("ses_{number}")), Some(Seq(number))));
        }
        open_also(&mut opened, (SessionId::from("ses_80".to_owned()), Some(Seq(7))));
        open_also(&mut opened, (SessionId::from("ses_80".to_owned()), None));
        assert_eq!(opened.len(), MOST_FOLLOWED);
        assert_eq!(opened.last(), Some(&(SessionId::from("ses_80".to_owned()), Some(Seq(7)))));
        assert_eq!(opened.first(), Some(&(SessionId::from("ses_68".to_owned()), Some(Seq(68)))));
    }
}
