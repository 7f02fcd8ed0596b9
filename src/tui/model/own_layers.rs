//! Layers in which one sets something of one's own: tags of a contact, what a namecard shows, whether requests
//! are taken.

use super::field::Field;
use crate::domain::{CardId, CardLike, ContactId, MemberId, OwnSettings, Time, Who};
use crate::text::Untrusted;

/// Between the tags of one's own that are typed.
pub(crate) const BETWEEN_TAGS: [char; 3] = [',', '，', '、'];

/// The tags of a contact: the company's to be ticked, one's own to be typed.
#[derive(Clone, Debug, PartialEq)]
pub struct TagsLayer {
    /// Of which contact.
    pub id: ContactId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// The company's, and which of them are ticked.
    pub company: Vec<(Untrusted, bool)>,
    /// One's own, with commas between them.
    pub own: Field,
    /// The row: one of the company's, behind them the field.
    pub at: usize,
}

impl TagsLayer {
    /// Rows to choose from.
    pub fn rows(&self) -> usize {
        self.company.len() + 1
    }

    /// Whether what is typed goes into the field.
    pub fn types(&self) -> bool {
        self.at >= self.company.len()
    }

    /// One's own tags as they are typed.
    pub fn own_tags(&self) -> Vec<Untrusted> {
        let tags = self.own.text().split(BETWEEN_TAGS).map(str::trim);
        tags.filter(|tag| !tag.is_empty()).map(Untrusted::from).collect()
    }
}

/// A row of [`SharingLayer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharingRow {
    /// A number or an address of one's own, by its place.
    Field(usize),
    /// Whether requests are taken.
    Accepts,
    /// Until when one is away.
    Away,
    /// Who decides meanwhile.
    StandIn,
}

/// What one shares by a namecard, and whether and by whom requests are taken.
#[derive(Clone, Debug, PartialEq)]
pub struct SharingLayer {
    /// Which card.
    pub id: CardId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// The card as its owner set it.
    pub like: CardLike,
    /// One's numbers and addresses, and which of them the card shows.
    pub fields: Vec<(Untrusted, bool)>,
    /// What is in force, if it is known yet.
    pub own: Option<OwnSettings>,
    /// Whether requests are to be taken.
    pub accepts: bool,
    /// Until when one is to be away.
    pub away_until: Option<Time>,
    /// Who is to decide meanwhile.
    pub stand_in: Option<(MemberId, Untrusted)>,
    /// The row.
    pub at: usize,
}

impl SharingLayer {
    /// The rows.
    pub fn rows(&self) -> Vec<SharingRow> {
        let mut rows: Vec<SharingRow> = (0..self.fields.len()).map(SharingRow::Field).collect();
        if self.own.is_some() {
            rows.extend([SharingRow::Accepts, SharingRow::Away, SharingRow::StandIn]);
        }
        rows
    }

    /// The card with what is ticked, if that is not what it shows already.
    pub fn changed_card(&self) -> Option<CardLike> {
        let fields: Vec<Untrusted> =
            self.fields.iter().filter(|(_, ticked)| *ticked).map(|(field, _)| field.clone()).collect();
        let same = fields.len() == self.like.fields.len()
            && fields.iter().all(|field| self.like.fields.contains(field));
        (!same).then(|| CardLike { fields, ..self.like.clone() })
    }

    /// The settings as they are to be, if they are not so already.
    pub fn changed_settings(&self) -> Option<OwnSettings> {
        let own = self.own.as_ref()?;
        let stand_in = self.stand_in.clone().map(|(id, name)| Who { id, name });
        let wanted = OwnSettings {
            revision: own.revision,
            accepts: self.accepts,
            away_until: self.away_until,
            stand_in,
        };
        let id = |own: &OwnSettings| own.stand_in.as_ref().map(|who| who.id.clone());
        let same = (own.accepts, own.away_until, id(own)) == (wanted.accepts, wanted.away_until, id(&wanted));
        (!same).then_some(wanted)
    }
}
