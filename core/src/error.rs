//! The one error type of the library: a kind with a stable number and a message for a stranger.
//! It knows nothing of the stages that raise it.

use std::ops::Range;

/// What went wrong, as a number that is never reused for another meaning.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text is not a formula.
    Syntax = 1,
    /// An operation, reduction or variable has no such name.
    UnknownName = 2,
    /// An operation got too few or too many operands or parameters.
    Arity = 3,
    /// Dimensions of operands do not fit together.
    Dimension = 4,
    /// An argument has a value that is not allowed.
    Argument = 5,
    /// An array has a number format that does not fit.
    Dtype = 6,
    /// An array has a rank or a size that does not fit.
    Shape = 7,
    /// Strides or alignment of an array cannot be used.
    Stride = 8,
    /// The device is missing or cannot be used here.
    Device = 9,
    /// An output shares memory with another array.
    Overlap = 10,
    /// A size overflows what can be addressed.
    Size = 11,
    /// The caller's callback asked to stop.
    Cancelled = 12,
    /// The request is well formed but not available.
    Unsupported = 13,
    /// A defect of the library itself.
    Internal = 14,
    /// The number of arrays is wrong.
    Count = 15,
    /// A handle is not, or no longer, what it should be.
    Handle = 16,
    /// A solver did not reach its tolerance.
    Convergence = 17,
}

/// An error with a message that says what is wrong, where, and what would be right.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// An error of this kind with this message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into() }
    }

    /// An error at a place of a text: the message is followed by the line of the text and a caret under the place.
    pub fn at(kind: ErrorKind, message: impl AsRef<str>, text: &str, span: Range<usize>) -> Self {
        let start = span.start.min(text.len());
        let line_start = text[..start].rfind('\n').map_or(0, |k| k + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        // A line of a hostile length must not make a message of that length.
        let column = text[line_start..start].chars().count();
        let first = column.saturating_sub(60);
        let shown: String = line.chars().skip(first).take(120).collect();
        let width = text.get(start..span.end.min(text.len())).map_or(1, |s| s.chars().count());
        let room = shown.chars().count().saturating_sub(column - first).max(1);
        let carets = "^".repeat(width.clamp(1, room));
        let indent = " ".repeat(column - first);
        let message = format!("{} (column {})\n  {shown}\n  {indent}{carets}", message.as_ref(), column + 1);
        Error { kind, message }
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The whole message; it may have several lines.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error with words put before its message.
    pub fn within(self, place: impl AsRef<str>) -> Self {
        Error { kind: self.kind, message: format!("{}: {}", place.as_ref(), self.message) }
    }
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// `1 array`, `2 arrays`: a number of things in a message.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
