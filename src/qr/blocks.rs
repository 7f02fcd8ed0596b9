//! A code as terminal cells, and the choice of a size that fits.

use super::code::{Code, CodeError, Level};

/// The two colours of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shade {
    /// Ink.
    Dark,
    /// Paper.
    Light,
}

/// How modules become cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// One column and half a row a module: `▀` with both colours set.
    #[default]
    Half,
    /// Two columns and one row a module: blanks on a background. Survives gaps between lines and
    /// double-width block glyphs.
    Full,
}

/// One cell: `▀` in `upper` on `lower`, or a blank on `lower` when both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Colour of the upper half.
    pub upper: Shade,
    /// Colour of the lower half.
    pub lower: Shade,
}

impl Cell {
    /// The character to draw. Both colours have to be set with it.
    pub fn symbol(self) -> char {
        if self.upper == self.lower { ' ' } else { '▀' }
    }
}

/// A code laid out in cells, quiet zone included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The code behind it.
    pub code: Code,
    /// Modules of quiet zone on each side: 4 or 2.
    pub quiet: usize,
    /// How modules become cells.
    pub form: Form,
}

/// What the smallest drawing that may be tried needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

/// The outcome of looking for a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It fits like this.
    Fits(Box<Blocks>),
    /// No drawing that can be scanned fits.
    TooSmall(Needs),
}

impl Blocks {
    /// Columns it takes.
    pub fn columns(&self) -> usize {
        let side = self.code.side() + 2 * self.quiet;
        match self.form {
            Form::Half => side,
            Form::Full => 2 * side,
        }
    }

    /// Rows it takes.
    pub fn rows(&self) -> usize {
        let side = self.code.side() + 2 * self.quiet;
        match self.form {
            Form::Half => side.div_ceil(2),
            Form::Full => side,
        }
    }

    /// The cell at a column and row of the drawing.
    pub fn cell(&self, column: usize, row: usize) -> Cell {
        let shade = |x: usize, y: usize| {
            let place = |at: usize| isize::try_from(at).unwrap_or(isize::MAX) - self.quiet.cast_signed();
            if self.code.is_dark(place(x), place(y)) { Shade::Dark } else { Shade::Light }
        };
        match self.form {
            Form::Half => Cell { upper: shade(column, 2 * row), lower: shade(column, 2 * row + 1) },
            Form::Full => {
                let shade = shade(column / 2, row);
                Cell { upper: shade, lower: shade }
            }
        }
    }
}

/// Chooses the drawing for a space: quiet zone 4 before 2, level M before L; never cut, never less.
pub fn fit(content: &str, form: Form, columns: usize, rows: usize) -> Result<Fit, CodeError> {
    let mut least: Option<Needs> = None;
    for level in [Level::M, Level::L] {
        let code = Code::new(content, level)?;
        for quiet in [4, 2] {
            let blocks = Blocks { code: code.clone(), quiet, form };
            if blocks.columns() <= columns && blocks.rows() <= rows {
                return Ok(Fit::Fits(Box::new(blocks)));
            }
            let needs = Needs { columns: blocks.columns(), rows: blocks.rows() };
            if least.is_none_or(|least| (needs.rows, needs.columns) < (least.rows, least.columns)) {
                least = Some(needs);
            }
        }
    }
    Ok(Fit::TooSmall(least.unwrap_or(Needs { columns: 0, rows: 0 })))
}

#[cfg(test)]
mod tests {
    use super::{Fit, Form, Needs, fit};

    const LINK: &str = "HTTPS://NC.ACME.EXAMPLE/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1";

    #[test]
    fn the_quiet_zone_shrinks_before_the_code_is_refused() {
        for (columns, rows, quiet) in
            [(80, 20, Some(4)), (37, 19, Some(4)), (36, 18, Some(2)), (33, 17, Some(2))]
        {
            let Fit::Fits(blocks) = fit(LINK, Form::Half, columns, rows).unwrap() else {
                panic!("{columns}x{rows} should do")
            };
            assert_eq!(Some(blocks.quiet), quiet);
            assert!(blocks.columns() <= columns && blocks.rows() <= rows);
        }
        assert_eq!(fit(LINK, Form::Half, 80, 16).unwrap(), Fit::TooSmall(Needs { columns: 33, rows: 17 }));
        assert_eq!(fit(LINK, Form::Full, 80, 24).unwrap(), Fit::TooSmall(Needs { columns: 66, rows: 33 }));
    }
}
