//! How long, and how, a run goes on trying for a lock that was not to be had.

use std::time::{Duration, Instant};

use crate::databases::Blocker;

use super::Interrupt;
use super::failure::Tries;
use super::watch::Watch;

/// How long to wait for known blockers at most before trying again all the same, so that the user is told anew.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// The same where the server does not say who blocks: those who were suspected may stay.
const TRY_AGAIN_SUSPECTED: Duration = Duration::from_secs(10);

/// The tries of one transaction or statement.
pub(super) struct Patience {
    began: Instant,
    deadline: Instant,
    attempt: u32,
    poll: Duration,
}

impl Patience {
    /// Goes on for this long; `poll` is how often to try where nobody can see who blocks.
    pub fn new(limit: Duration, poll: Duration) -> Self {
        let began = Instant::now();
        Patience { began, deadline: began + limit, attempt: 0, poll }
    }

    /// Counts an attempt that failed: its number, from 1.
    pub fn failed(&mut self) -> u32 {
        self.attempt += 1;
        self.attempt
    }

    /// What was tried, when the attempt that goes on has failed, too.
    pub fn tries(&self) -> Tries {
        Tries { attempts: self.attempt + 1, elapsed: self.began.elapsed() }
    }

    /// How long it will still go on.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Waits until a new attempt may succeed. False when the user wants to stop.
    ///
    /// Where the blockers are known we wait, outside every queue, for exactly their end; a queued attempt would make
    /// everybody behind it wait, too.
    pub async fn pause(&self, blockers: &[Blocker], watch: &mut Watch, interrupt: &Interrupt) -> bool {
        if !blockers.is_empty() && watch.sees() {
            let suspected = blockers.iter().any(|blocker| blocker.suspected);
            let longest = if suspected { TRY_AGAIN_SUSPECTED } else { TRY_AGAIN };
            return watch.outlast(blockers, self.remaining().min(longest), interrupt).await;
        }
        let longest = if watch.sees() { Duration::from_secs(30) } else { self.poll * 8 };
        let backoff = self.poll.saturating_mul(1 << (self.attempt.saturating_sub(1)).min(6)).min(longest);
        interrupt.during(tokio::time::sleep(backoff.min(self.remaining()))).await.is_some()
    }
}
