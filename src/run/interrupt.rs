//! Ctrl-C, as the library sees it: a request to stop at the next place where stopping is clean.

use std::sync::Arc;

use tokio::sync::watch;

/// A request to stop, shared between whoever hears it and the run.
#[derive(Clone, Debug)]
pub struct Interrupt {
    sender: Arc<watch::Sender<bool>>,
}

impl Default for Interrupt {
    fn default() -> Self {
        Interrupt { sender: Arc::new(watch::Sender::new(false)) }
    }
}

impl Interrupt {
    /// Asks the run to stop.
    pub fn request(&self) {
        self.sender.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn requested(&self) -> bool {
        *self.sender.borrow()
    }

    /// Waits until somebody asks.
    pub async fn wait(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as `self`, so that waiting cannot fail.
        let _ = receiver.wait_for(|requested| *requested).await;
    }

    /// The work's result; none when somebody asked to stop before it was there.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.wait() => None,
            result = work => Some(result),
        }
    }
}
