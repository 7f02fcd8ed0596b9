//! What one viewer sees of people who are there for them: which fields, and why not the others.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::{Away, MaskedField, Member, MemberAction, MemberId, Membership, PhoneKind, Status, Time};
use crate::search::{Field, Fields};
use crate::server::access::Viewer;
use crate::server::policy::{Policy, Setting, Subject, VisibleTo};
use crate::server::store::members::MemberRow;
use crate::server::store::visible::{self, NO_TIME};
use crate::server::store::{Reading, StoreError, departments, members, settings_of};

/// A viewer with what decides about fields.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    viewer: Viewer,
    policy: Arc<Policy>,
    /// Whether everybody and every department is there.
    everybody: bool,
    /// Whether any rule hides fields.
    masks: bool,
    /// Departments that the viewer is in.
    within: BTreeSet<i64>,
    /// These and those above them.
    ways: BTreeSet<i64>,
    /// Departments that the viewer leads.
    leads: BTreeSet<i64>,
    /// Departments that are not there, by hidden key.
    hidden_departments: BTreeSet<i64>,
    /// Hidden keys of departments by their ids, where any rule asks for them.
    keys: HashMap<String, i64>,
    /// Who is away, by hidden key.
    away: HashMap<i64, Away>,
}

/// Somebody as rules about fields need them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) id: &'a MemberId,
    /// Hidden keys of their departments, the main one first.
    pub(crate) departments: &'a [i64],
    pub(crate) manager: Option<i64>,
}

impl Sight {
    /// What a viewer sees at `now`.
    pub(crate) async fn of(store: &mut impl Reading, viewer: &Viewer, now: Time) -> Result<Self, StoreError> {
        let policy = store.policies().of(store.conn(), viewer.company).await?;
        let everybody = visible::sees_everybody(store.conn(), viewer).await?;
        let masks = policy.sets(Setting::HiddenFields);
        let mut sight = Self {
            viewer: viewer.clone(),
            everybody,
            masks,
            within: BTreeSet::new(),
            ways: BTreeSet::new(),
            leads: BTreeSet::new(),
            hidden_departments: BTreeSet::new(),
            keys: HashMap::new(),
            away: settings_of::away(store.conn(), viewer, now).await?,
            policy,
        };
        if masks {
            for (department, leads) in members::places_of(store.conn(), viewer.member).await? {
                sight.within.insert(department);
                sight.ways.extend(sight.policy.tree.way_to(department));
                if leads {
                    sight.leads.insert(department);
                }
            }
        }
        if !everybody {
            let hidden = departments::unseen(store.conn(), viewer).await?;
            sight.hidden_departments.extend(hidden);
        }
        if masks || !sight.hidden_departments.is_empty() {
            sight.keys = departments::keys(store.conn(), viewer.company).await?;
        }
        Ok(sight)
    }

    /// Whether nothing is hidden from the viewer.
    pub(crate) fn everything(&self) -> bool {
        self.everybody && !self.hides_fields()
    }

    /// Whether fields or departments of some are hidden from the viewer.
    pub(crate) fn hides_fields(&self) -> bool {
        (self.masks && !self.viewer.is_admin()) || !self.hidden_departments.is_empty()
    }

    /// The fields of somebody that the viewer does not see, with the rule that hides them.
    fn masked(&self, seen: Seen<'_>) -> Vec<MaskedField> {
        if !self.masks || *seen.id == self.viewer.id || self.viewer.is_admin() {
            return Vec::new();
        }
        let subject =
            Subject { id: seen.id.clone(), departments: seen.departments.to_vec(), grants: Vec::new() };
        let holds = self.policy.of(&subject, NO_TIME);
        let found = holds.find(Setting::HiddenFields);
        // Each rule hides its own fields from whoever it does not name.
        let mut masked: Vec<MaskedField> = Vec::new();
        for (rule, visible_to) in holds.visible_to(Setting::HiddenFields) {
            if self.passes(visible_to, seen) {
                continue;
            }
            let Some((fields, _)) = rule.sets.get(&Setting::HiddenFields) else { continue };
            let new = fields.words().filter(|field| found.value.holds(field));
            for field in new {
                if !masked.iter().any(|known| known.field == field) {
                    masked.push(MaskedField { field: field.to_owned(), rule: rule.id.clone() });
                }
            }
        }
        masked
    }

    fn passes(&self, visible_to: &VisibleTo, seen: Seen<'_>) -> bool {
        let in_department = |path: &String| {
            self.policy.tree.paths.get(path).is_some_and(|department| self.ways.contains(department))
        };
        let leads = |department: &i64| {
            self.policy.tree.way_to(*department).iter().any(|above| self.leads.contains(above))
        };
        visible_to.members.contains(&self.viewer.id)
            || visible_to.departments.iter().any(in_department)
            || (visible_to.same_department && seen.departments.iter().any(|sk| self.within.contains(sk)))
            || (visible_to.managers
                && (seen.manager == Some(self.viewer.member) || seen.departments.iter().any(leads)))
    }

    /// The fields by which the viewer may find somebody.
    pub(crate) fn fields(&self, seen: Seen<'_>) -> Fields {
        let mut fields = Fields::ALL;
        for masked in self.masked(seen) {
            match masked.field.as_str() {
                // Search knows numbers of one kind only: with one of them hidden, by none.
                "mobile" | "phone" => fields.remove(Field::Phone),
                "email" => fields.remove(Field::Email),
                "title" => fields.remove(Field::Title),
                _ => {}
            }
        }
        let main = seen.departments.first();
        if main.is_some_and(|department| self.hidden_departments.contains(department)) {
            fields.remove(Field::Department);
        }
        fields
    }

    /// A colleague as the viewer sees them, with what the viewer may do.
    pub(crate) fn show(&self, row: MemberRow, as_of: i64) -> Member {
        let key = |place: &Membership| self.keys.get(place.id.as_str()).copied();
        let departments: Vec<i64> = row.whole.departments.iter().filter_map(key).collect();
        let masked = self.masked(Seen { id: &row.whole.id, departments: &departments, manager: row.manager });
        let mut member = row.whole;
        member.away = self.away.get(&row.sk).cloned();
        if !self.hidden_departments.is_empty() {
            member.departments.retain(|place| {
                !key(place).is_some_and(|department| self.hidden_departments.contains(&department))
            });
        }
        for field in &masked {
            hide(&mut member, &field.field);
        }
        member.masked = masked;
        member.as_of = as_of;
        if member.status == Status::Active && member.id != self.viewer.id {
            member.allowed.push(MemberAction::Chat);
        }
        member
    }
}

fn hide(member: &mut Member, field: &str) {
    match field {
        "mobile" => member.phones.retain(|phone| phone.kind != PhoneKind::Mobile),
        "phone" => member.phones.retain(|phone| phone.kind != PhoneKind::Work),
        "email" => member.emails.clear(),
        "office" => member.office = None,
        "title" => member.title = None,
        "manager" => member.manager = None,
        "attributes" => member.attributes.clear(),
        _ => {}
    }
}
