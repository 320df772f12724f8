//! Statements that are read again for the rules that ask what they say: a script keeps no more of a statement than its
//! heading, so that what is held of a script does not grow with all that its statements say.

use std::cell::OnceCell;

use crate::sql::ddl::Reading;

/// Statements that were read again, each once.
#[derive(Debug, Default)]
pub(super) struct Again {
    first: OnceCell<Box<Read>>,
}

#[derive(Debug)]
struct Read {
    number: usize,
    reading: Reading,
    next: OnceCell<Box<Read>>,
}

impl Again {
    /// The reading of the statement of this number. Few are asked for, and mostly the same.
    pub fn get(&self, number: usize, read: impl FnOnce() -> Reading) -> &Reading {
        let mut place = &self.first;
        while let Some(known) = place.get() {
            if known.number == number {
                return &known.reading;
            }
            place = &known.next;
        }
        &place.get_or_init(|| Box::new(Read { number, reading: read(), next: OnceCell::new() })).reading
    }
}

impl Drop for Again {
    fn drop(&mut self) {
        // One after the other, however many there are.
        let mut next = self.first.take();
        while let Some(mut read) = next {
            next = read.next.take();
        }
    }
}
