//! Where something stands in a script: bytes for programs, lines and columns for people.

/// A range of bytes in a script's text, always on character borders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// A span from its two ends.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    /// The part of the text it covers.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it covers nothing.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// A line and a column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// Finds lines and columns in one text; building it reads the text once.
#[derive(Clone, Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
    first: usize,
    /// How many characters start before each block of [`BLOCK`] bytes, so that columns of very long lines are cheap.
    characters: Vec<usize>,
}

const BLOCK: usize = 4096;

impl<'t> LineIndex<'t> {
    /// An index of the text's lines.
    pub fn new(text: &'t str) -> Self {
        Self::starting_at(text, 1)
    }

    /// An index of a text that begins on line `first` of its file: places are the file's.
    pub fn starting_at(text: &'t str, first: usize) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let characters = text.as_bytes().chunks(BLOCK).scan(0, |before, block| {
            let here = *before;
            *before += characters(block);
            Some(here)
        });
        LineIndex { text, starts: std::iter::once(0).chain(after).collect(), characters: characters.collect(), first }
    }

    /// The line and column of a byte offset, which must lie on a character border.
    pub fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        Place {
            line: line - 1 + self.first,
            column: self.characters_before(offset) - self.characters_before(start) + 1,
        }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        match self.characters.get(block) {
            Some(before) => before + characters(&self.text.as_bytes()[block * BLOCK..offset]),
            // The end of a text that fills its last block.
            None => block
                .checked_sub(1)
                .map_or(0, |last| self.characters[last] + characters(&self.text.as_bytes()[last * BLOCK..offset])),
        }
    }

    /// A line's text without its end, by the number that [`LineIndex::place`] gives it.
    pub fn line(&self, number: usize) -> &'t str {
        let line = number - self.first;
        let start = self.starts[line];
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        &self.text[start..end]
    }
}

/// How many characters start in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let index = LineIndex::new("ab\nçd e\n");
        assert_eq!(index.place(0), Place { line: 1, column: 1 });
        assert_eq!(index.place(3), Place { line: 2, column: 1 });
        assert_eq!(index.place(5), Place { line: 2, column: 2 });
        assert_eq!(index.line(2), "çd e");
        assert_eq!(index.line(3), "");
    }

    #[test]
    fn a_section_has_the_lines_of_its_file() {
        let index = LineIndex::starting_at("ab\ncd\n", 7);
        assert_eq!(index.place(3), Place { line: 8, column: 1 });
        assert_eq!((index.line(7), index.line(8), index.line(9)), ("ab", "cd", ""));
    }

    #[test]
    fn columns_of_long_lines() {
        for length in [4095, 4096, 4097, 8192, 10_000] {
            let text = format!("first\n{}", "ç".repeat(length));
            let index = LineIndex::new(&text);
            assert_eq!(index.place(text.len()), Place { line: 2, column: length + 1 });
            assert_eq!(index.place(text.len() - 2), Place { line: 2, column: length });
        }
    }
}
