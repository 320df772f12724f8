//! Several statements in one message: which may share one, and what it looks like.

use std::ops::Range;

use super::traces::{answers_once, keeps_its_text, reports_in_rows};

/// Between statements: a line of its own, since a statement may end in a comment.
const BETWEEN: &str = "\n;\n";

/// One message's worth of parts, and where each stands in it.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The parts' indexes.
    pub parts: Range<usize>,
    /// The text that is sent.
    pub text: String,
    places: Vec<Range<usize>>,
    /// How many results it has, if that is known.
    pub results: Option<usize>,
}

impl Message {
    /// Where in the text a part is.
    pub fn place(&self, part: usize) -> Range<usize> {
        self.places[part - self.parts.start].clone()
    }

    /// The part that the next result is of, once so many have come.
    pub fn part_after(&self, results: usize) -> usize {
        (self.parts.start + results).min(self.parts.end - 1)
    }
}

/// Cuts parts into messages of at most `largest` bytes, unless one part alone has more. Because results are all that
/// tells how far a message was carried out, a part with any number of them is the last of its message; so is one whose text the
/// server keeps, and one whose rows must be read before anything goes on.
pub(super) fn messages(parts: &[&str], largest: usize) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let mut open = false;
    for (index, part) in parts.iter().enumerate() {
        let once = answers_once(part);
        let fits = |message: &&mut Message| message.text.len() + BETWEEN.len() + part.len() <= largest;
        match messages.last_mut().filter(|_| open).filter(fits) {
            Some(message) => {
                message.text.push_str(BETWEEN);
                let start = message.text.len();
                message.text.push_str(part);
                message.places.push(start..message.text.len());
                message.parts.end = index + 1;
                message.results = message.results.filter(|_| once).map(|results| results + 1);
            }
            None => messages.push(Message {
                parts: index..index + 1,
                text: (*part).to_owned(),
                places: std::iter::once(0..part.len()).collect(),
                results: once.then_some(1),
            }),
        }
        open = once && !keeps_its_text(part) && !reports_in_rows(part);
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(parts: &[&str], largest: usize) -> Vec<(Range<usize>, Option<usize>)> {
        messages(parts, largest).into_iter().map(|message| (message.parts, message.results)).collect()
    }

    #[test]
    fn what_answers_once_shares_a_message() {
        assert_eq!(cut(&["select 1", "select 2", "select 3"], 1000), [(0..3, Some(3))]);
        assert_eq!(cut(&["select 1", "call p()", "select 3"], 1000), [(0..2, None), (2..3, Some(1))]);
        assert_eq!(cut(&["create procedure p() select 1", "select 3"], 1000), [(0..1, Some(1)), (1..2, Some(1))]);
        assert_eq!(cut(&["select 1", "select 2", "select 3"], 20), [(0..2, Some(2)), (2..3, Some(1))]);
    }

    #[test]
    fn parts_are_found_again() {
        let messages = messages(&["select 1 -- one", "select 2"], 1000);
        let [message] = &messages[..] else { panic!("one message") };
        assert_eq!(&message.text[message.place(1)], "select 2");
        assert_eq!((message.part_after(0), message.part_after(1), message.part_after(9)), (0, 1, 1));
    }
}
