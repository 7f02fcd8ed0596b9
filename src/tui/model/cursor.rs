//! A place in a list, and what of the list is to be seen.

/// A selected row and the first visible one. Both follow from moves, lengths and heights; drawing
/// changes neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The selected row.
    pub at: usize,
    /// The first visible row.
    pub top: usize,
}

impl Cursor {
    /// Moves by `delta` rows within `len` rows of which `height` are visible.
    pub fn step(&mut self, delta: isize, len: usize, height: usize) {
        self.at = self.at.saturating_add_signed(delta);
        self.keep(len, height);
    }

    /// Goes to a row.
    pub fn go(&mut self, to: usize, len: usize, height: usize) {
        self.at = to;
        self.keep(len, height);
    }

    /// Brings both into range, after the list or the window changed.
    pub fn keep(&mut self, len: usize, height: usize) {
        self.at = self.at.min(len.saturating_sub(1));
        let height = height.max(1);
        if self.at < self.top {
            self.top = self.at;
        } else if self.at >= self.top + height {
            self.top = self.at + 1 - height;
        }
        // No empty rows at the end while there are rows above.
        self.top = self.top.min(len.saturating_sub(height));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Cursor;

    proptest! {
        #[test]
        fn the_selected_row_is_always_there_and_visible(
            moves in prop::collection::vec((-30_isize..30, 0_usize..40, 0_usize..12), 1..60)
        ) {
            let mut cursor = Cursor::default();
            for (delta, len, height) in moves {
                cursor.step(delta, len, height);
                prop_assert!(cursor.at < len.max(1));
                prop_assert!(cursor.top <= cursor.at && cursor.at < cursor.top + height.max(1));
                prop_assert!(cursor.top + height.max(1) <= len.max(height.max(1)));
            }
        }
    }
}
