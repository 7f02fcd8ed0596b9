//! Which cast a made-up world has.

/// Which made-up world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// Makes everything that its scene does not fix: the same seed gives the same people and texts.
    pub seed: u64,
    /// Who stands where, and what waits for them.
    pub scene: Scene,
}

/// What the person at the screen has before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scene {
    /// Some hundred people outside, and somewhat more than a hundred requests of every kind.
    #[default]
    Plain,
    /// Their first day: 2,140 colleagues that they see, and hardly anything that waits.
    FirstDay,
    /// Exactly 200 requests that wait, after two fairs.
    Busy,
    /// 10,000 requests that wait.
    Flood,
}

impl Scene {
    /// Whether they lead their group and are an admin: else every kind of request could not wait for them.
    pub(super) const fn leads(self) -> bool {
        !matches!(self, Self::FirstDay)
    }
}
