//! A text that is edited over and over, and still knows what is left of the first one.

use std::sync::Arc;

use crate::sql::Span;

/// A text in pieces.
#[derive(Clone)]
pub(super) struct Pieces {
    original: Arc<str>,
    pieces: Vec<Piece>,
}

#[derive(Clone)]
enum Piece {
    /// A part of the original, which is not empty.
    Kept(Span),
    /// Something new.
    New(String),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Kept(span) => span.len(),
            Piece::New(text) => text.len(),
        }
    }

    /// The piece without its end, and its end.
    fn cut(self, at: usize) -> (Piece, Piece) {
        match self {
            Piece::Kept(span) => {
                let middle = span.start + at;
                (Piece::Kept(Span::new(span.start, middle)), Piece::Kept(Span::new(middle, span.end)))
            }
            Piece::New(mut text) => {
                let end = text.split_off(at);
                (Piece::New(text), Piece::New(end))
            }
        }
    }
}

impl Pieces {
    pub fn of(text: &Arc<str>) -> Self {
        Pieces { original: Arc::clone(text), pieces: vec![Piece::Kept(Span::new(0, text.len()))] }
    }

    /// Edits the text as it now is; the edits are ordered and apart.
    pub fn apply(&mut self, edits: &[(Span, String)]) {
        let mut old = std::mem::take(&mut self.pieces).into_iter();
        let mut rest: Option<Piece> = None;
        let mut at = 0;
        for (span, text) in edits {
            self.take(&mut old, &mut rest, &mut at, span.start, true);
            self.push(Piece::New(text.clone()));
            self.take(&mut old, &mut rest, &mut at, span.end, false);
        }
        self.take(&mut old, &mut rest, &mut at, usize::MAX, true);
    }

    /// Goes on to a place of the text, and keeps what is on the way or not.
    fn take(
        &mut self,
        old: &mut std::vec::IntoIter<Piece>,
        rest: &mut Option<Piece>,
        at: &mut usize,
        until: usize,
        keep: bool,
    ) {
        while *at < until {
            let Some(piece) = rest.take().or_else(|| old.next()) else { return };
            let length = piece.len();
            let piece = if *at + length > until {
                let (before, after) = piece.cut(until - *at);
                *rest = Some(after);
                before
            } else {
                piece
            };
            *at += piece.len();
            if keep {
                self.push(piece);
            }
        }
    }

    fn push(&mut self, piece: Piece) {
        if piece.len() > 0 {
            self.pieces.push(piece);
        }
    }

    /// The text as it now is.
    pub fn text(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Kept(span) => span.of(&self.original),
                Piece::New(text) => text,
            })
            .collect()
    }

    /// What leads from the original to the text as it now is.
    pub fn edits(&self) -> Vec<(Span, String)> {
        let mut edits: Vec<(Span, String)> = Vec::new();
        let (mut at, mut new) = (0, String::new());
        let end = self.original.len();
        let kept = self.pieces.iter().chain(std::iter::once(const { &Piece::New(String::new()) }));
        for piece in kept {
            match piece {
                Piece::New(text) => new.push_str(text),
                Piece::Kept(span) => {
                    if span.start > at || !new.is_empty() {
                        edits.push((Span::new(at, span.start), std::mem::take(&mut new)));
                    }
                    at = span.end;
                }
            }
        }
        if at < end || !new.is_empty() {
            edits.push((Span::new(at, end), new));
        }
        edits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_of_edits_are_edits_of_the_original() {
        let original: Arc<str> = "abcdefgh".into();
        let mut pieces = Pieces::of(&original);
        pieces.apply(&[(Span::new(0, 0), "X".to_owned()), (Span::new(3, 5), "YZ".to_owned())]);
        assert_eq!(pieces.text(), "XabcYZfgh");
        pieces.apply(&[(Span::new(1, 5), String::new()), (Span::new(9, 9), "!".to_owned())]);
        assert_eq!(pieces.text(), "XZfgh!");
        let edits = pieces.edits();
        assert_eq!(edits, [(Span::new(0, 5), "XZ".to_owned()), (Span::new(8, 8), "!".to_owned())]);
        let mut again = Pieces::of(&original);
        again.apply(&edits);
        assert_eq!(again.text(), "XZfgh!");
        assert!(Pieces::of(&original).edits().is_empty());
    }
}
