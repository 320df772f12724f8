//! Sending while somebody watches: who blocks us, how far the server is, whether the user wants to stop.

use std::time::{Duration, Instant};

use crate::databases::{BatchError, Blocker, Notice, Observer, Session};
use crate::migration::Id;

use super::Interrupt;
use super::event::{Event, Listener};

/// How long a message may take before somebody looks at what it waits for.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// How often somebody looks then.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often the user is told.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How long the watching connection may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

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
#[derive(Default)]
pub(super) struct Watch {
    observer: Option<Box<dyn Observer>>,
    /// Set when the watching connection was refused: the run goes on without.
    blind: bool,
}

impl Watch {
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

    /// Sends one message and waits for its end, however long; an interrupt cancels it on the server.
    pub async fn send(
        &mut self,
        session: &mut dyn Session,
        parts: &[&str],
        owners: &[Owner<'_>],
        interrupt: &Interrupt,
        listener: &mut Listener<'_>,
    ) -> Result<(), Refusal> {
        let started = Instant::now();
        let mut blockers = Vec::new();
        let mut told = started;
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
                    if let Some(now) = self.look().await
                        && (!now.is_empty() || started.elapsed() > TELL_EVERY)
                    {
                        blockers = now;
                    }
                    if told.elapsed() >= TELL_EVERY {
                        told = Instant::now();
                        let progress = self.progress().await;
                        let elapsed = started.elapsed();
                        let id = owners[0].id;
                        listener(&Event::StatementProgress { id, elapsed, progress: progress.as_deref(), blockers: &blockers });
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
            let remaining = match &mut self.observer {
                Some(observer) => tokio::time::timeout(PATIENCE, observer.remaining(blockers)).await,
                None => return true,
            };
            match remaining {
                Ok(Ok(remaining)) if !remaining.is_empty() => {}
                _ => return true,
            }
            if interrupt.during(tokio::time::sleep(Duration::from_millis(50))).await.is_none() {
                return false;
            }
        }
        true
    }

    async fn look(&mut self) -> Option<Vec<Blocker>> {
        if self.blind {
            return None;
        }
        let observer = self.observer.as_mut()?;
        match tokio::time::timeout(PATIENCE, observer.blockers()).await {
            Ok(Ok(blockers)) => Some(blockers),
            _ => {
                self.blind = true;
                None
            }
        }
    }

    async fn progress(&mut self) -> Option<String> {
        if self.blind {
            return None;
        }
        let observer = self.observer.as_mut()?;
        tokio::time::timeout(PATIENCE, observer.progress()).await.ok()?.ok()?
    }

    async fn cancel(&mut self) {
        if let Some(observer) = &mut self.observer {
            // Nothing more can be done when even the request to cancel fails: the statement ends by itself.
            let _ = tokio::time::timeout(PATIENCE, observer.cancel()).await;
        }
    }
}

/// Passes on what the server said.
fn tell(notices: &[Notice], owners: &[Owner<'_>], listener: &mut Listener<'_>) {
    for notice in notices {
        if let Some(owner) = owners.get(notice.part).filter(|owner| owner.heard) {
            listener(&Event::Notice { id: owner.id, statement: owner.statement, notice });
        }
    }
}
