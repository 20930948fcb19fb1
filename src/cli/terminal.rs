//! What goes to a terminal or to whatever stands in its place: texts as far as they can be shown, in
//! colours and columns that it has. Decides nothing about what is said.

use std::io::{self, IsTerminal, Write};

use super::exit::Failure;

/// How wide texts are made where nobody says how wide they may be.
const COLUMNS: usize = 100;

/// Writes a text to stdout.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    write(&mut io::stdout().lock(), text.as_bytes())
}

/// Writes bytes as they are.
pub(super) fn write(out: &mut impl Write, bytes: &[u8]) -> Result<(), Failure> {
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Unread,
        _ => Failure::failed(format!("cannot print: {error}")),
    })
}

/// How many columns stdout has; none when it is no terminal.
pub(super) fn columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0))
}

/// How many lines stdout has; none when it is no terminal.
pub(super) fn lines() -> Option<usize> {
    let (_, height) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(height.0))
}

/// A text in lines that fit, broken between words.
pub(super) fn wrapped(text: &str) -> String {
    let width = columns().unwrap_or(COLUMNS).min(COLUMNS);
    // A date or an id that is broken at its hyphens can be neither read nor copied.
    let whole = textwrap::WordSplitter::NoHyphenation;
    textwrap::fill(text, textwrap::Options::new(width).word_splitter(whole))
}

/// Whether colours may be written to `stream`: it is a terminal, and `NO_COLOR` is not set.
pub(super) fn has_colours(stream: &impl IsTerminal) -> bool {
    let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    is_wanted && stream.is_terminal()
}

/// A colour, by its number in ANSI's terminal sequences.
#[derive(Debug, Clone, Copy)]
pub(super) enum Colour {
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
}

/// Colours texts, or leaves them as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    is_on: bool,
}

impl Paint {
    /// As `stream` can show them.
    pub(super) fn for_stream(stream: &impl IsTerminal) -> Self {
        Self { is_on: has_colours(stream) }
    }

    /// Without colours.
    #[cfg(test)]
    pub(super) const fn plain() -> Self {
        Self { is_on: false }
    }

    /// The text in this colour.
    pub(super) fn text(self, colour: Colour, text: &str) -> String {
        if self.is_on { format!("\x1b[{}m{text}\x1b[0m", colour as u8) } else { text.to_owned() }
    }
}

/// Somebody else's text on one line, with what a terminal would obey written out.
pub(super) fn tame(text: &str) -> String {
    let write_out = |c: char| match c {
        c if c.is_control() => c.escape_default().collect::<String>(),
        c => c.to_string(),
    };
    text.chars().map(write_out).collect()
}

/// At most so many characters of a text.
pub(super) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_cannot_command_the_terminal() {
        assert_eq!(tame("a\x1b[2Jb\nc\u{9b}31m☃"), "a\\u{1b}[2Jb\\nc\\u{9b}31m☃");
    }

    #[test]
    fn colours_are_left_out_where_nobody_sees_them() {
        let red = |is_on| Paint { is_on }.text(Colour::Red, "x");
        assert_eq!((red(true).as_str(), red(false).as_str()), ("\x1b[31mx\x1b[0m", "x"));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(shortened("☃☃☃", 2), "☃☃…");
        assert_eq!(shortened("☃☃", 2), "☃☃");
    }
}
