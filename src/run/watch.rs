//! Sending while somebody watches: who blocks us, how far the server is, whether the user wants to stop.

use std::time::{Duration, Instant};

use crate::databases::{Address, BatchError, Blocker, ErrorKind, Notice, Observer, Session, SqlError};
use crate::migration::Id;

use super::Interrupt;
use super::answering::{silence, silent};
use super::event::{Event, Listener};

/// How long a message may take before somebody looks at what it waits for.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// How often somebody looks then.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often it is asked whether the server is still at work.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// After how many seconds the user is told that a statement still runs; later once a minute.
const TELL_AFTER: [u64; 5] = [1, 2, 5, 10, 30];
/// How many bytes a second a network carries that is not given up, at least.
const SLOWEST: usize = 16 << 10;
/// How long the watching connection may take to answer, at most.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer may be on its way where connecting has no limit.
const JOURNEY: Duration = Duration::from_secs(10);
/// How long to leave a server alone that did not answer the watching connection.
const LEAVE_ALONE: Duration = Duration::from_secs(1);
/// How long the answer to a message that the user wants stopped may take when nobody else is answered either.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// A message was refused.
pub(super) struct Refusal {
    pub error: BatchError,
    /// Who stood in the way when it was last looked at.
    pub blockers: Vec<Blocker>,
}

/// Whom a statement that is sent belongs to, so that what the server says about it can be told.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub id: &'a Id,
    /// The statement's number in the migration, from 1, if it is one of its own.
    pub statement: Option<usize>,
    /// Whether what the server says about it is for the user: what it says of our bookkeeping is not.
    pub heard: bool,
}

/// Watches the messages of one session.
pub(super) struct Watch {
    observer: Option<Box<dyn Observer>>,
    /// Set when the watching connection was refused: the run goes on without.
    blind: bool,
    /// How long it may take to answer.
    patience: Duration,
    /// How long the server may say nothing to anybody.
    silence: Option<Duration>,
    /// How long an answer may be on its way.
    journey: Duration,
}

/// What came of a look at what the server does.
enum Look {
    /// Who stands in the way.
    Seen(Vec<Blocker>),
    /// The server would not tell; so it is there.
    Refused,
    /// No answer.
    Silent,
}

impl Watch {
    /// Watches nothing yet.
    pub fn new(address: &Address) -> Self {
        let patience = address.connect_timeout.map_or(PATIENCE, |limit| PATIENCE.min(limit / 2));
        let journey = address.connect_timeout.unwrap_or(JOURNEY);
        Watch { observer: None, blind: false, patience, silence: silence(address), journey }
    }

    /// Watches this session from now on.
    pub async fn attach(&mut self, session: &dyn Session) {
        self.detach().await;
        self.observer = session.observer();
        self.blind = self.observer.is_none();
    }

    /// Ends the watching connection.
    pub async fn detach(&mut self) {
        if let Some(observer) = self.observer.take() {
            observer.close().await;
        }
    }

    /// Whether blockers can be seen at all.
    pub fn sees(&self) -> bool {
        !self.blind
    }

    /// Sends one message and waits for its end, however long, as long as the server answers somebody; an interrupt
    /// cancels it on the server.
    pub async fn send(
        &mut self,
        session: &mut dyn Session,
        parts: &[&str],
        owners: &[Owner<'_>],
        interrupt: &Interrupt,
        listener: &mut Listener<'_>,
    ) -> Result<(), Refusal> {
        let started = Instant::now();
        // While a long message is on its way, the server has nothing to do.
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let journey = self.journey + Duration::from_secs((bytes / SLOWEST) as u64);
        let mut blockers = Vec::new();
        let mut asked = started;
        let mut told = 0;
        let mut heard = started;
        let mut idle: Option<Instant> = None;
        let mut cancelled = false;
        let notices = session.notices();
        notices.take();
        let sending = session.execute(parts);
        tokio::pin!(sending);
        let mut pause = FIRST_LOOK;
        loop {
            tokio::select! {
                biased;
                result = &mut sending => {
                    tell(&notices.take(), owners, listener);
                    return result.map_err(|error| Refusal { error, blockers });
                }
                () = interrupt.wait(), if !cancelled => {
                    cancelled = true;
                    self.cancel().await;
                }
                () = tokio::time::sleep(pause) => {
                    pause = LOOK_EVERY;
                    tell(&notices.take(), owners, listener);
                    match self.look().await {
                        Look::Seen(now) => {
                            heard = Instant::now();
                            if !now.is_empty() || started.elapsed() > ASK_EVERY {
                                blockers = now;
                            }
                        }
                        Look::Refused => heard = Instant::now(),
                        Look::Silent => pause = LEAVE_ALONE,
                    }
                    let limit = if cancelled { self.silence.map(|limit| limit.min(LAST_PATIENCE)) } else { self.silence };
                    if let Some(limit) = limit.filter(|limit| heard.elapsed() >= *limit) {
                        let error = BatchError { part: 0, ran: 0, error: silent(limit) };
                        return Err(Refusal { error, blockers });
                    }
                    if asked.elapsed() >= ASK_EVERY {
                        asked = Instant::now();
                        idle = if self.is_idle().await { idle.or(Some(asked)) } else { None };
                        if idle.is_some_and(|since| since.elapsed() >= journey) {
                            let error = SqlError::new(ErrorKind::ConnectionLost, "the server has finished, and its answer did not arrive");
                            return Err(Refusal { error: BatchError { part: 0, ran: 0, error }, blockers });
                        }
                        if started.elapsed() >= tell_after(told) {
                            told += 1;
                            let progress = self.progress().await;
                            let elapsed = started.elapsed();
                            let id = owners[0].id;
                            listener(&Event::StatementProgress { id, elapsed, progress: progress.as_deref(), blockers: &blockers });
                        }
                    }
                }
            }
        }
    }

    /// Waits, without standing in any queue, until these transactions have ended or the time is over. False when
    /// the user wants to stop.
    pub async fn outlast(&mut self, blockers: &[Blocker], limit: Duration, interrupt: &Interrupt) -> bool {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            let Some(observer) = &mut self.observer else { return true };
            match tokio::time::timeout(self.patience, observer.remaining(blockers)).await {
                Ok(Ok(remaining)) if !remaining.is_empty() => {}
                Ok(_) => return true,
                Err(_) => {
                    observer.hang_up();
                    return true;
                }
            }
            let pause = observer.renewed_after();
            if interrupt.during(tokio::time::sleep(pause)).await.is_none() {
                return false;
            }
        }
        true
    }

    async fn look(&mut self) -> Look {
        let Some(observer) = self.observer.as_mut().filter(|_| !self.blind) else { return Look::Refused };
        match tokio::time::timeout(self.patience, observer.blockers()).await {
            Ok(Ok(blockers)) => Look::Seen(blockers),
            Ok(Err(_)) => {
                self.blind = true;
                Look::Refused
            }
            Err(_) => {
                observer.hang_up();
                Look::Silent
            }
        }
    }

    /// Whether the server says that it is not at work for us.
    async fn is_idle(&mut self) -> bool {
        let Some(observer) = self.observer.as_mut().filter(|_| !self.blind) else { return false };
        match tokio::time::timeout(self.patience, observer.is_busy()).await {
            Ok(answer) => answer == Ok(false),
            Err(_) => {
                observer.hang_up();
                false
            }
        }
    }

    async fn progress(&mut self) -> Option<String> {
        let observer = self.observer.as_mut().filter(|_| !self.blind)?;
        match tokio::time::timeout(self.patience, observer.progress()).await {
            Ok(answer) => answer.ok()?,
            Err(_) => {
                observer.hang_up();
                None
            }
        }
    }

    async fn cancel(&mut self) {
        if let Some(observer) = &mut self.observer
            && tokio::time::timeout(self.patience, observer.cancel()).await.is_err()
        {
            // Nothing more can be done when even the request to cancel is not heard: the statement ends by itself.
            observer.hang_up();
        }
    }
}

/// How long a statement runs when the user is told for the time after so many.
fn tell_after(told: usize) -> Duration {
    let last = TELL_AFTER.len();
    let seconds = TELL_AFTER.get(told).copied().unwrap_or_else(|| 60 * (told + 1 - last) as u64);
    Duration::from_secs(seconds)
}

/// Passes on what the server said.
fn tell(notices: &[Notice], owners: &[Owner<'_>], listener: &mut Listener<'_>) {
    for notice in notices {
        if let Some(owner) = owners.get(notice.part).filter(|owner| owner.heard) {
            listener(&Event::Notice { id: owner.id, statement: owner.statement, notice });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tell_after;

    #[test]
    fn the_longer_it_runs_the_less_is_said() {
        let seconds: Vec<u64> = (0..8).map(|told| tell_after(told).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 5, 10, 30, 60, 120, 180]);
    }
}
