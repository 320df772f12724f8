//! What PostgreSQL says beside its answers. The driver passes it on as events of the `tracing` library and in no other
//! way, so a subscriber listens to those, only while our own statements run, and to nothing else.

use std::fmt::{Debug, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

use super::super::{Notice, Notices, Severity};

/// What the driver calls these events.
const TARGET: &str = "sqlx::postgres::notice";

/// Hears what the server says on one connection.
pub(super) struct Ear {
    /// For futures that talk to the server.
    pub dispatch: Dispatch,
    /// Where it ends up.
    pub notices: Notices,
    part: Arc<AtomicUsize>,
}

impl Ear {
    pub fn new() -> Self {
        let (notices, part) = (Notices::default(), Arc::new(AtomicUsize::new(0)));
        let dispatch = Dispatch::new(Listener { notices: notices.clone(), part: part.clone() });
        Ear { dispatch, notices, part }
    }

    /// Whatever is heard from now on is about this statement.
    pub fn turn_to(&self, part: usize) {
        self.part.store(part, Ordering::Relaxed);
    }
}

struct Listener {
    notices: Notices,
    part: Arc<AtomicUsize>,
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET
    }

    fn event(&self, event: &Event<'_>) {
        let severity = match *event.metadata().level() {
            Level::ERROR | Level::WARN => Severity::Warning,
            Level::INFO => Severity::Notice,
            // What a script asked the server to debug is for the server's log; INFO and LOG arrive one step lower.
            Level::DEBUG => return,
            Level::TRACE => Severity::Info,
        };
        let mut message = Message::default();
        event.record(&mut message);
        self.notices.push(Notice { part: self.part.load(Ordering::Relaxed), severity, message: message.0 });
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The event's text.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.clear();
            let _ = write!(self.0, "{value:?}");
        }
    }
}
