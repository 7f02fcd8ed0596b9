//! Making a code.

use qrcode::{EcLevel, QrCode};

/// How much of a code may be damaged. A screen does not get dirty: higher levels only make the
/// modules smaller, so there are no others here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// About 15 %.
    M,
    /// About 7 %.
    L,
}

/// Why no code could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// More than a code can hold.
    #[error("the content is too long for a QR code")]
    TooLong,
}

/// A square of modules without its quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    side: usize,
    dark: Vec<bool>,
    level: Level,
}

impl Code {
    /// Makes the smallest code that holds `content` at `level`. Upper-case links take the
    /// alphanumeric mode, which saves a version.
    pub fn new(content: &str, level: Level) -> Result<Self, CodeError> {
        let ec = match level {
            Level::M => EcLevel::M,
            Level::L => EcLevel::L,
        };
        let code = QrCode::with_error_correction_level(content, ec).map_err(|_| CodeError::TooLong)?;
        let dark = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
        Ok(Self { side: code.width(), dark, level })
    }

    /// Modules per side.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The version: 1 to 40.
    pub fn version(&self) -> usize {
        self.side.saturating_sub(17) / 4
    }

    /// The level it was made at.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether the module at this place, counted from the code's own corner, is dark. Everything
    /// outside the code is light.
    pub fn is_dark(&self, x: isize, y: isize) -> bool {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return false };
        x < self.side && self.dark.get(y * self.side + x).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Level};

    #[test]
    fn an_upper_case_link_of_61_characters_is_version_3() {
        let link = format!("HTTPS://C.EXAMPLE.COM/C/{}", "Q".repeat(61 - 24));
        assert_eq!(link.len(), 61);
        assert_eq!(Code::new(&link, Level::M).unwrap().version(), 3);
        assert_eq!(Code::new(&link.to_lowercase(), Level::M).unwrap().version(), 4);
    }
}
