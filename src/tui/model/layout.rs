//! Where things stand: one function of size and state, shared by moving, drawing and the mouse.

use super::state::{State, Tab};

/// Size of the window in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// How wide the window is, for the choice of panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Under 40 columns or 10 rows: one column, no frame.
    Tiny,
    /// 40 to 79 columns: one pane at a time.
    Narrow,
    /// 80 to 109: two panes, detail below.
    Usual,
    /// 110 and more: detail beside.
    Wide,
}

/// A rectangle; empty when there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pane {
    /// Left edge.
    pub x: u16,
    /// Upper edge.
    pub y: u16,
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Pane {
    /// Whether there is nothing to draw in.
    pub const fn is_empty(self) -> bool {
        self.columns == 0 || self.rows == 0
    }

    const fn new(x: u16, y: u16, columns: u16, rows: u16) -> Self {
        Self { x, y, columns, rows }
    }

    /// The first `rows` rows, and the rest.
    pub fn split_rows(self, rows: u16) -> (Self, Self) {
        let rows = rows.min(self.rows);
        (Self { rows, ..self }, Self { y: self.y + rows, rows: self.rows - rows, ..self })
    }

    /// The first `columns` columns, and the rest.
    pub fn split_columns(self, columns: u16) -> (Self, Self) {
        let columns = columns.min(self.columns);
        (Self { columns, ..self }, Self { x: self.x + columns, columns: self.columns - columns, ..self })
    }

    /// The inside of a frame, with a blank at both sides; a pane too small for one has none.
    #[must_use]
    pub fn framed(self) -> Self {
        if self.columns < 4 || self.rows < 3 {
            return self;
        }
        Self { x: self.x + 2, y: self.y + 1, columns: self.columns - 4, rows: self.rows - 2 }
    }

    /// Without `by` cells on the left and right.
    #[must_use]
    pub fn inset(self, by: u16) -> Self {
        Self { x: self.x + by.min(self.columns), columns: self.columns.saturating_sub(2 * by), ..self }
    }
}

/// Where the parts of the screen stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    /// The tabs.
    pub tabs: Pane,
    /// The line below: a rule, or a banner.
    pub banner: Pane,
    /// Everything of the page.
    pub body: Pane,
    /// The rule above the keys.
    pub rule: Pane,
    /// The keys.
    pub keys: Pane,
    /// The status.
    pub status: Pane,
    /// The department tree.
    pub tree: Pane,
    /// The heading of the list.
    pub heading: Pane,
    /// The list's rows.
    pub list: Pane,
    /// The details, their heading included.
    pub detail: Pane,
    /// Whether the details stand beside the list.
    pub beside: bool,
}

/// How wide the window is.
pub const fn window_width(size: Size) -> Width {
    if size.columns < 40 || size.rows < 10 {
        Width::Tiny
    } else if size.columns < 80 {
        Width::Narrow
    } else if size.columns < 110 {
        Width::Usual
    } else {
        Width::Wide
    }
}

/// Columns of a card with its frame.
const CARD: u16 = 76;
/// Columns of the department tree.
const TREE: u16 = 27;
const WIDE_TREE: u16 = 32;

/// Where everything stands.
pub fn layout(size: Size, state: &State) -> Regions {
    let whole = Pane::new(0, 0, size.columns, size.rows);
    let kind = window_width(size);
    let mut regions = Regions::default();
    if kind == Width::Tiny {
        // One line of tabs if there is room for it and for three more, one line of keys if for two.
        let (tabs, rest) = whole.split_rows(u16::from(size.rows >= 4));
        let (body, keys) = rest.split_rows(rest.rows.saturating_sub(u16::from(size.rows >= 3)));
        regions = Regions { tabs, body, keys, ..regions };
    } else {
        let (tabs, rest) = whole.split_rows(1);
        let (banner, rest) = rest.split_rows(1);
        let (body, rest) = rest.split_rows(rest.rows.saturating_sub(3));
        let (rule, rest) = rest.split_rows(1);
        let (keys, status) = rest.split_rows(1);
        regions = Regions { tabs, banner, body, rule, keys, status, ..regions };
    }
    place_body(&mut regions, kind, state);
    regions
}

fn place_body(regions: &mut Regions, kind: Width, state: &State) {
    let body = regions.body;
    let searching = state.search_box().is_some();
    let heading_rows = if kind == Width::Tiny { 0 } else { 1 };
    match (state.tab, kind) {
        (Tab::Directory, Width::Tiny | Width::Narrow) => {
            if state.directory.in_tree && !searching {
                regions.tree = body;
            } else {
                let (heading, list) = body.split_rows(heading_rows.max(u16::from(searching)));
                (regions.heading, regions.list) = (heading, list);
            }
        }
        (Tab::Directory, Width::Usual) => {
            let (tree, rest) = if searching { (Pane::default(), body) } else { body.split_columns(TREE) };
            let rest = if searching {
                rest
            } else {
                Pane { x: rest.x + 1, columns: rest.columns.saturating_sub(1), ..rest }
            };
            regions.tree = tree;
            let (above, detail) = rest.split_rows(rest.rows.saturating_sub(detail_rows(rest.rows)));
            (regions.heading, regions.list) = above.split_rows(heading_rows);
            regions.detail = detail;
        }
        (Tab::Directory, Width::Wide) => {
            let (tree, rest) =
                if searching { (Pane::default(), body) } else { body.split_columns(WIDE_TREE) };
            let rest = if searching {
                rest
            } else {
                Pane { x: rest.x + 1, columns: rest.columns.saturating_sub(1), ..rest }
            };
            regions.tree = tree;
            let (list, detail) =
                rest.split_columns(rest.columns.saturating_sub(beside_columns(rest.columns)));
            (regions.heading, regions.list) = list.split_rows(heading_rows);
            regions.detail = Pane { x: detail.x + 1, columns: detail.columns.saturating_sub(1), ..detail };
            regions.beside = true;
        }
        (_, Width::Tiny) => {
            let (heading, list) = body.split_rows(u16::from(searching));
            (regions.heading, regions.list) = (heading, list);
        }
        (_, Width::Narrow) => {
            (regions.heading, regions.list) = body.split_rows(heading_rows);
        }
        (_, Width::Usual) => {
            let (above, detail) = body.split_rows(body.rows.saturating_sub(detail_rows(body.rows)));
            (regions.heading, regions.list) = above.split_rows(heading_rows);
            regions.detail = detail;
        }
        (_, Width::Wide) => {
            let (list, detail) =
                body.split_columns(body.columns.saturating_sub(beside_columns(body.columns)));
            (regions.heading, regions.list) = list.split_rows(heading_rows);
            regions.detail = Pane { x: detail.x + 1, columns: detail.columns.saturating_sub(1), ..detail };
            regions.beside = true;
        }
    }
}

/// Rows of details below a list: its heading and what fits into a bit more than the half.
fn detail_rows(body: u16) -> u16 {
    (body / 2 + 1).min(14).min(body.saturating_sub(3))
}

/// Columns of details beside a list.
fn beside_columns(all: u16) -> u16 {
    (all * 2 / 5).clamp(30, 64)
}

/// The rectangle of a layer that wants so many columns and rows, in the middle between the tabs and the
/// lines of keys, which stay to be seen where there is room; what does not fit is cut.
pub fn layer_area(size: Size, columns: u16, rows: u16) -> Pane {
    let (above, below) = if size.rows >= 10 { (1, 2) } else { (0, 1) };
    let room = size.rows.saturating_sub(above + below);
    let (columns, rows) = (columns.min(size.columns), rows.min(room));
    Pane::new((size.columns - columns) / 2, above + (room - rows) / 2, columns, rows)
}

/// The frame of the help.
pub fn help_area(size: Size) -> Pane {
    layer_area(size, 80, u16::MAX)
}

/// The frame of a card whose lines take so many rows.
pub fn card_area(size: Size, rows: usize) -> Pane {
    layer_area(size, CARD, u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2))
}

/// The frame of a list of requests above the page.
pub fn past_area(size: Size) -> Pane {
    layer_area(size, u16::MAX, u16::MAX)
}

/// Rows of that list: the first one has the headings.
pub fn past_rows(size: Size) -> usize {
    usize::from(past_area(size).framed().rows).saturating_sub(1)
}

/// The frame of a list to choose from.
pub fn picker_area(size: Size) -> Pane {
    layer_area(size, 66, 18)
}

/// Rows of that list: above it stand a line and an empty one.
pub fn picker_rows(size: Size) -> usize {
    usize::from(picker_area(size).framed().rows).saturating_sub(2)
}

/// Columns inside the frame of a card.
pub fn card_columns(size: Size) -> usize {
    card_area(size, usize::MAX).framed().columns.into()
}

/// Where the code of a namecard stands: the whole window but for the lines of text at the foot, and,
/// where there is room beside it, the words on its right.
pub fn code_area(size: Size) -> Pane {
    // The link and the keys; a title and an empty line where rows are not scarce.
    let (above, below) = if size.rows >= 27 { (2, 3) } else { (0, 2) };
    Pane::new(0, above, size.columns, size.rows.saturating_sub(above + below))
}
